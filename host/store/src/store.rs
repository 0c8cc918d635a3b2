//! The contract of every backend.

use crate::error::StoreError;
use crate::types::{
    Accepted, Backlog, Cell, Effect, Entry, Filed, KeyPage, NewRecord, Outcome, Purged, Record, Recorded, Remembered,
    Seq, Space, Usage, Which, Write, WriteOutcome,
};
use async_trait::async_trait;

/// The brain page by page. See [`Store::scan`].
///
/// Holding it open costs space where a moment is kept: what is replaced meanwhile stays in the file until it is dropped.
#[async_trait]
pub trait Scan: Send {
    /// The next entries, at most `limit` of them (at least one) and not much more than 4 MiB; none: that was all.
    ///
    /// They come in the order of plugin (the shared brain last), scope (own, conversations, persons), its id, key, each
    /// by its bytes: the same on every backend. Expired entries are left out.
    ///
    /// # Errors
    /// [`StoreError::Io`] also when the data had to be opened anew in between: the scan has to begin again.
    async fn next(&mut self, limit: usize) -> Result<Vec<(Cell, Entry)>, StoreError>;
}

/// Brain, journal and facts.
///
/// What returned is durable unless said otherwise, and every read that begins afterwards sees it. Every function fails
/// with [`StoreError::Io`] when the disk does, with nothing applied, and with [`StoreError::Closed`] after
/// [`close`](Store::close); further errors are named where they can occur.
///
/// # When the clock jumps
/// Entries end when the clock shows their time: set forward it ends them early (and a purge or a write that needs the
/// space removes them), set back it lets them live longer; what has no time is never lost. Versions and record numbers do
/// not go by the clock. The journal's 24 hours are hours that passed: while the store is open, no jump forward has an
/// identity or a text forgotten early, and none back keeps them longer. Across a restart the clock is believed, except that
/// it can't go back behind the last accepted event.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The entry in a cell; `None` if there is none or it has expired.
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError>;

    /// The entries in several cells as of one moment, in the order of the cells.
    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError>;

    /// The keys of a space that begin with `prefix`, ascending by their bytes, at most `limit` of them (at least one).
    ///
    /// `after` is the last key that is already known ([`KeyPage::next`]); only greater ones are returned. Expired
    /// entries are left out. A key that is there during a whole listing is listed exactly once.
    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError>;

    /// Does all the writes or none, in order: a later one sees what an earlier one did.
    ///
    /// With an effect: if it was recorded before, nothing is done and the recorded answer is returned; otherwise the
    /// answer, also a refusal, is recorded together with the writes. An effect without writes only records itself.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when one of the writes can't be done, [`StoreError::Diverged`] when the effect was
    /// recorded with another fingerprint or was noted, [`StoreError::NotOpen`] when the effect's journal record is not
    /// open.
    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError>;

    /// Everything in the brain, or all that one holder has (a plugin's name or [`SHARED_HOLDER`](crate::SHARED_HOLDER)).
    ///
    /// What is there during the whole scan is returned exactly once. Files show all of it as of the moment of this call;
    /// other backends show each page as of its own.
    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError>;

    /// Puts entries as they are, with their versions and times, in place of what is in their cells; all of them or none.
    ///
    /// No quota is looked at. Later writes get greater versions than any that was ever imported. To be called with some
    /// thousand entries or some MiB at a time: a call is one transaction, and others wait for it.
    ///
    /// # Errors
    /// [`StoreError::NotAVersion`] when an entry has none.
    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError>;

    /// What each holder has, by its name. Looks at the whole brain: for operators, not for every message.
    async fn usage(&self) -> Result<Vec<Usage>, StoreError>;

    /// Accepts an event, unless it is one that was accepted within the last 24 hours or is not finished.
    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError>;

    /// Records an effect that happened outside of the store, with what came of it.
    ///
    /// Like [`finish`](Store::finish) this may return before it is durable (at most 50 ms before), but it comes to disk
    /// no later than anything that was asked for after it. If the effect was recorded before, the earlier answer stays;
    /// if its journal record is not open, nothing is recorded: both go to the log only.
    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError>;

    /// The recorded effects of a call, by their ordinals. A note is among them when it is durable.
    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError>;

    /// Closes a record. With [`Outcome::Done`] its effects are forgotten, otherwise they stay as long as the record. A
    /// record that is not open is left as it is.
    ///
    /// Unlike most requests this may return before it is durable (at most 50 ms before); it comes to disk no later than
    /// anything that was asked for after it. A crash in between has the event looked at again after the start, where its
    /// recorded effects show that it was answered.
    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError>;

    /// The records that were accepted and not finished, by their numbers. For the start, not for every day.
    async fn unfinished(&self) -> Result<Vec<Record>, StoreError>;

    /// How many records are accepted and not finished, and since when the first of them waits. Cheap however many there are,
    /// unlike [`unfinished`](Store::unfinished): for whoever watches the host.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Records, the newest first, at most `limit` of them (at least one), of those before `before`. What was finished a
    /// moment ago is still open until that is durable; so it is for [`filed`](Store::filed).
    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError>;

    /// One record; `None` if there was none or it is purged.
    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError>;

    /// The recorded effects of all calls of a record with the calls' ids, by id and ordinal.
    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError>;

    /// Opens a record that ended; with its effects, unless they are to be forgotten (`fresh`). Whether it did: `false`
    /// if it is open, or is not there. While it is open its identity counts as accepted again.
    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError>;

    /// The identities accepted at or after `since_ms` (milliseconds since 1970), in order of acceptance.
    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError>;

    /// Removes records that ended 24 hours ago and identities accepted 24 hours ago, and the entries that have expired at
    /// `now_ms` (milliseconds since 1970). Other requests go on meanwhile.
    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError>;

    /// A fact of the host; `None` if it was never set or was removed.
    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Sets a fact; `None` removes it.
    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError>;

    /// The facts whose names begin with `prefix`, by name.
    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError>;

    /// Makes durable what is not yet and lets go of the data. Closing twice is no error.
    async fn close(&self) -> Result<(), StoreError>;
}
