//go:build !wasip1

package moa

import (
	"fmt"

	"moa/internal/hook"
)

func callHost[R any](function string, _ bool, args []any) (R, error) {
	var none R
	result, err := hook.Call(function, args)
	if err != nil || result == nil {
		return none, err
	}
	typed, ok := result.(R)
	if !ok {
		panic(fmt.Sprintf("the double of %s returned a %T for a %T", function, result, none))
	}
	return typed, nil
}
