package abi

import (
	"reflect"
	"testing"
)

// arena is a memory of its own, so that addresses are small and layouts can be looked at.
type arena struct{ data []byte }

func newArena() *arena { return &arena{make([]byte, 16)} }

func (a *arena) Alloc(size, align uint32) uint32 {
	at := up(uint32(len(a.data)), align)
	a.data = append(a.data, make([]byte, at+size-uint32(len(a.data)))...)
	return at
}

func (a *arena) Own(data []byte) uint32 {
	at := a.Alloc(uint32(len(data)), 1)
	copy(a.data[at:], data)
	return at
}

func (a *arena) Bytes(address, size uint32) []byte { return a.data[address : address+size] }

type color uint8

type inner struct {
	Yes  bool
	Big  int64
	Name string
}

type some any
type word string
type pair struct{ A, B string }

type everything struct {
	Flag   bool
	Color  color
	Small  uint32
	Ratio  float64
	Text   string
	Gone   string `wit:"?"`
	There  string `wit:"?"`
	Maybe  *int64
	None   *inner
	List   []inner
	Bytes  []byte
	Some   []some
	Option some `wit:"?"`
}

func init() { Variant[some](nil, word(""), int64(0), pair{}) }

func TestThereAndBack(t *testing.T) {
	seven := int64(-7)
	before := everything{
		Flag: true, Color: 3, Small: 1 << 31, Ratio: -0.5, Text: "안녕", There: "x", Maybe: &seven,
		List:  []inner{{true, 1 << 62, "a"}, {false, -1, ""}},
		Bytes: []byte{0, 255}, Some: []some{nil, word("w"), int64(-2), pair{"a", "b"}}, Option: pair{"c", "d"},
	}
	memory, of := newArena(), For[everything]()
	at := memory.Alloc(of.Size, of.Align)
	of.Lower(memory, at, reflect.ValueOf(before))
	var after everything
	of.Lift(memory, at, reflect.ValueOf(&after).Elem())
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%+v\n%+v", before, after)
	}
}

func TestLayout(t *testing.T) {
	for _, one := range []struct {
		of                *Type
		size, align, flat int
	}{
		{For[bool](), 1, 1, 1},
		{For[string](), 8, 4, 2},
		{For[*string](), 12, 4, 3},
		{For[*int64](), 16, 8, 2},
		{For[inner](), 24, 8, 4},
		{For[some](), 24, 8, 5},
		{For[struct {
			Color color
			Text  string
		}](), 12, 4, 3},
		{Result(reflect.TypeFor[struct{}](), reflect.TypeFor[string]()), 12, 4, 3},
		{Result(reflect.TypeFor[struct{}](), reflect.TypeFor[struct{}]()), 1, 1, 1},
		{Tuple(For[bool](), For[string](), For[bool]()), 16, 4, 4},
	} {
		got := [3]int{int(one.of.Size), int(one.of.Align), one.of.Flat}
		if want := [3]int{one.size, one.align, one.flat}; got != want {
			t.Errorf("%v: %v, not %v", one.of.goType, got, want)
		}
	}
}

func TestFlat(t *testing.T) {
	memory := newArena()
	flat := func(value any) []uint64 {
		v := reflect.ValueOf(value)
		return Of(v.Type()).Flatten(memory, v, nil)
	}
	none, number := (*int64)(nil), int64(-1)
	for _, one := range []struct {
		value any
		want  []uint64
	}{
		{true, []uint64{1}},
		{"ab", []uint64{16, 2}},
		{"", []uint64{0, 0}},
		{none, []uint64{0, 0}},
		{&number, []uint64{1, 1<<64 - 1}},
		{struct{ One some }{word("cd")}, []uint64{1, 18, 2, 0, 0}},
		{struct{ One some }{nil}, []uint64{0, 0, 0, 0, 0}},
	} {
		if got := flat(one.value); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%v: %v, not %v", one.value, got, one.want)
		}
	}
}
