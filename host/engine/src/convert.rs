//! Between the contract's types and the host's: the only place that knows both.

use crate::bindings::exports::moa::plugin::{actions, commands as calls, events, listener};
use crate::bindings::moa::plugin::{brain, system, types as wit};
use crate::capability::{Entry, KeyPage, Level, Scope, Write};
use moa_core::call::{CapError, CommandCall, Failure, FullMessage, HeardCall, Invocation, PressCall, Reply, Value};
use moa_core::content::{Action, Audience, Card, Content, Field, Style};
use moa_core::event::{Changed, Conversation, File, Mention, MessageRef, Place, PlaceKind, PressKind, User};

/// Enums and variants that have the same cases on both sides.
macro_rules! same {
    ($from:ty => $to:ty: $($case:ident),+) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                type Source = $from;
                match value { $(Source::$case => Self::$case),+ }
            }
        }
    };
    ($from:ty => $to:ty: $($case:ident(_)),+) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                type Source = $from;
                match value { $(Source::$case(inner) => Self::$case(inner.into())),+ }
            }
        }
    };
}

mod outside;

same!(PlaceKind => wit::PlaceKind: Channel, Group, Direct);
same!(wit::PlaceKind => PlaceKind: Channel, Group, Direct);
same!(PressKind => actions::Kind: Button, Select, Modal, Shortcut, Answer, Timeout);
same!(wit::Style => Style: Normal, Primary, Danger);
same!(wit::Audience => Audience: Everyone, Thread, Broadcast, Asker);
same!(system::Level => Level: Trace, Debug, Info, Warn, Error);
same!(wit::Failure => Failure: Usage(_), Rejected(_), Retry(_), Internal(_));

impl From<CapError> for wit::Error {
    fn from(error: CapError) -> Self {
        match error {
            CapError::AccessDenied(text) => Self::AccessDenied(text),
            CapError::NotFound(text) => Self::NotFound(text),
            CapError::Invalid(text) => Self::Invalid(text),
            CapError::Conflict(text) => Self::Conflict(text),
            CapError::OverLimit(text) => Self::OverLimit(text),
            CapError::Unavailable(text) => Self::Unavailable(text),
            CapError::Uncertain(text) => Self::Uncertain(text),
            CapError::Unsupported(text) => Self::Unsupported(text),
            // Ends the call before anybody asks for this.
            CapError::Stopped => Self::Unavailable("the call is over".into()),
        }
    }
}

// What the plugin gets.

impl From<Place> for wit::Place {
    fn from(place: Place) -> Self {
        Self {
            service: place.service,
            conversation: place.conversation,
            thread: place.thread,
            kind: place.kind.into(),
        }
    }
}

impl From<MessageRef> for wit::MessageRef {
    fn from(at: MessageRef) -> Self {
        Self {
            place: at.place.into(),
            id: at.id,
        }
    }
}

impl From<User> for wit::User {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            display_name: user.display_name,
            locale: user.locale,
            timezone: user.timezone,
            bot: user.bot,
        }
    }
}

impl From<Conversation> for wit::Conversation {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            name: conversation.name,
            kind: conversation.kind.into(),
            topic: conversation.topic,
        }
    }
}

impl From<Mention> for wit::Mention {
    fn from(mention: Mention) -> Self {
        match mention {
            Mention::User(id) => Self::User(id),
            Mention::Conversation(id) => Self::Conversation(id),
            Mention::Group(id) => Self::Group(id),
            Mention::Everyone(word) => Self::Everyone(word),
            Mention::Link(address, label) => Self::Link((address, label)),
        }
    }
}

impl From<File> for wit::File {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            name: file.name,
            mime: file.mime,
            size: file.size,
        }
    }
}

impl From<FullMessage> for wit::Message {
    fn from(FullMessage { message, author }: FullMessage) -> Self {
        Self {
            ref_: message.at.into(),
            author: author.into(),
            text: message.text,
            raw: message.raw,
            mentions: all(message.mentions),
            files: all(message.files),
            time: message.time,
            edited: message.edited,
        }
    }
}

impl From<Invocation> for wit::Invocation {
    fn from(invocation: Invocation) -> Self {
        Self {
            id: invocation.id,
            time: invocation.time,
            attempt: invocation.attempt,
            locale: invocation.locale,
            timezone: invocation.timezone,
        }
    }
}

same!(Value => wit::Value: Text(_), Integer(_), Number(_), Truth(_), User(_), Conversation(_), Seconds(_), Date(_),
    Time(_), Many(_));

