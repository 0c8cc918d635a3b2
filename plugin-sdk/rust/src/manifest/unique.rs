//! What no two parts of a plugin may share. All of it is checked while the plugin compiles.

use super::{ArgSpec, Command, Hear, Job, On, Press, Webhook};

/// Whether no two commands share a name or alias. Checked while compiling.
pub const fn are_words_unique(commands: &[Command]) -> bool {
    let mut rest = commands;
    while let [first, tail @ ..] = rest {
        if !is_new(first.name, first.aliases, tail) {
            return false;
        }
        let mut aliases = first.aliases;
        while let [alias, others @ ..] = aliases {
            if !is_new(alias, others, tail) {
                return false;
            }
            aliases = others;
        }
        rest = tail;
    }
    true
}

const fn is_new(word: &str, siblings: &[&str], commands: &[Command]) -> bool {
    let mut rest = commands;
    while let [command, tail @ ..] = rest {
        if is_same(word, command.name) || is_among(word, command.aliases) {
            return false;
        }
        rest = tail;
    }
    !is_among(word, siblings)
}

const fn is_among(word: &str, words: &[&str]) -> bool {
    let mut rest = words;
    while let [first, tail @ ..] = rest {
        if is_same(word, first) {
            return true;
        }
        rest = tail;
    }
    false
}

const fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, more_one @ ..], [b, more_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (more_one, more_other);
    }
    one.is_empty() && other.is_empty()
}

/// Whether no subcommand, however deep, has an argument of a name that one before it has.
pub const fn are_arguments_unique(before: &[ArgSpec], subcommands: &[Command]) -> bool {
    let mut rest = subcommands;
    while let [first, tail @ ..] = rest {
        let mut args = first.args;
        while let [arg, others @ ..] = args {
            if is_argument(arg.name, before) {
                return false;
            }
            args = others;
        }
        if !are_arguments_unique(before, first.subcommands) {
            return false;
        }
        rest = tail;
    }
    true
}

const fn is_argument(name: &str, args: &[ArgSpec]) -> bool {
    let mut rest = args;
    while let [first, tail @ ..] = rest {
        if is_same(name, first.name) {
            return true;
        }
        rest = tail;
    }
    false
}

