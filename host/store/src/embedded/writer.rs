//! The one thread that writes.
//!
//! It takes every request that waits, does all of them in one transaction, syncs once, then answers all: that is what
//! makes durable writes cheap when there are many, and as quick as one sync when there is one. A request never waits
//! for company. Notes and the ends of journal records are the exception: nobody waits for them, so they ride along with
//! the next commit, or have one of their own after [`LAZY`].
//!
//! When the disk fails, everything that waits fails, the data is opened anew at once so that reading goes on, and
//! writing is tried again after a pause.

use super::open::{Opener, sound, store_error};
use super::session::{Books, Session};
use super::{Shared, Slot};
use crate::clock::Age;
use crate::error::StoreError;
use crate::types::{Accepted, Cell, Effect, Entry, NewRecord, Outcome, Purged, Seq, Write, WriteOutcome};
use redb::Database;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a note or the end of a record may wait for another commit to ride along with.
const LAZY: Duration = Duration::from_millis(50);
/// Requests in one transaction; bounds how long the first of them waits for the others' work.
const MOST_REQUESTS: usize = 1024;
/// Bytes in one transaction; bounds memory.
const MOST_BYTES: usize = 8 << 20;
/// The pause after a failure of the disk, at least. Opening a large file anew takes long, then the pause is longer.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody who waits, and what he will be told.
pub(super) struct Job<T> {
    reply: oneshot::Sender<Result<T, StoreError>>,
    answer: Result<T, StoreError>,
}

impl<T> Job<T> {
    pub(super) fn new(reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self {
            reply,
            answer: Err(StoreError::Closed),
        }
    }

    fn send(self, failure: Option<&StoreError>) {
        let answer = failure.map_or(self.answer, |error| Err(error.clone()));
        // Nobody waits any more: the work is done all the same.
        let _gone = self.reply.send(answer);
    }
}

pub(super) enum Request {
    Write {
        writes: Vec<Write>,
        effect: Option<Effect>,
        job: Job<Vec<WriteOutcome>>,
    },
    Import {
        entries: Vec<(Cell, Entry)>,
        job: Job<()>,
    },
    Accept {
        record: NewRecord,
        job: Job<Accepted>,
    },
    Note {
        effect: Effect,
        answer: Vec<u8>,
    },
    Finish {
        seq: Seq,
        outcome: Outcome,
    },
    Reopen {
        seq: Seq,
        fresh: bool,
        job: Job<bool>,
    },
    Fact {
        name: String,
        value: Option<String>,
        job: Job<()>,
    },
    Purge {
        now_ms: i64,
        job: Job<(Purged, bool)>,
    },
    Close {
        job: Job<()>,
    },
}

impl Request {
    fn run(&mut self, session: &mut Session<'_, '_>) -> Result<(), redb::Error> {
        match self {
            Self::Write { writes, effect, job } => job.answer = session.write(writes, effect.as_ref())?,
            Self::Import { entries, job } => job.answer = session.import(entries)?,
            Self::Accept { record, job } => job.answer = Ok(session.accept(record)?),
            Self::Note { effect, answer } => session.note(effect, answer)?,
            Self::Finish { seq, outcome } => session.finish(*seq, outcome)?,
            Self::Reopen { seq, fresh, job } => job.answer = Ok(session.reopen(*seq, *fresh)?),
            Self::Fact { name, value, job } => job.answer = Ok(session.fact(name, value.as_deref())?),
            Self::Purge { now_ms, job } => job.answer = Ok(session.purge(*now_ms)?),
            Self::Close { job } => job.answer = Ok(()),
        }
        Ok(())
    }

    fn send(self, failure: Option<&StoreError>) {
        match self {
            Self::Write { job, .. } => job.send(failure),
            Self::Accept { job, .. } => job.send(failure),
            Self::Note { .. } | Self::Finish { .. } => {}
            Self::Reopen { job, .. } => job.send(failure),
            Self::Import { job, .. } | Self::Fact { job, .. } | Self::Close { job } => job.send(failure),
            Self::Purge { job, .. } => job.send(failure),
        }
    }

    /// Whether nobody waits for it.
    fn is_lazy(&self) -> bool {
        matches!(self, Self::Note { .. } | Self::Finish { .. })
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Write { writes, effect, .. } => {
                let seen = effect.as_ref().map_or(0, |effect| effect.seen.len());
                let size = |write: &Write| write.cell.key.len() + write.size();
                seen + writes.iter().map(size).sum::<usize>()
            }
            Self::Note { effect, answer } => effect.seen.len() + answer.len(),
            Self::Import { entries, .. } => {
                let size = |(cell, entry): &(Cell, Entry)| cell.key.len() + entry.value.len();
                entries.iter().map(size).sum()
            }
            Self::Accept { record, .. } => record.body.len(),
            _ => 0,
        }
    }
}

