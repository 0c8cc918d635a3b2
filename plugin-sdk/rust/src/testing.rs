//! A host for unit tests, in memory and without a sandbox, where `cargo test` runs.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! /// Throws a die.
//! #[command]
//! fn die(ctx: &Context, #[default = 6] #[min = 1] sides: u32) -> Result<String> {
//!     let throws = ctx.brain().increment("throws", 1)?;
//!     Ok(format!("#{throws}: {}", system::random_below(sides) + 1))
//! }
//!
//! let host = Host::new().seed(7).speaker("로지");
//! assert_eq!(host.run::<die>("1")?, Some("#1: 1".into()));
//! assert_eq!(host.run::<die>("1")?, Some("#2: 1".into()));
//! assert!(host.run::<die>("0").is_err(), "the smallest die has one side");
//! assert_eq!(host.texts(), ["#1: 1", "#2: 1"]);
//! # Ok::<(), Error>(())
//! ```
//!
//! Buttons are pressed by what stands on them, forms are filled in, questions answered or left to time out:
//! [`Host::press`], [`Host::submit`], [`Host::time_out`].
//!
//! Jobs run when they are due, webhooks are sent requests, and a test says what the web and databases answer:
//! [`Host::run_job`], [`Host::serve`], [`Host::http`], [`Host::sql_rows`]. Objects and jobs that were made at run time last
//! as long as the [`Host`]; look at them by their own modules in [`Host::with`].
//!
//! Time stands still and chance is the same in every run. The brain, the chat and the taught patterns last as long as the
//! [`Host`]. Requests and grants are not looked at: everything is allowed.
//!
//! Arguments are read in their plain forms (`3`, `1h30m`, `2026-11-21`, `09:50`, `@로지`, `#lunch`, `"two words"`). All the
//! forms that people may use, short commands and the sentences of the host are its own affair: test them by transcripts.

pub(crate) mod imports;
mod outside;
mod press;
mod state;
mod typed;

#[cfg(test)]
mod tests;

pub use outside::Statement;
pub use press::Opened;

use crate::bindings::exports::moa::plugin::{commands, listener};
use crate::bindings::moa::plugin::types::{
    Content, Conversation, File, Invocation, MessageRef, Place, PlaceKind, User,
};
use crate::component::{CommandFn, HearFn};
use crate::{Context, Error, clock, component};
use serde::Serialize;
use state::{Shared, State};
use std::time::Duration;

/// What stands in for the host. See the [module](self).
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Says it back.
/// #[command]
/// fn echo(#[rest] text: String) -> String {
///     text
/// }
///
/// assert_eq!(Host::new().run::<echo>("good morning")?, Some("good morning".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Host {
    state: Shared,
}

/// A message that the plugin sent, as it now stands.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::{Host, Posted}};
/// let host = Host::new();
/// host.with(|ctx| {
///     let message = ctx.reply("thinking…")?;
///     chat::edit(&message, "soup")
/// })?;
/// let posted: Vec<Posted> = host.messages();
/// assert_eq!((posted[0].content.text.as_str(), posted[0].edits), ("soup", 1));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Posted {
    /// Its address.
    pub address: MessageRef,
    /// Its content, after all edits.
    pub content: Content,
    /// How often it was edited.
    pub edits: u32,
}

