//! What came of a run.

use crate::tally::{Command, Tally};
use crate::{RETRY_AFTER, Rates};
use serde::Serialize;
use std::fmt::Write;

/// An answer that takes longer is late, in microseconds.
const LATE: u64 = 3_000_000;
/// So long after a fault of a connection a command counts as one that may feel it, in microseconds.
const SOON: u64 = 2_000_000;
/// How much of what was said wrongly is shown.
const SHOWN: usize = 10;

/// How often a fault took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Often {
    /// As the workspace recorded it.
    pub happened: usize,
    /// As it should, by what the workspace recorded of messages, events and posts.
    pub due: usize,
}

/// What went wrong with the workspace.
#[derive(Clone, Debug, Serialize)]
pub struct Faults {
    /// Connections that were told that they are refreshed, and closed.
    pub refreshes: Often,
    /// Connections that were dropped without a word.
    pub closes: Often,
    /// Events that came twice.
    pub duplicates: Often,
    /// Those of them that tell of a command.
    pub duplicated_commands: usize,
    /// Posts that were answered with 429.
    pub rate_limits: Often,
}

impl Faults {
    pub(crate) fn new(tally: &Tally, rates: &Rates) -> Self {
        let often = |happened, of: usize, every: u64| {
            let due = usize::try_from(every).ok().and_then(|every| of.checked_div(every));
            Often {
                happened,
                due: due.unwrap_or(0),
            }
        };
        Self {
            refreshes: often(tally.refreshes.len(), tally.messages, rates.refresh),
            closes: often(tally.closes.len(), tally.messages, rates.close),
            duplicates: often(tally.twins, tally.events, rates.duplicate),
            duplicated_commands: tally.twins_of_commands,
            rate_limits: often(tally.limits.len(), tally.posts, rates.rate_limit),
        }
    }

    /// Whether ends of connections are due that found none so far.
    pub(crate) fn are_owed(&self) -> bool {
        [self.refreshes, self.closes]
            .iter()
            .any(|often| often.happened < often.due)
    }
}

/// Deliveries that were not acknowledged in time, and so come again.
#[derive(Clone, Debug, Serialize)]
pub struct Redelivered {
    /// Their connection was dropped.
    pub after_close: usize,
    /// Their connection was refreshed, and closed before the acknowledgement came: the bot was slow, or there was no other
    /// connection to send them on any more.
    pub after_refresh: usize,
    /// Nobody was connected.
    pub nobody: usize,
    /// Their connection was open all the time: the bot was too slow.
    pub late: usize,
}

/// How fast some of the commands were answered, in milliseconds from message to first answer, by the workspace's clock.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which commands.
    pub what: &'static str,
    /// How many of them are answered.
    pub commands: usize,
    /// Half of them within this time.
    pub p50: f64,
    /// All but the slowest hundredth.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

/// The first answer to a command. Times are in microseconds since the workspace started.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The command's number.
    pub number: usize,
    /// When the workspace had the command.
    pub sent: u64,
    /// When it had the answer.
    pub answered: u64,
    /// The word that the answer began with; empty where answers are not signed.
    pub by: String,
}

/// Everything that was counted.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Commands that were given.
    pub commands: usize,
    /// How many waited for their answers at the same time.
    pub outstanding: usize,
    /// Commands that were answered exactly once.
    pub once: usize,
    /// Commands that were answered more than once.
    pub twice: usize,
    /// Commands that were not answered.
    pub lost: usize,
    /// Commands whose answer took longer than 3 s.
    pub late: usize,
    /// Messages of the bot that nobody asked for, or that were elsewhere than they should be.
    pub strange: Vec<String>,
    /// Whether all came to rest, so that nothing can have been said after the counting.
    pub at_rest: bool,
    /// What went wrong.
    pub faults: Faults,
    /// What had to be sent again.
    pub redelivered: Redelivered,
    /// Events that the workspace stopped sending though nobody acknowledged them.
    pub gave_up: usize,
    /// From the first command to the last answer, in seconds.
    pub seconds: f64,
    /// Times; the first row is of all commands.
    pub times: Vec<Row>,
    /// The commands that were answered, in the order in which they were given.
    #[serde(skip)]
    pub answers: Vec<Answer>,
}

impl Report {
    pub(crate) fn new(tally: &Tally, outstanding: usize, rates: &Rates, at_rest: bool, seconds: f64) -> Self {
        let commands = &tally.commands;
        let count = |which: fn(&Command) -> bool| commands.iter().filter(|command| which(command)).count();
        Self {
            commands: commands.len(),
            outstanding,
            once: count(|command| command.times == 1),
            twice: count(|command| command.times > 1),
            lost: count(|command| command.times == 0),
            late: count(|command| took(command).is_some_and(|took| took > LATE)),
            strange: tally.strange.clone(),
            at_rest,
            faults: Faults::new(tally, rates),
            redelivered: Redelivered {
                after_close: tally.expired.dropped,
                after_refresh: tally.expired.refreshed,
                nobody: tally.expired.nobody,
                late: tally.expired.late,
            },
            gave_up: tally.gave_up,
            seconds,
            times: times(tally),
            answers: answers(commands),
        }
    }

