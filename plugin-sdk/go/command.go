package moa

import (
	"fmt"
	"reflect"

	"moa/internal/hook"
)

// None is for commands without arguments: func ping(ctx *moa.Context, _ moa.None) (string, error).
type None = struct{}

// Confirm is who is asked before a command runs.
type Confirm string

// Who may be asked.
const (
	// Self asks the person.
	Self Confirm = "self"
	// Second asks a second one.
	Second Confirm = "second"
)

// CommandSpec is a command; its methods say more about it.
type CommandSpec struct {
	it struct {
		Name        string         `json:"name"`
		Aliases     []string       `json:"aliases,omitempty"`
		Summary     localized      `json:"summary,omitempty"`
		Help        localized      `json:"help,omitempty"`
		Examples    []string       `json:"examples,omitempty"`
		Args        []valued       `json:"args,omitempty"`
		Subcommands []*CommandSpec `json:"subcommands,omitempty"`
		Default     string         `json:"default,omitempty"`
		Restricted  bool           `json:"restricted,omitempty"`
		Confirm     Confirm        `json:"confirm,omitempty"`
	}
	// run is nil for a group.
	run func(ctx *Context, args *taken) (*Content, error)
	// group reads the arguments before a subcommand's name.
	group func(args *taken) (any, error)
}

// Command adds a command. Its arguments are the fields of a struct, in the order in which they are typed; the host
// checks and converts them. What it returns is said where the command was; an empty text or message says nothing.
//
//	type order struct {
//		Dish  string         `choices:"soup,rice" help:"What to eat"`
//		Count int            `min:"1" max:"20" default:"1"`
//		After *time.Duration // may be left out
//	}
//
//	func init() { moa.Command("order", place).Summary("Orders lunch") }
//
//	func place(ctx *moa.Context, args order) (string, error) { … }
//
// The types are string, [Rest], bool, the integers, float32, float64, time.Duration, [Date], [Clock], [User],
// [Conversation] and, at the end, []string for a list; a pointer to one of these for an argument that may be left out
// (of a list `optional:"true"`). The tags are
//
//	name:"size"           the name in help, otherwise the field's in lower case (TeamSize: team-size)
//	help:"…"              one line about it; help.ko:"…" help.en:"…" for one in each language
//	default:"4"           what it is if nothing was typed
//	min:"1" max:"20"      limits of a number
//	choices:"soup,rice"   of a string: one of these
func Command[A any, S Says](name string, run func(*Context, A) (S, error)) *CommandSpec {
	spec := commandOf(name, run)
	plugin.Commands = append(plugin.Commands, spec)
	return spec
}

// Group adds a command that only has subcommands. Its arguments, if any, stand before the subcommand's name, and
// [Parent] brings them.
//
//	todo := moa.Group[moa.None]("todo")
//	moa.Sub(todo, "add", add)
func Group[A any](name string) *CommandSpec {
	spec := groupOf[A](name)
	plugin.Commands = append(plugin.Commands, spec)
	return spec
}

// Sub adds a subcommand to a group.
func Sub[A any, S Says](group *CommandSpec, name string, run func(*Context, A) (S, error)) *CommandSpec {
	return group.add(commandOf(name, run))
}

// SubGroup adds a group to a group.
func SubGroup[A any](group *CommandSpec, name string) *CommandSpec {
	return group.add(groupOf[A](name))
}

// Parent is the arguments of a group above the subcommand that runs, by their type.
func Parent[A any](ctx *Context) A {
	for i := len(ctx.groups) - 1; i >= 0; i-- {
		if args, ok := ctx.groups[i].(A); ok {
			return args
		}
	}
	panic(fmt.Sprintf("no group above the command %s %v takes %s", ctx.Command, ctx.Path, reflect.TypeFor[A]()))
}

func commandOf[A any, S Says](name string, run func(*Context, A) (S, error)) *CommandSpec {
	spec := groupOf[A](name)
	spec.run = func(ctx *Context, args *taken) (*Content, error) {
		typed, err := spec.group(args)
		if err != nil {
			return nil, err
		}
		said, err := run(ctx, typed.(A))
		if err != nil {
			return nil, err
		}
		return contentOf(said), nil
	}
	return spec
}

func groupOf[A any](name string) *CommandSpec {
	spec := &CommandSpec{}
	spec.it.Name = name
	specs := specsOf(reflect.TypeFor[A](), false)
	for _, one := range specs {
		spec.it.Args = append(spec.it.Args, one.valued)
	}
	spec.group = func(args *taken) (any, error) {
		var typed A
		err := fill(specs, args, reflect.ValueOf(&typed).Elem())
		return typed, err
	}
	return spec
}

func (c *CommandSpec) add(sub *CommandSpec) *CommandSpec {
	c.it.Subcommands = append(c.it.Subcommands, sub)
	return sub
}

// Default says which subcommand of a group runs where none is typed.
func (c *CommandSpec) Default(name string) *CommandSpec {
	c.it.Default = name
	return c
}

// Alias adds other names and short forms.
func (c *CommandSpec) Alias(names ...string) *CommandSpec {
	c.it.Aliases = append(c.it.Aliases, names...)
	return c
}

// Summary is one line for the list of commands: one text, or pairs of a language and a text.
func (c *CommandSpec) Summary(texts ...string) *CommandSpec {
	c.it.Summary = localizedOf(texts)
	return c
}

// Help is everything else there is to say, portable markup: one text, or pairs of a language and a text.
func (c *CommandSpec) Help(texts ...string) *CommandSpec {
	c.it.Help = localizedOf(texts)
	return c
}

// Example adds commands as typed, with the prefix !. They stand in the help and are run as tests.
func (c *CommandSpec) Example(examples ...string) *CommandSpec {
	c.it.Examples = append(c.it.Examples, examples...)
	return c
}

// Restricted lets only admins run it, unless the operator's rules say otherwise.
func (c *CommandSpec) Restricted() *CommandSpec {
	c.it.Restricted = true
	return c
}

// Confirm asks somebody before it runs.
func (c *CommandSpec) Confirm(who Confirm) *CommandSpec {
	c.it.Confirm = who
	return c
}

// Plain is the command as the manifest has it.
func (c *CommandSpec) Plain() any { return c.it }

func handle(ctx *Context, args []hook.Arg) (*Content, error) {
	rest := taken(append([]hook.Arg(nil), args...))
	level, name := plugin.Commands, ctx.Command
	for depth := 0; ; depth++ {
		spec := find(level, name)
		switch {
		case spec == nil:
			return nil, fmt.Errorf("this plugin has no command %q", name)
		case depth < len(ctx.Path):
			group, err := spec.group(&rest)
			if err != nil {
				return nil, err
			}
			ctx.groups = append(ctx.groups, group)
			level, name = spec.it.Subcommands, ctx.Path[depth]
		case spec.run == nil:
			return nil, fmt.Errorf("the command %q runs only with a subcommand; the host called it without one", ctx.Command)
		default:
			return spec.run(ctx, &rest)
		}
	}
}

func find(level []*CommandSpec, name string) *CommandSpec {
	for _, one := range level {
		if one.it.Name == name {
			return one
		}
	}
	return nil
}
