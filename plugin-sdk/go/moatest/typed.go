package moatest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"moa"
	"moa/internal/hook"
	"moa/internal/words"
)

type typedCall struct {
	path []string
	args []hook.Arg
	rest string
}

// parse reads a command as the host would: the words of commands, then arguments by their types.
func (h *Host) parse(line string) (*typedCall, error) {
	call := &typedCall{}
	level, rest := h.manifest().Commands, strings.TrimSpace(line)
	for {
		word, behind, _ := strings.Cut(rest, " ")
		at := slices.IndexFunc(level, func(one command) bool {
			return one.Name == word || slices.Contains(one.Aliases, word)
		})
		if at < 0 {
			return nil, fmt.Errorf("there is no command %q", strings.Join(append(call.path, word), " "))
		}
		one := level[at]
		call.path = append(call.path, one.Name)
		rest = strings.TrimSpace(behind)
		if len(call.path) == 1 {
			call.rest = rest
		}
		for _, arg := range one.Args {
			value, behind, err := h.argument(arg, rest)
			if err != nil {
				return nil, moa.Usage(fmt.Sprintf("%s: %v", arg.Name, err))
			}
			rest = behind
			if value != nil {
				call.args = append(call.args, hook.Arg{Name: arg.Name, Value: value})
			}
		}
		if len(one.Subcommands) == 0 {
			if rest != "" {
				return nil, moa.Usage(fmt.Sprintf("%q is too much", rest))
			}
			return call, nil
		}
		level = one.Subcommands
	}
}

func (h *Host) argument(arg argument, rest string) (value any, behind string, err error) {
	if rest == "" {
		switch {
		case arg.Default != nil:
			value, err = h.fallback(arg)
			return value, "", err
		case arg.Optional:
			return nil, "", nil
		}
		return nil, "", fmt.Errorf("is missing")
	}
	switch arg.Type {
	case "rest":
		return rest, "", nil
	case "list":
		return strings.FieldsFunc(rest, func(r rune) bool { return r == ',' || r == ' ' }), "", nil
	}
	token, behind := first(rest)
	value, err = h.typed(arg, token)
	return value, behind, err
}

// fallback is a default of the manifest as the host hands it over.
func (h *Host) fallback(arg argument) (any, error) {
	switch value := arg.Default.(type) {
	case float64:
		if arg.Type == "int" {
			return int64(value), nil
		}
		return value, nil
	case string:
		return h.typed(arg, value)
	case []any:
		list := []string{}
		for _, one := range value {
			list = append(list, fmt.Sprint(one))
		}
		return list, nil
	default:
		return value, nil
	}
}

func (h *Host) typed(arg argument, token string) (any, error) {
	switch arg.Type {
	case "int":
		number, err := strconv.ParseInt(token, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", token)
		}
		return number, within(arg, float64(number))
	case "float":
		number, err := strconv.ParseFloat(token, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", token)
		}
		return number, within(arg, number)
	case "bool":
		switch strings.ToLower(token) {
		case "true", "yes", "on", "예", "네":
			return true, nil
		case "false", "no", "off", "아니오", "아니요":
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither yes nor no", token)
	case "duration":
		seconds, ok := words.Seconds(token)
		if !ok {
			return nil, fmt.Errorf("%q is no length of time", token)
		}
		return seconds, nil
	case "date":
		if _, err := time.Parse(time.DateOnly, token); err != nil {
			return nil, fmt.Errorf("%q is no date", token)
		}
		return moa.Date(token), nil
	case "time":
		if len(token) == len("09:50") {
			token += ":00"
		}
		if _, err := time.Parse(time.TimeOnly, token); err != nil {
			return nil, fmt.Errorf("%q is no time", token)
		}
		return moa.Clock(token), nil
	case "choice":
		for _, one := range arg.Choices {
			if strings.EqualFold(one, token) {
				return one, nil
			}
		}
		return nil, fmt.Errorf("%q is none of %s", token, strings.Join(arg.Choices, ", "))
	case "user":
		return h.user(strings.TrimPrefix(token, "@")), nil
	case "conversation":
		name := strings.TrimPrefix(token, "#")
		for _, one := range h.Conversations {
			if one.ID == name || one.Name == name {
				return one, nil
			}
		}
		return moa.Conversation{ID: name, Name: name}, nil
	}
	return token, nil
}

// user finds a person, or makes one up.
func (h *Host) user(name string) moa.User {
	if name == h.Who.DisplayName || name == h.Who.ID {
		return h.Who
	}
	for _, one := range h.Users {
		if one.ID == name || one.DisplayName == name {
			return one
		}
	}
	return moa.User{ID: "U-" + name, Name: name, DisplayName: name}
}

func within(arg argument, number float64) error {
	if arg.Min != nil && number < *arg.Min {
		return fmt.Errorf("%v is less than %v", number, *arg.Min)
	}
	if arg.Max != nil && number > *arg.Max {
		return fmt.Errorf("%v is more than %v", number, *arg.Max)
	}
	return nil
}

// first takes one word, or a text in quotes.
func first(text string) (token, rest string) {
	if strings.HasPrefix(text, `"`) {
		if token, rest, closed := strings.Cut(text[1:], `"`); closed {
			return token, strings.TrimSpace(rest)
		}
	}
	token, rest, _ = strings.Cut(text, " ")
	return token, strings.TrimSpace(rest)
}

func tokens(text string) []string {
	var found []string
	for text = strings.TrimSpace(text); text != ""; {
		var token string
		token, text = first(text)
		found = append(found, token)
	}
	return found
}
