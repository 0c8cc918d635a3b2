//! Commands that wait until somebody confirms them (`confirm` in a plugin's manifest).
//!
//! One that waits is an entry of the store, in a space that no plugin can name, from before its message is sent until some
//! while after it was decided. Its buttons carry its id, which is made of the command's own event: asked again after a
//! crash, it is the same. A press by somebody who may decide, and that the time ran out, become one and the same event,
//! the [`Ruling`]: the journal takes exactly one of them, and what follows has the journal's own guarantees. So a command
//! runs once or not at all, whoever presses what, how often, and whatever crashes in between.

mod shown;

pub use shown::{Shown, digest, looks};

use crate::capability::World;
use crate::questions::milliseconds;
use moa_core::event::{Decided, Event, MessageRef, Press, Ruling};
use moa_core::locale::{Approval, ApprovalNotice};
use moa_core::manifest::Confirm;
use moa_core::router::CommandMatch;
use moa_store::{Change, Scope, Space, Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// The most commands that may wait, and those of one person among them.
pub const MAX_WAITING: usize = 1_000;
const MAX_OF_ONE: usize = 100;
/// How long what was decided is remembered, for those who press then. As long as the journal remembers what was decided:
/// longer than anything may wait.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
const BUTTON: &str = "moa:run:";
/// How many are read at once at the start.
const PAGE: u32 = 1_000;
/// When it is told again that the time ran out: the journal may not have taken it.
const AGAIN: Duration = Duration::from_secs(30);
/// How long beyond its time is waited for the message of what was asked: nobody could decide without it, so the time
/// begins anew with it.
const UNSENT: Duration = Duration::from_secs(15 * 60);
/// The longest sleep: clocks are set.
const LOOK: Duration = Duration::from_secs(60);

/// Why a command cannot wait.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// As many wait as may.
    #[error("{MAX_WAITING} commands, or {MAX_OF_ONE} of one person, wait to be confirmed already")]
    Full,
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A command that waits, or waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The same for the same command of the same event.
    pub id: String,
    /// What was asked: a message or a slash command.
    pub asked: Box<Event>,
    /// What would run.
    pub command: CommandMatch,
    /// The version of the plugin that would.
    pub version: String,
    /// The digest of all that is shown.
    pub digest: String,
    /// What is shown.
    pub shown: Approval,
    /// The message with the buttons, once it was sent.
    pub on: Option<MessageRef>,
    /// Until when a decision counts, in milliseconds since 1970.
    pub until_ms: i64,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What was decided about a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub what: Decided,
    /// By whom: an id; empty where the time ran out.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl From<&Ruling> for Decision {
    fn from(ruling: &Ruling) -> Self {
        Self {
            what: ruling.what,
            by: ruling.by.clone(),
            at_ms: ruling.at_ms,
        }
    }
}

/// The buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// It is to run.
    Approve,
    /// It is not to run.
    Reject,
    /// It is not wanted any more.
    Withdraw,
}

impl Button {
    const ALL: [(Self, &str); 3] = [
        (Self::Approve, "approve"),
        (Self::Reject, "reject"),
        (Self::Withdraw, "withdraw"),
    ];

    /// The button's id.
    fn id(self, pending: &str) -> String {
        let word = Self::ALL.iter().find(|(button, _)| *button == self);
        format!("{BUTTON}{pending}:{}", word.map_or("", |(_, word)| word))
    }
}

/// Of the id of a button, whose it is and which; `None` for all other buttons.
fn parted(id: &str) -> Option<(&str, Option<Button>)> {
    let (pending, word) = id.strip_prefix(BUTTON)?.split_once(':').unwrap_or_default();
    let button = Button::ALL.iter().find(|(_, known)| *known == word);
    Some((pending, button.map(|(button, _)| *button)))
}

/// The sign of the message of what waits.
pub fn sign(id: &str) -> String {
    format!("{id}!run")
}

impl Pending {
    fn asker(&self) -> &str {
        self.asked.author()
    }

