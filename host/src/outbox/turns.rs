//! Whose turn it is to write to a conversation: at its pace, short answers before bulk, each kind in order.

use super::pace::Pace;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// So many short answers go before bulk that waits, then one of it goes: a busy conversation must not hold a long answer
/// up for ever.
const OVERTAKE: u32 = 4;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// An answer, or the first part of one: somebody waits for it.
    Short,
    /// Later parts of long answers, files, changes of what stands there.
    Bulk,
}

/// The turns of all conversations.
pub struct Turns(Mutex<State>);

struct State {
    pace: Pace,
    lines: HashMap<String, Line>,
}

/// Those who wait for one conversation. It is kept only while somebody does.
#[derive(Default)]
struct Line {
    short: VecDeque<Arc<Notify>>,
    bulk: VecDeque<Arc<Notify>>,
    overtaken: u32,
}

impl Turns {
    /// Turns at a pace.
    pub fn new(pace: Pace) -> Self {
        Self(Mutex::new(State {
            pace,
            lines: HashMap::new(),
        }))
    }

    /// Waits for the turn to write to a conversation. Dropping the future gives the place in the line up.
    pub async fn turn(&self, conversation: &str, rank: Rank) {
        let place = {
            let mut state = self.lock();
            let now = Instant::now().into_std();
            if !state.lines.contains_key(conversation) && state.pace.wait(conversation, now).is_zero() {
                state.pace.reserve(conversation, now);
                return;
            }
            let ticket = Arc::new(Notify::new());
            let line = state.lines.entry(conversation.to_owned()).or_default();
            line.queue(rank).push_back(Arc::clone(&ticket));
            Place {
                turns: self,
                conversation,
                rank,
                ticket,
            }
        };
        loop {
            let wait = {
                let mut state = self.lock();
                let first = state.lines.get(conversation).and_then(Line::first);
                if first.is_some_and(|first| Arc::ptr_eq(first, &place.ticket)) {
                    let now = Instant::now().into_std();
                    let wait = state.pace.wait(conversation, now);
                    if wait.is_zero() {
                        state.pace.reserve(conversation, now);
                        if let Some(line) = state.lines.get_mut(conversation) {
                            line.passed(rank);
                        }
                        // Leaving the line, it calls the next one.
                        return;
                    }
                    Some(wait)
                } else {
                    None
                }
            };
            match wait {
                // Whoever comes meanwhile may be more urgent: it is looked again then.
                Some(wait) => tokio::time::sleep(wait).await,
                None => place.ticket.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn queue(&mut self, rank: Rank) -> &mut VecDeque<Arc<Notify>> {
        match rank {
            Rank::Short => &mut self.short,
            Rank::Bulk => &mut self.bulk,
        }
    }

    fn first(&self) -> Option<&Arc<Notify>> {
        if self.overtaken >= OVERTAKE {
            self.bulk.front().or(self.short.front())
        } else {
            self.short.front().or(self.bulk.front())
        }
    }

    fn passed(&mut self, rank: Rank) {
        self.overtaken = match rank {
            Rank::Short if !self.bulk.is_empty() => self.overtaken + 1,
            Rank::Short | Rank::Bulk => 0,
        };
    }
}

/// A place in a line; dropping it leaves the line.
struct Place<'a> {
    turns: &'a Turns,
    conversation: &'a str,
    rank: Rank,
    ticket: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let Some(line) = state.lines.get_mut(self.conversation) else {
            return;
        };
        line.queue(self.rank).retain(|other| !Arc::ptr_eq(other, &self.ticket));
        match line.first() {
            Some(next) => next.notify_one(),
            None => drop(state.lines.remove(self.conversation)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::task::JoinSet;

    type Order = Arc<Mutex<Vec<(&'static str, u64)>>>;

    struct Bench {
        turns: Arc<Turns>,
        order: Order,
        begun: Instant,
        tasks: JoinSet<()>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                turns: Arc::new(Turns::new(Pace::new(1.0, 1))),
                order: Order::default(),
                begun: Instant::now(),
                tasks: JoinSet::new(),
            }
        }

        async fn ask(&mut self, name: &'static str, conversation: &'static str, rank: Rank) {
            let (turns, order, begun) = (Arc::clone(&self.turns), Arc::clone(&self.order), self.begun);
            self.tasks.spawn(async move {
                turns.turn(conversation, rank).await;
                order.lock().unwrap().push((name, begun.elapsed().as_secs()));
            });
            tokio::task::yield_now().await;
        }

        async fn order(self) -> Vec<(&'static str, u64)> {
            self.tasks.join_all().await;
            assert!(self.turns.lock().lines.is_empty(), "nobody is left in a line");
            std::mem::take(&mut *self.order.lock().unwrap())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn short_answers_go_before_bulk_at_the_same_pace() {
        let mut bench = Bench::new();
        bench.ask("first", "C1", Rank::Bulk).await;
        bench.ask("bulk 1", "C1", Rank::Bulk).await;
        bench.ask("bulk 2", "C1", Rank::Bulk).await;
        bench.ask("elsewhere", "C2", Rank::Bulk).await;
        tokio::time::advance(Duration::from_millis(500)).await;
        bench.ask("short 1", "C1", Rank::Short).await;
        bench.ask("short 2", "C1", Rank::Short).await;
        assert_eq!(
            bench.order().await,
            [
                ("first", 0),
                ("elsewhere", 0),
                ("short 1", 1),
                ("short 2", 2),
                ("bulk 1", 3),
                ("bulk 2", 4)
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_is_not_held_up_for_ever() {
        let mut bench = Bench::new();
        bench.ask("first", "C1", Rank::Short).await;
        bench.ask("bulk", "C1", Rank::Bulk).await;
        for _ in 0..6 {
            bench.ask("short", "C1", Rank::Short).await;
        }
        let order = bench.order().await;
        let at = order.iter().position(|(name, _)| *name == "bulk").unwrap();
        assert_eq!(at, 1 + OVERTAKE as usize, "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_costs_no_turn() {
        let mut bench = Bench::new();
        bench.ask("first", "C1", Rank::Short).await;
        let turns = Arc::clone(&bench.turns);
        let gives_up = tokio::spawn(async move { turns.turn("C1", Rank::Short).await });
        tokio::task::yield_now().await;
        bench.ask("second", "C1", Rank::Bulk).await;
        gives_up.abort();
        assert_eq!(bench.order().await, [("first", 0), ("second", 1)]);
    }
}
