//go:build wasip1

package moa

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"moa/internal/abi"
	"moa/internal/wire"
)

// guestMemory is the component's own memory. What the host is given addresses of is held until the call is over: the
// garbage collector does not see addresses that are numbers.
type guestMemory struct{}

var held [][]byte

func (guestMemory) Alloc(size, _ uint32) uint32 {
	// Go aligns what has a multiple of 8 bytes to 8.
	return guestMemory{}.Own(make([]byte, (size+7)/8*8))
}

func (guestMemory) Own(data []byte) uint32 {
	held = append(held, data)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
}

func (guestMemory) Bytes(address, size uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(address))), size)
}

var memory guestMemory

//go:linkname sbrk runtime.sbrk
func sbrk(size uintptr) unsafe.Pointer

// room is memory beside Go's own, for what the host hands over. While it does so nothing of the host may be called, and
// Go's allocator now and then calls it: to collect garbage it asks for the time and lets other goroutines run. The
// adapter to WASI takes its stack from here too, before Go's runtime is ready to allocate.
var room struct{ start, next, end uintptr }

// page is what the memory grows by.
const page = 64 << 10

// realloc is how the host makes room for what it hands over.
//
//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	if size == 0 {
		return align
	}
	at := up(room.next, uintptr(align))
	if at+uintptr(size) > room.end {
		grown := up(uintptr(size), page)
		start := uintptr(sbrk(grown))
		if start == 0 {
			panic("out of memory")
		}
		if start != room.end { // Go took what follows
			room.start, room.next = start, start
		}
		room.end = start + grown
		at = up(room.next, uintptr(align))
	}
	room.next = at + uintptr(size)
	if oldSize > 0 {
		copy(memory.Bytes(uint32(at), size), memory.Bytes(old, oldSize))
	}
	return uint32(at)
}

func up(at, align uintptr) uintptr { return (at + align - 1) &^ (align - 1) }

// inUse is how much was in use before a call of the host; what the call itself took is given back when its result is
// copied. One goroutine calls at a time, so that each gives back its own.
type inUse struct {
	held int
	room uintptr
}

var calling sync.Mutex

func begin() inUse {
	calling.Lock()
	return inUse{len(held), room.next}
}

func (t inUse) done() {
	clear(held[t.held:])
	held = held[:t.held]
	// In a new piece everything is of this call.
	room.next = room.start
	if room.start <= t.room && t.room <= room.end {
		room.next = t.room
	}
	calling.Unlock()
}

// mostFlat is how many core values the canonical ABI passes as parameters; more go through memory.
const mostFlat = 16

func callHost[R any](function string, fails bool, args []any) (R, error) {
	defer begin().done()
	var (
		result R
		types  = make([]*abi.Type, len(args))
		values = make([]reflect.Value, len(args))
	)
	for i, arg := range args {
		values[i] = reflect.ValueOf(arg)
		types[i] = abi.Of(values[i].Type())
	}
	parameters := abi.Tuple(types...)
	flat := make([]uint64, 0, mostFlat+1)
	if parameters.Flat > mostFlat {
		flat = append(flat, uint64(lowerAll(parameters, values)))
	} else {
		for i, value := range values {
			flat = types[i].Flatten(memory, value, flat)
		}
	}
	into := reflect.ValueOf(&result).Elem()
	failure := reflect.TypeFor[HostError]()
	if function == "system.local" { // the one whose error is a sentence
		failure = reflect.TypeFor[string]()
	}
	of := abi.Result(into.Type(), failure)
	if !fails {
		of = nil
		if into.Type() != reflect.TypeFor[wire.None]() {
			of = abi.Of(into.Type())
		}
	}
	var at uint32
	if of != nil {
		at = memory.Alloc(of.Size, of.Align)
		flat = append(flat, uint64(at))
	}
	imports[function](flat)
	runtime.KeepAlive(args)
	switch {
	case of == nil:
	case !fails:
		of.Lift(memory, at, into)
	case of.Case(memory, at) == 0:
		of.LiftCase(memory, at, into)
	default:
		failed := reflect.New(failure).Elem()
		of.LiftCase(memory, at, failed)
		if sentence, ok := failed.Interface().(string); ok {
			return result, &HostError{Case: Invalid, Text: sentence}
		}
		return result, failed.Addr().Interface().(*HostError)
	}
	return result, nil
}

func lowerAll(parameters *abi.Type, values []reflect.Value) uint32 {
	at := memory.Alloc(parameters.Size, parameters.Align)
	for i, value := range values {
		parameters.LowerField(memory, at, i, value)
	}
	return at
}
