//! What a plugin is called with: names looked up in the place of ids, and the call's own id.

use super::{Invoker, Work};
use crate::adapter::Adapter;
use crate::matching::Todo;
use crate::metrics::plugin::Kind;
use moa_core::call::{
    ArgValue, ChangeCall, CommandCall, FullMessage, HeardCall, HookCall, Invocation, JobCall, PressCall, Value,
};
use moa_core::event::{Change, Changed, Conversation, Event, EventKind, Mention, Message, Press, PressKind, User};
use moa_core::locale::Locale;
use moa_core::manifest::Confirm;
use moa_core::router::{CommandMatch, HeardMatch};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the names of those whom a message mentions are waited for.
pub(super) const NAMES: Duration = Duration::from_secs(3);

/// What a plugin is called with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// A command.
    Command(CommandCall),
    /// A message that fits a pattern.
    Heard(HeardCall),
    /// A press.
    Pressed(PressCall),
    /// Something else that happened.
    Changed(ChangeCall),
    /// A job that is due.
    Due(JobCall),
    /// A request from outside.
    Hook(HookCall),
}

impl Call {
    /// What it is told about itself.
    pub fn invocation(&self) -> &Invocation {
        match self {
            Self::Command(call) => &call.invocation,
            Self::Heard(call) => &call.invocation,
            Self::Pressed(call) => &call.invocation,
            Self::Changed(call) => &call.invocation,
            Self::Due(call) => &call.invocation,
            Self::Hook(call) => &call.invocation,
        }
    }

    /// The same once more, as the next attempt.
    pub(super) fn next_attempt(mut self) -> Self {
        let invocation = match &mut self {
            Self::Command(call) => &mut call.invocation,
            Self::Heard(call) => &mut call.invocation,
            Self::Pressed(call) => &mut call.invocation,
            Self::Changed(call) => &mut call.invocation,
            Self::Due(call) => &mut call.invocation,
            Self::Hook(call) => &mut call.invocation,
        };
        invocation.attempt += 1;
        self
    }

    /// Whether it is the only call of its event.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self, Self::Command(_) | Self::Pressed(_) | Self::Due(_) | Self::Hook(_))
    }

    /// What kind of call it is, for who counts them.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Command(_) => Kind::Command,
            Self::Heard(_) => Kind::Heard,
            Self::Pressed(_) => Kind::Press,
            Self::Changed(_) => Kind::Change,
            Self::Due(_) => Kind::Job,
            Self::Hook(_) => Kind::Webhook,
        }
    }

    /// Who is to be answered; nobody where nobody in chat asked.
    pub(super) fn author(&self) -> Option<&User> {
        match self {
            Self::Command(call) => Some(&call.message.author),
            Self::Heard(call) => Some(&call.message.author),
            Self::Pressed(call) => Some(&call.user),
            Self::Changed(call) => Some(&call.who),
            Self::Due(_) | Self::Hook(_) => None,
        }
    }

    /// What would have made it of an event: for a call that goes on though the plugins are others by now.
    pub(crate) fn todo(&self, plugin: &str, ambient: bool) -> Todo {
        match self {
            Self::Command(call) => Todo::Command(Box::new(CommandMatch {
                plugin: plugin.to_owned(),
                command: call.command.clone(),
                path: call.path.clone(),
                args: Vec::new(),
                rest: call.rest.clone(),
                tokens: call.tokens.clone(),
                // It was allowed and confirmed when it began.
                restricted: false,
                confirm: Confirm::None,
            })),
            Self::Heard(call) => Todo::Heard(Box::new(HeardMatch {
                plugin: plugin.to_owned(),
                id: call.id.clone(),
                captures: call.captures.clone(),
                ambient,
            })),
            Self::Pressed(_) => Todo::Pressed {
                plugin: plugin.to_owned(),
            },
            Self::Changed(_) => Todo::Changed {
                plugin: plugin.to_owned(),
            },
            Self::Due(_) => Todo::Due {
                plugin: plugin.to_owned(),
            },
            Self::Hook(_) => Todo::Hook {
                plugin: plugin.to_owned(),
            },
        }
    }
}

impl Invoker {
    pub(super) async fn command_call(
        &self,
        work: &Work,
        message: &Message,
        command: &CommandMatch,
        id: &str,
        author: User,
        locale: Locale,
    ) -> CommandCall {
        let names = self.names(message).await;
        let mut args = Vec::with_capacity(command.args.len());
        for arg in &command.args {
            args.push((arg.name.clone(), self.value(&arg.value, &names).await));
        }
        CommandCall {
            invocation: self.invocation(work, id, &author, locale),
            command: command.command.clone(),
            path: command.path.clone(),
            args,
            rest: names.readable(&command.rest),
            tokens: command.tokens.iter().map(|token| names.readable(token)).collect(),
            message: full(message, &names, author),
        }
    }