impl From<CommandCall> for calls::Call {
    fn from(call: CommandCall) -> Self {
        let arg = |(name, value): (String, Value)| wit::Arg {
            name,
            value: value.into(),
        };
        Self {
            invocation: call.invocation.into(),
            command: call.command,
            path: call.path,
            args: call.args.into_iter().map(arg).collect(),
            rest: call.rest,
            tokens: call.tokens,
            message: call.message.into(),
        }
    }
}

impl From<HeardCall> for listener::Heard {
    fn from(call: HeardCall) -> Self {
        Self {
            invocation: call.invocation.into(),
            id: call.id,
            captures: call.captures,
            message: call.message.into(),
        }
    }
}

impl From<Entry> for brain::Entry {
    fn from(entry: Entry) -> Self {
        Self {
            value: entry.value,
            version: entry.version,
            expires: entry.expires,
        }
    }
}

impl From<KeyPage> for brain::KeyPage {
    fn from(page: KeyPage) -> Self {
        Self {
            keys: page.keys,
            next: page.next,
        }
    }
}

impl From<PressCall> for actions::Press {
    fn from(call: PressCall) -> Self {
        Self {
            invocation: call.invocation.into(),
            kind: call.kind.into(),
            id: call.id,
            value: call.value,
            state: call.state,
            user: call.user.into(),
            place: call.place.into(),
            on: call.on.map(wit::MessageRef::from),
            trigger: call.trigger,
        }
    }
}

impl From<Changed<FullMessage>> for events::Event {
    fn from(what: Changed<FullMessage>) -> Self {
        match what {
            Changed::Reacted(at, emoji) => Self::Reacted((at.into(), emoji)),
            Changed::Unreacted(at, emoji) => Self::Unreacted((at.into(), emoji)),
            Changed::Joined(place) => Self::Joined(place.into()),
            Changed::Left(place) => Self::Left(place.into()),
            Changed::Topic(place, topic) => Self::Topic((place.into(), topic)),
            Changed::Edited(message) => Self::Edited(message.into()),
            Changed::Deleted(at) => Self::Deleted(at.into()),
        }
    }
}

// What the plugin gives.

impl From<actions::Reply> for Reply {
    fn from(reply: actions::Reply) -> Self {
        match reply {
            actions::Reply::Done => Self::Done,
            actions::Reply::Say(content) => Self::Say(content.into()),
            actions::Reply::Update(content) => Self::Update(content.into()),
            actions::Reply::Errors(errors) => Self::Errors(errors),
            actions::Reply::View(view) => Self::View(view),
        }
    }
}

impl From<wit::Place> for Place {
    fn from(place: wit::Place) -> Self {
        Self {
            service: place.service,
            conversation: place.conversation,
            thread: place.thread,
            kind: place.kind.into(),
        }
    }
}

impl From<wit::MessageRef> for MessageRef {
    fn from(at: wit::MessageRef) -> Self {
        Self {
            place: at.place.into(),
            id: at.id,
        }
    }
}

impl From<wit::Content> for Content {
    fn from(content: wit::Content) -> Self {
        Self {
            text: content.text,
            cards: all(content.cards),
            actions: all(content.actions),
            audience: content.audience.into(),
            native: content.native,
            sender: content.sender,
        }
    }
}

impl From<wit::Card> for Card {
    fn from(card: wit::Card) -> Self {
        Self {
            pretext: card.pretext,
            title: card.title,
            link: card.link,
            text: card.text,
            color: card.color,
            fields: all(card.fields),
            image: card.image,
            footer: card.footer,
        }
    }
}

impl From<wit::Field> for Field {
    fn from(field: wit::Field) -> Self {
        Self {
            title: field.title,
            value: field.value,
            short: field.short,
        }
    }
}

impl From<wit::Action> for Action {
    fn from(action: wit::Action) -> Self {
        match action {
            wit::Action::Button(button) => Self::Button {
                id: button.id,
                label: button.label,
                value: button.value,
                style: button.style.into(),
                confirm: button.confirm,
            },
            wit::Action::Select(select) => Self::Select {
                id: select.id,
                placeholder: select.placeholder,
                choices: select
                    .choices
                    .into_iter()
                    .map(|choice| (choice.label, choice.value))
                    .collect(),
            },
            wit::Action::Link((label, address)) => Self::Link(label, address),
        }
    }
}

impl From<brain::Scope> for Scope {
    fn from(scope: brain::Scope) -> Self {
        match scope {
            brain::Scope::Plugin => Self::Plugin,
            brain::Scope::Conversation(id) => Self::Conversation(id),
            brain::Scope::User(id) => Self::User(id),
            brain::Scope::Shared => Self::Shared,
        }
    }
}

impl From<brain::Write> for Write {
    fn from(write: brain::Write) -> Self {
        Self {
            key: write.key,
            value: write.value,
            ttl_seconds: write.ttl_seconds,
        }
    }
}

pub(crate) fn all<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}
