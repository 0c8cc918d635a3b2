package moa

import (
	"strings"
	"time"
)

// Context is everything about one call: of a command, a message that was heard, a press, an event, a job or a webhook.
type Context struct {
	// ID is the invocation's: the same however often the call is repeated, so good as a key against doing something
	// twice.
	ID string
	// Time is when the event of the call arrived; the same on a repetition.
	Time time.Time
	// Attempt is 1 for the first try, one more for each repetition.
	Attempt int
	// Locale is the language to answer in, a BCP 47 tag like ko or en-GB: the person's own where it is known.
	Locale string
	// Timezone is the time zone to speak of, an IANA name; see [In].
	Timezone string

	// Who wrote the message, pressed, or did what the event tells of. Only the ID may decide what somebody is allowed to
	// do. Empty for jobs and webhooks.
	Who User
	// Place is where it was written, pressed or done. Empty for jobs and webhooks.
	Place Place
	// Message carried the command, or was heard. Of the message that a press or an event is about only the address is
	// known; its text and author too where it was edited, or a shortcut was used on it.
	Message Message

	// Command is its name in the manifest, whatever alias was typed.
	Command string
	// Path is the names of the subcommands in the manifest, outermost first.
	Path []string
	// Rest is everything behind the command words as typed, with mentions as plain names.
	Rest string
	// Tokens is the same split at white space, with quotes and back-slashes undone.
	Tokens []string

	// Pattern is the id of the pattern that was heard.
	Pattern string
	// Captures is what it captured: the whole match, then each group; nil for one that took no part.
	Captures []*string

	// The arguments of the groups above a subcommand, outermost first.
	groups []any
}

// Language is the locale without a region: en of en-GB.
func (c *Context) Language() string {
	if end := strings.IndexAny(c.Locale, "-_"); end >= 0 {
		return c.Locale[:end]
	}
	return c.Locale
}

// Pick is the text in the call's language, from pairs of a language and a text; the first where there is none for it.
//
//	ctx.Pick("en", "Hello!", "ko", "안녕하세요!")
func (c *Context) Pick(texts ...string) string {
	for i := 0; i+1 < len(texts); i += 2 {
		if texts[i] == c.Language() {
			return texts[i+1]
		}
	}
	if len(texts) < 2 {
		return ""
	}
	return texts[1]
}

// Capture is what a group of the pattern captured; 0 is the whole match. Empty for one that took no part.
func (c *Context) Capture(group int) string {
	if group < 0 || group >= len(c.Captures) || c.Captures[group] == nil {
		return ""
	}
	return *c.Captures[group]
}

// Brain is the plugin's durable memory.
func (c *Context) Brain() Brain { return PluginBrain() }

// ConversationBrain is what the plugin knows about this conversation.
func (c *Context) ConversationBrain() Brain { return ConversationBrain(c.Place.Conversation) }

// UserBrain is what the plugin knows about this person.
func (c *Context) UserBrain() Brain { return UserBrain(c.Who.ID) }

// Say says a text where the call came from, beside what the function returns.
func (c *Context) Say(text string) (MessageRef, error) { return Send(c.Place, text) }

// Reply sends a message to where the call came from, beside what the function returns.
func (c *Context) Reply(content Content) (MessageRef, error) { return Send(c.Place, content) }

// React adds the bot's reaction to the message of the call.
func (c *Context) React(emoji string) error { return React(c.Message.Ref, emoji) }
