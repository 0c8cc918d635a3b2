// Package wire has the contract's types that authors do not see.
package wire

// Entry is brain.entry.
type Entry struct {
	Value   []byte
	Version string
	Expires string `wit:"?"`
}

// KeyPage is brain.key-page.
type KeyPage struct {
	Keys []string
	Next string `wit:"?"`
}

// Write is brain.write.
type Write struct {
	Key        string
	Value      []byte
	TTLSeconds *uint32
}

// The cases of brain.scope.
const (
	PluginScope uint8 = iota
	ConversationScope
	UserScope
	SharedScope
)

// Scope is brain.scope: its cases carry an id or nothing.
type Scope struct {
	Case uint8
	ID   string
}

// Page is a tuple of ids and the next cursor.
type Page struct {
	IDs  []string
	Next string `wit:"?"`
}

// The cases of triggers.pattern.
const (
	Keyword uint8 = iota
	Regex
)

// Pattern is triggers.pattern.
type Pattern struct {
	Case uint8
	Text string
}

// None is nothing at all.
type None struct{}
