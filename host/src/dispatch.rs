//! Who runs when: a queue and a number of places for each plugin, and order where order is promised.
//!
//! Calls of one plugin by one person in one conversation (one *order key*) run in order of arrival, one at a time, and
//! the next begins only when the answer of the one before has left. Everything else runs side by side, as many calls of
//! a plugin at once as its limits allow; further ones wait in its queue, and what does not fit there is refused at once.
//!
//! Nothing here knows what a call is: work goes in, and comes out through `run` with a [`Turn`] to be given back.

use crate::sight::Load;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Work with the same key runs in order, one after the other. Two keys that collide are ordered without need, which
/// costs a little time and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderKey(u64);

impl OrderKey {
    /// The key of a person in a conversation.
    pub fn new(conversation: &str, person: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (conversation, person).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// How much of one plugin may go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Calls that run side by side.
    pub concurrency: usize,
    /// Calls that may wait.
    pub queue: usize,
}

/// The queue of a plugin is full; the work comes back to be refused politely.
#[derive(Debug)]
pub struct Full<W>(pub W);

struct Lane<W> {
    running: usize,
    busy: HashSet<OrderKey>,
    waiting: VecDeque<(OrderKey, W)>,
}

/// All lanes, by plugin.
struct Lanes<W> {
    by_plugin: HashMap<Arc<str>, Lane<W>>,
    stopped: bool,
}

struct Inner<W: Send + 'static> {
    lanes: Mutex<Lanes<W>>,
    run: Box<dyn Fn(W, Turn<W>) + Send + Sync>,
}

/// The queues of all plugins.
pub struct Dispatch<W: Send + 'static> {
    inner: Arc<Inner<W>>,
}

impl<W: Send + 'static> Clone for Dispatch<W> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<W: Send + 'static> Dispatch<W> {
    /// `run` starts a piece of work and returns at once; the turn is dropped when the work is over.
    pub fn new(run: impl Fn(W, Turn<W>) + Send + Sync + 'static) -> Self {
        let lanes = Lanes {
            by_plugin: HashMap::new(),
            stopped: false,
        };
        Self {
            inner: Arc::new(Inner {
                lanes: Mutex::new(lanes),
                run: Box::new(run),
            }),
        }
    }

    /// Runs the work now, or as soon as its plugin has room and its key is free.
    ///
    /// After [`Dispatch::stop`] it is dropped.
    ///
    /// # Errors
    /// [`Full`] with the work when the plugin's queue holds `room.queue` already.
    pub fn offer(&self, plugin: &str, key: OrderKey, room: Room, work: W) -> Result<(), Full<W>> {
        let turn = {
            let mut lanes = lock(&self.inner.lanes);
            if lanes.stopped {
                return Ok(());
            }
            let lanes = &mut lanes.by_plugin;
            let plugin: Arc<str> = match lanes.get_key_value(plugin) {
                Some((known, _)) => Arc::clone(known),
                None => Arc::from(plugin),
            };
            let lane = lanes.entry(Arc::clone(&plugin)).or_insert_with(|| Lane {
                running: 0,
                busy: HashSet::new(),
                waiting: VecDeque::new(),
            });
            // What waits for its key must not be overtaken by later work of the same key.
            if lane.running >= room.concurrency.max(1) || lane.busy.contains(&key) {
                if lane.waiting.len() >= room.queue {
                    return Err(Full(work));
                }
                lane.waiting.push_back((key, work));
                return Ok(());
            }
            lane.running += 1;
            lane.busy.insert(key);
            Turn {
                inner: Arc::clone(&self.inner),
                plugin,
                key,
                room,
                holds_place: true,
            }
        };
        (self.inner.run)(work, turn);
        Ok(())
    }

    /// Begins nothing any more: what waits, and what is still offered, is dropped. Whoever needs it has it elsewhere.
    pub fn stop(&self) {
        let waiting: Vec<_> = {
            let mut lanes = lock(&self.inner.lanes);
            lanes.stopped = true;
            lanes
                .by_plugin
                .values_mut()
                .map(|lane| std::mem::take(&mut lane.waiting))
                .collect()
        };
        // Not under the lock: nobody knows what hangs on it.
        drop(waiting);
    }

    /// How many calls run and wait, by plugin; those with nothing to do are left out.
    pub fn loads(&self) -> BTreeMap<String, Load> {
        let lanes = lock(&self.inner.lanes);
        let load = |lane: &Lane<W>| Load {
            running: lane.busy.len(),
            waiting: lane.waiting.len(),
        };
        let all = lanes.by_plugin.iter();
        all.map(|(plugin, lane)| (plugin.to_string(), load(lane))).collect()
    }

    /// How many calls of all plugins run or wait.
    pub fn outstanding(&self) -> usize {
        lock(&self.inner.lanes)
            .by_plugin
            .values()
            .map(|lane| lane.busy.len() + lane.waiting.len())
            .sum()
    }
}

/// The right to run, given back by dropping it.
pub struct Turn<W: Send + 'static> {
    inner: Arc<Inner<W>>,
    plugin: Arc<str>,
    key: OrderKey,
    room: Room,
    holds_place: bool,
}

