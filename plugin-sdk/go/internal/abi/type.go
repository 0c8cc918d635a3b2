// Package abi carries Go values over the boundary of a component: the canonical ABI's layout of memory, found by
// reflection, so that nothing is generated and the SDK's own types are what travels.
//
//	bool, integers, float64   themselves; an enum or flags is a named uint8
//	string, []T               string, list<T>
//	*T                        option<T>
//	struct                    record or tuple, the fields in order
//	struct field `wit:"?"`    option of a string or interface, whose zero value is none
//	interface                 variant, its cases registered by [Variant]
//
// A variant whose cases all carry the same (or nothing) is laid out like a record of the case's number and that, and is
// written as such a struct.
package abi

import (
	"fmt"
	"reflect"
	"sync"
)

type kind uint8

const (
	boolean kind = iota
	unsigned
	signed
	float
	text
	list
	option
	optionalZero
	record
	variant
)

// Type is how a Go type travels.
type Type struct {
	kind   kind
	goType reflect.Type
	// Size and Align are those of the memory, in bytes.
	Size, Align uint32
	// Flat is the number of core values that it takes as a parameter.
	Flat int
	// Of a list or option.
	elem *Type
	// Of a record, with the offset of each.
	fields []field
	// Of a variant: the payloads, nil for none, and where they begin.
	cases   []*Type
	payload uint32
}

type field struct {
	*Type
	index  int
	offset uint32
}

var (
	known    sync.Map // reflect.Type → *Type
	variants sync.Map // reflect.Type → []reflect.Type
)

// Variant says which cases an interface type has, in the contract's order. Nil and empty
// structs carry nothing.
func Variant[T any](cases ...T) {
	types := make([]reflect.Type, len(cases))
	for i, one := range cases {
		types[i] = reflect.TypeOf(one)
	}
	variants.Store(reflect.TypeFor[T](), types)
}

// Of finds how a type travels. A type that cannot is a mistake in the SDK, and panics.
func Of(t reflect.Type) *Type {
	if found, ok := known.Load(t); ok {
		return found.(*Type)
	}
	made := describe(t)
	made.goType = t
	known.Store(t, made)
	return made
}

// For is [Of] for a type that is known when compiling.
func For[T any]() *Type { return Of(reflect.TypeFor[T]()) }

func describe(t reflect.Type) *Type {
	switch t.Kind() {
	case reflect.Bool:
		return &Type{kind: boolean, Size: 1, Align: 1, Flat: 1}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		size := uint32(t.Size())
		return &Type{kind: unsigned, Size: size, Align: size, Flat: 1}
	case reflect.Int32, reflect.Int64:
		size := uint32(t.Size())
		return &Type{kind: signed, Size: size, Align: size, Flat: 1}
	case reflect.Float64:
		return &Type{kind: float, Size: 8, Align: 8, Flat: 1}
	case reflect.String:
		return &Type{kind: text, Size: 8, Align: 4, Flat: 2}
	case reflect.Slice:
		return &Type{kind: list, Size: 8, Align: 4, Flat: 2, elem: Of(t.Elem())}
	case reflect.Pointer:
		return optionOf(Of(t.Elem()))
	case reflect.Struct:
		return recordOf(t)
	case reflect.Interface:
		types, ok := variants.Load(t)
		if !ok {
			panic(fmt.Sprintf("the interface %s has no registered cases", t))
		}
		var cases []*Type
		for _, one := range types.([]reflect.Type) {
			cases = append(cases, payloadOf(one))
		}
		return variantOf(cases)
	default:
		panic(fmt.Sprintf("the type %s cannot cross the boundary of a component", t))
	}
}

func optionOf(elem *Type) *Type {
	made := variantOf([]*Type{nil, elem})
	made.kind, made.elem = option, elem
	return made
}

func recordOf(t reflect.Type) *Type {
	made := &Type{kind: record, Align: 1}
	for i := range t.NumField() {
		of := Of(t.Field(i).Type)
		if t.Field(i).Tag.Get("wit") == "?" {
			of = optionOf(of)
			of.kind = optionalZero
		}
		made.add(of, i)
	}
	made.Size = up(made.Size, made.Align)
	return made
}

func (t *Type) add(of *Type, index int) {
	offset := up(t.Size, of.Align)
	t.fields = append(t.fields, field{of, index, offset})
	t.Size = offset + of.Size
	t.Align = max(t.Align, of.Align)
	t.Flat += of.Flat
}

// Tuple is how several values travel that have no type of their own: a function's parameters.
func Tuple(of ...*Type) *Type {
	made := &Type{kind: record, Align: 1}
	for i, one := range of {
		made.add(one, i)
	}
	made.Size = up(made.Size, made.Align)
	return made
}

// Result is result<ok, err>; an empty struct stands for nothing.
func Result(ok, err reflect.Type) *Type {
	return variantOf([]*Type{payloadOf(ok), payloadOf(err)})
}

func payloadOf(t reflect.Type) *Type {
	if t == nil || t.Kind() == reflect.Struct && t.NumField() == 0 {
		return nil
	}
	return Of(t)
}

// All of the contract's variants have fewer than 256 cases: one byte tells them apart.
func variantOf(cases []*Type) *Type {
	made := &Type{kind: variant, Align: 1, cases: cases}
	var size uint32
	for _, one := range cases {
		if one != nil {
			made.Align = max(made.Align, one.Align)
			size = max(size, one.Size)
			made.Flat = max(made.Flat, one.Flat)
		}
	}
	made.payload = up(1, made.Align)
	made.Size = up(made.payload+size, made.Align)
	made.Flat++
	return made
}

func up(offset, align uint32) uint32 { return (offset + align - 1) / align * align }
