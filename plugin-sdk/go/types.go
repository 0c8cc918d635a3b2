package moa

import (
	"time"

	"moa/internal/abi"
)

// PlaceKind is what sort of conversation a place is in.
type PlaceKind uint8

// The kinds of places.
const (
	// Channel is a channel, public or private.
	Channel PlaceKind = iota
	// GroupChat is a direct conversation of several people.
	GroupChat
	// Direct is one person and the bot.
	Direct
)

// Place is where messages are. The thread is part of the address: the conversation and each thread in it are different
// places.
type Place struct {
	// Service is the chat service in lower case: slack, jandi, …; empty where the conversation's id tells it.
	Service string
	// Conversation is the service's id of the conversation.
	Conversation string
	// Thread is the id of the thread's first message; empty for the conversation itself.
	Thread string `wit:"?"`
	// Kind is channel, group or direct.
	Kind PlaceKind
}

// PlaceOf is a conversation by its id alone, as it stands in a configuration: C0123456789, jandi:lunch, incoming:ops.
// Which service it is at is told by how the id begins. For what has no place of its own, a job or a webhook; it needs
// the request Conversations.
func PlaceOf(conversation string) Place { return Place{Conversation: conversation} }

// User is a person, or a program with an account.
type User struct {
	// ID is the service's id. The only field that may decide what somebody is allowed to do: the others are chosen by
	// the person.
	ID string
	// Name is the account's name; the id where it is not known.
	Name string
	// DisplayName is the name that people see; never empty.
	DisplayName string
	// Locale is the person's own language; empty where the service does not tell.
	Locale string `wit:"?"`
	// Timezone is the person's time zone; empty where the service does not tell.
	Timezone string `wit:"?"`
	// Bot tells whether this is a program.
	Bot bool
}

// Mention calls the person in a message; where the name only stands, use [Plain] of the DisplayName.
func (u User) Mention() string { return "{@" + u.ID + "}" }

// Conversation is a channel, group or direct conversation.
type Conversation struct {
	// ID is the service's.
	ID string
	// Name is without a leading #; empty for direct conversations.
	Name string
	// Kind is channel, group or direct.
	Kind PlaceKind
	// Topic is empty where none is set.
	Topic string
}

// Mention names the conversation in a message, as a link to it.
func (c Conversation) Mention() string { return "{#" + c.ID + "}" }

// MessageRef is the address of one message.
type MessageRef struct {
	// Place is where it stands.
	Place Place
	// ID is the service's id of it. Empty where the service gives none (a message that only one person sees): such a
	// message can be neither edited nor deleted nor reacted to.
	ID string
}

// Mentioned is something in a text that the service marked as more than text: [UserMention], [ConversationMention],
// [GroupMention], [EveryoneMention] or [LinkMention].
type Mentioned any

type (
	// UserMention is a person, by id.
	UserMention string
	// ConversationMention is a conversation, by id.
	ConversationMention string
	// GroupMention is a group of people, by id.
	GroupMention string
	// EveryoneMention is everybody: channel, here or everyone.
	EveryoneMention string
	// LinkMention is a link.
	LinkMention struct {
		// Address is where it leads.
		Address string
		// Label is the address where none was given.
		Label string
	}
)

// File is a file that hangs on a message. Its content comes from [Download].
type File struct {
	// ID is the service's.
	ID string
	// Name is as its owner gave it. Not safe as a path.
	Name string
	// Mime is the media type; application/octet-stream where it is not known.
	Mime string
	// Size is in bytes; 4294967295 for anything that large or larger.
	Size uint32
}

// Message is a message that somebody wrote.
type Message struct {
	// Ref is its address.
	Ref MessageRef
	// Author is who wrote it.
	Author User
	// Text is in Unicode NFC with the service's escapes undone. Mentions stand in it as plain names, so that repeating
	// it calls nobody; who was meant stands in Mentions.
	Text string
	// Raw is the text as the service sent it.
	Raw string
	// Mentions are the mentions and links, in the order in which they stand in the text.
	Mentions []Mentioned
	// Files are in the service's order.
	Files []File
	// Time is when it was written, RFC 3339; [ParseTime] reads it.
	Time string
	// Edited tells whether it was edited since.
	Edited bool
}

// ParseTime reads an instant of the host. The zero time for anything that is none.
func ParseTime(instant string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, instant)
	if err != nil {
		return time.Time{}
	}
	return t
}

func init() {
	abi.Variant[Mentioned](UserMention(""), ConversationMention(""), GroupMention(""), EveryoneMention(""), LinkMention{})
}
