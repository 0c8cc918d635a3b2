package moa

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"moa/internal/wire"
	"moa/internal/words"
)

// The contract's records and the types that travel as them: the order, names and types of the fields decide how they
// are laid out, and nothing else would notice a difference.
var records = map[string]any{
	"types.place": Place{}, "types.user": User{}, "types.conversation": Conversation{},
	"types.message-ref": MessageRef{}, "types.file": File{}, "types.message": Message{}, "types.field": Field{},
	"types.card": Card{}, "types.choice": Choice{}, "types.button": Button{}, "types.select": Menu{},
	"types.content": Content{}, "brain.entry": wire.Entry{}, "brain.key-page": wire.KeyPage{}, "brain.write": wire.Write{},
	"http.request": Request{}, "http.response": Response{}, "webhooks.response": Response{}, "sql.rows": Rows{},
	"objects.object": Object{}, "schedule.job": ScheduledJob{},
}

// Names that read better in Go than in the contract, and what the contract calls them.
var renamed = map[string]string{
	"Content.elements": "actions", "Request.timeout-millis": "timeout-ms", "Object.e-tag": "etag",
}

var (
	interfaces = regexp.MustCompile(`(?ms)^interface ([a-z-]+) \{(.*?)^\}`)
	recordText = regexp.MustCompile(`(?ms)^  (record|enum|variant) ([a-z-]+) \{(.*?)^  \}`)
	fieldText  = regexp.MustCompile(`(?m)^    ([a-z0-9-]+)(?:: (.*)|\((.*)\))?,$`)
)

// blocks are the fields of each record, or the cases of each enum and variant: `name: type`, `name` or `name(type)`.
func blocks(t *testing.T) map[string][][3]string {
	files, err := filepath.Glob("../../wit/moa-plugin/*.wit")
	if err != nil || len(files) == 0 {
		t.Skip("the contract is not beside this copy of the SDK")
	}
	found := map[string][][3]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range interfaces.FindAllStringSubmatch(string(text), -1) {
			for _, block := range recordText.FindAllStringSubmatch(one[2], -1) {
				for _, field := range fieldText.FindAllStringSubmatch(block[3], -1) {
					name := one[1] + "." + block[2]
					found[name] = append(found[name], [3]string{field[1], field[2], field[3]})
				}
			}
		}
	}
	return found
}

func TestRecordsAreTheContracts(t *testing.T) {
	contract := blocks(t)
	for name, value := range records {
		of := reflect.TypeOf(value)
		var own, wanted []string
		for i := range of.NumField() {
			field := of.Field(i)
			key := words.Kebab(field.Name)
			if other, ok := renamed[of.Name()+"."+key]; ok {
				key = other
			}
			own = append(own, key+": "+witOf(field.Type, field.Tag.Get("wit") == "?"))
		}
		for _, field := range contract[name] {
			wanted = append(wanted, field[0]+": "+simple(field[1]))
		}
		if !reflect.DeepEqual(own, wanted) {
			t.Errorf("%s:\n%s\nin the contract:\n%s", name, strings.Join(own, "\n"), strings.Join(wanted, "\n"))
		}
	}
}

// witOf is a Go type in the contract's words; named ones are only `…`.
func witOf(of reflect.Type, optional bool) string {
	if optional {
		return "option<" + witOf(of, false) + ">"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return "option<" + witOf(of.Elem(), false) + ">"
	case reflect.Slice:
		return "list<" + witOf(of.Elem(), false) + ">"
	case reflect.String, reflect.Bool:
		return of.Kind().String()
	case reflect.Uint8:
		if of.Name() == "uint8" {
			return "u8"
		}
	case reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("u%d", 8*of.Size())
	}
	return "…"
}

var named = regexp.MustCompile(`tuple<[^<>]*>|[a-z][a-z0-9-]*`)

func simple(text string) string {
	return named.ReplaceAllStringFunc(text, func(word string) string {
		switch word {
		case "option", "list", "string", "bool", "u8", "u16", "u32":
			return word
		}
		return "…"
	})
}

func TestCasesAreTheContracts(t *testing.T) {
	contract := blocks(t)
	var errors []string
	for _, one := range contract["types.error"] {
		errors = append(errors, one[0])
	}
	own := "access-denied not-found invalid conflict over-limit unavailable uncertain unsupported"
	if strings.Join(errors, " ") != own || len(errors) != len(caseNames) {
		t.Errorf("errors: %v", errors)
	}
	for name, wanted := range map[string]string{
		"types.mention": "user conversation group everyone link", "types.action": "button select link",
		"types.place-kind": "channel group direct", "types.style": "normal primary danger",
		"types.audience": "everyone thread broadcast asker",
		"types.value":    "text integer number truth user conversation seconds date time many",
		"types.failure":  "usage rejected retry internal", "actions.reply": "done say update errors view",
		"actions.kind": "button select modal shortcut answer timeout",
		"events.event": "reacted unreacted joined left topic edited deleted",
		"sql.cell":     "null truth integer number decimal text bytes time", "http.body": "empty bytes object",
		"http.signing": "aws-sigv4 hmac-sha256", "brain.scope": "plugin conversation user shared",
		"triggers.pattern": "keyword regex", "schedule.missed": "skip once all",
		"system.level": "trace debug info warn error",
	} {
		var cases []string
		for _, one := range contract[name] {
			cases = append(cases, one[0])
		}
		if strings.Join(cases, " ") != wanted {
			t.Errorf("%s: %v", name, cases)
		}
	}
}
