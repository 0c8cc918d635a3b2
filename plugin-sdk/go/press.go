package moa

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"moa/internal/abi"
)

// PressKind is what somebody did.
type PressKind uint8

// The kinds of presses.
const (
	// ButtonPressed: pressed a button.
	ButtonPressed PressKind = iota
	// MenuChosen: chose from a menu.
	MenuChosen
	// FormSubmitted: submitted a form.
	FormSubmitted
	// ShortcutUsed: used a shortcut.
	ShortcutUsed
	// QuestionAnswered: answered a question of [Ask].
	QuestionAnswered
	// QuestionTimedOut: did not answer a question of [Ask] in time.
	QuestionTimedOut
)

var pressNames = [...]string{"button", "menu", "form", "shortcut", "question", "question"}

// Value is a name and its value.
type Value struct{ Name, Value string }

// Press is what somebody did with a button, menu, form, shortcut or question. Anybody who sees a button can press it:
// check [Context.Who], if it matters.
type Press struct {
	// Kind is what it was.
	Kind PressKind
	// ID is that of the button, menu, form, shortcut or question.
	ID string
	// Rest is what of the ID the * of the handler stands for.
	Rest string
	// Value is the button's or the choice's; of a form its hidden data, of an answer what was pressed or chosen.
	Value string
	// State is the fields of a form, or the other menus of the message. Several values are joined by a comma; dates are
	// YYYY-MM-DD, times HH:MM, people and conversations their ids. Of a shortcut on a message: text and author.
	State []Value
	// On is the message that carried it, that opened the form, or that the shortcut was used on; nil if there is none.
	On *MessageRef
	// Trigger opens a form, see [OpenForm]; empty where no form can be opened.
	Trigger string
}

