//! What distinguishes one host call from another: the function and a digest of its arguments.
//!
//! Prints are stored, and a rerun may be by a newer Moa: a number or a digest that changes its meaning makes calls that
//! were cut off before end as diverged. So functions are only added, and arguments are digested field by field, not by
//! what a debugging format happens to show.

use moa_engine::Scope;
use sha2::{Digest, Sha256};
use std::fmt;

/// A function that a plugin may call, as far as it is recorded. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Function {
    /// `system.config`
    Config = 1,
    /// `system.now`, and the wall clock of WASI
    Now = 2,
    /// The monotonic clock of WASI
    Elapsed = 3,
    /// `system.random`, and the chance of WASI
    Random = 4,
    /// `system.local`
    Local = 5,
    /// `brain.get`
    BrainGet = 16,
    /// `brain.get-many`
    BrainGetMany = 17,
    /// `brain.list-keys`
    BrainListKeys = 18,
    /// `brain.set`
    BrainSet = 19,
    /// `brain.set-many`
    BrainSetMany = 20,
    /// `brain.delete`
    BrainDelete = 21,
    /// `brain.increment`
    BrainIncrement = 22,
    /// `brain.compare-and-swap`
    BrainSwap = 23,
    /// `chat.send`
    ChatSend = 32,
    /// `chat.edit`
    ChatEdit = 33,
    /// `chat.react`
    ChatReact = 34,
    /// `chat.get-user`
    ChatUser = 35,
    /// `chat.get-conversation`
    ChatConversation = 36,
    /// `chat.members`
    ChatMembers = 37,
    /// `chat.ask`: that it is asked
    ChatAsk = 38,
    /// `chat.ask`: the message
    ChatAsked = 39,
    /// `chat.delete`
    ChatDelete = 40,
    /// `chat.unreact`
    ChatUnreact = 41,
    /// `chat.upload`
    ChatUpload = 42,
    /// `chat.download`
    ChatDownload = 43,
    /// `chat.open-direct`
    ChatDirect = 44,
    /// `chat.open-modal`
    ChatModal = 45,
    /// `chat.history`
    ChatHistory = 46,
    /// `http.fetch` that changes nothing
    HttpRead = 64,
    /// `http.fetch`
    HttpFetch = 65,
    /// `http.fetch-to-object`
    HttpObject = 66,
    /// `sql.query`
    SqlQuery = 72,
    /// `sql.execute`
    SqlExecute = 73,
    /// `objects.get`
    ObjectGet = 80,
    /// `objects.put`
    ObjectPut = 81,
    /// `objects.list`
    ObjectList = 82,
    /// `objects.delete`
    ObjectDelete = 83,
    /// `objects.sign`
    ObjectSign = 84,
    /// `triggers.hear`
    Hear = 48,
    /// `triggers.forget`
    Forget = 49,
    /// `schedule.at`
    ScheduleAt = 56,
    /// `schedule.every`
    ScheduleEvery = 57,
    /// `schedule.cancel`
    ScheduleCancel = 58,
    /// `schedule.list`
    ScheduleList = 59,
}

impl Function {
    const ALL: [(Self, &str); 44] = [
        (Self::Config, "system.config"),
        (Self::Now, "system.now"),
        (Self::Elapsed, "the monotonic clock"),
        (Self::Random, "system.random"),
        (Self::Local, "system.local"),
        (Self::BrainGet, "brain.get"),
        (Self::BrainGetMany, "brain.get-many"),
        (Self::BrainListKeys, "brain.list-keys"),
        (Self::BrainSet, "brain.set"),
        (Self::BrainSetMany, "brain.set-many"),
        (Self::BrainDelete, "brain.delete"),
        (Self::BrainIncrement, "brain.increment"),
        (Self::BrainSwap, "brain.compare-and-swap"),
        (Self::ChatSend, "chat.send"),
        (Self::ChatEdit, "chat.edit"),
        (Self::ChatReact, "chat.react"),
        (Self::ChatUser, "chat.get-user"),
        (Self::ChatConversation, "chat.get-conversation"),
        (Self::ChatMembers, "chat.members"),
        (Self::ChatAsk, "chat.ask"),
        (Self::ChatAsked, "the message of chat.ask"),
        (Self::ChatDelete, "chat.delete"),
        (Self::ChatUnreact, "chat.unreact"),
        (Self::ChatUpload, "chat.upload"),
        (Self::ChatDownload, "chat.download"),
        (Self::ChatDirect, "chat.open-direct"),
        (Self::ChatModal, "chat.open-modal"),
        (Self::ChatHistory, "chat.history"),
        (Self::HttpRead, "http.fetch"),
        (Self::HttpFetch, "http.fetch"),
        (Self::HttpObject, "http.fetch-to-object"),
        (Self::SqlQuery, "sql.query"),
        (Self::SqlExecute, "sql.execute"),
        (Self::ObjectGet, "objects.get"),
        (Self::ObjectPut, "objects.put"),
        (Self::ObjectList, "objects.list"),
        (Self::ObjectDelete, "objects.delete"),
        (Self::ObjectSign, "objects.sign"),
        (Self::Hear, "triggers.hear"),
        (Self::Forget, "triggers.forget"),
        (Self::ScheduleAt, "schedule.at"),
        (Self::ScheduleEvery, "schedule.every"),
        (Self::ScheduleCancel, "schedule.cancel"),
        (Self::ScheduleList, "schedule.list"),
    ];

