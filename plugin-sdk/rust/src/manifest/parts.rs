//! What `plugin!` is given, sorted by what it is. All of it happens while the plugin compiles.

use super::{Command, Hear, Job, On, Press, Webhook};

/// One thing that a plugin is made of.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// A command.
    Command(Command),
    /// A pattern.
    Hear(Hear),
    /// What handles presses.
    Press(Press),
    /// What learns of events.
    Event(On),
    /// What runs when it is due.
    Job(Job),
    /// What serves requests.
    Webhook(Webhook),
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Commands.
    pub commands: usize,
    /// Patterns.
    pub hears: usize,
    /// Functions for presses.
    pub presses: usize,
    /// Functions for events.
    pub events: usize,
    /// Jobs.
    pub jobs: usize,
    /// Webhooks.
    pub webhooks: usize,
}

/// Counts what `plugin!` is given.
pub const fn count(parts: &[Part]) -> Count {
    let mut count = Count {
        commands: 0,
        hears: 0,
        presses: 0,
        events: 0,
        jobs: 0,
        webhooks: 0,
    };
    let mut rest = parts;
    while let [first, tail @ ..] = rest {
        match first {
            Part::Command(_) => count.commands += 1,
            Part::Hear(_) => count.hears += 1,
            Part::Press(_) => count.presses += 1,
            Part::Event(_) => count.events += 1,
            Part::Job(_) => count.jobs += 1,
            Part::Webhook(_) => count.webhooks += 1,
        }
        rest = tail;
    }
    count
}

/// A function that picks one kind: generic code can do nothing with its values in constants yet.
macro_rules! pick {
    ($(#[$doc:meta])* $name:ident, $part:ident, $of:ident) => {
        $(#[$doc])*
        pub const fn $name<const N: usize>(parts: &[Part]) -> [$of; N] {
            let mut picked = [$of::BLANK; N];
            let (mut rest, mut free) = (parts, picked.as_mut_slice());
            while let [first, tail @ ..] = rest {
                rest = tail;
                let Part::$part(part) = first else { continue };
                let Some((slot, others)) = free.split_first_mut() else {
                    break;
                };
                *slot = *part;
                free = others;
            }
            picked
        }
    };
}

pick! {
    /// The commands alone; `N` is their number.
    commands_of, Command, Command
}
pick! {
    /// The patterns alone; `N` is their number.
    hears_of, Hear, Hear
}
pick! {
    /// The functions for presses alone; `N` is their number.
    presses_of, Press, Press
}
pick! {
    /// The functions for events alone; `N` is their number.
    events_of, Event, On
}
pick! {
    /// The jobs alone; `N` is their number.
    jobs_of, Job, Job
}
pick! {
    /// The webhooks alone; `N` is their number.
    webhooks_of, Webhook, Webhook
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_sorted_by_what_they_are() {
        let command = Command {
            name: "bare",
            ..Command::BLANK
        };
        let hear = Hear {
            id: "guide",
            pattern: "guide",
            ..Hear::BLANK
        };
        let press = Press {
            id: "order",
            ..Press::BLANK
        };
        let parts = [
            Part::Hear(hear),
            Part::Press(press),
            Part::Command(command),
            Part::Event(On::BLANK),
            Part::Hear(Hear::BLANK),
            Part::Webhook(Webhook::BLANK),
            Part::Job(Job::BLANK),
            Part::Job(Job {
                id: "menu",
                ..Job::BLANK
            }),
        ];
        let expected = Count {
            commands: 1,
            hears: 2,
            presses: 1,
            events: 1,
            jobs: 2,
            webhooks: 1,
        };
        assert_eq!(count(&parts), expected);
        let commands = commands_of::<1>(&parts);
        let hears = hears_of::<2>(&parts);
        assert_eq!((commands[0].name, hears[0].id, hears[1].id), ("bare", "guide", ""));
        assert_eq!(
            (presses_of::<1>(&parts)[0].id, events_of::<1>(&parts).len()),
            ("order", 1)
        );
        assert_eq!(
            (jobs_of::<2>(&parts)[1].id, webhooks_of::<1>(&parts)[0].verify),
            ("menu", "none")
        );
    }
}
