//! How often people may ask for something (`[rate]`): a person's commands, and a command of all people together.
//!
//! It is asked once for each event that was accepted, after its twins were recognised, and counts what would run
//! otherwise. All of it is in memory: a restart forgives. What is refused costs nothing, so that whoever goes on trying is
//! let through again as soon as the limit allows, and they are not told each time.

use arc_swap::ArcSwap;
use moa_core::access::{Caller, CommandName};
use moa_core::config;
use moa_core::event::Event;
use moa_core::locale::UserNotice;
use moa_core::rate::Rate;
use moa_core::router::{CommandMatch, Table};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nobody is told again that they have to wait.
const TOLD: Duration = Duration::from_secs(10);
/// People who are kept in mind before those at rest are forgotten.
const KEPT: usize = 10_000;

/// Whether something may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It may, and counts from now on.
    Yes,
    /// It may not, and the person is told.
    No(UserNotice),
    /// It may not, and the person was told just now.
    Again,
}

/// The limits, and where everybody stands.
#[derive(Debug, Default)]
pub struct Rates(ArcSwap<Book>);

impl Rates {
    /// These limits.
    pub fn new(rates: &config::Rates) -> Self {
        Self(ArcSwap::from_pointee(Book::new(rates)))
    }

    /// Other limits from now on, of which nobody has used up anything.
    pub fn replace(&self, rates: &config::Rates) {
        self.0.store(Arc::new(Book::new(rates)));
    }

    /// Counts a command of those in `table`, if it may be asked for now.
    pub fn admit(&self, event: &Event, command: &CommandMatch, table: &Table, now: Instant) -> Admitted {
        self.0.load().admit(event, command, table, now)
    }
}

/// Some limits, and where everybody stands with them.
#[derive(Debug)]
struct Book {
    user: Option<Rate>,
    commands: Vec<Limited>,
    begun: Instant,
    state: Mutex<State>,
}

/// A command that has a limit.
#[derive(Debug)]
struct Limited {
    text: String,
    named: CommandName,
    rate: Rate,
}

/// Points in time are counted from [`Book::begun`].
#[derive(Debug, Default)]
struct State {
    people: HashMap<String, Person>,
    /// Until when each of the commands is paid for.
    commands: Vec<Duration>,
}

#[derive(Debug, Default)]
struct Person {
    /// Until when what they asked for is paid for.
    paid: Duration,
    /// Until when they are not told again.
    told: Duration,
}

impl Person {
    fn is_at_rest(&self, now: Duration) -> bool {
        self.paid <= now && self.told <= now
    }
}

impl Book {
    fn new(rates: &config::Rates) -> Self {
        let limited = |(text, rate): (&String, &Rate)| {
            CommandName::new(text).map(|named| Limited {
                text: text.clone(),
                named,
                rate: *rate,
            })
        };
        let commands: Vec<Limited> = rates.commands.iter().filter_map(limited).collect();
        let state = State {
            commands: vec![Duration::ZERO; commands.len()],
            ..State::default()
        };
        Self {
            user: rates.user,
            commands,
            begun: Instant::now(),
            state: Mutex::new(state),
        }
    }

