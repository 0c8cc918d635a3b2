package moa

import "fmt"

// localized is text for people: one, or one for each language.
type localized map[string]string

// localizedOf reads what authors write: one text, or pairs of a language and its text.
func localizedOf(texts []string) localized {
	switch {
	case len(texts) == 0:
		return nil
	case len(texts) == 1:
		return localized{"": texts[0]}
	case len(texts)%2 != 0:
		panic(fmt.Sprintf("moa: give one text, or pairs of a language and a text, not %q", texts))
	}
	to := localized{}
	for i := 0; i < len(texts); i += 2 {
		to[texts[i]] = texts[i+1]
	}
	return to
}

// Plain is the text as the manifest has it.
func (l localized) Plain() any {
	if text, only := l[""]; only {
		return text
	}
	return map[string]string(l)
}

// The manifest, by the contract's names.
type manifest struct {
	Name      string            `json:"name"`
	Version   string            `json:"version,omitempty"`
	Summary   localized         `json:"summary,omitempty"`
	Commands  []*CommandSpec    `json:"commands,omitempty"`
	Hears     []*HearSpec       `json:"hears,omitempty"`
	Jobs      []*JobSpec        `json:"jobs,omitempty"`
	Webhooks  []*WebhookSpec    `json:"webhooks,omitempty"`
	Events    []string          `json:"events,omitempty"`
	Shortcuts []*ShortcutSpec   `json:"shortcuts,omitempty"`
	Config    map[string]valued `json:"config,omitempty"`
	Requests  *Grants           `json:"requests,omitempty"`
}

// valued is an argument of a command, or a key of the configuration.
type valued struct {
	Name     string    `json:"name,omitempty"`
	Type     string    `json:"type"`
	Summary  localized `json:"summary,omitempty"`
	Optional bool      `json:"optional,omitempty"`
	Default  any       `json:"default,omitempty"`
	Min      any       `json:"min,omitempty"`
	Max      any       `json:"max,omitempty"`
	Choices  []string  `json:"choices,omitempty"`
}

// Grants is what the plugin asks the operator to allow. What is not named is denied.
type Grants struct {
	// HTTP are origins to send requests to: https://api.example.com.
	HTTP []string `json:"http,omitempty"`
	// Conversations to speak and read in besides the one that a call comes from: ids, #name, or * for all.
	Conversations []string `json:"conversations,omitempty"`
	// Users: to look up and write to people besides those of the event.
	Users bool `json:"users,omitempty"`
	// SQL are database connections, by the operator's names.
	SQL []string `json:"sql,omitempty"`
	// Objects are buckets, by the operator's names.
	Objects []string `json:"objects,omitempty"`
	// Secrets that the host puts into requests, by the operator's names.
	Secrets []string `json:"secrets,omitempty"`
	// SharedBrain is the brain's scope that all plugins share.
	SharedBrain bool `json:"shared-brain,omitempty"`
	// Schedule: jobs made at run time.
	Schedule bool `json:"schedule,omitempty"`
	// Broadcast: messages that call everybody's attention.
	Broadcast bool `json:"broadcast,omitempty"`
}
