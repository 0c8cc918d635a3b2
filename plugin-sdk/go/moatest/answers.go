package moatest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"moa"
	"moa/internal/wire"
)

type entry struct {
	value   []byte
	version string
	expires time.Time
}

func refused(why moa.Case, format string, args ...any) error {
	return &moa.HostError{Case: why, Text: fmt.Sprintf(format, args...)}
}

// call answers a function of the host.
func (h *Host) call(function string, args []any) (any, error) {
	if h.Answer != nil {
		if result, err, did := h.Answer(function, args); did {
			return result, err
		}
	}
	area, name, _ := strings.Cut(function, ".")
	switch area {
	case "brain":
		return h.remember(name, args)
	case "chat":
		return h.speak(name, args)
	case "system":
		return h.serve(name, args)
	case "triggers":
		return h.teach(name, args)
	case "schedule":
		return h.plan(name, args)
	}
	if function == "http.fetch" && h.Fetch != nil {
		return h.Fetch(args[0].(moa.Request))
	}
	return nil, refused(moa.AccessDenied, "%s is not set up in this test: see Host.Fetch and Host.Answer", function)
}

func (h *Host) remember(name string, args []any) (any, error) {
	scope := args[0].(wire.Scope)
	at := func(key string) string { return fmt.Sprintf("%d/%s/%s", scope.Case, scope.ID, key) }
	switch name {
	case "get":
		return h.entry(at(args[1].(string))), nil
	case "set":
		return h.write(at, args[1].(wire.Write))
	case "delete":
		key := at(args[1].(string))
		was := h.entry(key) != nil
		delete(h.brain, key)
		return was, nil
	case "increment":
		return h.increment(at(args[1].(string)), args[2].(int64))
	case "compare-and-swap":
		what, expected := args[1].(wire.Write), args[2].(*string)
		now := h.entry(at(what.Key))
		if (now == nil) != (expected == nil) || now != nil && now.Version != *expected {
			return nil, refused(moa.Conflict, "another writer was first")
		}
		return h.write(at, what)
	case "get-many":
		found := []*wire.Entry{}
		for _, key := range args[1].([]string) {
			found = append(found, h.entry(at(key)))
		}
		return found, nil
	case "set-many":
		seen := map[string]bool{}
		for _, one := range args[1].([]wire.Write) {
			if seen[one.Key] {
				return nil, refused(moa.Invalid, "the key %q comes twice", one.Key)
			}
			seen[one.Key] = true
		}
		for _, one := range args[1].([]wire.Write) {
			if _, err := h.write(at, one); err != nil {
				return nil, err
			}
		}
		return nil, nil
	default: // list-keys
		return h.keys(at, args[1].(string), args[2].(*string), int(args[3].(uint32)))
	}
}

func (h *Host) entry(key string) *wire.Entry {
	found, ok := h.brain[key]
	if !ok || !found.expires.IsZero() && !found.expires.After(h.Now) {
		return nil
	}
	to := &wire.Entry{Value: found.value, Version: found.version}
	if !found.expires.IsZero() {
		to.Expires = found.expires.Format(time.RFC3339)
	}
	return to
}

func (h *Host) write(at func(string) string, what wire.Write) (any, error) {
	if what.Key == "" || len(what.Key) > 512 {
		return nil, refused(moa.Invalid, "a key has 1 to 512 bytes")
	}
	to := entry{value: bytes.Clone(what.Value), version: h.id("v")}
	if what.TTLSeconds != nil {
		if *what.TTLSeconds == 0 {
			return nil, refused(moa.Invalid, "an entry lasts at least a second")
		}
		to.expires = h.Now.Add(time.Duration(*what.TTLSeconds) * time.Second)
	}
	h.brain[at(what.Key)] = to
	return to.version, nil
}

func (h *Host) increment(key string, by int64) (any, error) {
	var number int64
	var expires time.Time
	if now := h.entry(key); now != nil {
		var err error
		if number, err = strconv.ParseInt(string(now.Value), 10, 64); err != nil {
			return nil, refused(moa.Invalid, "the value is no whole number")
		}
		expires = h.brain[key].expires
	}
	sum := number + by
	if (sum > number) != (by > 0) && by != 0 {
		return nil, refused(moa.Invalid, "the sum has no room in 64 bits")
	}
	h.brain[key] = entry{strconv.AppendInt(nil, sum, 10), h.id("v"), expires}
	return sum, nil
}