    pub(super) fn invocation(&self, work: &Work, id: &str, author: &User, locale: Locale) -> Invocation {
        Invocation {
            id: id.to_owned(),
            // Not the present instant: a rerun must be told the same. With milliseconds, as the contract writes instants.
            time: format!("{:.3}", moment(work.received_ms)),
            attempt: 1,
            locale: author.locale.clone().unwrap_or_else(|| locale.tag().to_owned()),
            timezone: author.timezone.clone().unwrap_or_else(|| self.timezone.clone()),
        }
    }

    async fn value(&self, value: &ArgValue, names: &Names) -> Value {
        match value {
            ArgValue::Text(text) => Value::Text(names.readable(text)),
            ArgValue::Integer(number) => Value::Integer(*number),
            ArgValue::Number(number) => Value::Number(*number),
            ArgValue::Truth(truth) => Value::Truth(*truth),
            ArgValue::User(id) => Value::User(self.adapter.user(id).await),
            ArgValue::Conversation(id) => {
                let conversation = self.adapter.conversation(id).await;
                Value::Conversation(Names::in_topic(&*self.adapter, conversation).await)
            }
            ArgValue::Seconds(seconds) => Value::Seconds(*seconds),
            ArgValue::Date(date) => Value::Date(date.clone()),
            ArgValue::Time(time) => Value::Time(time.clone()),
            ArgValue::Many(texts) => Value::Many(texts.iter().map(|text| names.readable(text)).collect()),
        }
    }

    pub(super) async fn names(&self, message: &Message) -> Names {
        Names::of(&*self.adapter, &message.mentions).await
    }

    pub(super) async fn heard_call(
        &self,
        work: &Work,
        message: &Message,
        heard: &HeardMatch,
        id: &str,
        author: User,
        locale: Locale,
    ) -> HeardCall {
        let names = self.names(message).await;
        let readable = |group: &Option<String>| group.as_ref().map(|text| names.readable(text));
        HeardCall {
            invocation: self.invocation(work, id, &author, locale),
            id: heard.id.clone(),
            captures: heard.captures.iter().map(readable).collect(),
            message: full(message, &names, author),
        }
    }
}

impl Invoker {
    pub(super) async fn press_call(
        &self,
        work: &Work,
        press: &Press,
        id: &str,
        user: User,
        locale: Locale,
    ) -> PressCall {
        let mut state = press.state.clone();
        if press.kind == PressKind::Shortcut {
            // The text of somebody's message. In all other presses mentions are those that the plugin put there itself.
            for (_, value) in &mut state {
                *value = Names::in_text(&*self.adapter, value).await;
            }
        }
        PressCall {
            invocation: self.invocation(work, id, &user, locale),
            kind: press.kind,
            id: press.id.clone(),
            value: press.value.clone(),
            state,
            user,
            place: press.place.clone(),
            on: press.on.clone(),
            trigger: press.trigger.clone(),
        }
    }

    pub(super) async fn change_call(
        &self,
        work: &Work,
        change: &Change,
        id: &str,
        who: User,
        locale: Locale,
    ) -> ChangeCall {
        let what = match &change.what {
            Changed::Reacted(at, emoji) => Changed::Reacted(at.clone(), emoji.clone()),
            Changed::Unreacted(at, emoji) => Changed::Unreacted(at.clone(), emoji.clone()),
            Changed::Joined(place) => Changed::Joined(place.clone()),
            Changed::Left(place) => Changed::Left(place.clone()),
            Changed::Topic(place, topic) => Changed::Topic(place.clone(), Names::in_text(&*self.adapter, topic).await),
            Changed::Deleted(at) => Changed::Deleted(at.clone()),
            Changed::Edited(message) => {
                let author = match message.author == who.id {
                    true => who.clone(),
                    false => self.adapter.user(&message.author).await,
                };
                Changed::Edited(full(message, &self.names(message).await, author))
            }
        };
        ChangeCall {
            invocation: self.invocation(work, id, &who, locale),
            who,
            what,
        }
    }
}

/// An instant as text is made of it; one that no calendar knows is taken for the present.
fn moment(ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_else(|_| jiff::Timestamp::now())
}

/// A message as plugins get it.
pub(crate) fn full(message: &Message, names: &Names, author: User) -> FullMessage {
    let mut message = message.clone();
    message.text = names.readable(&message.text);
    FullMessage { message, author }
}