/// See the [module](self).
pub(super) struct Writer {
    shared: Arc<Shared>,
    opener: Opener,
    books: Books,
    /// Kept when the data is opened anew: the clock may have jumped since.
    age: Age,
    pending: Vec<Request>,
    /// When the waiting notes and ends of records want to be on disk.
    due: Option<Instant>,
    /// Until when, and why, writing is not tried.
    paused: Option<(Instant, StoreError)>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, opener: Opener, books: Books) -> Self {
        let age = Age::begin(&*shared.clock, books.latest_ms);
        Self {
            shared,
            opener,
            books,
            age,
            pending: Vec::new(),
            due: None,
            paused: None,
        }
    }

    /// Works until closed or until nobody can ask any more.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let (urgent, last) = self.collect(requests);
            let is_due = self.due.is_some_and(|due| due <= Instant::now());
            if urgent || last || is_due || !self.shared.is_open() {
                self.turn();
            }
            if last {
                break;
            }
        }
    }

    /// Waits for something to do and takes all that is there: whether somebody waits for it, and whether it was the last.
    fn collect(&mut self, requests: &Receiver<Request>) -> (bool, bool) {
        let first = match self.wake_at() {
            None => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => requests.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        let mut next = match first {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return (false, true),
        };
        let (mut urgent, mut taken, mut bytes) = (false, 0, 0);
        while let Some(request) = next {
            (taken, bytes) = (taken + 1, bytes + request.bytes());
            let closing = matches!(request, Request::Close { .. });
            if request.is_lazy() {
                self.due.get_or_insert_with(|| Instant::now() + LAZY);
            } else {
                urgent = true;
            }
            self.pending.push(request);
            if closing {
                return (true, true);
            }
            let room = taken < MOST_REQUESTS && bytes < MOST_BYTES;
            next = if room { requests.try_recv().ok() } else { None };
        }
        (urgent || self.pending.len() >= MOST_REQUESTS, false)
    }

    fn wake_at(&self) -> Option<Instant> {
        let retry = self.paused.as_ref().filter(|_| !self.shared.is_open());
        let retry = retry.map(|(until, _)| *until);
        self.due.into_iter().chain(retry).min()
    }

    /// Does what is pending, or says why not.
    fn turn(&mut self) {
        let closing = matches!(self.pending.last(), Some(Request::Close { .. }));
        let failure = self.commit().err();
        if closing || failure.is_none() {
            self.due = None;
        }
        if closing {
            // Before the answer, so that whoever got it may open the file.
            self.shared.set(Slot::Closed);
        }
        let mut kept = Vec::new();
        for request in self.pending.drain(..) {
            // Nobody else would ever note the effect or close the record again.
            if failure.is_some() && request.is_lazy() {
                kept.push(request);
            } else {
                request.send(failure.as_ref());
            }
        }
        self.pending = kept;
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if let Some((until, failure)) = &self.paused {
            if Instant::now() < *until {
                self.due = self.due.map(|_| *until);
                return Err(failure.clone());
            }
            if !self.shared.is_open() {
                self.reopen(failure.clone())?;
            }
        }
        let shared = Arc::clone(&self.shared);
        let done = shared.with(|database| self.transact(database).map_err(store_error));
        match done {
            Ok(()) => {
                if self.paused.take().is_some() {
                    tracing::info!("the store writes again");
                }
                Ok(())
            }
            Err(failure) => {
                tracing::error!(error = %failure, "the store could not write; reading goes on");
                // The cause is told, also when the data could be opened anew.
                let _told_by_the_pause = self.reopen(failure.clone());
                Err(failure)
            }
        }
    }

    fn transact(&mut self, database: &Database) -> Result<(), redb::Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let txn = database.begin_write()?;
        let clock = &*self.shared.clock;
        let times = (clock.now_ms(), self.age.now_ms(clock));
        let mut session = Session::open(&txn, &mut self.books, times)?;
        for request in &mut self.pending {
            request.run(&mut session)?;
        }
        if session.end()? {
            txn.commit()?;
        } else {
            txn.abort()?;
        }
        Ok(())
    }

    /// After a failure the data has to be opened anew, and what is known by heart is no longer true.
    fn reopen(&mut self, cause: StoreError) -> Result<(), StoreError> {
        let begun = Instant::now();
        // The old one goes first: it holds the lock on the file.
        self.shared.set(Slot::Failed(cause.clone()));
        let opened = (self.opener)().map_err(|error| StoreError::Io(error.to_string()));
        let opened = opened.and_then(|database| {
            self.books = sound(|| Books::load(&database).map_err(store_error))?;
            self.shared.set(Slot::Open(database));
            Ok(())
        });
        let until = Instant::now() + PAUSE.max(begun.elapsed() * 4);
        self.due = self.due.map(|_| until);
        let failure = match &opened {
            Ok(()) => cause,
            Err(failure) => {
                self.shared.set(Slot::Failed(failure.clone()));
                failure.clone()
            }
        };
        self.paused = Some((until, failure));
        opened
    }
}
