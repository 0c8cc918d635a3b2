package moa

import (
	"fmt"
)

// HearSpec is a pattern; its methods say more about it.
type HearSpec struct {
	it struct {
		ID      string   `json:"id"`
		Pattern string   `json:"pattern"`
		Scopes  []string `json:"scopes,omitempty"`
	}
	run func(*Context) (*Content, error)
}

var scopeNames = [...]string{"direct", "direct-mention", "mention", "ambient"}

// Hear runs a function for each message that a pattern matches: a regular expression in the syntax of Rust's regex,
// which is nearly that of Go, without regard to upper and lower case. [Context.Captures] has what its groups matched.
func Hear[S Says](id, pattern string, run func(*Context) (S, error)) *HearSpec {
	spec := &HearSpec{run: saying(run)}
	spec.it.ID, spec.it.Pattern = id, pattern
	plugin.Hears = append(plugin.Hears, spec)
	return spec
}

// In says in which messages to look; without it, in all.
func (h *HearSpec) In(where Scopes) *HearSpec {
	h.it.Scopes = nil
	for i, name := range scopeNames {
		if where&(1<<i) != 0 && where != Anywhere {
			h.it.Scopes = append(h.it.Scopes, name)
		}
	}
	return h
}

// Plain is the pattern as the manifest has it.
func (h *HearSpec) Plain() any { return h.it }

// HearTaught runs a function for each message that a pattern matches which was taught by [TeachKeyword] or
// [TeachRegex]; [Context.Pattern] is its id.
func HearTaught[S Says](run func(*Context) (S, error)) { plugin.taught = saying(run) }

func saying[S Says](run func(*Context) (S, error)) func(*Context) (*Content, error) {
	return func(ctx *Context) (*Content, error) {
		said, err := run(ctx)
		if err != nil {
			return nil, err
		}
		return contentOf(said), nil
	}
}

func hear(ctx *Context) (*Content, error) {
	for _, one := range plugin.Hears {
		if one.it.ID == ctx.Pattern {
			return one.run(ctx)
		}
	}
	if plugin.taught == nil {
		return nil, fmt.Errorf("this plugin has no pattern %q", ctx.Pattern)
	}
	return plugin.taught(ctx)
}
