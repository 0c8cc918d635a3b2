// Package moatest is a host for unit tests of plugins: a brain, a chat that is recorded, a clock that stands still.
//
//	func TestHi(t *testing.T) {
//		host := moatest.New(t)
//		if said := host.Run("hi Sally"); said != "Hello, Sally!" {
//			t.Error(said)
//		}
//	}
//
// There is one host at a time: tests that use it do not run in parallel.
package moatest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"moa"
	"moa/internal/hook"
)

// Host stands in for the host. Its fields may be changed between calls.
type Host struct {
	// Who speaks, presses and does.
	Who moa.User
	// Place is where.
	Place moa.Place
	// Locale and Timezone are the person's.
	Locale, Timezone string
	// Now is the time.
	Now time.Time
	// Attempt is 1 unless a repetition is tried.
	Attempt int
	// Config is the operator's table.
	Config map[string]any
	// Users and Conversations are those that can be looked up, by id. Arguments find them by id or name too.
	Users         map[string]moa.User
	Conversations map[string]moa.Conversation
	// Fetch answers HTTP requests; without it they are [moa.AccessDenied].
	Fetch func(moa.Request) (moa.Response, error)
	// Answer, if it is there and says that it did, answers a function of the host (`chat.history`, `sql.query`) in place
	// of this one. Its result is of the type that the SDK's function returns.
	Answer func(function string, args []any) (result any, err error, did bool)

	// Sent are the messages as they stand now, in the order in which they were sent.
	Sent []*Sent
	// Reactions are `emoji id` of messages that the bot reacted to.
	Reactions []string
	// Form is the form that was opened last, as JSON.
	Form string
	// Logged is the plugin's log: `info text`.
	Logged []string
	// Taught are the patterns of [moa.TeachKeyword] and [moa.TeachRegex], by id.
	Taught map[string]string
	// Jobs are those of [moa.RunAt] and [moa.RunEvery], by name.
	Jobs map[string]moa.ScheduledJob

	t     testing.TB
	brain map[string]entry
	files map[string][]byte
	count int
}

// Sent is a message that the plugin sent.
type Sent struct {
	// Ref is its address.
	Ref moa.MessageRef
	// Content is what it shows.
	Content moa.Content
}

// New is a host for one test.
func New(t testing.TB) *Host {
	host := &Host{
		Who:           moa.User{ID: "U1", Name: "rosie", DisplayName: "Rosie"},
		Place:         moa.Place{Service: "test", Conversation: "C1"},
		Locale:        "en",
		Timezone:      "UTC",
		Now:           time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC),
		Attempt:       1,
		Config:        map[string]any{},
		Users:         map[string]moa.User{},
		Conversations: map[string]moa.Conversation{"C1": {ID: "C1", Name: "general"}},
		Taught:        map[string]string{},
		Jobs:          map[string]moa.ScheduledJob{},
		t:             t,
		brain:         map[string]entry{},
		files:         map[string][]byte{},
	}
	before := hook.Call
	hook.Call = host.call
	t.Cleanup(func() { hook.Call = before })
	return host
}

// Speaker is somebody else from now on.
func (h *Host) Speaker(id, name string) {
	h.Who = moa.User{ID: id, Name: strings.ToLower(name), DisplayName: name}
}

// Run gives a command, as it would be typed behind the prefix, and is the text of the answer. A failure fails the test;
// [Host.Try] brings it.
func (h *Host) Run(line string) string {
	h.t.Helper()
	content, err := h.Try(line)
	if err != nil {
		h.t.Fatalf("%s: %v", line, err)
	}
	if content == nil {
		return ""
	}
	return content.Text
}

// Try gives a command and brings the answer, nil for none, or why it failed.
func (h *Host) Try(line string) (*moa.Content, error) {
	call, err := h.parse(line)
	if err != nil {
		return nil, err
	}
	ctx := h.context("!" + line)
	ctx.Command, ctx.Path, ctx.Rest, ctx.Tokens = call.path[0], call.path[1:], call.rest, tokens(call.rest)
	return content(hook.Plugin.Run("commands", ctx, call.args))
}