impl<W: Send + 'static> Turn<W> {
    /// The guest is done, its answer is not out yet: others of the plugin may run, the same key still waits.
    pub fn leave_place(&mut self) {
        if std::mem::take(&mut self.holds_place) {
            self.next(|lane, _| lane.running = lane.running.saturating_sub(1));
        }
    }

    fn next(&self, release: impl FnOnce(&mut Lane<W>, OrderKey)) {
        let mut started = Vec::new();
        {
            let mut lanes = lock(&self.inner.lanes);
            let lanes = &mut lanes.by_plugin;
            let Some(lane) = lanes.get_mut(&self.plugin) else {
                return;
            };
            release(lane, self.key);
            while lane.running < self.room.concurrency.max(1) {
                let Some(at) = lane.waiting.iter().position(|(key, _)| !lane.busy.contains(key)) else {
                    break;
                };
                let Some((key, work)) = lane.waiting.remove(at) else {
                    break;
                };
                lane.running += 1;
                lane.busy.insert(key);
                let turn = Turn {
                    inner: Arc::clone(&self.inner),
                    plugin: Arc::clone(&self.plugin),
                    key,
                    room: self.room,
                    holds_place: true,
                };
                started.push((work, turn));
            }
            if lane.busy.is_empty() && lane.waiting.is_empty() {
                lanes.remove(&self.plugin);
            }
        }
        for (work, turn) in started {
            (self.inner.run)(work, turn);
        }
    }
}

impl<W: Send + 'static> Drop for Turn<W> {
    fn drop(&mut self) {
        let held_place = self.holds_place;
        self.next(|lane, key| {
            if held_place {
                lane.running = lane.running.saturating_sub(1);
            }
            lane.busy.remove(&key);
        });
    }
}

/// A panic while the lock was held leaves counters at worst slightly off; refusing all work from then on would be worse.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Started = Arc<Mutex<Vec<(u32, Turn<u32>)>>>;

    fn house() -> (Dispatch<u32>, Started) {
        let started: Started = Arc::default();
        let log = Arc::clone(&started);
        (Dispatch::new(move |work, turn| lock(&log).push((work, turn))), started)
    }

    fn running(started: &Started) -> Vec<u32> {
        lock(started).iter().map(|(work, _)| *work).collect()
    }

    fn end(started: &Started, work: u32) {
        let ended = {
            let mut started = lock(started);
            let at = started.iter().position(|(w, _)| *w == work).unwrap();
            started.remove(at)
        };
        drop(ended);
    }

    fn key(person: &str) -> OrderKey {
        OrderKey::new("C1", person)
    }

    const ROOM: Room = Room {
        concurrency: 2,
        queue: 3,
    };

    #[test]
    fn one_key_runs_in_order_and_others_pass_it() {
        let (dispatch, started) = house();
        dispatch.offer("p", key("a"), ROOM, 1).unwrap();
        dispatch.offer("p", key("a"), ROOM, 2).unwrap();
        dispatch.offer("p", key("b"), ROOM, 3).unwrap();
        assert_eq!(running(&started), [1, 3]);
        end(&started, 1);
        assert_eq!(running(&started), [3, 2]);
    }

    #[test]
    fn past_the_places_work_waits_and_past_the_queue_it_comes_back() {
        let (dispatch, started) = house();
        for (n, person) in ["a", "b", "c", "d", "e"].iter().enumerate() {
            dispatch.offer("p", key(person), ROOM, n as u32).unwrap();
        }
        assert_eq!(running(&started), [0, 1]);
        let Full(back) = dispatch.offer("p", key("f"), ROOM, 9).unwrap_err();
        assert_eq!(back, 9);
        dispatch.offer("other", key("f"), ROOM, 10).unwrap();
        assert_eq!(running(&started), [0, 1, 10]);
        assert_eq!(dispatch.outstanding(), 6);
        let loads = dispatch.loads();
        let load = |plugin: &str| loads.get(plugin).map(|load| (load.running, load.waiting));
        assert_eq!((load("p"), load("other")), (Some((2, 3)), Some((1, 0))));
    }

    #[test]
    fn after_a_stop_nothing_begins_any_more() {
        let (dispatch, started) = house();
        dispatch.offer("p", key("a"), ROOM, 1).unwrap();
        dispatch.offer("p", key("a"), ROOM, 2).unwrap();
        dispatch.stop();
        dispatch.offer("p", key("b"), ROOM, 3).unwrap();
        assert_eq!((running(&started), dispatch.outstanding()), (vec![1], 1));
        end(&started, 1);
        assert_eq!((running(&started), dispatch.outstanding()), (vec![], 0));
    }

    #[test]
    fn a_place_left_early_is_free_for_others_but_not_for_the_same_key() {
        let (dispatch, started) = house();
        let one = Room {
            concurrency: 1,
            queue: 8,
        };
        dispatch.offer("p", key("a"), one, 1).unwrap();
        dispatch.offer("p", key("a"), one, 2).unwrap();
        dispatch.offer("p", key("b"), one, 3).unwrap();
        let (_, mut turn) = lock(&started).remove(0);
        turn.leave_place();
        assert_eq!(running(&started), [3]);
        end(&started, 3);
        assert_eq!(running(&started), [] as [u32; 0]);
        drop(turn);
        assert_eq!(running(&started), [2]);
        end(&started, 2);
        assert_eq!(dispatch.outstanding(), 0);
    }
}