/// Whether no two patterns share an id, which includes that at most one function hears what was taught.
pub const fn are_ids_unique(hears: &[Hear]) -> bool {
    let mut rest = hears;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if is_same(first.id, other.id) || (first.pattern.is_empty() && other.pattern.is_empty()) {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether no two functions handle the same presses.
pub const fn are_presses_unique(presses: &[Press]) -> bool {
    let mut rest = presses;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if first.of as u8 == other.of as u8 && is_same(first.id, other.id) {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether no two functions learn of the same event.
pub const fn are_events_unique(events: &[On]) -> bool {
    let mut rest = events;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if first.event as u8 == other.event as u8 {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether no two functions are for jobs of the same name.
pub const fn are_jobs_unique(jobs: &[Job]) -> bool {
    let mut rest = jobs;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if is_same(first.id, other.id) {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether no two functions serve the same address.
pub const fn are_webhooks_unique(webhooks: &[Webhook]) -> bool {
    let mut rest = webhooks;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if is_same(first.name, other.name) {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether every command stands below the commands that its function takes as `#[parent]`.
pub const fn are_parents_there(commands: &[Command]) -> bool {
    are_below(commands, None)
}

/// The commands above one, innermost first.
struct Chain<'a> {
    group: &'a str,
    above: Option<&'a Chain<'a>>,
}

const fn are_below(commands: &[Command], above: Option<&Chain<'_>>) -> bool {
    let mut rest = commands;
    while let [first, tail @ ..] = rest {
        let mut parents = first.parents;
        while let [parent, others @ ..] = parents {
            if !is_above(parent, above) {
                return false;
            }
            parents = others;
        }
        let here = Chain {
            group: first.group,
            above,
        };
        if !are_below(first.subcommands, Some(&here)) {
            return false;
        }
        rest = tail;
    }
    true
}

const fn is_above(parent: &str, mut above: Option<&Chain<'_>>) -> bool {
    while let Some(chain) = above {
        if is_same(parent, chain.group) {
            return true;
        }
        above = chain.above;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Event, Kind, PressFor};

    #[test]
    fn a_word_has_one_owner() {
        let named = |name, aliases| Command {
            name,
            aliases,
            ..Command::BLANK
        };
        assert!(are_words_unique(&[named("a", &["b"]), named("c", &["d"])]));
        assert!(are_words_unique(&[
            named("ab", &[]),
            named("a", &[]),
            named("abc", &[])
        ]));
        assert!(!are_words_unique(&[named("a", &[]), named("a", &[])]));
        assert!(!are_words_unique(&[named("a", &["b"]), named("c", &["b"])]));
        assert!(!are_words_unique(&[named("a", &["c"]), named("c", &[])]));
        assert!(!are_words_unique(&[named("a", &["a"])]));
        assert!(!are_words_unique(&[named("a", &["b", "b"])]));
    }

    #[test]
    fn arguments_of_all_levels_have_names_of_their_own() {
        const NAME: &[ArgSpec] = &[ArgSpec {
            name: "name",
            kind: Kind::String,
            optional: false,
            default: None,
            min: None,
            max: None,
            choices: &[],
        }];
        const LEAF: &[Command] = &[Command {
            args: NAME,
            ..Command::BLANK
        }];
        let middle = Command {
            subcommands: LEAF,
            ..Command::BLANK
        };
        assert!(!are_arguments_unique(NAME, LEAF));
        assert!(!are_arguments_unique(NAME, &[middle]));
        assert!(are_arguments_unique(&[], &[middle]));
    }

    #[test]
    fn parents_stand_above() {
        const LEAF: &[Command] = &[Command {
            parents: &["a::Top"],
            ..Command::BLANK
        }];
        const MIDDLE: &[Command] = &[Command {
            group: "a::Middle",
            subcommands: LEAF,
            ..Command::BLANK
        }];
        let top = Command {
            group: "a::Top",
            subcommands: MIDDLE,
            ..Command::BLANK
        };
        assert!(are_parents_there(&[top]));
        assert!(!are_parents_there(MIDDLE));
        assert!(!are_parents_there(LEAF));
    }

    #[test]
    fn patterns_have_ids_of_their_own() {
        let hear = |id, pattern| Hear {
            id,
            pattern,
            ..Hear::BLANK
        };
        assert!(are_ids_unique(&[hear("a", "x"), hear("b", "x"), hear("c", "")]));
        assert!(!are_ids_unique(&[hear("a", "x"), hear("a", "y")]));
        assert!(!are_ids_unique(&[hear("a", ""), hear("b", "")]));
    }
    #[test]
    fn presses_and_events_have_one_function_each() {
        let press = |of, id| Press { of, id, ..Press::BLANK };
        let event = |event| On { event, ..On::BLANK };
        assert!(are_presses_unique(&[
            press(PressFor::Action, "a"),
            press(PressFor::Action, "a:*"),
            press(PressFor::Submit, "a")
        ]));
        assert!(!are_presses_unique(&[
            press(PressFor::Submit, "a"),
            press(PressFor::Action, "a"),
            press(PressFor::Action, "a")
        ]));
        assert!(are_events_unique(&[event(Event::Joined), event(Event::Left)]));
        assert!(!are_events_unique(&[event(Event::Joined), event(Event::Joined)]));
    }

    #[test]
    fn jobs_and_webhooks_have_names_of_their_own() {
        let job = |id| Job { id, ..Job::BLANK };
        let webhook = |name| Webhook { name, ..Webhook::BLANK };
        assert!(are_jobs_unique(&[job("menu"), job("menu:*"), job("tidy")]));
        assert!(!are_jobs_unique(&[job("tidy"), job("menu"), job("menu")]));
        assert!(are_webhooks_unique(&[webhook("build"), webhook("deploy")]));
        assert!(!are_webhooks_unique(&[webhook("build"), webhook("build")]));
    }
}
