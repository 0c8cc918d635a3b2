// Package plain writes JSON of plain values. encoding/json does more, and doubles the size of a plugin that is otherwise
// without it.
package plain

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Part is written as what it returns.
type Part interface{ Plain() any }

// JSON writes nil, booleans, numbers, strings, slices, maps with strings as keys, and structs by their `json` tags, of
// which it knows the name and omitempty. Anything else, and numbers that JSON does not have, panic.
func JSON(value any) string { return string(write(nil, reflect.ValueOf(value))) }

func write(to []byte, v reflect.Value) []byte {
	if v.IsValid() && v.CanInterface() {
		if part, ok := v.Interface().(Part); ok {
			v = reflect.ValueOf(part.Plain())
		}
	}
	switch v.Kind() {
	case reflect.Invalid:
		return append(to, "null"...)
	case reflect.Interface, reflect.Pointer:
		return write(to, v.Elem())
	case reflect.Bool:
		return strconv.AppendBool(to, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(to, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(to, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(to, f, 'g', -1, 64)
		}
	case reflect.String:
		return quote(to, v.String())
	case reflect.Slice, reflect.Array:
		to = append(to, '[')
		for i := range v.Len() {
			if i > 0 {
				to = append(to, ',')
			}
			to = write(to, v.Index(i))
		}
		return append(to, ']')
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return writeMap(to, v)
		}
	case reflect.Struct:
		return writeStruct(to, v)
	}
	panic(fmt.Sprintf("%v has no plain JSON", v))
}

func writeMap(to []byte, v reflect.Value) []byte {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	to = append(to, '{')
	for i, key := range keys {
		if i > 0 {
			to = append(to, ',')
		}
		to = write(append(quote(to, key.String()), ':'), v.MapIndex(key))
	}
	return append(to, '}')
}

func writeStruct(to []byte, v reflect.Value) []byte {
	to = append(to, '{')
	first := true
	for i := range v.NumField() {
		name, more, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if name == "" || more == "omitempty" && isEmpty(field) {
			continue
		}
		if !first {
			to = append(to, ',')
		}
		first = false
		to = write(append(quote(to, name), ':'), field)
	}
	return append(to, '}')
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

func quote(to []byte, text string) []byte {
	to = append(to, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			to = append(to, '\\', byte(r))
		case r < 0x20:
			to = fmt.Appendf(to, "\\u%04x", r)
		default:
			to = utf8.AppendRune(to, r)
		}
	}
	return append(to, '"')
}
