package moa

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"moa/internal/wire"
)

// Brain is a part of the plugin's durable memory: keys and values that outlive calls, restarts and new versions. A
// write that returned is on disk. Values are JSON through [Load], [Save] and [Change], or bytes.
type Brain struct{ scope wire.Scope }

// PluginBrain is the plugin's own; [Context.Brain] is the same.
func PluginBrain() Brain { return Brain{wire.Scope{Case: wire.PluginScope}} }

// ConversationBrain is what the plugin knows about a conversation, by id.
func ConversationBrain(id string) Brain {
	return Brain{wire.Scope{Case: wire.ConversationScope, ID: id}}
}

// UserBrain is what the plugin knows about a person, by id.
func UserBrain(id string) Brain { return Brain{wire.Scope{Case: wire.UserScope, ID: id}} }

// SharedBrain is common to all plugins that are allowed to; it needs the request SharedBrain.
func SharedBrain() Brain { return Brain{wire.Scope{Case: wire.SharedScope}} }

// Entry is what is stored under a key.
type Entry struct {
	// Value is as it was written. A number made by [Brain.Increment] is its decimal digits.
	Value []byte
	// Version changes with every write, and never comes back for the same key.
	Version string
	// Expires is when the entry will be gone; the zero time if never.
	Expires time.Time
}

// Write is one of several writes of [Brain.SetMany].
type Write struct {
	// Key is 1 to 512 bytes of UTF-8.
	Key string
	// Value is at most 1 MiB.
	Value []byte
	// TTL is after how long the entry is gone, rounded up to seconds; 0 is never, a negative one is [Invalid].
	TTL time.Duration
}

func (w Write) wire() wire.Write {
	to := wire.Write{Key: w.Key, Value: w.Value}
	if w.TTL != 0 {
		seconds := wholeSeconds(w.TTL)
		to.TTLSeconds = &seconds
	}
	return to
}

func entryOf(from *wire.Entry) *Entry {
	if from == nil {
		return nil
	}
	return &Entry{Value: from.Value, Version: from.Version, Expires: ParseTime(from.Expires)}
}

// Entry is the entry under a key; nil if there is none or it has expired.
func (b Brain) Entry(key string) (*Entry, error) {
	found, err := ask[*wire.Entry]("brain.get", b.scope, key)
	return entryOf(found), keyed(key, err)
}

// Bytes is the value under a key, and whether there is one.
func (b Brain) Bytes(key string) ([]byte, bool, error) {
	found, err := b.Entry(key)
	if found == nil {
		return nil, false, err
	}
	return found.Value, true, nil
}

// Text is the text under a key; empty if there is none.
func (b Brain) Text(key string) (string, error) {
	value, _, err := b.Bytes(key)
	return string(value), err
}

// SetBytes writes bytes, whatever was there, for ever. Returns the new version.
func (b Brain) SetBytes(key string, value []byte) (version string, err error) {
	return b.Write(Write{Key: key, Value: value})
}

// SetText writes text, whatever was there, for ever. Returns the new version.
func (b Brain) SetText(key, value string) (version string, err error) {
	return b.Write(Write{Key: key, Value: []byte(value)})
}

// Write writes, whatever was there. Returns the new version.
func (b Brain) Write(what Write) (version string, err error) {
	version, err = ask[string]("brain.set", b.scope, what.wire())
	return version, keyed(what.Key, err)
}

// Delete deletes. Whether there was something to delete.
func (b Brain) Delete(key string) (bool, error) {
	was, err := ask[bool]("brain.delete", b.scope, key)
	return was, keyed(key, err)
}

// Increment adds to a number and returns the sum, in one step: no two calls get the same sum from adding 1. What is
// absent counts as 0; what is no whole number is [Invalid].
func (b Brain) Increment(key string, by int64) (int64, error) {
	sum, err := ask[int64]("brain.increment", b.scope, key, by)
	return sum, keyed(key, err)
}

// CompareAndSwap writes only if the entry's version is still the expected one; an empty one expects that there is no
// entry. Returns the new version; [Conflict] if another writer was first.
func (b Brain) CompareAndSwap(what Write, expected string) (version string, err error) {
	var known *string
	if expected != "" {
		known = &expected
	}
	version, err = ask[string]("brain.compare-and-swap", b.scope, what.wire(), known)
	return version, keyed(what.Key, err)
}

// Many is the entries under several keys, as of one moment, in the order of the keys; nil where there is none. At most
// 1,000 keys.
func (b Brain) Many(keys ...string) ([]*Entry, error) {
	found, err := ask[[]*wire.Entry]("brain.get-many", b.scope, keys)
	entries := make([]*Entry, len(found))
	for i, one := range found {
		entries[i] = entryOf(one)
	}
	return entries, err
}

// SetMany writes several entries at once: all of them or none. At most 1,000.
func (b Brain) SetMany(writes ...Write) error {
	what := make([]wire.Write, len(writes))
	for i, one := range writes {
		what[i] = one.wire()
	}
	return do("brain.set-many", b.scope, what)
}

// KeyPage is up to limit (1 to 1,000) of the keys that begin with a prefix, ascending by their bytes, and the cursor of
// the next page: empty if this was the last. An empty cursor asks for the first.
func (b Brain) KeyPage(prefix, cursor string, limit uint32) (keys []string, next string, err error) {
	page, err := ask[wire.KeyPage]("brain.list-keys", b.scope, prefix, optional(cursor), limit)
	return page.Keys, page.Next, keyed(prefix, err)
}

// Keys is all keys that begin with a prefix, asked for page by page as the loop goes on. After an error it ends.
//
//	for key, err := range ctx.Brain().Keys("memo/") { … }
func (b Brain) Keys(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for cursor := ""; ; {
			keys, next, err := b.KeyPage(prefix, cursor, 1000)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if !yield(key, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// Load reads a value that [Save] wrote, from JSON; nil if there is none.
func Load[T any](b Brain, key string) (*T, error) {
	entry, err := b.Entry(key)
	if entry == nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(entry.Value, value); err != nil {
		return nil, fmt.Errorf("brain key %q: the value does not fit the type: %w", key, err)
	}
	return value, nil
}

// Save writes a value as JSON, whatever was there. A ttl of 0 is for ever.
func Save[T any](b Brain, key string, value T, ttl time.Duration) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("brain key %q: the value has no JSON form: %w", key, err)
	}
	_, err = b.Write(Write{Key: key, Value: data, TTL: ttl})
	return err
}

// Change changes a value, however many others do so at the same time: reads it, lets change at it, and writes it if
// nobody else did meanwhile; otherwise all of that again. What is absent begins as the zero value. If change fails,
// nothing is written. change may run several times: nothing but the value should change in it. An expiry is taken away.
func Change[T any](b Brain, key string, change func(value *T) error) error {
	const tries = 100 // each failed one means that another writer got through
	for try := 1; ; try++ {
		entry, err := b.Entry(key)
		if err != nil {
			return err
		}
		var value T
		version := ""
		if entry != nil {
			version = entry.Version
			if err := json.Unmarshal(entry.Value, &value); err != nil {
				return fmt.Errorf("brain key %q: the value does not fit the type: %w", key, err)
			}
		}
		if err := change(&value); err != nil {
			return err
		}
		data, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("brain key %q: the value has no JSON form: %w", key, err)
		}
		_, err = b.CompareAndSwap(Write{Key: key, Value: data}, version)
		if !errors.Is(err, Conflict) || try == tries {
			return err
		}
	}
}

// keyed puts the key to an error of the host.
func keyed(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("brain key %q: %w", key, err)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
