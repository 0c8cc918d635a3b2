package moa

import (
	"reflect"
	"strings"
	"testing"

	"moa/internal/abi"
)

// arena is a memory of its own.
type arena struct{ data []byte }

func (a *arena) Alloc(size, align uint32) uint32 {
	at := (uint32(len(a.data)) + align - 1) / align * align
	a.data = append(a.data, make([]byte, at+size-uint32(len(a.data)))...)
	return at
}

func (a *arena) Own(data []byte) uint32 {
	at := a.Alloc(uint32(len(data)), 1)
	copy(a.data[at:], data)
	return at
}

func (a *arena) Bytes(address, size uint32) []byte { return a.data[address : address+size] }

type unlucky struct{ text string }

func (u *unlucky) Error() string { return u.text }

func TestWhatPanicsInAnAnswerIsAFailure(t *testing.T) {
	var nobody *unlucky
	for _, one := range []struct {
		result *Content
		err    error
		want   string
	}{
		{&Content{Elements: []Element{&Button{ID: "ok"}}}, nil, "panic: *moa.Button is no moa.Element"},
		{&Content{Elements: []Element{nil}}, nil, "is no moa.Element"},
		{nil, nobody, "nil pointer"},
		{nil, &unlucky{"late"}, "late"},
		{&Content{Elements: []Element{Button{ID: "ok"}}}, nil, ""},
	} {
		memory := &arena{}
		at := answerTo(memory, one.result, one.err)
		of := abi.Result(reflect.TypeFor[*Content](), reflect.TypeFor[failure]())
		if of.Case(memory, at) == 0 {
			if one.want != "" {
				t.Errorf("%q: no failure", one.want)
			}
			continue
		}
		var told failure
		of.LiftCase(memory, at, reflect.ValueOf(&told).Elem())
		text, _ := told.(internalFailure)
		if one.want == "" || !strings.Contains(string(text), one.want) {
			t.Errorf("%q: %T %v", one.want, told, told)
		}
	}
}