    /// What a press on one of its buttons decides, or why it does not count. `may` tells whether somebody may run the
    /// command.
    fn decides(&self, press: &Press, button: Button, may: impl Fn(&str) -> bool) -> Result<Decided, ApprovalNotice> {
        let (user, asker) = (&press.user, self.asker().to_owned());
        let (own, second) = (*user == asker, self.shown.confirm == Confirm::Second);
        match button {
            Button::Withdraw | Button::Reject if own => Ok(Decided::Withdrawn),
            _ if !own && !second => Err(ApprovalNotice::NotYours { asker }),
            Button::Withdraw => Err(ApprovalNotice::NotYoursToWithdraw { asker }),
            Button::Approve if own && second => Err(ApprovalNotice::NeedsAnother),
            _ if !may(user) => Err(ApprovalNotice::NoRight),
            Button::Approve => Ok(Decided::Approved),
            Button::Reject => Ok(Decided::Rejected),
        }
    }

    /// Whether the press was on its own message. One that is on its way is known by where it goes.
    fn is_on(&self, press: &Press) -> bool {
        let asked = self.asked.place();
        let same_message = |on: &MessageRef| match &self.on {
            Some(own) => own.id == on.id && own.place.conversation == on.place.conversation,
            None => asked.conversation == on.place.conversation,
        };
        press.place.service == asked.service && press.on.as_ref().is_some_and(same_message)
    }

    fn ruling(&self, what: Decided, by: &str, on: Option<&MessageRef>, at_ms: i64) -> Event {
        Ruling {
            id: self.id.clone(),
            asked: self.asked.clone(),
            digest: self.digest.clone(),
            what,
            by: by.to_owned(),
            on: on.or(self.on.as_ref()).cloned(),
            at_ms,
        }
        .event()
    }

    /// When it is told that the time ran out.
    fn ends_ms(&self) -> i64 {
        match self.on {
            Some(_) => self.until_ms,
            None => self
                .until_ms
                .saturating_add(i64::try_from(UNSENT.as_millis()).unwrap_or(0)),
        }
    }
}

#[derive(Default)]
struct Book {
    all: BTreeMap<String, Pending>,
    /// When it was told that the time ran out.
    told: BTreeMap<String, SystemTime>,
}