    fn admit(&self, event: &Event, command: &CommandMatch, table: &Table, now: Instant) -> Admitted {
        if self.user.is_none() && self.commands.is_empty() {
            return Admitted::Yes;
        }
        let asked = table.asked(command);
        let of_this = |limited: &Limited| limited.named.fits(asked.plugin, &asked.names);
        let limits: Vec<(usize, &Limited)> = self
            .commands
            .iter()
            .enumerate()
            .filter(|(_, limited)| of_this(limited))
            .collect();
        if self.user.is_none() && limits.is_empty() {
            return Admitted::Yes;
        }
        let now = now.saturating_duration_since(self.begun);
        let mut state = self.lock();
        let State { people, commands } = &mut *state;
        let key = key_of(event);
        let paid = |index: usize| commands.get(index).copied().unwrap_or_default();
        let waits = limits.iter().map(|(index, limited)| {
            let notice = |wait| UserNotice::TooOften {
                command: limited.text.clone(),
                rate: limited.rate,
                wait,
            };
            let wait = limited.rate.wait(paid(*index), now);
            (wait, notice(wait))
        });
        let own = self.user.map(|rate| {
            let wait = rate.wait(people.get(&key).map_or(Duration::ZERO, |person| person.paid), now);
            (wait, UserNotice::TooMany { rate, wait })
        });
        // That which takes longest: after it the others are over, too.
        let refused = waits.chain(own).filter(|(wait, _)| !wait.is_zero());
        let refused = refused.max_by_key(|(wait, _)| *wait);
        if !people.contains_key(&key) {
            make_room(people, now);
        }
        if let Some((_, notice)) = refused {
            let person = people.entry(key).or_default();
            if person.told > now {
                return Admitted::Again;
            }
            person.told = now + TOLD;
            return Admitted::No(notice);
        }
        if let Some(rate) = self.user {
            let person = people.entry(key).or_default();
            person.paid = rate.done(person.paid, now);
        }
        for (index, limited) in limits {
            if let Some(paid) = commands.get_mut(index) {
                *paid = limited.rate.done(*paid, now);
            }
        }
        Admitted::Yes
    }

    /// No panic leaves it half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Book {
    /// No limits.
    fn default() -> Self {
        Self::new(&config::Rates::default())
    }
}

/// Whose limit it is: a person's; where nobody has an id that can be trusted, the conversation's.
fn key_of(event: &Event) -> String {
    let caller = Caller::of(event, |_| BTreeSet::new());
    let (mark, id) = match caller.user {
        Some(user) => ('@', user),
        None => ('#', caller.conversation),
    };
    format!("{}/{}/{mark}{id}", caller.service, event.team)
}

