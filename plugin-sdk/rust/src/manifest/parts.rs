//! What `plugin!` is given, sorted by what it is. All of it happens while the plugin compiles.

use super::{Command, Hear, On, Press};

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
}

/// How many commands, patterns, functions for presses and functions for events there are.
pub const fn count(parts: &[Part]) -> (usize, usize, usize, usize) {
    let (mut commands, mut hears, mut presses, mut events) = (0, 0, 0, 0);
    let mut rest = parts;
    while let [first, tail @ ..] = rest {
        match first {
            Part::Command(_) => commands += 1,
            Part::Hear(_) => hears += 1,
            Part::Press(_) => presses += 1,
            Part::Event(_) => events += 1,
        }
        rest = tail;
    }
    (commands, hears, presses, events)
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
        ];
        assert_eq!(count(&parts), (1, 2, 1, 1));
        let commands = commands_of::<1>(&parts);
        let hears = hears_of::<2>(&parts);
        assert_eq!((commands[0].name, hears[0].id, hears[1].id), ("bare", "guide", ""));
        assert_eq!(
            (presses_of::<1>(&parts)[0].id, events_of::<1>(&parts).len()),
            ("order", 1)
        );
    }
}
