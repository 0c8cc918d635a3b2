package abi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
)

// Memory is what both sides of the boundary read and write: the component's own, or in tests a stand-in.
type Memory interface {
	// Alloc makes room, zeroed, that lasts as long as the call.
	Alloc(size, align uint32) uint32
	// Own gives the address of bytes, which stay where they are as long as the call.
	Own(data []byte) uint32
	// Bytes is what stands at an address.
	Bytes(address, size uint32) []byte
}

var order = binary.LittleEndian

// Lower writes a value to an address.
func (t *Type) Lower(m Memory, at uint32, v reflect.Value) {
	switch t.kind {
	case boolean:
		if v.Bool() {
			m.Bytes(at, 1)[0] = 1
		}
	case unsigned:
		put(m.Bytes(at, t.Size), v.Uint())
	case signed:
		put(m.Bytes(at, t.Size), uint64(v.Int()))
	case float:
		put(m.Bytes(at, 8), math.Float64bits(v.Float()))
	case text, list:
		address, count := t.lowerMany(m, v)
		put(m.Bytes(at, 4), uint64(address))
		put(m.Bytes(at+4, 4), uint64(count))
	case option, optionalZero:
		if some, ok := t.some(v); ok {
			m.Bytes(at, 1)[0] = 1
			t.elem.Lower(m, at+t.payload, some)
		}
	case record:
		for _, f := range t.fields {
			f.Lower(m, at+f.offset, v.Field(f.index))
		}
	case variant:
		number, inside := t.caseOf(v)
		t.LowerCase(m, at, number, inside)
	}
}

// LowerCase writes one case of a variant; inside is not looked at if the case carries nothing.
func (t *Type) LowerCase(m Memory, at uint32, number int, inside reflect.Value) {
	m.Bytes(at, 1)[0] = byte(number)
	if of := t.cases[number]; of != nil {
		of.Lower(m, at+t.payload, inside)
	}
}

// Flatten appends the value as core values: what the canonical ABI passes as parameters. Floats are their bits.
func (t *Type) Flatten(m Memory, v reflect.Value, to []uint64) []uint64 {
	end := len(to) + t.Flat
	switch t.kind {
	case boolean:
		var one uint64
		if v.Bool() {
			one = 1
		}
		to = append(to, one)
	case unsigned:
		to = append(to, v.Uint())
	case signed:
		to = append(to, uint64(v.Int()))
	case float:
		to = append(to, math.Float64bits(v.Float()))
	case text, list:
		address, count := t.lowerMany(m, v)
		to = append(to, uint64(address), uint64(count))
	case option, optionalZero:
		if some, ok := t.some(v); ok {
			to = t.elem.Flatten(m, some, append(to, 1))
		}
	case record:
		for _, f := range t.fields {
			to = f.Flatten(m, v.Field(f.index), to)
		}
	case variant:
		number, inside := t.caseOf(v)
		to = append(to, uint64(number))
		if of := t.cases[number]; of != nil {
			to = of.Flatten(m, inside, to)
		}
	}
	for len(to) < end { // what other cases would have needed
		to = append(to, 0)
	}
	return to
}

func (t *Type) lowerMany(m Memory, v reflect.Value) (address, count uint32) {
	switch {
	case v.Len() == 0:
		return 0, 0
	case t.kind == text:
		return m.Own([]byte(v.String())), uint32(v.Len())
	case t.elem.kind == unsigned && t.elem.Size == 1:
		return m.Own(v.Bytes()), uint32(v.Len())
	}
	count = uint32(v.Len())
	address = m.Alloc(count*t.elem.Size, t.elem.Align)
	for i := range count {
		t.elem.Lower(m, address+i*t.elem.Size, v.Index(int(i)))
	}
	return address, count
}

// some is what stands in an option, if anything does.
func (t *Type) some(v reflect.Value) (reflect.Value, bool) {
	if t.kind == optionalZero {
		return v, !v.IsZero()
	}
	return v.Elem(), !v.IsNil()
}

func (t *Type) caseOf(v reflect.Value) (int, reflect.Value) {
	types, _ := variants.Load(t.goType)
	inside := v.Elem()
	var own reflect.Type
	if inside.IsValid() {
		own = inside.Type()
	}
	for number, one := range types.([]reflect.Type) {
		if one == own {
			return number, inside
		}
	}
	panic(fmt.Sprintf("%v is no %s", own, t.goType))
}

// Lift reads a value from an address. Everything is copied.
func (t *Type) Lift(m Memory, at uint32, into reflect.Value) {
	switch t.kind {
	case boolean:
		into.SetBool(m.Bytes(at, 1)[0] != 0)
	case unsigned:
		into.SetUint(get(m.Bytes(at, t.Size)))
	case signed:
		number := get(m.Bytes(at, t.Size))
		if t.Size == 4 {
			number = uint64(int64(int32(number)))
		}
		into.SetInt(int64(number))
	case float:
		into.SetFloat(math.Float64frombits(get(m.Bytes(at, 8))))
	case text:
		into.SetString(string(many(m, at)))
	case list:
		t.liftList(m, at, into)
	case option:
		if m.Bytes(at, 1)[0] != 0 {
			into.Set(reflect.New(into.Type().Elem()))
			t.elem.Lift(m, at+t.payload, into.Elem())
		}
	case optionalZero:
		if m.Bytes(at, 1)[0] != 0 {
			t.elem.Lift(m, at+t.payload, into)
		}
	case record:
		for _, f := range t.fields {
			f.Lift(m, at+f.offset, into.Field(f.index))
		}
	case variant:
		types, _ := variants.Load(t.goType)
		own := types.([]reflect.Type)[t.Case(m, at)]
		if own == nil {
			into.SetZero()
			return
		}
		inside := reflect.New(own).Elem()
		t.LiftCase(m, at, inside)
		into.Set(inside)
	}
}

// Case is the number of the case that stands at an address.
func (t *Type) Case(m Memory, at uint32) int { return int(m.Bytes(at, 1)[0]) }

// LiftCase reads what the case at an address carries, if it carries anything.
func (t *Type) LiftCase(m Memory, at uint32, into reflect.Value) {
	if of := t.cases[t.Case(m, at)]; of != nil {
		of.Lift(m, at+t.payload, into)
	}
}

func (t *Type) liftList(m Memory, at uint32, into reflect.Value) {
	if t.elem.kind == unsigned && t.elem.Size == 1 {
		into.SetBytes(bytes.Clone(many(m, at)))
		return
	}
	address, count := get(m.Bytes(at, 4)), int(get(m.Bytes(at+4, 4)))
	into.Set(reflect.MakeSlice(into.Type(), count, count))
	for i := range count {
		t.elem.Lift(m, uint32(address)+uint32(i)*t.elem.Size, into.Index(i))
	}
}

func many(m Memory, at uint32) []byte {
	address, count := uint32(get(m.Bytes(at, 4))), uint32(get(m.Bytes(at+4, 4)))
	if count == 0 {
		return nil
	}
	return m.Bytes(address, count)
}

func put(to []byte, number uint64) {
	for i := range to {
		to[i] = byte(number >> (8 * i))
	}
}

func get(from []byte) uint64 {
	var whole [8]byte
	copy(whole[:], from)
	return order.Uint64(whole[:])
}

// LowerField writes one field of a record or [Tuple].
func (t *Type) LowerField(m Memory, at uint32, number int, v reflect.Value) {
	f := t.fields[number]
	f.Lower(m, at+f.offset, v)
}
