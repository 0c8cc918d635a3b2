package moa

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"moa/internal/hook"
	"moa/internal/words"
)

// Rest is an argument that takes all that follows, as typed.
type Rest string

// Date is a day, YYYY-MM-DD. Dates compare as strings do.
type Date string

// In is the beginning of the day, with the clock of a location.
func (d Date) In(location *time.Location) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, string(d), location)
	return t
}

// Clock is a time of day, HH:MM:SS. Times compare as strings do.
type Clock string

// SinceMidnight is how much of the day has passed.
func (c Clock) SinceMidnight() time.Duration {
	t, _ := time.Parse(time.TimeOnly, string(c))
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

// spec is one field of a struct of arguments or settings.
type spec struct {
	valued
	index int
}

// specsOf reads the fields of a struct and their tags; a mistake in them panics as the plugin begins, and with that in
// `moa build`.
func specsOf(of reflect.Type, settings bool) []spec {
	if of.Kind() != reflect.Struct {
		panic(fmt.Sprintf("moa: %s is no struct: arguments and settings are the fields of one", of))
	}
	var specs []spec
	for i := range of.NumField() {
		field := of.Field(i)
		if !field.IsExported() {
			panic(fmt.Sprintf("moa: %s.%s is not exported: begin its name with a capital", of, field.Name))
		}
		one := spec{index: i}
		if err := one.read(field, settings); err != nil {
			panic(fmt.Sprintf("moa: %s.%s: %v", of, field.Name, err))
		}
		specs = append(specs, one)
	}
	return specs
}

func (s *spec) read(field reflect.StructField, settings bool) error {
	of, tag := field.Type, field.Tag
	if of.Kind() == reflect.Pointer {
		of, s.Optional = of.Elem(), true
	}
	if tag.Get("optional") == "true" {
		s.Optional = true
	}
	s.Name = tag.Get("name")
	if s.Name == "" {
		s.Name = words.Kebab(field.Name)
	}
	s.Summary = helpOf(tag)
	s.Type = typeOf(of, tag, settings)
	if s.Type == "" {
		return fmt.Errorf("people cannot type a %s; take string, moa.Rest, bool, an integer, a float, time.Duration, moa.Date, moa.Clock, moa.User, moa.Conversation or []string", of)
	}
	if text := tag.Get("choices"); text != "" {
		s.Choices = strings.Split(text, ",")
	}
	if s.Type == "int" {
		s.Min, s.Max = boundsOf(of.Kind())
	}
	var err error
	for _, bound := range []struct {
		key string
		to  *any
	}{{"min", &s.Min}, {"max", &s.Max}, {"default", &s.Default}} {
		text, ok := tag.Lookup(bound.key)
		if ok && err == nil {
			*bound.to, err = s.literal(text)
		}
	}
	return err
}

func helpOf(tag reflect.StructTag) localized {
	if text, ok := tag.Lookup("help"); ok {
		return localized{"": text}
	}
	var to localized
	for _, language := range languagesOf(tag) {
		if to == nil {
			to = localized{}
		}
		to[language] = tag.Get("help." + language)
	}
	return to
}

// languagesOf is what stands behind `help.` in the keys of a tag.
func languagesOf(tag reflect.StructTag) []string {
	var languages []string
	for rest := string(tag); rest != ""; {
		key, behind, found := strings.Cut(strings.TrimLeft(rest, " "), ":")
		quoted, err := strconv.QuotedPrefix(behind)
		if !found || err != nil {
			break
		}
		if language, ok := strings.CutPrefix(key, "help."); ok {
			languages = append(languages, language)
		}
		rest = behind[len(quoted):]
	}
	return languages
}

func typeOf(of reflect.Type, tag reflect.StructTag, settings bool) string {
	switch of {
	case reflect.TypeFor[Rest]():
		return "rest"
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[Date]():
		return "date"
	case reflect.TypeFor[Clock]():
		return "time"
	case reflect.TypeFor[User]():
		return "user"
	case reflect.TypeFor[Conversation]():
		return "conversation"
	case reflect.TypeFor[[]string]():
		return "list"
	}
	switch kind := of.Kind(); {
	case kind == reflect.String && settings && tag.Get("type") != "": // user, conversation: an id
		return tag.Get("type")
	case kind == reflect.String && tag.Get("choices") != "":
		return "choice"
	case kind == reflect.String:
		return "string"
	case kind == reflect.Bool:
		return "bool"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "int"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "float"
	case settings && (kind == reflect.Struct || kind == reflect.Map || kind == reflect.Interface):
		return "table"
	}
	return ""
}

// boundsOf is what fits a type that is narrower than the contract's 64 bits.
func boundsOf(kind reflect.Kind) (least, greatest any) {
	switch kind {
	case reflect.Int8:
		return int64(-1 << 7), int64(1<<7 - 1)
	case reflect.Int16:
		return int64(-1 << 15), int64(1<<15 - 1)
	case reflect.Int32:
		return int64(-1 << 31), int64(1<<31 - 1)
	case reflect.Uint8:
		return int64(0), int64(1<<8 - 1)
	case reflect.Uint16:
		return int64(0), int64(1<<16 - 1)
	case reflect.Uint32:
		return int64(0), int64(1<<32 - 1)
	case reflect.Uint, reflect.Uint64:
		return int64(0), nil
	}
	return nil, nil
}

// literal is a default or bound as the manifest has it.
func (s *spec) literal(text string) (any, error) {
	switch s.Type {
	case "int":
		return strconv.ParseInt(text, 10, 64)
	case "float":
		return strconv.ParseFloat(text, 64)
	case "bool":
		return strconv.ParseBool(text)
	case "list":
		if text == "" {
			return []string{}, nil
		}
		return strings.Split(text, ","), nil
	case "table":
		return nil, errors.New("a table has no default: make the field optional")
	}
	return text, nil
}

// taken are the arguments of a call, taken by name.
type taken []hook.Arg

func (t *taken) take(name string) (any, bool) {
	for i, arg := range *t {
		if arg.Name == name {
			*t = append((*t)[:i:i], (*t)[i+1:]...)
			return arg.Value, true
		}
	}
	return nil, false
}

// fill puts a call's arguments into the author's struct.
func fill(specs []spec, args *taken, into reflect.Value) error {
	for _, one := range specs {
		value, ok := args.take(one.Name)
		field := into.Field(one.index)
		switch {
		case ok:
			if err := set(settable(field), value); err != nil {
				return fmt.Errorf("the argument %q is %q in the manifest; %w", one.Name, one.Type, err)
			}
		case !one.Optional && one.Default == nil:
			return fmt.Errorf("the host handed over no argument %q, which the manifest requires", one.Name)
		}
	}
	return nil
}

// settable is the field, or what its pointer then points to.
func settable(field reflect.Value) reflect.Value {
	if field.Kind() != reflect.Pointer {
		return field
	}
	field.Set(reflect.New(field.Type().Elem()))
	return field.Elem()
}

// set converts one typed value. The error names kinds and not the value: what people typed does not belong into the
// operator's log.
func set(field reflect.Value, value any) error {
	from := reflect.ValueOf(value)
	kind := field.Kind()
	switch value := value.(type) {
	case int64:
		if field.CanInt() && kind != reflect.Bool && !field.OverflowInt(value) {
			field.SetInt(value)
			return nil
		}
		if field.CanUint() && value >= 0 && !field.OverflowUint(uint64(value)) {
			field.SetUint(uint64(value))
			return nil
		}
	case uint32:
		if field.Type() == reflect.TypeFor[time.Duration]() {
			field.SetInt(int64(time.Duration(value) * time.Second))
			return nil
		}
	case float64:
		if field.CanFloat() {
			field.SetFloat(value)
			return nil
		}
	default:
		if from.IsValid() && kind == from.Kind() && from.CanConvert(field.Type()) {
			field.Set(from.Convert(field.Type()))
			return nil
		}
	}
	return fmt.Errorf("the host handed over a %T that does not fit %s", value, field.Type())
}
