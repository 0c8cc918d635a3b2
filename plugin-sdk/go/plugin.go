package moa

import (
	"moa/internal/hook"
	"moa/internal/plain"
)

// name is put here by `moa build`, from plugin.toml.
var name = "plugin"

// plugin is everything that the author's init functions and variables said.
var plugin = struct {
	manifest
	taught    func(*Context) (*Content, error)
	scheduled map[string]func(*Context, Run) error
	presses   []press
	events    map[string]func(*Context, any) error
}{
	scheduled: map[string]func(*Context, Run) error{},
	events:    map[string]func(*Context, any) error{},
}

// About says what the plugin is for, in one line: one text, or pairs of a language and a text.
//
//	moa.About("ko", "인사합니다", "en", "Greets")
func About(summary ...string) { plugin.Summary = localizedOf(summary) }

// Version is for people to read; what counts is the file's content.
func Version(version string) { plugin.manifest.Version = version }

// Requests asks the operator to allow something; several calls add up.
func Requests(what Grants) {
	to := plugin.manifest.Requests
	if to == nil {
		to = &Grants{}
		plugin.manifest.Requests = to
	}
	to.HTTP = append(to.HTTP, what.HTTP...)
	to.Conversations = append(to.Conversations, what.Conversations...)
	to.SQL = append(to.SQL, what.SQL...)
	to.Objects = append(to.Objects, what.Objects...)
	to.Secrets = append(to.Secrets, what.Secrets...)
	to.Users = to.Users || what.Users
	to.SharedBrain = to.SharedBrain || what.SharedBrain
	to.Schedule = to.Schedule || what.Schedule
	to.Broadcast = to.Broadcast || what.Broadcast
}

func describe() string {
	plugin.Name = name
	return plain.JSON(plugin.manifest)
}

func init() {
	hook.Plugin.Describe = describe
	hook.Plugin.Run = run
}