// Hear says a message, and brings what the plugin answers to it: one for each pattern that matched.
func (h *Host) Hear(text string) ([]*moa.Content, error) {
	var said []*moa.Content
	patterns := map[string]string{}
	var order []string
	for _, one := range h.manifest().Hears {
		patterns[one.ID] = one.Pattern
		order = append(order, one.ID)
	}
	for id, pattern := range h.Taught {
		patterns[id] = pattern
		order = append(order, id)
	}
	for _, id := range order {
		expression, err := regexp.Compile("(?i)" + patterns[id])
		if err != nil {
			return nil, fmt.Errorf("the pattern %s: %w", id, err)
		}
		found := expression.FindStringSubmatchIndex(text)
		if found == nil {
			continue
		}
		ctx := h.context(text)
		ctx.Pattern = id
		for i := 0; i < len(found); i += 2 {
			var captured *string
			if found[i] >= 0 {
				group := text[found[i]:found[i+1]]
				captured = &group
			}
			ctx.Captures = append(ctx.Captures, captured)
		}
		content, err := content(hook.Plugin.Run("listener", ctx, nil))
		if err != nil {
			return said, err
		}
		if content != nil {
			said = append(said, content)
		}
	}
	return said, nil
}

// Press does what a press does: presses a button, chooses from a menu, submits a form, uses a shortcut, answers a
// question. What follows is nil, a [moa.Content], [moa.Update], [moa.FieldErrors] or [moa.View].
func (h *Host) Press(press moa.Press) (any, error) {
	ctx := h.context("")
	if press.Trigger == "" {
		press.Trigger = "trigger"
	}
	return hook.Plugin.Run("actions", ctx, &press)
}

// Event lets something happen: a [moa.Reacted], [moa.Joined] and so on.
func (h *Host) Event(what any) error {
	_, err := hook.Plugin.Run("events", h.context(""), what)
	return err
}

// Job runs a job by its name.
func (h *Host) Job(name, payload string) error {
	_, err := hook.Plugin.Run("jobs", h.call0(), moa.Run{Name: name, Due: h.Now, Payload: payload})
	return err
}

// Webhook sends a request from outside.
func (h *Host) Webhook(request moa.WebhookRequest) (moa.Response, error) {
	result, err := hook.Plugin.Run("webhooks", h.call0(), request)
	response, _ := result.(moa.Response)
	return response, err
}

// Texts are the texts of all messages that were sent.
func (h *Host) Texts() []string {
	var texts []string
	for _, one := range h.Sent {
		texts = append(texts, one.Content.Text)
	}
	return texts
}

// Manifest is what the plugin tells of itself, as JSON.
func (h *Host) Manifest() string { return hook.Plugin.Describe() }

func (h *Host) call0() *moa.Context {
	return &moa.Context{
		ID: h.id("call"), Time: h.Now, Attempt: h.Attempt, Locale: h.Locale, Timezone: h.Timezone,
	}
}

func (h *Host) context(text string) *moa.Context {
	ctx := h.call0()
	ctx.Who, ctx.Place = h.Who, h.Place
	ctx.Message = moa.Message{
		Ref:    moa.MessageRef{Place: h.Place, ID: h.id("m")},
		Author: h.Who, Text: text, Raw: text, Time: h.Now.Format(time.RFC3339),
	}
	return ctx
}

func (h *Host) id(kind string) string {
	h.count++
	return fmt.Sprintf("%s%d", kind, h.count)
}

func content(result any, err error) (*moa.Content, error) {
	said, _ := result.(*moa.Content)
	return said, err
}

type manifest struct {
	Commands []command
	Hears    []struct{ ID, Pattern string }
}

type command struct {
	Name        string
	Aliases     []string
	Args        []argument
	Subcommands []command
}

type argument struct {
	Name, Type string
	Optional   bool
	Default    any
	Min, Max   *float64
	Choices    []string
}

func (h *Host) manifest() manifest {
	var found manifest
	if err := json.Unmarshal([]byte(hook.Plugin.Describe()), &found); err != nil {
		h.t.Fatalf("the manifest is no JSON: %v", err)
	}
	return found
}
