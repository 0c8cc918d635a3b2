//! What may come to Redis a moment later: notes and ends of records.
//!
//! They wait here, in order. Every request that changes something takes them along, in front of itself; what nobody took
//! goes by itself after a few milliseconds. What could not be done stays until it is: all of it may be done twice.

use super::link::{Link, Verdict};
use crate::types::Seq;
use redis::{Cmd, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How long something waits for a request that takes it along.
const LAZY: Duration = Duration::from_millis(10);
/// Before what Redis would not do is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// How much goes in one go.
const MOST: usize = 128;

/// Something to be done.
pub(super) struct Lazy {
    /// The record that it belongs to.
    pub seq: Seq,
    pub commands: Vec<Cmd>,
    /// What is to be done when this is.
    pub then: Option<Vec<Cmd>>,
}

#[derive(Default)]
struct Queue {
    last: u64,
    waiting: BTreeMap<u64, Lazy>,
    /// How much of each record is on its way.
    on_the_way: HashMap<Seq, usize>,
}

/// See the [module](self).
#[derive(Default)]
pub(super) struct Clerk {
    queue: Mutex<Queue>,
    /// Something came.
    come: Notify,
    /// Something went, or came back.
    moved: Notify,
}

/// What is on its way; put back if it is dropped before it was [settled](Taken::settle).
pub(super) struct Taken<'c> {
    clerk: &'c Clerk,
    lazies: BTreeMap<u64, Lazy>,
    /// Whether more waited than goes in one go.
    pub left: bool,
}

impl Clerk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, lazy: Lazy) {
        let mut queue = self.queue();
        queue.last += 1;
        let number = queue.last;
        queue.waiting.insert(number, lazy);
        drop(queue);
        self.come.notify_one();
    }

    /// Takes what waits, the oldest first.
    pub(super) fn take(&self) -> Taken<'_> {
        let mut queue = self.queue();
        let mut lazies = BTreeMap::new();
        while lazies.len() < MOST
            && let Some((number, lazy)) = queue.waiting.pop_first()
        {
            *queue.on_the_way.entry(lazy.seq).or_default() += 1;
            lazies.insert(number, lazy);
        }
        let left = !queue.waiting.is_empty();
        drop(queue);
        Taken {
            clerk: self,
            lazies,
            left,
        }
    }

    /// Takes nothing.
    pub(super) fn take_nothing(&self) -> Taken<'_> {
        Taken {
            clerk: self,
            lazies: BTreeMap::new(),
            left: false,
        }
    }

    /// Waits until nothing of the record is on its way with another request.
    pub(super) async fn arrived(&self, seq: Seq, deadline: Instant) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if !self.queue().on_the_way.contains_key(&seq) {
                return;
            }
            if tokio::time::timeout_at(deadline, moved).await.is_err() {
                return;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let queue = self.queue();
        queue.waiting.is_empty() && queue.on_the_way.is_empty()
    }

    /// Sends what nobody takes along, until the link is over.
    pub(super) async fn work(self: Arc<Self>, link: Arc<Link>) {
        let mut told = false;
        loop {
            while self.queue().waiting.is_empty() {
                self.come.notified().await;
            }
            sleep(LAZY).await;
            let Some(connection) = link.up_whenever().await else {
                return;
            };
            let taken = self.take();
            if taken.is_empty() {
                continue;
            }
            let deadline = Instant::now() + super::link::PATIENCE;
            let answered = link.attempt(connection.clone(), taken.commands(), deadline).await;
            let again = match answered.map(|answers| taken.settle(&link, answers)) {
                Ok(None) => {
                    told = false;
                    false
                }
                Ok(Some(Verdict::Load)) => link.load(&connection).await.is_err(),
                Ok(Some(Verdict::Later)) | Err(_) => true,
                Ok(Some(Verdict::Failed(error))) => {
                    if !told {
                        tracing::error!(%error, "the end of an event could not be recorded; it is tried until it is");
                    }
                    told = true;
                    true
                }
            };
            if again {
                sleep(AGAIN).await;
            }
        }
    }
}

impl Taken<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.lazies.is_empty()
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = &Cmd> {
        self.lazies.values().flat_map(|lazy| &lazy.commands)
    }

    pub(super) fn count(&self) -> usize {
        self.lazies.values().map(|lazy| lazy.commands.len()).sum()
    }

    /// What was answered: the rest is put back. Why, if there is a rest.
    pub(super) fn settle(mut self, link: &Link, answers: Vec<Value>) -> Option<Verdict> {
        let mut answers = answers.into_iter();
        let mut why = None;
        let mut left = BTreeMap::new();
        let mut next = Vec::new();
        let mut done = Vec::new();
        for (number, lazy) in std::mem::take(&mut self.lazies) {
            let of_this: Vec<Value> = answers.by_ref().take(lazy.commands.len()).collect();
            let refused = of_this.iter().find_map(|answer| match answer {
                Value::ServerError(error) => Some(link.verdict(error)),
                _ => None,
            });
            // What follows something that could not be done keeps its place behind it.
            if refused.is_some() {
                why = refused;
                left.insert(number, lazy);
            } else {
                done.push(lazy.seq);
                next.extend(lazy.then.map(|commands| (lazy.seq, commands)));
            }
        }
        self.lazies = left;
        let mut queue = self.clerk.queue();
        for seq in done {
            queue.arrive(seq);
        }
        drop(queue);
        for (seq, commands) in next {
            self.clerk.add(Lazy {
                seq,
                commands,
                then: None,
            });
        }
        why
    }
}

impl Queue {
    fn arrive(&mut self, seq: Seq) {
        if let Some(count) = self.on_the_way.get_mut(&seq) {
            *count -= 1;
            if *count == 0 {
                self.on_the_way.remove(&seq);
            }
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let lazies = std::mem::take(&mut self.lazies);
        let back = !lazies.is_empty();
        let mut queue = self.clerk.queue();
        for (number, lazy) in lazies {
            queue.arrive(lazy.seq);
            queue.waiting.insert(number, lazy);
        }
        drop(queue);
        self.clerk.moved.notify_waiters();
        if back {
            self.clerk.come.notify_one();
        }
    }
}