    /// What is not as it must be, a line each; nothing where every command was answered exactly once while everything went
    /// wrong that should.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                wrong.push(format!("{count} {what}"));
            }
        };
        say(self.lost, "commands were not answered");
        say(self.twice, "commands were answered more than once");
        say(self.strange.len(), "messages of the bot are no answers, or elsewhere");
        wrong.extend(self.strange.iter().take(SHOWN).map(|text| format!("  {text:?}")));
        if self.lost == 0 && !self.at_rest {
            wrong.push(
                "the workspace did not come to rest, so that more may have been said than was counted".to_owned(),
            );
        }
        let faults = &self.faults;
        for (often, what) in [
            (faults.refreshes, "refreshes"),
            (faults.closes, "sudden closes"),
            (faults.duplicates, "duplicates"),
            (faults.rate_limits, "answers with 429"),
        ] {
            if often.happened < often.due {
                wrong.push(format!(
                    "{} {what} took place where {} were due: this run proves nothing",
                    often.happened, often.due
                ));
            }
        }
        wrong
    }

    /// The times, as a Markdown table.
    pub fn table(&self) -> String {
        let mut text = String::from("| commands | how many | p50 | p99 | max |\n|---|---|---|---|---|");
        for row in &self.times {
            let Row {
                what,
                commands,
                p50,
                p99,
                max,
            } = row;
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n| {what} | {commands} | {p50:.1} ms | {p99:.1} ms | {max:.1} ms |"
            );
        }
        text
    }

    /// What had to be sent again, in one line.
    pub fn redelivery_line(&self) -> String {
        let Redelivered {
            after_close,
            after_refresh,
            nobody,
            late,
        } = self.redelivered;
        format!(
            "not acknowledged in time: {after_close} deliveries after a sudden close, {after_refresh} after a refresh, \
             {nobody} that found nobody connected, {late} others; given up by the workspace: {}",
            self.gave_up
        )
    }

    /// Everything that matters in one line.
    pub fn closing_line(&self) -> String {
        let Self {
            commands,
            outstanding,
            once,
            twice,
            lost,
            late,
            faults,
            seconds,
            ..
        } = self;
        let (p50, p99, max) = self
            .times
            .first()
            .map_or((0.0, 0.0, 0.0), |all| (all.p50, all.p99, all.max));
        format!(
            "{commands} commands, {outstanding} outstanding, {seconds:.1} s: {once} answered exactly once, {twice} twice, \
             {lost} lost, {late} late (over 3 s); p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms; {} refreshes, {} \
             sudden closes, {} events twice ({} of them commands), {} × 429",
            faults.refreshes.happened,
            faults.closes.happened,
            faults.duplicates.happened,
            faults.duplicated_commands,
            faults.rate_limits.happened,
        )
    }
}

fn took(command: &Command) -> Option<u64> {
    Some(command.answered?.saturating_sub(command.sent))
}

fn answers(commands: &[Command]) -> Vec<Answer> {
    let answer = |(number, command): (usize, &Command)| {
        Some(Answer {
            number,
            sent: command.sent,
            answered: command.answered?,
            by: command.by.clone(),
        })
    };
    commands.iter().enumerate().filter_map(answer).collect()
}

fn times(tally: &Tally) -> Vec<Row> {
    let row = |what, which: &dyn Fn(&Command, u64) -> bool| {
        let answered = tally
            .commands
            .iter()
            .filter_map(|command| Some((command, command.answered?)));
        let some = answered.filter(|(command, answered)| which(command, *answered));
        let mut took: Vec<u64> = some.filter_map(|(command, _)| took(command)).collect();
        took.sort_unstable();
        let at = |percent: usize| {
            let rank = (took.len() * percent).div_ceil(100).saturating_sub(1);
            took.get(rank).map_or(0.0, |micros| *micros as f64 / 1e3)
        };
        Row {
            what,
            commands: took.len(),
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    };
    let soon_after = |faults: &[u64], command: &Command| any(faults, command.sent.saturating_sub(SOON), command.sent);
    // What was held up until a refused post could be tried again is answered later than that.
    let tried_again: Vec<u64> = tally.limits.iter().map(|at| at + RETRY_AFTER * 1_000_000).collect();
    let held_up = |command: &Command, answered| any(&tried_again, command.sent, answered);
    vec![
        row("all", &|_, _| true),
        row("sent within 2 s after a refresh", &|command, _| {
            soon_after(&tally.refreshes, command)
        }),
        row("sent within 2 s after a sudden close", &|command, _| {
            soon_after(&tally.closes, command)
        }),
        row("taken along by a sudden close", &|command, _| command.taken_along),
        row("held up by a 429", &|command, answered| held_up(command, answered)),
        // Faults come so quickly that the second row and the third are almost of the same commands. This one tells what a
        // refresh alone costs, also for those that were under way when it was announced.
        row(
            "under way at a refresh or sent within 2 s, and none of the last two",
            &|command, answered| {
                any(&tally.refreshes, command.sent.saturating_sub(SOON), answered)
                    && !command.taken_along
                    && !held_up(command, answered)
            },
        ),
    ]
}

/// Whether one of these moments, which are in order, lies between the two, both included.
fn any(moments: &[u64], from: u64, to: u64) -> bool {
    let first = moments.partition_point(|moment| *moment < from);
    moments.get(first).is_some_and(|moment| *moment <= to)
}
