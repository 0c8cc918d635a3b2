package moa

import (
	"fmt"

	"moa/internal/abi"
)

type (
	// Reacted tells that a reaction was added.
	Reacted struct {
		// Message is to what.
		Message MessageRef
		// Emoji is its name without colons.
		Emoji string
	}
	// Unreacted tells that a reaction was taken back.
	Unreacted struct {
		// Message is from what.
		Message MessageRef
		// Emoji is its name without colons.
		Emoji string
	}
	// Joined tells that somebody joined a conversation.
	Joined struct{ Place Place }
	// Left tells that somebody left a conversation.
	Left struct{ Place Place }
	// TopicSet tells that a conversation has another topic.
	TopicSet struct {
		// Place is which one.
		Place Place
		// Topic is empty if there is none now.
		Topic string
	}
	// Edited tells that a message was edited.
	Edited struct {
		// Message is as it is now.
		Message Message
	}
	// Deleted tells that a message was deleted.
	Deleted struct{ Message MessageRef }
)

// Event is one of the things that happen in chat.
type Event interface {
	Reacted | Unreacted | Joined | Left | TopicSet | Edited | Deleted
}

// event is events.event.
type event any

func init() {
	abi.Variant[event](Reacted{}, Unreacted{}, Joined{}, Left{}, TopicSet{}, Edited{}, Deleted{})
}

func eventName(what any) string {
	switch what.(type) {
	case Reacted:
		return "reacted"
	case Unreacted:
		return "unreacted"
	case Joined:
		return "joined"
	case Left:
		return "left"
	case TopicSet:
		return "topic"
	case Edited:
		return "edited"
	default:
		return "deleted"
	}
}

// On runs a function for each event of a kind, which its second parameter says. What it returns is said where it
// happened. [Context.Who] is the person who did it; what the bot itself does is not told.
//
//	moa.On(func(ctx *moa.Context, what moa.Joined) (string, error) {
//		return "Welcome, " + moa.Plain(ctx.Who.DisplayName) + "!", nil
//	})
func On[E Event, S Says](run func(*Context, E) (S, error)) {
	var zero E
	name := eventName(zero)
	if plugin.events[name] != nil {
		panic("moa: two functions for the event " + name)
	}
	plugin.manifest.Events = append(plugin.manifest.Events, name)
	plugin.events[name] = func(ctx *Context, what any) error {
		said, err := run(ctx, what.(E))
		if err != nil {
			return err
		}
		if content := contentOf(said); content != nil {
			_, err = Send(ctx.Place, content)
		}
		return err
	}
}

func onEvent(ctx *Context, what any) error {
	name := eventName(what)
	run := plugin.events[name]
	if run == nil {
		return fmt.Errorf("this plugin has no function for the event %q", name)
	}
	return run(ctx, what)
}

// eventMessage is what is known of the message that an event is about.
func eventMessage(what any) Message {
	switch what := what.(type) {
	case Reacted:
		return Message{Ref: what.Message}
	case Unreacted:
		return Message{Ref: what.Message}
	case Joined:
		return Message{Ref: MessageRef{Place: what.Place}}
	case Left:
		return Message{Ref: MessageRef{Place: what.Place}}
	case TopicSet:
		return Message{Ref: MessageRef{Place: what.Place}}
	case Edited:
		return what.Message
	case Deleted:
		return Message{Ref: what.Message}
	}
	return Message{}
}
