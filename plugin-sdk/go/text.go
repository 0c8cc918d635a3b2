package moa

import "strings"

// joiner is invisible; behind a mark it makes the mark plain text, says the contract.
const joiner = "\u2060"

var marks = strings.NewReplacer(
	"*", "*"+joiner, "_", "_"+joiner, "~", "~"+joiner, "`", "`"+joiner, "[", "["+joiner, "{", "{"+joiner,
)

// Plain makes foreign text plain: what would be markup or a mention in it is shown as it stands. Use it for names and
// other text that people chose, when it is put into a message.
func Plain(text string) string { return marks.Replace(text) }
