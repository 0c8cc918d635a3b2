//! What a plugin is called with: names looked up in the place of ids, and the call's own id.

use super::{Invoker, Work};
use moa_core::call::{ArgValue, CommandCall, FullMessage, HeardCall, Invocation, Value};
use moa_core::event::{Mention, Message, User};
use moa_core::locale::Locale;
use moa_core::router::{CommandMatch, HeardMatch};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the names of those whom a message mentions are waited for.
pub(super) const NAMES: Duration = Duration::from_secs(3);

/// What a plugin is called for.
#[derive(Clone)]
pub(super) enum Call {
    Command(CommandCall),
    Heard(HeardCall),
}

impl Call {
    pub(super) fn invocation(&mut self) -> &mut Invocation {
        match self {
            Self::Command(call) => &mut call.invocation,
            Self::Heard(call) => &mut call.invocation,
        }
    }
}

impl Invoker {
    pub(super) async fn command_call(
        &self,
        work: &Work,
        command: &CommandMatch,
        id: &str,
        author: User,
        locale: Locale,
    ) -> CommandCall {
        let message = work.event.message();
        let names = self.names(message).await;
        let mut args = Vec::with_capacity(command.args.len());
        for arg in &command.args {
            args.push((arg.name.clone(), self.value(&arg.value, &names).await));
        }
        CommandCall {
            invocation: self.invocation(id, &author, locale),
            command: command.command.clone(),
            path: command.path.clone(),
            args,
            rest: names.readable(&command.rest),
            tokens: command.tokens.iter().map(|token| names.readable(token)).collect(),
            message: full(message, &names, author),
        }
    }

    fn invocation(&self, id: &str, author: &User, locale: Locale) -> Invocation {
        Invocation {
            id: id.to_owned(),
            time: moment(self.world.now()).to_string(),
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
            ArgValue::Conversation(id) => Value::Conversation(self.adapter.conversation(id).await),
            ArgValue::Seconds(seconds) => Value::Seconds(*seconds),
            ArgValue::Date(date) => Value::Date(date.clone()),
            ArgValue::Time(time) => Value::Time(time.clone()),
            ArgValue::Many(texts) => Value::Many(texts.iter().map(|text| names.readable(text)).collect()),
        }
    }

    /// The names of everybody and everything that a message mentions, as far as they can be had within some seconds.
    pub(super) async fn names(&self, message: &Message) -> Names {
        // One message can mention hundreds that the service is slow to tell of. What is known already costs no time.
        let by = Instant::now() + NAMES;
        let mut names = HashMap::new();
        for mention in &message.mentions {
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
                    '@' => self.adapter.user(id).await.display_name,
                    _ => self.adapter.conversation(id).await.name,
                }
            };
            // Without a name the id is shown.
            unknown.insert(timeout_at(by, look_up).await.unwrap_or_default());
        }
        Names(names)
    }

    pub(super) async fn heard_call(
        &self,
        work: &Work,
        heard: &HeardMatch,
        id: &str,
        author: User,
        locale: Locale,
    ) -> HeardCall {
        let message = work.event.message();
        let names = self.names(message).await;
        let readable = |group: &Option<String>| group.as_ref().map(|text| names.readable(text));
        HeardCall {
            invocation: self.invocation(id, &author, locale),
            id: heard.id.clone(),
            captures: heard.captures.iter().map(readable).collect(),
            message: full(message, &names, author),
        }
    }
}

/// An instant as text is made of it; one that no calendar knows is taken for the present.
fn moment(at: std::time::SystemTime) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at).unwrap_or_else(|_| jiff::Timestamp::now())
}

/// A message as plugins get it.
fn full(message: &Message, names: &Names, author: User) -> FullMessage {
    let mut message = message.clone();
    message.text = names.readable(&message.text);
    FullMessage { message, author }
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
pub(super) struct Names(pub(super) HashMap<(char, String), String>);

impl Names {
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
