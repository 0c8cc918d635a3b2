//go:build wasip1

package moa

import (
	"reflect"

	"moa/internal/abi"
	"moa/internal/hook"
)

// invocation is types.invocation.
type invocation struct {
	ID, Time         string
	Attempt          uint32
	Locale, Timezone string
}

// value is types.value.
type value any

type argument struct {
	Name  string
	Value value
}

type commandCall struct {
	Invocation invocation
	Command    string
	Path       []string
	Args       []argument
	Rest       string
	Tokens     []string
	Message    Message
}

type heardMessage struct {
	Invocation invocation
	ID         string
	Captures   []*string
	Message    Message
}

type webhookCall struct {
	Invocation invocation
	Request    WebhookRequest
}

type pressCall struct {
	Invocation invocation
	Kind       PressKind
	ID, Value  string
	State      []Value
	User       User
	Place      Place
	On         *MessageRef
	Trigger    string `wit:"?"`
}

type eventCall struct {
	Invocation invocation
	Who        User
	What       event
}

func init() {
	abi.Variant[value]("", int64(0), float64(0), false, User{}, Conversation{}, uint32(0), Date(""), Clock(""), []string(nil))
}

func (i invocation) context() *Context {
	return &Context{
		ID: i.ID, Time: ParseTime(i.Time), Attempt: int(i.Attempt), Locale: i.Locale, Timezone: i.Timezone,
	}
}

// lifted reads what the host handed over.
func lifted[T any](at uint32) T {
	var to T
	abi.For[T]().Lift(memory, at, reflect.ValueOf(&to).Elem())
	return to
}

func answer[T any](result T, err error) uint32 { return answerTo(memory, result, err) }

func result[T any](what any, err error) (T, error) {
	typed, _ := what.(T)
	return typed, err
}

//go:wasmexport moa:plugin/guest@0.1.0#describe
func exportDescribe() uint32 {
	of := abi.For[string]()
	at := memory.Alloc(of.Size, of.Align)
	of.Lower(memory, at, reflect.ValueOf(describe()))
	return at
}

//go:wasmexport moa:plugin/commands@0.1.0#handle
func exportHandle(at uint32) uint32 {
	call := lifted[commandCall](at)
	ctx := call.Invocation.context()
	ctx.Who, ctx.Place, ctx.Message = call.Message.Author, call.Message.Ref.Place, call.Message
	ctx.Command, ctx.Path, ctx.Rest, ctx.Tokens = call.Command, call.Path, call.Rest, call.Tokens
	args := make([]hook.Arg, len(call.Args))
	for i, one := range call.Args {
		args[i] = hook.Arg{Name: one.Name, Value: one.Value}
	}
	return answer(result[*Content](run("commands", ctx, args)))
}

//go:wasmexport moa:plugin/listener@0.1.0#hear
func exportHear(at uint32) uint32 {
	heard := lifted[heardMessage](at)
	ctx := heard.Invocation.context()
	ctx.Who, ctx.Place, ctx.Message = heard.Message.Author, heard.Message.Ref.Place, heard.Message
	ctx.Pattern, ctx.Captures = heard.ID, heard.Captures
	return answer(result[*Content](run("listener", ctx, nil)))
}

// The one export whose parameters are few enough to come as core values: addresses and lengths of the texts.
//
//go:wasmexport moa:plugin/jobs@0.1.0#run
func exportRun(id, idLen, time, timeLen, attempt, locale, localeLen, zone, zoneLen, name, nameLen, due, dueLen, payload, payloadLen uint32) uint32 {
	text := func(at, length uint32) string { return string(memory.Bytes(at, length)) }
	by := invocation{text(id, idLen), text(time, timeLen), attempt, text(locale, localeLen), text(zone, zoneLen)}
	job := Run{Name: text(name, nameLen), Due: ParseTime(text(due, dueLen)), Payload: text(payload, payloadLen)}
	return answer(result[none](run("jobs", by.context(), job)))
}

//go:wasmexport moa:plugin/webhooks@0.1.0#serve
func exportServe(at uint32) uint32 {
	call := lifted[webhookCall](at)
	return answer(result[Response](run("webhooks", call.Invocation.context(), call.Request)))
}

//go:wasmexport moa:plugin/actions@0.1.0#act
func exportAct(at uint32) uint32 {
	call := lifted[pressCall](at)
	ctx := call.Invocation.context()
	ctx.Who, ctx.Place = call.User, call.Place
	press := &Press{
		Kind: call.Kind, ID: call.ID, Value: call.Value, State: call.State, On: call.On, Trigger: call.Trigger,
	}
	return answer(result[reply](run("actions", ctx, press)))
}

//go:wasmexport moa:plugin/events@0.1.0#on
func exportOn(at uint32) uint32 {
	call := lifted[eventCall](at)
	ctx := call.Invocation.context()
	ctx.Who = call.Who
	return answer(result[none](run("events", ctx, call.What)))
}