/// A file that the plugin put into a place.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::{Host, Uploaded}};
/// let host = Host::new();
/// host.with(|ctx| chat::upload(ctx.place(), "report.csv", b"dish,count", "today"))?;
/// let files: Vec<Uploaded> = host.files();
/// assert_eq!((files[0].name.as_str(), &files[0].data[..]), ("report.csv", &b"dish,count"[..]));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Where.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its content.
    pub data: Vec<u8>,
    /// The comment beside it.
    pub comment: String,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host without memory. `tester` speaks, in the channel `general`, in English and UTC; it is
    /// 2026-11-20T03:00:00Z.
    ///
    /// ```
    /// let host = moa_plugin::testing::Host::new();
    /// assert_eq!(host.with(|ctx| ctx.who().name.clone()), "tester");
    /// ```
    pub fn new() -> Self {
        Self {
            state: Shared::new(State::new()),
        }
    }

    /// Starts chance anew from a seed.
    ///
    /// ```
    /// # use moa_plugin::{system, testing::Host};
    /// let throw = |seed| Host::new().seed(seed).with(|_| system::random(8));
    /// assert_eq!(throw(7), throw(7));
    /// assert_ne!(throw(7), throw(8));
    /// ```
    pub fn seed(self, seed: u64) -> Self {
        self.state.borrow_mut().chance = seed;
        self
    }

    /// Sets the clock.
    ///
    /// ```
    /// # use moa_plugin::{system, testing::Host};
    /// let host = Host::new().now("2026-11-20T12:00:00+09:00");
    /// assert_eq!(host.with(|_| system::now()), "2026-11-20T03:00:00.000Z");
    /// ```
    ///
    /// # Panics
    /// If `instant` is not RFC 3339 from 1970 on: the test is wrong then.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test that is set up wrongly has to fail there")]
    pub fn now(self, instant: &str) -> Self {
        let Some(millis) = clock::parse(instant) else {
            panic!("`{instant}` is no instant like 2026-11-20T12:00:00+09:00");
        };
        self.state.borrow_mut().now = millis;
        self
    }

    /// Sets the plugin's configuration: what the operator writes, a table. Keys left out have their defaults.
    ///
    /// ```
    /// # use moa_plugin::{system, testing::Host};
    /// use serde_json::{Value, json};
    ///
    /// let host = Host::new().config(json!({ "team-size": 3 }));
    /// let config: Value = host.with(|ctx| ctx.config())?;
    /// assert_eq!(config["team-size"], 3);
    /// # Ok::<(), system::ConfigError>(())
    /// ```
    ///
    /// # Panics
    /// If it has no JSON form: the test is wrong then.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test that is set up wrongly has to fail there")]
    pub fn config(self, table: impl Serialize) -> Self {
        match serde_json::to_string(&table) {
            Ok(json) => self.state.borrow_mut().config = json,
            Err(error) => panic!("this configuration has no JSON form: {error}"),
        }
        self
    }

    /// Who speaks, by name.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// let host = Host::new().speaker("로지");
    /// assert_eq!(host.with(|ctx| ctx.who().display_name.clone()), "로지");
    /// ```
    pub fn speaker(self, name: &str) -> Self {
        {
            let mut state = self.state.borrow_mut();
            state.speaker = state.user(name);
        }
        self
    }

    /// Where it is spoken: a channel, by name without `#`.
    ///
    /// ```
    /// # use moa_plugin::{PlaceKind, testing::Host};
    /// let host = Host::new().channel("lunch");
    /// assert_eq!(host.with(|ctx| ctx.place().kind), PlaceKind::Channel);
    /// ```
    pub fn channel(self, name: &str) -> Self {
        {
            let mut state = self.state.borrow_mut();
            let id = state.conversation(name).id;
            state.place = state::place(&id, PlaceKind::Channel);
        }
        self
    }

    /// Where it is spoken: in a direct conversation of whoever speaks at that time and the bot.
    ///
    /// ```
    /// # use moa_plugin::{PlaceKind, testing::Host};
    /// let host = Host::new().direct();
    /// assert_eq!(host.with(|ctx| ctx.place().kind), PlaceKind::Direct);
    /// ```
    pub fn direct(self) -> Self {
        {
            let mut state = self.state.borrow_mut();
            state.place = state::direct(&state.speaker.id);
        }
        self
    }

    /// The language and the time zone to answer in.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// let host = Host::new().locale("ko", "Asia/Seoul");
    /// assert_eq!(host.with(|ctx| ctx.language().to_owned()), "ko");
    /// ```
    pub fn locale(self, language: &str, timezone: &str) -> Self {
        {
            let mut state = self.state.borrow_mut();
            state.locale = language.into();
            state.timezone = timezone.into();
        }
        self
    }

    /// Where it is spoken.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// let host = Host::new().channel("lunch");
    /// assert_eq!(host.place().conversation, host.conversation("lunch").id);
    /// ```
    pub fn place(&self) -> Place {
        self.state.borrow().place.clone()
    }

    /// A person by name, who from now on is a member of every conversation.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// let host = Host::new();
    /// assert_eq!(host.user("로지").id, host.user("로지").id);
    /// assert_ne!(host.user("로지").id, host.user("샐리").id);
    /// ```
    pub fn user(&self, name: &str) -> User {
        self.state.borrow_mut().user(name)
    }

    /// A channel by name, without `#`.
    ///
    /// ```
    /// # use moa_plugin::testing::Host;
    /// assert_eq!(Host::new().conversation("lunch").name, "lunch");
    /// ```
    pub fn conversation(&self, name: &str) -> Conversation {
        self.state.borrow_mut().conversation(name)
    }

    /// Hangs a file on the next message that is said.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// /// How large it is.
    /// #[command]
    /// fn size(ctx: &Context) -> Result<String> {
    ///     let file = ctx.message().files.first().ok_or_else(|| Error::usage("Attach a file."))?;
    ///     Ok(format!("{}: {}", file.name, chat::download(&file.id)?.len()))
    /// }
    ///
    /// let host = Host::new();
    /// host.attach("team.csv", b"a,b");
    /// assert_eq!(host.run::<size>("")?, Some("team.csv: 3".into()));
    /// assert!(host.run::<size>("").is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn attach(&self, name: &str, data: &[u8]) {
        let mut state = self.state.borrow_mut();
        let file = File {
            id: format!("A{}", state.contents.len() + 1),
            name: name.into(),
            mime: "application/octet-stream".into(),
            size: u32::try_from(data.len()).unwrap_or(u32::MAX),
        };
        state.contents.insert(file.id.clone(), data.into());
        state.attached.push(file);
    }

    /// Lets time pass. What expires in the brain meanwhile is gone.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| ctx.brain().set_with_ttl("menu", "soup", Duration::from_secs(60)))?;
    /// host.advance(Duration::from_secs(60));
    /// assert_eq!(host.with(|ctx| ctx.brain().get::<String>("menu"))?, None);
    /// # Ok::<(), moa_plugin::brain::BrainError>(())
    /// ```
    pub fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.state.borrow_mut();
        state.now = state.now.saturating_add(millis);
    }

    /// Gives a command: its arguments, and the subcommand's name if it has some, as they are typed behind its name. What
    /// it returns is sent as well.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[command(subcommands = [add])]
    /// struct Sum;
    ///
    /// #[command(aliases = ["+"])]
    /// fn add(one: i64, other: i64) -> String {
    ///     format!("{}", one + other)
    /// }
    ///
    /// assert_eq!(Host::new().run::<Sum>("+ 1 2")?, Some("3".into()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the command failed with; a [usage error](Error::usage) if the arguments do not fit.
    pub fn run<C: CommandFn>(&self, typed: &str) -> Result<Option<Content>, Error> {
        let command = C::COMMAND;
        let said = format!("!{} {typed}", command.name);
        let call = {
            let mut state = self.state.borrow_mut();
            let parsed = typed::parse(&command, typed, &mut state)?;
            commands::Call {
                invocation: state.invocation(),
                command: command.name.into(),
                path: parsed.path,
                args: parsed.args,
                rest: parsed.rest,
                tokens: parsed.tokens,
                message: state.hear(said.trim_end()),
            }
        };
        let place = call.message.ref_.place.clone();
        let answer = self.state.enter(|| component::handle(&[command], call))?;
        if let Some(content) = &answer {
            self.state.borrow_mut().post(&place, content);
        }
        Ok(answer)
    }

    /// Says something that the function may hear. What it answers, once for each pattern that matched, is sent as well;
    /// nothing if no pattern matched or the message is in another scope.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// #[hear(r"(\d+) ?%", ambient)]
    /// fn percent(number: String) -> String {
    ///     format!("{number} of a hundred")
    /// }
    ///
    /// let host = Host::new();
    /// assert_eq!(host.hear::<percent>("only 3 % are left")?, ["3 of a hundred".into()]);
    /// assert_eq!(host.hear::<percent>("nothing is left")?, []);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the function failed with.
    pub fn hear<H: HearFn>(&self, text: &str) -> Result<Vec<Content>, Error> {
        let hear = H::HEAR;
        let (message, heard) = {
            let mut state = self.state.borrow_mut();
            let heard = if hear.is_for_taught() {
                state.taught(text)
            } else {
                state.matches(&hear, text)
            };
            (state.hear(text), heard)
        };
        let mut answers = Vec::new();
        for (id, captures) in heard {
            let invocation: Invocation = self.state.borrow_mut().invocation();
            let context = Context::of_heard(listener::Heard {
                invocation,
                id,
                captures,
                message: message.clone(),
            });
            if let Some(content) = self.state.enter(|| (hear.run)(&context))? {
                self.state.borrow_mut().post(&message.ref_.place, &content);
                answers.push(content);
            }
        }
        Ok(answers)
    }

    /// Runs something with this host, and with the context of an empty message: a function that takes one, or a look into
    /// the brain.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| ctx.brain().set("size", &3))?;
    /// assert_eq!(host.with(|ctx| ctx.brain().get("size"))?, Some(3));
    /// # Ok::<(), moa_plugin::brain::BrainError>(())
    /// ```
    pub fn with<R>(&self, act: impl FnOnce(&Context) -> R) -> R {
        let context = {
            let mut state = self.state.borrow_mut();
            Context::of_heard(listener::Heard {
                invocation: state.invocation(),
                id: String::new(),
                captures: Vec::new(),
                message: state.hear(""),
            })
        };
        self.state.enter(|| act(&context))
    }

    /// The messages that the plugin sent and did not delete, as they now stand, oldest first.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| chat::edit(&ctx.reply("3…")?, "*go*"))?;
    /// assert_eq!(host.messages()[0].content, "*go*".into());
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn messages(&self) -> Vec<Posted> {
        self.state.borrow().posted()
    }

    /// The messages that the plugin sent and deleted again, as they last stood.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| chat::delete(&ctx.reply("oops")?))?;
    /// assert_eq!((host.messages().len(), host.deleted()[0].content.text.as_str()), (0, "oops"));
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn deleted(&self) -> Vec<Posted> {
        self.state.borrow().deleted.clone()
    }

    /// The texts of [`messages`](Self::messages).
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| ctx.reply("안녕"))?;
    /// assert_eq!(host.texts(), ["안녕"]);
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn texts(&self) -> Vec<String> {
        self.messages().into_iter().map(|posted| posted.content.text).collect()
    }

    /// The bot's reactions that stand, oldest first: on what, and the emoji.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| ctx.react("thumbsup"))?;
    /// assert_eq!(host.reactions()[0].1, "thumbsup");
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn reactions(&self) -> Vec<(MessageRef, String)> {
        self.state.borrow().reactions.clone()
    }

    /// The files that the plugin put into places, oldest first.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| chat::upload(ctx.place(), "team.csv", b"a,b", ""))?;
    /// assert_eq!(host.files()[0].name, "team.csv");
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn files(&self) -> Vec<Uploaded> {
        self.state.borrow().files.clone()
    }

    /// The lines of the plugin's log, as `info: text`.
    ///
    /// ```
    /// # use moa_plugin::{log, testing::Host};
    /// let host = Host::new();
    /// host.with(|_| log::warn("odd"));
    /// assert_eq!(host.log(), ["warn: odd"]);
    /// ```
    pub fn log(&self) -> Vec<String> {
        self.state.borrow().log.clone()
    }
}
