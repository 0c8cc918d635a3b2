package moa

import (
	"errors"

	"moa/internal/hook"
	"moa/internal/wire"
)

// ask calls a function of the host that may fail.
func ask[R any](function string, args ...any) (R, error) {
	result, err := callHost[R](function, true, args)
	if err != nil {
		var none R
		return none, err
	}
	return result, nil
}

// do is ask where success brings nothing.
func do(function string, args ...any) error {
	_, err := ask[wire.None](function, args...)
	return err
}

// tell calls a function of the host that never fails; natively without a host it brings nothing.
func tell[R any](function string, args ...any) R {
	result, err := callHost[R](function, false, args)
	if err != nil && !errors.Is(err, hook.ErrNoHost) {
		panic(err)
	}
	return result
}
