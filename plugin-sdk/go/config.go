package moa

import (
	"encoding/json"
	"fmt"
	"reflect"

	"moa/internal/words"
)

// Settings is the plugin's configuration, declared by [Config].
type Settings[T any] struct{ specs []spec }

// Config declares the keys of the operator's table [plugin.NAME.config] as the fields of a struct, with the same tags
// as arguments have. A field that is no pointer, not `optional:"true"` and without a default must be set.
//
//	var settings = moa.Config[struct {
//		TeamSize int           `default:"4" min:"2" help:"How many people make a team"`
//		Lasts    time.Duration `default:"1h30m"`
//		Greeting *string
//	}]()
//
// Beyond what people can type a setting may be a struct, a map or any: a table.
func Config[T any]() Settings[T] {
	specs := specsOf(reflect.TypeFor[T](), true)
	if plugin.manifest.Config == nil {
		plugin.manifest.Config = map[string]valued{}
	}
	for _, one := range specs {
		key := one.valued
		key.Name = ""
		plugin.manifest.Config[one.Name] = key
	}
	return Settings[T]{specs}
}

// Get reads the configuration: what the operator wrote, or the defaults.
func (s Settings[T]) Get() (T, error) {
	var to T
	table := map[string]json.RawMessage{}
	if raw := RawConfig(); len(raw) > 0 {
		if err := json.Unmarshal([]byte(raw), &table); err != nil {
			return to, fmt.Errorf("the plugin's configuration is no table: %w", err)
		}
	}
	for _, one := range s.specs {
		raw, ok := table[one.Name]
		if !ok && one.Default != nil {
			raw, _ = json.Marshal(one.Default)
			ok = true
		}
		switch {
		case ok:
			if err := setting(one, raw, reflect.ValueOf(&to).Elem().Field(one.index)); err != nil {
				return to, err
			}
		case !one.Optional:
			return to, fmt.Errorf("the setting %q is missing", one.Name)
		}
	}
	return to, nil
}

// setting reads one key of the configuration.
func setting(one spec, raw json.RawMessage, field reflect.Value) error {
	if one.Type != "duration" {
		if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
			return fmt.Errorf("the setting %q: %w", one.Name, err)
		}
		return nil
	}
	var text string
	seconds, ok := uint32(0), json.Unmarshal(raw, &text) == nil
	if ok {
		seconds, ok = words.Seconds(text)
	}
	if !ok {
		return fmt.Errorf("the setting %q must be a length of time like \"90s\" or \"1h30m\"", one.Name)
	}
	return set(settable(field), seconds)
}