    /// Whether it only asks, and changes nothing outside of the call.
    fn only_asks(self) -> bool {
        matches!(
            self,
            Self::Config
                | Self::Now
                | Self::Elapsed
                | Self::Random
                | Self::Local
                | Self::BrainGet
                | Self::BrainGetMany
                | Self::BrainListKeys
                | Self::ChatUser
                | Self::ChatConversation
                | Self::ChatMembers
                | Self::ChatDownload
                | Self::ChatDirect
                | Self::ChatHistory
                | Self::HttpRead
                | Self::SqlQuery
                | Self::ObjectGet
                | Self::ObjectList
                | Self::ObjectSign
                | Self::ScheduleList
        )
    }
}

/// A function with its arguments, in 16 bytes: the function's number, then a digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Print([u8; Self::BYTES]);

impl Print {
    /// The size of a print.
    pub const BYTES: usize = 16;

    /// Of a function without arguments.
    pub fn bare(function: Function) -> Self {
        let mut print = [0; Self::BYTES];
        if let Some(first) = print.first_mut() {
            *first = function as u8;
        }
        Self(print)
    }

    /// Of a function whose only argument is a number. Costs no digest.
    pub fn number(function: Function, number: u64) -> Self {
        let mut print = Self::bare(function);
        if let Some(room) = print.0.last_chunk_mut() {
            *room = number.to_le_bytes();
        }
        print
    }

    /// Of a function whose arguments follow.
    pub fn of(function: Function) -> Printer {
        Printer {
            function,
            hash: Sha256::new(),
        }
    }

    /// As it was stored; `None` where it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As it is stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the function only asks. One that is not known here does not count as one.
    pub fn only_asks(&self) -> bool {
        self.function().is_some_and(|(function, _)| function.only_asks())
    }

    fn function(&self) -> Option<(Function, &'static str)> {
        let number = self.0.first()?;
        Function::ALL
            .into_iter()
            .find(|(function, _)| *function as u8 == *number)
    }
}

impl fmt::Display for Print {
    /// The function's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function() {
            Some((_, name)) => f.write_str(name),
            None => f.write_str("a function that this moa does not know"),
        }
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:02x?}", self.0)
    }
}

/// Takes the arguments of a function one by one.
#[must_use = "a print is made by `done`"]
pub struct Printer {
    function: Function,
    hash: Sha256,
}

impl Printer {
    /// Bytes. Their number goes first, so that no two lists of arguments run together into the same ones.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
        self
    }

    /// A text.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// A number.
    pub fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// A text that may be missing.
    pub fn maybe(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    /// Whose memory.
    pub fn scope(self, scope: &Scope) -> Self {
        match scope {
            Scope::Plugin => self.number(0),
            Scope::Conversation(id) => self.number(1).text(id),
            Scope::User(id) => self.number(2).text(id),
            Scope::Shared => self.number(3),
        }
    }

    /// What is to be written.
    pub fn write(self, what: &moa_engine::Write) -> Self {
        let seconds = what.ttl_seconds.map_or(0, |seconds| u64::from(seconds) + 1);
        self.text(&what.key).bytes(&what.value).number(seconds)
    }

    /// Something that has a JSON form which stays as it is.
    pub fn json(self, what: &impl serde::Serialize) -> Self {
        // What has no such form has none in the rerun either.
        self.bytes(&serde_json::to_vec(what).unwrap_or_default())
    }

    /// The print.
    pub fn done(self) -> Print {
        let mut print = Print::bare(self.function);
        if let Some((_, room)) = print.0.split_first_mut() {
            room.iter_mut()
                .zip(self.hash.finalize())
                .for_each(|(room, byte)| *room = byte);
        }
        print
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_counts_and_none_runs_into_the_next() {
        let of = |a: &str, b: &str| Print::of(Function::BrainSet).text(a).text(b).done();
        assert_eq!(of("a", "bc"), of("a", "bc"));
        assert_ne!(of("a", "bc"), of("ab", "c"));
        assert_ne!(
            of("a", "bc"),
            Print::of(Function::BrainSwap).text("a").text("bc").done()
        );
        assert_ne!(Print::number(Function::Random, 1), Print::number(Function::Random, 256));
        assert_ne!(
            Print::of(Function::BrainGet).maybe(None).done(),
            Print::of(Function::BrainGet).maybe(Some("")).done()
        );
    }

    #[test]
    fn what_is_stored_is_read_and_named() {
        let print = Print::of(Function::ChatSend).text("x").done();
        assert_eq!(Print::read(print.bytes()), Some(print));
        assert_eq!(print.to_string(), "chat.send");
        assert!(!print.only_asks() && Print::bare(Function::Now).only_asks());
        assert_eq!(Print::read(b"short"), None);
        assert!(Print::read(&[255; 16]).unwrap().to_string().contains("not know"));
        for (function, _) in Function::ALL {
            assert!(
                Print::bare(function)
                    .function()
                    .is_some_and(|(found, _)| found == function)
            );
        }
    }

    #[test]
    fn prints_stay_as_they_are() {
        let content = moa_core::content::Content::text("x");
        let print = Print::of(Function::ChatSend)
            .scope(&Scope::User("U".into()))
            .json(&content)
            .done();
        assert_eq!(crate::registry::hex(print.bytes()), "20e4ad661bab6a970cfbe8308241308c");
    }
}