/// The id of the call that this leads to; `None` where the host answers itself.
pub(crate) fn id_of(event: &Event, todo: &Todo) -> Option<String> {
    match todo {
        Todo::Command(command) => Some(command_id(event, command)),
        Todo::Heard(heard) => Some(heard_id(event, heard)),
        Todo::Pressed { plugin } => press_id(event, plugin),
        Todo::Changed { plugin } => change_id(event, plugin),
        Todo::Due { plugin } | Todo::Hook { plugin } => outside_id(event, plugin),
        Todo::Confirm(_) | Todo::Own | Todo::Manage(_) | Todo::Say(_) | Todo::Tell(_) => None,
    }
}

pub(super) fn command_id(event: &Event, to: &CommandMatch) -> String {
    invocation_id(event.identity.as_str(), &to.plugin, "command", &to.command, &to.path)
}

pub(super) fn heard_id(event: &Event, to: &HeardMatch) -> String {
    invocation_id(event.identity.as_str(), &to.plugin, "hear", &to.id, &[])
}

/// `None` for what is no press.
pub(super) fn press_id(event: &Event, plugin: &str) -> Option<String> {
    let EventKind::Press(press) = &event.kind else {
        return None;
    };
    let kind = match press.kind {
        // One of the two happens, and the other must not.
        PressKind::Answer | PressKind::Timeout => "question",
        PressKind::Button | PressKind::Select | PressKind::Modal | PressKind::Shortcut => "action",
    };
    Some(invocation_id(event.identity.as_str(), plugin, kind, &press.id, &[]))
}

/// `None` for what is no change.
pub(super) fn change_id(event: &Event, plugin: &str) -> Option<String> {
    let EventKind::Change(change) = &event.kind else {
        return None;
    };
    let name = change.what.name().as_str();
    Some(invocation_id(event.identity.as_str(), plugin, "event", name, &[]))
}

/// `None` for what happened in chat.
pub(super) fn outside_id(event: &Event, plugin: &str) -> Option<String> {
    let (kind, name) = match &event.kind {
        EventKind::Due(due) => ("job", &due.name),
        EventKind::Hook(hook) => ("webhook", &hook.name),
        _ => return None,
    };
    Some(invocation_id(event.identity.as_str(), plugin, kind, name, &[]))
}

/// hash(identity, plugin, trigger), as 20 hexadecimal digits: short enough to be read out, long enough to be unique.
pub(super) fn invocation_id(identity: &str, plugin: &str, kind: &str, name: &str, path: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in [identity, plugin, kind, name]
        .into_iter()
        .chain(path.iter().map(String::as_str))
    {
        // The length first, so that no two lists of parts run together into the same bytes.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(10)
        .fold(String::with_capacity(20), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// What stands in a text instead of mentions.
///
/// Plugins see what a person typed with names in the place of mentions, so that a plugin that repeats the text pings
/// nobody. Who was meant stands in the message's mentions and in typed arguments.
pub(crate) struct Names(pub(super) HashMap<(char, String), String>);

impl Names {
    /// The names of everybody and everything that is mentioned, as far as they can be had within some seconds.
    pub(crate) async fn of(adapter: &dyn Adapter, mentions: &[Mention]) -> Self {
        // One message can mention hundreds that the service is slow to tell of. What is known already costs no time.
        let by = Instant::now() + NAMES;
        let mut names = HashMap::new();
        for mention in mentions {
            let (mark, id) = match mention {
                Mention::User(id) => ('@', id),
                Mention::Conversation(id) => ('#', id),
                Mention::Group(_) | Mention::Everyone(_) | Mention::Link(..) => continue,
            };
            let Entry::Vacant(unknown) = names.entry((mark, id.clone())) else {
                continue;
            };
            let look_up = async {
                match mark {
                    '@' => adapter.user(id).await.display_name,
                    _ => adapter.conversation(id).await.name,
                }
            };
            // Without a name the id is shown.
            unknown.insert(timeout_at(by, look_up).await.unwrap_or_default());
        }
        Self(names)
    }

    /// A text with names in the place of all that it mentions.
    pub(crate) async fn in_text(adapter: &dyn Adapter, text: &str) -> String {
        let mut mentions = Vec::new();
        moa_core::text::plain_mentions(text, |mark, id| {
            mentions.push(match mark {
                '@' => Mention::User(id.to_owned()),
                _ => Mention::Conversation(id.to_owned()),
            });
            None
        });
        Self::of(adapter, &mentions).await.readable(text)
    }

    /// The same for the topic of a conversation: anybody may have written it.
    pub(crate) async fn in_topic(adapter: &dyn Adapter, conversation: Conversation) -> Conversation {
        Conversation {
            topic: Self::in_text(adapter, &conversation.topic).await,
            ..conversation
        }
    }

    pub(super) fn readable(&self, text: &str) -> String {
        let name_of = |mark: char, id: &str| {
            self.0
                .get(&(mark, id.to_owned()))
                .filter(|name| !name.is_empty())
                .cloned()
        };
        moa_core::text::plain_mentions(text, name_of).into_owned()
    }
}