/// Forgets those who have all of their limit; if nobody has, whoever is nearest to it.
fn make_room(people: &mut HashMap<String, Person>, now: Duration) {
    if people.len() < KEPT {
        return;
    }
    people.retain(|_, person| !person.is_at_rest(now));
    if people.len() >= KEPT {
        let nearest = people.iter().min_by_key(|(_, person)| person.paid);
        if let Some(key) = nearest.map(|(key, _)| key.clone()) {
            people.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;
    use moa_core::manifest::{Confirm, Manifest};
    use std::collections::BTreeMap;

    struct Desk {
        rates: Book,
        table: Table,
    }

    impl Desk {
        fn new(user: &str, commands: &[(&str, &str)]) -> Self {
            let rate = |text: &str| Rate::parse(text).unwrap();
            let commands = commands.iter().map(|(name, text)| ((*name).to_owned(), rate(text)));
            let rates = config::Rates {
                user: Rate::parse(user),
                commands: commands.collect::<BTreeMap<_, _>>(),
            };
            let manifest = r#"{"name": "ops", "commands": [
                {"name": "deploy", "aliases": ["배포"], "subcommands": [{"name": "web"}]}, {"name": "list"}]}"#;
            let manifest = Manifest::parse(manifest).unwrap().manifest;
            Self {
                rates: Book::new(&rates),
                table: Table::build(&[("ops", &manifest)], &BTreeMap::new(), &BTreeMap::new()).0,
            }
        }

        /// Seconds after the start.
        fn asks(&self, user: &str, command: &str, at: u64) -> Admitted {
            let mut words = command.split(' ').map(str::to_owned);
            let command = CommandMatch {
                plugin: "ops".into(),
                command: words.next().unwrap(),
                path: words.collect(),
                args: Vec::new(),
                rest: String::new(),
                tokens: Vec::new(),
                restricted: false,
                confirm: Confirm::None,
            };
            let event = message(user, "1.0", "x");
            let now = self.rates.begun + Duration::from_secs(at);
            self.rates.admit(&event, &command, &self.table, now)
        }

        fn counts(&self, user: &str, command: &str, at: u64, times: usize) -> usize {
            (0..times)
                .filter(|_| self.asks(user, command, at) == Admitted::Yes)
                .count()
        }
    }

    #[test]
    fn without_limits_everything_may_be_asked_for_and_nothing_is_kept() {
        let desk = Desk::new("", &[]);
        assert_eq!(desk.counts("U1", "deploy", 0, 1000), 1000);
        assert!(desk.rates.lock().people.is_empty());
    }

    #[test]
    fn one_person_uses_up_their_own_and_is_told_once_how_long_to_wait() {
        let desk = Desk::new("60/1m", &[]);
        assert_eq!(desk.counts("U1", "list", 0, 60), 60);
        let Admitted::No(UserNotice::TooMany { wait, .. }) = desk.asks("U1", "deploy", 0) else {
            panic!("that was one too many")
        };
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(desk.asks("U1", "list", 0), Admitted::Again);
        assert_eq!(desk.counts("U2", "list", 0, 100), 60, "others have their own");
        assert_eq!(desk.asks("U1", "list", 1), Admitted::Yes);
        assert_eq!(desk.asks("U1", "list", 1), Admitted::Again);
        // Told again after a while; that it was refused so often cost nothing.
        assert_eq!(desk.counts("U1", "list", 12, 11), 11);
        assert!(matches!(desk.asks("U1", "list", 12), Admitted::No(_)));
    }

    #[test]
    fn a_command_is_counted_for_all_people_and_under_all_its_names() {
        let desk = Desk::new("", &[("배포", "3/1h"), ("ops:deploy web", "1/1h"), ("list", "1/1s")]);
        assert_eq!(desk.asks("U1", "deploy web", 0), Admitted::Yes);
        // The narrower limit, which takes longer; the wider one pays nothing for it.
        let Admitted::No(UserNotice::TooOften { command, wait, .. }) = desk.asks("U2", "deploy web", 0) else {
            panic!("once an hour")
        };
        assert_eq!((command.as_str(), wait.as_secs()), ("ops:deploy web", 3600));
        assert_eq!(desk.counts("U3", "deploy", 0, 10), 2);
        assert_eq!(desk.asks("U3", "list", 0), Admitted::Yes, "another command");
        assert_eq!(desk.asks("U3", "deploy", 1200), Admitted::Yes);
        assert!(matches!(desk.asks("U3", "deploy", 1200), Admitted::No(_)));
    }

    #[test]
    fn what_one_limit_refuses_another_does_not_count() {
        let desk = Desk::new("2/1m", &[("deploy", "1/1h")]);
        assert_eq!(desk.asks("U1", "deploy", 0), Admitted::Yes);
        assert!(matches!(
            desk.asks("U1", "deploy", 0),
            Admitted::No(UserNotice::TooOften { .. })
        ));
        assert_eq!(desk.asks("U1", "list", 0), Admitted::Yes, "one of two is left");
        assert_eq!(desk.asks("U1", "list", 0), Admitted::Again);
    }

    #[test]
    fn however_many_people_there_are_not_more_than_so_many_are_kept() {
        let desk = Desk::new("1/1h", &[]);
        for n in 0..KEPT + 100 {
            assert_eq!(desk.asks(&format!("U{n}"), "list", n as u64 / 100), Admitted::Yes);
        }
        assert_eq!(desk.rates.lock().people.len(), KEPT);
        // The last ones are remembered, and all are forgotten who have their limit again.
        assert!(matches!(
            desk.asks(&format!("U{}", KEPT + 99), "list", 200),
            Admitted::No(_)
        ));
        assert_eq!(desk.asks("new", "list", 8000), Admitted::Yes);
        assert_eq!(desk.rates.lock().people.len(), 1);
    }
}
