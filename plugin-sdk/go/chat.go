package moa

import (
	"encoding/json"
	"errors"
	"iter"
	"time"

	"moa/internal/wire"
)

// Send sends a text or message, and returns its address when the service has taken it. The place that the call came
// from is free; others need the request Conversations.
func Send[S Says](to Place, what S) (MessageRef, error) {
	return ask[MessageRef]("chat.send", to, orEmpty(what))
}

// Edit replaces a message that the bot sent: text, cards and buttons.
func Edit[S Says](which MessageRef, what S) error {
	return do("chat.edit", which, orEmpty(what))
}

// Delete deletes a message that the bot sent. One that is already gone is success.
func Delete(which MessageRef) error { return do("chat.delete", which) }

// React adds the bot's reaction: the service's name without colons (thumbsup) or a Unicode emoji.
func React(which MessageRef, emoji string) error { return do("chat.react", which, emoji) }

// Unreact takes the bot's own reaction back. One that is not there is success.
func Unreact(which MessageRef, emoji string) error { return do("chat.unreact", which, emoji) }

// Upload puts a file into a place, with a comment in portable markup (empty: none). Returns the file's id.
func Upload(to Place, name string, data []byte, comment string) (file string, err error) {
	return ask[string]("chat.upload", to, name, data, comment)
}

// Download is the content of a file by its id, whole.
func Download(file string) ([]byte, error) { return ask[[]byte]("chat.download", file) }

// OpenDirect is the direct conversation with a person, by id; opened if need be.
func OpenDirect(user string) (Place, error) { return ask[Place]("chat.open-direct", user) }

// OpenForm opens a form before the person who pressed; trigger is [Press.Trigger], good for about three seconds and
// once.
func OpenForm(trigger string, form *Form) error { return do("chat.open-modal", trigger, form.JSON()) }

// GetUser is a person by id.
func GetUser(id string) (User, error) { return ask[User]("chat.get-user", id) }

// GetConversation is a conversation by id.
func GetConversation(id string) (Conversation, error) {
	return ask[Conversation]("chat.get-conversation", id)
}

// MemberPage is a page of the ids of a conversation's members, the bot's own included, and the cursor of the next page:
// empty if this was the last. An empty cursor asks for the first.
func MemberPage(conversation, cursor string) (ids []string, next string, err error) {
	page, err := ask[wire.Page]("chat.members", conversation, optional(cursor))
	return page.IDs, page.Next, err
}

// Members is the ids of all members of a conversation, asked for page by page. After an error it ends.
func Members(conversation string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for cursor := ""; ; {
			ids, next, err := MemberPage(conversation, cursor)
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// History is up to limit (1 to 200) messages of a place, newest first: only those older than the message with the id
// before, if that is not empty. An empty list means the end; fewer than limit do not.
func History(at Place, before string, limit uint32) ([]Message, error) {
	return ask[[]Message]("chat.history", at, optional(before), limit)
}

// Ask asks a person, by id, something with the buttons and menus of a message. The answer, or that none came in time,
// arrives at the function given to [Answer] under the id, exactly one of the two, also after a restart of the bot.
func Ask[S Says](to Place, who, id string, what S, wait time.Duration) (MessageRef, error) {
	return ask[MessageRef]("chat.ask", to, who, id, orEmpty(what), wholeSeconds(wait))
}

// DailyThread is the thread of a day (any text, such as 2026-11-20) in a conversation: what is sent there hangs below
// one message. The first call for a day sends that message, head, and guide below it (empty: nothing); every later one
// finds it in the plugin's brain, under the key that plugins in other languages use too.
//
//	thread, err := moa.DailyThread(moa.PlaceOf("C012"), due.Format(time.DateOnly), "*Feed*", "Reports come here.")
//	…
//	_, err = moa.Send(thread, "all is well")
func DailyThread[H, G Says](at Place, day string, head H, guide G) (Place, error) {
	brain, key := PluginBrain(), "daily/"+at.Conversation+"/"+day
	thread, err := Load[string](brain, key)
	if err != nil {
		return at, err
	}
	if thread != nil {
		return at.within(*thread), nil
	}
	first, err := Send(at, head)
	if err != nil {
		return at, err
	}
	id, err := json.Marshal(first.ID)
	if err != nil {
		return at, err
	}
	_, err = brain.CompareAndSwap(Write{Key: key, Value: id}, "")
	if errors.Is(err, Conflict) {
		// Another call was first: one thread a day, not two.
		if err := Delete(first); err != nil {
			return at, err
		}
		thread, err := Load[string](brain, key)
		if thread == nil {
			thread = &first.ID
		}
		return at.within(*thread), err
	}
	if err == nil && contentOf(guide) != nil {
		_, err = Send(at.within(first.ID), guide)
	}
	return at.within(first.ID), err
}

func (p Place) within(thread string) Place {
	p.Thread = thread
	return p
}

// The host says what is wrong with a message that shows nothing.
func orEmpty[S Says](what S) Content {
	if content := contentOf(what); content != nil {
		return *content
	}
	return Content{}
}
