package moa

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Case is why the host did not do something. It is an error itself: ask with errors.Is.
//
//	if _, err := moa.Edit(ref, "mine now"); errors.Is(err, moa.AccessDenied) { … }
type Case uint8

// The cases of the host's errors.
const (
	// AccessDenied: not requested in the manifest, or not granted. The text carries the line that would allow it.
	AccessDenied Case = iota
	// NotFound: what the call names is not there.
	NotFound
	// Invalid: the request makes no sense. Trying again is useless.
	Invalid
	// Conflict: another writer was first. Read again and decide anew.
	Conflict
	// OverLimit: past a limit of size, number or rate.
	OverLimit
	// Unavailable: not now; later may help.
	Unavailable
	// Uncertain: it may already have been done, by this attempt or an earlier one, and it is not safe to do twice.
	Uncertain
	// Unsupported: this host, or the chat service behind it, has no such thing.
	Unsupported
)

var caseNames = [...]string{
	"access denied", "not found", "invalid", "conflict", "over a limit", "unavailable",
	"perhaps done already", "unsupported",
}

// Error is the case's name.
func (c Case) Error() string {
	if int(c) < len(caseNames) {
		return caseNames[c]
	}
	return "unknown error of the host"
}

// HostError is an error of the host. The text is for the operator and may change: decide by the case.
type HostError struct {
	// Case is why.
	Case Case
	// Text says more.
	Text string
}

// Error is the case and the text.
func (e *HostError) Error() string { return e.Case.Error() + ": " + e.Text }

// Unwrap is the case, for errors.Is.
func (e *HostError) Unwrap() error { return e.Case }

type failureCase uint8

const (
	usage failureCase = iota
	rejected
	retry
	internal
)

// Failure is why the plugin did not do it, and with that who is told what. Any other error that a function returns is
// an [Internal] one.
type Failure struct {
	kind    failureCase
	text    string
	seconds uint32
}

// Error is the text.
func (f *Failure) Error() string {
	if f.kind == retry {
		return fmt.Sprintf("to be tried again in %d s", f.seconds)
	}
	return f.text
}

// Usage fails because the command was used wrongly. The person is shown the text, followed by the command's right form.
func Usage(text string) error { return &Failure{kind: usage, text: text} }

// Rejected fails because the command was understood and is refused. The person is shown the text.
func Rejected(text string) error { return &Failure{kind: rejected, text: text} }

// Retry fails for now: the same invocation comes again after so long, rounded up to seconds. The host gives up after a
// few attempts and tells the person.
func Retry(after time.Duration) error { return &Failure{kind: retry, seconds: wholeSeconds(after)} }

// Internal fails because something inside the plugin went wrong. The operator is shown the text, the person the
// invocation's id.
func Internal(text string) error { return &Failure{kind: internal, text: text} }

// FieldErrors is what is wrong with a form: return it as the error of a function given to [Submit], and the form stays
// open and shows it. Anywhere else the person is told.
type FieldErrors []FieldError

// FieldError is what is wrong with one field.
type FieldError struct {
	// Name is the field's.
	Name string
	// Text is shown at it.
	Text string
}

// Error lists them.
func (f FieldErrors) Error() string {
	var lines []string
	for _, one := range f {
		lines = append(lines, one.Name+": "+one.Text)
	}
	return strings.Join(lines, "\n")
}

// failureOf is what the host is told about an error.
func failureOf(err error) *Failure {
	var fields FieldErrors
	if errors.As(err, &fields) {
		return &Failure{kind: rejected, text: fields.Error()}
	}
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &Failure{kind: internal, text: err.Error()}
}

// wholeSeconds rounds up, so that nothing is over before its time.
func wholeSeconds(d time.Duration) uint32 {
	seconds := (d + time.Second - 1) / time.Second
	return uint32(min(max(seconds, 0), 1<<32-1))
}