// Field is the value of a field by its name. Empty where nothing was given, or there is no such field.
func (p *Press) Field(name string) string {
	for _, one := range p.State {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}

// TimedOut tells whether a question of [Ask] was not answered in time.
func (p *Press) TimedOut() bool { return p.Kind == QuestionTimedOut }

// Open opens a form before the person who pressed.
func (p *Press) Open(form *Form) error { return OpenForm(p.Trigger, form) }

// FormValues reads a form's fields into a struct, whose fields are named as those of a command's arguments are: string,
// bool, integers, float64 and []string. A number that is none becomes a [FieldErrors] that the form shows.
func FormValues[T any](press *Press) (T, error) {
	var to T
	into := reflect.ValueOf(&to).Elem()
	for _, one := range specsOf(into.Type(), true) {
		text := press.Field(one.Name)
		if text == "" {
			continue
		}
		var value any = text
		var err error
		switch one.Type {
		case "int":
			value, err = strconv.ParseInt(text, 10, 64)
		case "float":
			value, err = strconv.ParseFloat(text, 64)
		case "bool":
			value = text == "true" || text == one.Name
		case "list":
			value = strings.Split(text, ",")
		}
		if err == nil {
			err = set(settable(into.Field(one.index)), value)
		}
		if err != nil {
			return to, FieldErrors{{Name: one.Name, Text: fmt.Sprintf("%q?", text)}}
		}
	}
	return to, nil
}

// Update is new content for the message that carried the press.
//
//	return moa.Update(moa.Text("ordered")), nil
type Update Content

// View is a form as the service's own JSON; [Form] is the comfortable way.
type View string

// Reply is what may follow a press, where a function decides between several: see [With].
type Reply struct{ what reply }

// Follows is what may follow a press: a text or message that is said (an empty one says nothing), an [Update],
// a [Form] or [View], or a [Reply] of one of these.
type Follows interface {
	string | Content | *Content | Card | Update | *Form | View | Reply
}

// With makes a [Reply] of anything that may follow a press. The zero Reply is nothing to be seen.
func With[F Follows](what F) Reply { return Reply{replyOf(what)} }

// reply is actions.reply: nil, Content, Update, FieldErrors or View.
type reply any

func init() { abi.Variant[reply](nil, Content{}, Update{}, FieldErrors(nil), View("")) }

func replyOf[F Follows](what F) reply {
	switch what := any(what).(type) {
	case string:
		return said(contentOf(what))
	case Content:
		return said(contentOf(what))
	case *Content:
		return said(contentOf(what))
	case Card:
		return said(contentOf(what))
	case Update:
		return what
	case *Form:
		if what == nil {
			return nil
		}
		return View(what.JSON())
	case View:
		return what
	case Reply:
		return what.what
	}
	return nil
}

func said(content *Content) reply {
	if content == nil {
		return nil
	}
	return *content
}

type press struct {
	kinds  []PressKind
	id     string
	handle func(*Context, *Press) (reply, error)
}

func pressOf[F Follows](kinds []PressKind, id string, run func(*Context, *Press) (F, error)) {
	plugin.presses = append(plugin.presses, press{kinds, id, func(ctx *Context, press *Press) (reply, error) {
		what, err := run(ctx, press)
		var fields FieldErrors
		if press.Kind == FormSubmitted && errors.As(err, &fields) {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		return replyOf(what), nil
	}})
}

// Action runs a function when somebody presses the buttons or chooses from the menus of an id. An id ending in * is for
// all that begin with what stands before it; [Press.Rest] is what follows.
func Action[F Follows](id string, run func(*Context, *Press) (F, error)) {
	pressOf([]PressKind{ButtonPressed, MenuChosen}, id, run)
}

// Submit runs a function when somebody submits the form of an id. [FieldErrors] as its error keep the form open.
func Submit[F Follows](id string, run func(*Context, *Press) (F, error)) {
	pressOf([]PressKind{FormSubmitted}, id, run)
}

// Answer runs a function when a question of [Ask] is answered, or was not in time.
func Answer[F Follows](id string, run func(*Context, *Press) (F, error)) {
	pressOf([]PressKind{QuestionAnswered, QuestionTimedOut}, id, run)
}

// ShortcutSpec is a shortcut; its methods say more about it.
type ShortcutSpec struct {
	it struct {
		ID          string    `json:"id"`
		On          string    `json:"on"`
		Name        localized `json:"name"`
		Description localized `json:"description,omitempty"`
	}
}

// MessageShortcut runs a function when somebody chooses it from a message's menu; the [Context.Message] has its text and
// author. The name is one text, or pairs of a language and a text.
func MessageShortcut[F Follows](id string, run func(*Context, *Press) (F, error), name ...string) *ShortcutSpec {
	return shortcutOf(id, "message", run, name)
}

// Shortcut runs a function when somebody chooses it from the menu that is reached wherever people write.
func Shortcut[F Follows](id string, run func(*Context, *Press) (F, error), name ...string) *ShortcutSpec {
	return shortcutOf(id, "anywhere", run, name)
}

func shortcutOf[F Follows](id, on string, run func(*Context, *Press) (F, error), name []string) *ShortcutSpec {
	pressOf([]PressKind{ShortcutUsed}, id, run)
	spec := &ShortcutSpec{}
	spec.it.ID, spec.it.On, spec.it.Name = id, on, localizedOf(name)
	plugin.Shortcuts = append(plugin.Shortcuts, spec)
	return spec
}

// Description says what it does: one text, or pairs of a language and a text.
func (s *ShortcutSpec) Description(texts ...string) *ShortcutSpec {
	s.it.Description = localizedOf(texts)
	return s
}

// Plain is the shortcut as the manifest has it.
func (s *ShortcutSpec) Plain() any { return s.it }

// act finds the function that names most of the id: an id in full before one with *.
func act(ctx *Context, what *Press) (reply, error) {
	var best *press
	for i, one := range plugin.presses {
		rest, ok := fits(one.id, what.ID)
		if ok && handles(one.kinds, what.Kind) && (best == nil || rank(one.id) > rank(best.id)) {
			best, what.Rest = &plugin.presses[i], rest
		}
	}
	if best == nil {
		return nil, fmt.Errorf("this plugin has no function for the %s %q", pressNames[what.Kind], what.ID)
	}
	return best.handle(ctx, what)
}

func handles(kinds []PressKind, kind PressKind) bool {
	for _, one := range kinds {
		if one == kind {
			return true
		}
	}
	return false
}

// fits tells whether a name is the one that a handler gave, and what its * stands for.
func fits(pattern, name string) (rest string, ok bool) {
	if head, any := strings.CutSuffix(pattern, "*"); any {
		return strings.CutPrefix(name, head)
	}
	return "", pattern == name
}

// rank orders handlers that fit: one that names all goes first, then the one that names most.
func rank(pattern string) int {
	if strings.HasSuffix(pattern, "*") {
		return len(pattern)
	}
	return 1 << 20
}

// pressMessage is what is known of the message of a press. A shortcut on a message brings its text and author.
func pressMessage(what *Press, place Place) Message {
	message := Message{Ref: MessageRef{Place: place}}
	if what.On != nil {
		message.Ref = *what.On
	}
	if what.Kind == ShortcutUsed {
		message.Text = what.Field("text")
		author := what.Field("author")
		message.Author = User{ID: author, Name: author, DisplayName: author}
	}
	return message
}
