package moa

import (
	"encoding/json"

	"moa/internal/abi"
)

// Field is a named value inside a card.
type Field struct {
	// Title is the name, plain text.
	Title string
	// Value is portable markup.
	Value string
	// Short tells whether it is short enough to stand beside another.
	Short bool
}

// Card is a framed block below the text. Empty strings mean "not there".
type Card struct {
	// Pretext is a line above the frame, portable markup.
	Pretext string
	// Title is the heading, plain text.
	Title string
	// Link is where the heading leads: an http or https address.
	Link string
	// Text is the body, portable markup.
	Text string
	// Color is the frame's: #RRGGBB, or good, warning, danger.
	Color string
	// Fields are named values, shown in this order.
	Fields []Field
	// Image is the address of a picture.
	Image string
	// Footer is a small line below, plain text.
	Footer string
}

// Choice is one line of a menu.
type Choice struct {
	// Label is what the person reads.
	Label string
	// Value is what the plugin gets.
	Value string
}

// Style is how a button looks, where the service can show it.
type Style uint8

// The styles of buttons.
const (
	// Normal is like any other.
	Normal Style = iota
	// Primary is the one to press.
	Primary
	// Danger is the one to think about first.
	Danger
)

// Element is something to press or to choose below a message: a [Button], [Menu] or [Link].
type Element any

// Button is a button. A press arrives at the function given to [Action] under its ID.
type Button struct {
	// ID comes back with the press. Unique within the message.
	ID string
	// Label is what stands on it, plain text.
	Label string
	// Value comes back with the press. At most 2,000 characters.
	Value string
	// Style is how it looks.
	Style Style
	// Confirm is a question that the person confirms before the press counts; empty for no question.
	Confirm string `wit:"?"`
}

// Menu is a menu. A choice arrives at the function given to [Action] under its ID.
type Menu struct {
	// ID comes back with the choice. Unique within the message.
	ID string
	// Placeholder is what stands there before anything is chosen, plain text.
	Placeholder string
	// Choices are shown in this order; at least one, at most 100.
	Choices []Choice
}

// Link is a button that leads to an address. Nothing arrives.
type Link struct {
	// Label is what stands on it, plain text.
	Label string
	// Address is where it leads.
	Address string
}

// Audience is who sees a message, and where it stands.
type Audience uint8

// The audiences.
const (
	// Everyone is all, at the place itself.
	Everyone Audience = iota
	// Thread is all, in the thread of the message that the call answers, which is opened if need be.
	Thread
	// Broadcast is as Thread, and shown in the conversation too.
	Broadcast
	// Asker is only the person who caused the call, without a trace for others.
	Asker
)

// Sender is another sender's name and icon.
type Sender struct {
	// Name is shown as the author.
	Name string
	// Icon is an address or an :emoji:; empty for the usual icon.
	Icon string
}

// Content is one message to be sent. Write it as a literal, or begin with [Text].
type Content struct {
	// Text is portable markup: *bold*, _italic_, ~strike~, `code`, code blocks, [label](url), {@USER}, {#CONVERSATION}.
	// Put foreign text through [Plain].
	Text string
	// Cards are framed blocks, shown below the text in this order.
	Cards []Card
	// Elements are buttons and menus, shown last in this order.
	Elements []Element
	// Audience is who sees it.
	Audience Audience
	// Native is a JSON object of the service's own message arguments, merged last; empty for nothing.
	Native string `wit:"?"`
	// Sender is another sender; nil for the bot itself.
	Sender *Sender
}

// Text begins a message.
func Text(text string) Content { return Content{Text: text} }

// Card adds cards.
func (c Content) Card(cards ...Card) Content {
	c.Cards = append(c.Cards[:len(c.Cards):len(c.Cards)], cards...)
	return c
}

// Button adds buttons.
func (c Content) Button(buttons ...Button) Content {
	for _, button := range buttons {
		c = c.add(button)
	}
	return c
}

// Menu adds a menu.
func (c Content) Menu(id, placeholder string, choices ...Choice) Content {
	return c.add(Menu{ID: id, Placeholder: placeholder, Choices: choices})
}

// Link adds a button that leads to an address.
func (c Content) Link(label, address string) Content {
	return c.add(Link{Label: label, Address: address})
}

// To sets who sees it.
func (c Content) To(audience Audience) Content {
	c.Audience = audience
	return c
}

// As sets another sender.
func (c Content) As(name, icon string) Content {
	c.Sender = &Sender{Name: name, Icon: icon}
	return c
}

// WithNative sets the service's own message arguments, merged over everything else. What has no JSON form is refused
// by the host, as is what is no JSON object.
func (c Content) WithNative(arguments any) Content {
	data, err := json.Marshal(arguments)
	if err != nil {
		data = []byte(err.Error())
	}
	c.Native = string(data)
	return c
}

func (c Content) add(element Element) Content {
	c.Elements = append(c.Elements[:len(c.Elements):len(c.Elements)], element)
	return c
}

// IsEmpty tells whether there is nothing to show.
func (c Content) IsEmpty() bool {
	return c.Text == "" && len(c.Cards) == 0 && len(c.Elements) == 0 && c.Native == ""
}

// Says is what can be said: a text, a message, or none of them. An empty one says nothing.
type Says interface {
	string | Content | *Content | Card
}

// contentOf is nil for nothing.
func contentOf[S Says](said S) *Content {
	var content Content
	switch said := any(said).(type) {
	case string:
		content = Text(said)
	case Content:
		content = said
	case *Content:
		if said == nil {
			return nil
		}
		content = *said
	case Card:
		content = Content{Cards: []Card{said}}
	}
	if content.IsEmpty() {
		return nil
	}
	return &content
}

func init() { abi.Variant[Element](Button{}, Menu{}, Link{}) }
