package moa

import (
	"fmt"
	"strings"
	"time"
)

// Now is the present instant, to the millisecond; time.Now tells the same inside a plugin, and in tests this one
// follows the double's clock.
func Now() time.Time { return ParseTime(tell[string]("system.now")) }

// In is an instant on the clock of a time zone, by its IANA name. Use it for what people read, with
// [Context.Timezone]: inside a plugin the standard library knows no zones.
func In(instant time.Time, timezone string) (time.Time, error) {
	local, err := ask[string]("system.local", instant.UTC().Format(time.RFC3339Nano), timezone)
	if err != nil {
		return time.Time{}, err
	}
	clock, _, _ := strings.Cut(local, "[")
	t, err := time.Parse(time.RFC3339Nano, clock)
	if err != nil {
		return time.Time{}, fmt.Errorf("the host told a local time that is none: %w", err)
	}
	_, offset := t.Zone()
	return t.In(time.FixedZone(timezone, offset)), nil
}

// Random is so many bytes that nobody can foretell. For everything else math/rand and math/rand/v2 are seeded afresh at
// each call.
func Random(length int) []byte {
	const most = 65536 // the host gives no more at once
	bytes := make([]byte, 0, length)
	for len(bytes) < length {
		bytes = append(bytes, tell[[]byte]("system.random", uint32(min(length-len(bytes), most)))...)
	}
	return bytes
}

// RawConfig is the plugin's configuration as JSON; [Config] reads it into a struct.
func RawConfig() string { return tell[string]("system.config") }

// Level is how important a line of the log is.
type Level uint8

// The levels of the log.
const (
	// Trace is each step.
	Trace Level = iota
	// Debug is for finding a fault.
	Debug
	// Info is what happened, for everyday reading.
	Info
	// Warn is odd, and work goes on.
	Warn
	// Error is that something failed.
	Error
)

// Log writes a line to the plugin's log, formatted as by fmt.Printf. What is printed by fmt.Println goes there too, as
// [Info], and what goes to os.Stderr as [Error].
func Log(level Level, format string, args ...any) {
	tell[none]("system.log", level, fmt.Sprintf(format, args...))
}
