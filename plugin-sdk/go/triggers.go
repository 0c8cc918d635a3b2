package moa

import "moa/internal/wire"

// Scopes is in which messages to look for a pattern; join them by |.
type Scopes uint8

// The scopes of patterns.
const (
	// DirectMessages are direct messages to the bot.
	DirectMessages Scopes = 1 << iota
	// DirectMentions are messages that begin with the bot's name or mention.
	DirectMentions
	// Mentions are messages that mention the bot anywhere.
	Mentions
	// Ambient is all other messages.
	Ambient
	// Anywhere is all of them.
	Anywhere = DirectMessages | DirectMentions | Mentions | Ambient
)

// TeachKeyword teaches a text, as a whole word or sequence of words, under an id, replacing what had it. What matches
// arrives at the function given to [HearTaught]. An empty conversation is all that the bot is in. Durable.
func TeachKeyword(id, keyword string, where Scopes, conversation string) error {
	return teach(id, wire.Pattern{Case: wire.Keyword, Text: keyword}, where, conversation)
}

// TeachRegex is [TeachKeyword] for a regular expression in the syntax of Rust's regex, which is nearly that of Go.
func TeachRegex(id, expression string, where Scopes, conversation string) error {
	return teach(id, wire.Pattern{Case: wire.Regex, Text: expression}, where, conversation)
}

// Unteach forgets what was taught under an id. Whether it was there.
func Unteach(id string) (bool, error) { return ask[bool]("triggers.forget", id) }

func teach(id string, pattern wire.Pattern, where Scopes, conversation string) error {
	return do("triggers.hear", id, pattern, where, optional(conversation))
}