func (h *Host) keys(at func(string) string, prefix string, cursor *string, limit int) (any, error) {
	if limit < 1 || limit > 1000 {
		return nil, refused(moa.Invalid, "a page has 1 to 1,000 keys")
	}
	var keys []string
	for key := range h.brain {
		name, ok := strings.CutPrefix(key, at(""))
		if ok && strings.HasPrefix(name, prefix) && h.entry(key) != nil && (cursor == nil || name > *cursor) {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	page := wire.KeyPage{Keys: keys}
	if len(keys) > limit {
		page.Keys, page.Next = keys[:limit], keys[limit-1]
	}
	return page, nil
}

func (h *Host) speak(name string, args []any) (any, error) {
	switch name {
	case "send":
		return h.send(args[0].(moa.Place), args[1].(moa.Content))
	case "ask":
		return h.send(args[0].(moa.Place), args[3].(moa.Content))
	case "edit", "delete":
		which := args[0].(moa.MessageRef)
		at := slices.IndexFunc(h.Sent, func(one *Sent) bool { return one.Ref == which })
		switch {
		case name == "delete":
			if at >= 0 {
				h.Sent = slices.Delete(h.Sent, at, at+1)
			}
			return nil, nil
		case at < 0:
			return nil, refused(moa.NotFound, "the bot sent no message %s", which.ID)
		}
		h.Sent[at].Content = args[1].(moa.Content)
		return nil, nil
	case "react", "unreact":
		one := args[1].(string) + " " + args[0].(moa.MessageRef).ID
		h.Reactions = slices.DeleteFunc(h.Reactions, func(known string) bool { return known == one })
		if name == "react" {
			h.Reactions = append(h.Reactions, one)
		}
		return nil, nil
	case "upload":
		file := h.id("F")
		h.files[file] = bytes.Clone(args[2].([]byte))
		return file, nil
	case "download":
		if data, ok := h.files[args[0].(string)]; ok {
			return data, nil
		}
		return nil, refused(moa.NotFound, "there is no file %s", args[0])
	case "open-direct":
		return moa.Place{Service: h.Place.Service, Conversation: "D-" + args[0].(string), Kind: moa.Direct}, nil
	case "open-modal":
		h.Form = args[1].(string)
		return nil, nil
	case "get-user":
		if user, ok := h.Users[args[0].(string)]; ok {
			return user, nil
		}
		if args[0] == h.Who.ID {
			return h.Who, nil
		}
	case "get-conversation":
		if conversation, ok := h.Conversations[args[0].(string)]; ok {
			return conversation, nil
		}
	case "members":
		return wire.Page{IDs: []string{h.Who.ID}}, nil
	case "history":
		return []moa.Message{}, nil
	}
	return nil, refused(moa.NotFound, "chat.%s: there is no %v", name, args[0])
}

func (h *Host) send(to moa.Place, what moa.Content) (any, error) {
	if what.IsEmpty() {
		return nil, refused(moa.Invalid, "there is nothing to show")
	}
	ref := moa.MessageRef{Place: to, ID: h.id("m")}
	h.Sent = append(h.Sent, &Sent{ref, what})
	return ref, nil
}

func (h *Host) serve(name string, args []any) (any, error) {
	switch name {
	case "config":
		data, err := json.Marshal(h.Config)
		return string(data), err
	case "now":
		return h.Now.UTC().Format("2006-01-02T15:04:05.000Z"), nil
	case "local":
		zone, err := time.LoadLocation(args[1].(string))
		if err != nil {
			return nil, refused(moa.Invalid, "%v", err)
		}
		return moa.ParseTime(args[0].(string)).In(zone).Format(time.RFC3339Nano) + "[" + zone.String() + "]", nil
	case "random":
		data := make([]byte, args[0].(uint32))
		_, err := rand.Read(data)
		return data, err
	}
	level := [...]string{"trace", "debug", "info", "warn", "error"}[args[0].(moa.Level)]
	h.Logged = append(h.Logged, level+" "+args[1].(string))
	return nil, nil
}

func (h *Host) teach(name string, args []any) (any, error) {
	id := args[0].(string)
	if name == "forget" {
		_, was := h.Taught[id]
		delete(h.Taught, id)
		return was, nil
	}
	pattern := args[1].(wire.Pattern)
	if args[2].(moa.Scopes) == 0 || id == "" {
		return nil, refused(moa.Invalid, "a pattern has an id and at least one scope")
	}
	h.Taught[id] = pattern.Text
	if pattern.Case == wire.Keyword {
		h.Taught[id] = `\b` + regexp.QuoteMeta(pattern.Text) + `\b`
	}
	return nil, nil
}

func (h *Host) plan(name string, args []any) (any, error) {
	switch name {
	case "at":
		job := moa.ScheduledJob{Name: args[0].(string), Next: args[1].(string), Timezone: "UTC", Payload: args[2].(string)}
		h.Jobs[job.Name] = job
	case "every":
		job := moa.ScheduledJob{Name: args[0].(string), Cron: args[1].(string), Timezone: args[2].(string), Payload: args[4].(string)}
		h.Jobs[job.Name] = job
	case "cancel":
		_, was := h.Jobs[args[0].(string)]
		delete(h.Jobs, args[0].(string))
		return was, nil
	case "list":
		jobs := []moa.ScheduledJob{}
		for _, one := range h.Jobs {
			jobs = append(jobs, one)
		}
		slices.SortFunc(jobs, func(a, b moa.ScheduledJob) int { return strings.Compare(a.Name, b.Name) })
		return jobs, nil
	}
	return nil, nil
}
