package moa

import (
	"strings"

	"moa/internal/plain"
)

// Form is a form that opens before the person who pressed: Slack's own, made field by field.
//
//	moa.NewForm("order", "Order").Text("dish", "Dish").Select("size", "Size", moa.Choice{"Small", "s"})
//
// What is submitted arrives at the function given to [Submit] under its id.
type Form struct {
	view   map[string]any
	blocks []any
}

// NewForm begins a form with the id under which it comes back and its heading.
func NewForm(id, heading string) *Form {
	return &Form{view: map[string]any{
		"type": "modal", "callback_id": id, "title": plainText(short(heading)), "submit": plainText("OK"),
	}}
}

// Submit is what stands on the button that submits.
func (f *Form) Submit(label string) *Form { return f.set("submit", plainText(short(label))) }

// Close is what stands on the button that closes.
func (f *Form) Close(label string) *Form { return f.set("close", plainText(short(label))) }

// Data is hidden, and comes back as the press's Value.
func (f *Form) Data(data string) *Form { return f.set("private_metadata", data) }

// Text adds a field of one line.
func (f *Form) Text(name, label string) *Form { return f.field(name, label, "plain_text_input", nil) }

// LongText adds a field of several lines.
func (f *Form) LongText(name, label string) *Form {
	return f.field(name, label, "plain_text_input", map[string]any{"multiline": true})
}

// Number adds a field for a whole number.
func (f *Form) Number(name, label string) *Form {
	return f.field(name, label, "number_input", map[string]any{"is_decimal_allowed": false})
}

// Select adds a menu.
func (f *Form) Select(name, label string, choices ...Choice) *Form {
	return f.choose(name, label, "static_select", choices)
}

// Radio adds buttons of which one is chosen.
func (f *Form) Radio(name, label string, choices ...Choice) *Form {
	return f.choose(name, label, "radio_buttons", choices)
}

// Checkboxes adds boxes of which any are chosen.
func (f *Form) Checkboxes(name, label string, choices ...Choice) *Form {
	return f.choose(name, label, "checkboxes", choices)
}

// Date adds a field for a day.
func (f *Form) Date(name, label string) *Form { return f.field(name, label, "datepicker", nil) }

// Time adds a field for a time of day.
func (f *Form) Time(name, label string) *Form { return f.field(name, label, "timepicker", nil) }

// User adds a field for a person.
func (f *Form) User(name, label string) *Form { return f.field(name, label, "users_select", nil) }

// Users adds a field for several people.
func (f *Form) Users(name, label string) *Form {
	return f.field(name, label, "multi_users_select", nil)
}

// Conversation adds a field for a conversation.
func (f *Form) Conversation(name, label string) *Form {
	return f.field(name, label, "conversations_select", nil)
}

// Note adds a text, in the service's own markup.
func (f *Form) Note(text string) *Form {
	return f.Block(map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}})
}

// Block adds a block of the service's own: maps, slices, strings, numbers and booleans.
func (f *Form) Block(block any) *Form {
	f.blocks = append(f.blocks, block)
	return f
}

// Optional lets the last field be left empty.
func (f *Form) Optional() *Form { return f.last("optional", true) }

// Hint stands below the last field.
func (f *Form) Hint(text string) *Form { return f.last("hint", plainText(text)) }

// Placeholder stands in the last field before anything is written there.
func (f *Form) Placeholder(text string) *Form {
	if element := f.element(); element != nil {
		element["placeholder"] = plainText(text)
	}
	return f
}

// Initial is what the last field begins with: a text, number, date or time as it would come back, of a choice its value,
// of people and conversations their ids; several joined by a comma.
func (f *Form) Initial(value string) *Form {
	element := f.element()
	if element == nil {
		return f
	}
	several := strings.Split(value, ",")
	var chosen []any
	options, _ := element["options"].([]any)
	for _, option := range options {
		for _, one := range several {
			if option.(map[string]any)["value"] == one {
				chosen = append(chosen, option)
			}
		}
	}
	switch element["type"] {
	case "static_select", "radio_buttons":
		if len(chosen) > 0 {
			element["initial_option"] = chosen[0]
		}
	case "checkboxes":
		if len(chosen) > 0 { // Slack refuses an empty list
			element["initial_options"] = chosen
		}
	case "datepicker":
		element["initial_date"] = value
	case "timepicker":
		element["initial_time"] = value
	case "users_select":
		element["initial_user"] = value
	case "multi_users_select":
		element["initial_users"] = several
	case "conversations_select":
		element["initial_conversation"] = value
	default:
		element["initial_value"] = value
	}
	return f
}

// JSON is the form as the service takes it.
func (f *Form) JSON() string {
	f.view["blocks"] = append([]any{}, f.blocks...)
	return plain.JSON(f.view)
}

func (f *Form) set(key string, value any) *Form {
	f.view[key] = value
	return f
}

func (f *Form) last(key string, value any) *Form {
	if len(f.blocks) > 0 {
		if block, ok := f.blocks[len(f.blocks)-1].(map[string]any); ok {
			block[key] = value
		}
	}
	return f
}

func (f *Form) element() map[string]any {
	if len(f.blocks) == 0 {
		return nil
	}
	block, _ := f.blocks[len(f.blocks)-1].(map[string]any)
	element, _ := block["element"].(map[string]any)
	return element
}

func (f *Form) field(name, label, kind string, more map[string]any) *Form {
	element := map[string]any{"type": kind, "action_id": name}
	for key, value := range more {
		element[key] = value
	}
	return f.Block(map[string]any{"type": "input", "block_id": name, "label": plainText(label), "element": element})
}

func (f *Form) choose(name, label, kind string, choices []Choice) *Form {
	options := make([]any, len(choices))
	for i, one := range choices {
		options[i] = map[string]any{"text": plainText(one.Label), "value": one.Value}
	}
	return f.field(name, label, kind, map[string]any{"options": options})
}

func plainText(text string) map[string]any {
	return map[string]any{"type": "plain_text", "text": text}
}

// short is what Slack takes as a heading or on a button of a form.
func short(text string) string {
	const most = 24
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