/// All commands that wait, and those that did a short while ago.
pub struct Pendings {
    store: Arc<dyn Store>,
    /// How long a command waits.
    pub expires: Duration,
    book: Mutex<Book>,
    changed: Notify,
    /// Held over a change of the store and the book, which must see the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Pendings {
    /// Nothing waits yet.
    pub fn empty(store: Arc<dyn Store>, expires: Duration) -> Self {
        Self {
            store,
            expires,
            book: Mutex::default(),
            changed: Notify::new(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Reads what waits since before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: Arc<dyn Store>, expires: Duration) -> Result<Arc<Self>, StoreError> {
        let pendings = Self::empty(store, expires);
        pendings.reload().await?;
        Ok(Arc::new(pendings))
    }

    /// Reads anew what waits: an operator changed the store beside the host.
    ///
    /// # Errors
    /// The store cannot be read; what was known before counts.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        let all = stored(&*self.store).await?;
        lock(&self.book).all = all;
        self.changed.notify_one();
        Ok(())
    }

    /// What is known of one.
    pub fn get(&self, id: &str) -> Option<Pending> {
        lock(&self.book).all.get(id).cloned()
    }

    /// What waits, or waited until a short while ago, by the id of one of its buttons.
    pub fn of_button(&self, id: &str) -> Option<Pending> {
        self.get(parted(id)?.0)
    }

    /// Whether a message is that of a command that waits, or waited until a short while ago.
    pub fn is_asked_on(&self, message: &MessageRef) -> bool {
        let same = |on: &MessageRef| on.id == message.id && on.place.conversation == message.place.conversation;
        let book = lock(&self.book);
        book.all.values().any(|pending| pending.on.as_ref().is_some_and(same))
    }

    /// Records a command before its message is sent, or finds it if it was recorded before. What waits now, and whether
    /// its message may have been sent. The time of what nobody has seen yet begins anew.
    ///
    /// # Errors
    /// [`WaitError`].
    pub async fn ask(&self, pending: Pending) -> Result<(Pending, bool), WaitError> {
        let _changing = self.changing.lock().await;
        let known = self.get(&pending.id);
        let pending = match known.clone() {
            Some(known) if known.on.is_some() || known.decision.is_some() => return Ok((known, true)),
            // Its message may stand there all the same, with what would have run then: nothing else may run by it.
            Some(known) if known.digest != pending.digest => Pending {
                until_ms: pending.until_ms,
                ..known
            },
            Some(known) => Pending {
                until_ms: pending.until_ms,
                shown: pending.shown,
                ..known
            },
            None => {
                let book = lock(&self.book);
                let waiting = || book.all.values().filter(|other| other.decision.is_none());
                let own = || waiting().filter(|other| other.asker() == pending.asker()).count();
                if waiting().count() >= MAX_WAITING || own() >= MAX_OF_ONE {
                    return Err(WaitError::Full);
                }
                drop(book);
                pending
            }
        };
        self.put(&pending).await?;
        Ok((pending, known.is_some()))
    }

    /// Its message was sent. What is known of it now: it may be decided already.
    ///
    /// # Errors
    /// What the store refuses. It is known here all the same.
    pub async fn sent(&self, id: &str, on: MessageRef) -> Result<Option<Pending>, StoreError> {
        let _changing = self.changing.lock().await;
        let Some(mut pending) = self.get(id) else {
            return Ok(None);
        };
        pending.on = Some(on);
        lock(&self.book).all.insert(id.to_owned(), pending.clone());
        self.put(&pending).await?;
        Ok(Some(pending))
    }

    /// It could not be asked: nothing waits.
    ///
    /// # Errors
    /// What the store refuses. Nothing waits here all the same.
    pub async fn give_up(&self, id: &str) -> Result<(), StoreError> {
        let _changing = self.changing.lock().await;
        {
            let mut book = lock(&self.book);
            book.all.remove(id);
            book.told.remove(id);
        }
        self.store
            .write(vec![Write::delete(space().cell(id))], None)
            .await
            .map(drop)
    }

    /// Keeps what was decided; the first decision stays. What is known of it, if anything is.
    ///
    /// # Errors
    /// What the store refuses. It is known here all the same.
    pub async fn decide(&self, id: &str, decision: Decision) -> Result<Option<Pending>, StoreError> {
        let _changing = self.changing.lock().await;
        let Some(mut pending) = self.get(id) else {
            return Ok(None);
        };
        if pending.decision.is_none() {
            pending.decision = Some(decision);
            {
                let mut book = lock(&self.book);
                book.all.insert(id.to_owned(), pending.clone());
                book.told.remove(id);
            }
            self.put(&pending).await?;
        }
        Ok(Some(pending))
    }

    async fn put(&self, pending: &Pending) -> Result<(), StoreError> {
        let value = serde_json::to_vec(pending).map_err(|error| StoreError::Io(error.to_string()))?;
        let mut write = Write::set(space().cell(pending.id.as_str()), value);
        if let (Some(_), Change::Set { ttl_ms, .. }) = (&pending.decision, &mut write.change) {
            *ttl_ms = u64::try_from(REMEMBERED.as_millis()).ok();
        }
        self.store.write(vec![write], None).await?;
        lock(&self.book).all.insert(pending.id.clone(), pending.clone());
        self.changed.notify_one();
        Ok(())
    }

    /// A press on a button of something that waits, by somebody who may decide, as the decision; `None` for all other
    /// presses. `may` tells whether somebody may run a command that was asked for.
    pub fn ruling(&self, press: &Press, now: SystemTime, may: impl Fn(&str, &Pending) -> bool) -> Option<Event> {
        match self.verdict(press, now, may)? {
            Ok((pending, what)) => Some(pending.ruling(what, &press.user, press.on.as_ref(), milliseconds(now))),
            Err(_) => None,
        }
    }

    /// What the person is told whose press on a button of something that waits, or waited, does not count; `None` for the
    /// buttons of anything else.
    pub fn refusal(
        &self,
        press: &Press,
        now: SystemTime,
        may: impl Fn(&str, &Pending) -> bool,
        clock: impl Fn(i64) -> String,
    ) -> Option<ApprovalNotice> {
        Some(match self.verdict(press, now, may)? {
            // It is on its way: somebody was faster.
            Ok(_) => ApprovalNotice::Deciding,
            Err(Refusal::Told(notice)) => notice,
            Err(Refusal::Decided(Decision { what, by, at_ms })) => ApprovalNotice::Decided {
                what,
                by,
                at: clock(at_ms),
            },
        })
    }

    fn verdict(
        &self,
        press: &Press,
        now: SystemTime,
        may: impl Fn(&str, &Pending) -> bool,
    ) -> Option<Result<(Pending, Decided), Refusal>> {
        if !press.plugin.is_empty() {
            return None;
        }
        let (id, button) = parted(&press.id)?;
        let known = self.get(id).zip(button).filter(|(pending, _)| pending.is_on(press));
        let Some((pending, button)) = known else {
            return Some(Err(Refusal::Told(ApprovalNotice::Over)));
        };
        if let Some(decision) = pending.decision {
            return Some(Err(Refusal::Decided(decision)));
        }
        if pending.until_ms <= milliseconds(now) {
            return Some(Err(Refusal::Told(ApprovalNotice::Late)));
        }
        let decided = pending.decides(press, button, |user| may(user, &pending));
        Some(decided.map(|what| (pending, what)).map_err(Refusal::Told))
    }

    /// What nobody decided until now. Each is told once, and again after a while if it waits still: the journal may not
    /// have been able to take it.
    pub fn due(&self, now: SystemTime) -> Vec<Event> {
        let now_ms = milliseconds(now);
        let mut book = lock(&self.book);
        let Book { all, told } = &mut *book;
        let kept = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        let is_kept = |decision: &Decision| now_ms.saturating_sub(decision.at_ms) < kept;
        all.retain(|_, pending| pending.decision.as_ref().is_none_or(is_kept));
        let mut due = Vec::new();
        for pending in all.values() {
            if pending.decision.is_some() || pending.ends_ms() > now_ms {
                continue;
            }
            if told.get(&pending.id).is_none_or(|at| *at + AGAIN <= now) {
                told.insert(pending.id.clone(), now);
                due.push(pending.ruling(Decided::Expired, "", None, now_ms));
            }
        }
        due
    }

    /// Tells that the time ran out when it did, without end.
    pub async fn watch(&self, world: &dyn World, tell: impl Fn(Event)) {
        loop {
            let now = world.now();
            self.due(now).into_iter().for_each(&tell);
            let next = self.next(now);
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// How long until there may be something due.
    fn next(&self, now: SystemTime) -> Duration {
        let book = lock(&self.book);
        let waiting = book.all.values().filter(|pending| pending.decision.is_none());
        let first = waiting.map(|pending| match book.told.get(&pending.id) {
            Some(told) => milliseconds(*told + AGAIN),
            None => pending.ends_ms(),
        });
        let wait = first.min().map_or(i64::MAX, |at| at.saturating_sub(milliseconds(now)));
        Duration::from_millis(u64::try_from(wait).unwrap_or(0).saturating_add(1)).min(LOOK)
    }
}

/// Why a press does not count.
enum Refusal {
    Told(ApprovalNotice),
    Decided(Decision),
}

/// No plugin's name has a colon.
fn space() -> Space {
    Space::new("moa:pending", Scope::Plugin)
}

async fn stored(store: &dyn Store) -> Result<BTreeMap<String, Pending>, StoreError> {
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.keys(&space(), "", after.as_deref(), PAGE).await?;
        let cells: Vec<_> = page.keys.iter().map(|key| space().cell(key.as_str())).collect();
        for (key, entry) in page.keys.iter().zip(store.get_many(&cells).await?) {
            match entry.and_then(|entry| serde_json::from_slice::<Pending>(&entry.value).ok()) {
                Some(pending) => drop(all.insert(pending.id.clone(), pending)),
                None => tracing::warn!(
                    pending = key,
                    "a command that waited to be confirmed cannot be read; it is not run"
                ),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Nothing here is left half changed by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
