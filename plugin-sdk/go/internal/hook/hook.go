// Package hook is where a plugin's functions meet the host: the real one inside a component, the double of moatest
// natively.
package hook

import "errors"

// Arg is a command's argument.
type Arg struct {
	Name  string
	Value any // by the case of the contract's `value`: string, int64, float64, bool, …
}

// ErrNoHost is the answer of the host where there is none.
var ErrNoHost = errors.New("there is no host here: use moatest in tests")

// Call asks the host natively: a function by its name (`brain.get`) with its parameters in the contract's order.
// Its result is of the contract's type, its error the host's or [ErrNoHost].
var Call = func(function string, args []any) (any, error) { return nil, ErrNoHost }

// Plugin is what the package moa offers to the double: each takes and gives the types of that package.
var Plugin struct {
	// Describe returns the manifest.
	Describe func() string
	// Run does what an export does: ctx is a *moa.Context, what the rest of what the host hands over.
	Run func(export string, ctx any, what any) (any, error)
}
