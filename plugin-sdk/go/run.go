package moa

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"moa/internal/abi"
	"moa/internal/hook"
)

// run does what the host calls the plugin for. A panic is a failure with its message and place.
func run(export string, context any, what any) (result any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = panicError(panicked)
		}
	}()
	ctx := context.(*Context)
	switch export {
	case "commands":
		return handle(ctx, what.([]hook.Arg))
	case "listener":
		return hear(ctx)
	case "jobs":
		return nil, runJob(ctx, what.(Run))
	case "webhooks":
		return serve(ctx, what.(WebhookRequest))
	case "actions":
		press := what.(*Press)
		ctx.Message = pressMessage(press, ctx.Place)
		return act(ctx, press)
	case "events":
		ctx.Message = eventMessage(what)
		ctx.Place = ctx.Message.Ref.Place
		return nil, onEvent(ctx, what)
	}
	return nil, fmt.Errorf("there is no export %q", export)
}

// failure is types.failure.
type failure any

type (
	usageFailure    string
	rejectedFailure string
	retryFailure    uint32
	internalFailure string
)

func init() {
	abi.Variant[failure](usageFailure(""), rejectedFailure(""), retryFailure(0), internalFailure(""))
}

// answerTo writes a result, and says where it stands. What the author's own values do then is part of the call too: an
// element of no known type and an Error() that panics are failures.
func answerTo[T any](m abi.Memory, result T, err error) (at uint32) {
	of := abi.Result(reflect.TypeFor[T](), reflect.TypeFor[failure]())
	defer func() {
		if panicked := recover(); panicked != nil {
			var none T
			at = answerTo(m, none, panicError(panicked))
		}
	}()
	at = m.Alloc(of.Size, of.Align)
	if err == nil {
		of.LowerCase(m, at, 0, reflect.ValueOf(&result).Elem())
		return at
	}
	var told failure
	switch failed := failureOf(err); failed.kind {
	case usage:
		told = usageFailure(failed.text)
	case rejected:
		told = rejectedFailure(failed.text)
	case retry:
		told = retryFailure(failed.seconds)
	case internal:
		told = internalFailure(failed.text)
	}
	of.LowerCase(m, at, 1, reflect.ValueOf(&told).Elem())
	return at
}

// panicError is a panic as an error, for the deferred function that recovered it.
func panicError(panicked any) error {
	return Internal(fmt.Sprintf("panic: %v (%s)", panicked, place()))
}

// place is where a panic began: the author's innermost line, or else anybody's.
func place() string {
	counters := make([]uintptr, 64)
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters)])
	anybody := "somewhere"
	panicking := false
	for {
		frame, more := frames.Next()
		where := fmt.Sprintf("%s:%d", frame.File, frame.Line)
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicking = true
		case !panicking:
		case strings.HasPrefix(frame.Function, "main."):
			return where
		case anybody == "somewhere":
			anybody = where
		}
		if !more {
			return anybody
		}
	}
}
