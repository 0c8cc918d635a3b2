package moa

import (
	"fmt"
	"runtime"
	"strings"

	"moa/internal/hook"
)

// run does what the host calls the plugin for. A panic is a failure with its message and place.
func run(export string, context any, what any) (result any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = Internal(fmt.Sprintf("panic: %v (%s)", panicked, place()))
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
