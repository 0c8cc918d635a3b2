//! Who asked what when, and how often it was answered: from the record alone.

use crate::Asking;
use crate::entry::{Entry, POST};
use std::collections::{HashMap, HashSet};

/// What an answer to a command begins with; its number follows.
pub const COMMAND: &str = "answer ";
/// What the last words in a lane begin with; the lane's number follows.
pub const LAST: &str = "last word in ";

/// One command.
#[derive(Debug, Default)]
pub struct Command {
    /// where it was given
    pub lane: usize,
    /// when the workspace had it
    pub sent: u64,
    /// when it was answered first
    pub answered: Option<u64>,
    /// how often it was answered
    pub times: usize,
    /// the word that the first answer began with, where answers are signed
    pub by: String,
    /// whether a connection that was dropped took a delivery along that it then waited for, or it found none
    pub taken_along: bool,
}

/// What a message of the bot was.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// the first answer to the command of this lane
    First(usize),
    /// anything else
    Other,
}

/// How often an event was sent again because it was not acknowledged, by what became of its connection.
#[derive(Debug, Default)]
pub struct Expired {
    pub dropped: usize,
    pub refreshed: usize,
    pub nobody: usize,
    pub late: usize,
}

/// Everything that is known so far.
#[derive(Debug, Default)]
pub struct Tally {
    asking: Asking,
    threads: HashMap<String, usize>,
    pub commands: Vec<Command>,
    answered: usize,
    last_words: HashSet<usize>,
    /// what was said that nobody asked for, or elsewhere than it was asked
    pub strange: Vec<String>,
    /// commands by the channel and `ts` of their message, and by the events that tell of it
    by_message: HashMap<(String, String), usize>,
    by_event: HashMap<String, usize>,
    /// events that were not sent yet, as nobody was connected
    reached_nobody: HashSet<String>,
    /// envelopes that wait for their acknowledgement
    waiting: HashMap<String, (String, u32, u64)>,
    /// events that will be sent again
    again: HashSet<String>,
    /// connections that are there and were not told to end
    staying: HashSet<u64>,
    /// connections that were told to end
    told: HashSet<u64>,
    dropped: HashSet<u64>,
    /// messages of people, events that were sent for the first time, and posts of the bot
    pub messages: usize,
    pub events: usize,
    pub posts: usize,
    /// events that came twice, and those of them that tell of a command
    pub twins: usize,
    pub twins_of_commands: usize,
    /// when these took place, in order
    pub refreshes: Vec<u64>,
    pub closes: Vec<u64>,
    pub limits: Vec<u64>,
    pub expired: Expired,
    /// events that the workspace does not send any more though nobody acknowledged them
    pub gave_up: usize,
}

impl Tally {
    /// Of a bot that is asked like this.
    pub fn of(asking: &Asking) -> Self {
        Self {
            asking: asking.clone(),
            ..Self::default()
        }
    }

    /// The lanes are these threads.
    pub fn open(&mut self, threads: impl Iterator<Item = String>) {
        self.threads = threads.enumerate().map(|(lane, thread)| (thread, lane)).collect();
    }

    /// The next command is given in this lane.
    pub fn give(&mut self, lane: usize) {
        self.commands.push(Command {
            lane,
            ..Command::default()
        });
    }

    /// How many commands are answered.
    pub fn answered(&self) -> usize {
        self.answered
    }

    /// In how many lanes the last word is said.
    pub fn last_words(&self) -> usize {
        self.last_words.len()
    }

    /// Grows with whatever is waited for.
    pub fn progress(&self) -> usize {
        self.answered + self.last_words.len()
    }

    /// Whether the workspace has nothing more to send.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.again.is_empty()
    }

    /// Whether the next message finds a connection that can be ended.
    pub fn is_connected(&self) -> bool {
        !self.staying.is_empty()
    }

    /// Takes in what happened next.
    pub fn take(&mut self, entry: &Entry) -> Option<Said> {
        match entry {
            Entry::Message {
                at_us,
                channel,
                ts,
                text,
            } => self.message(*at_us, channel, ts, text),
            Entry::Event {
                envelope_id,
                event_id,
                channel,
                ts,
                attempt,
                connection,
                twin,
            } => {
                let command = self.by_message.get(&(channel.clone(), ts.clone())).copied();
                if let Some(number) = command {
                    self.by_event.insert(event_id.clone(), number);
                    if self.reached_nobody.remove(event_id) {
                        self.taken_along(number);
                    }
                }
                if twin.is_some() {
                    self.twins += 1;
                    self.twins_of_commands += usize::from(command.is_some());
                } else if *attempt == 0 {
                    self.events += 1;
                }
                self.again.remove(event_id);
                let delivery = (event_id.clone(), *attempt, *connection);
                // The same envelope once more, perhaps on another connection, waits for nothing of its own.
                self.waiting.entry(envelope_id.clone()).or_insert(delivery);
            }
            Entry::Ack { envelope_id } => drop(self.waiting.remove(envelope_id)),
            Entry::Expired {
                event_id,
                attempt,
                connection,
            } => self.expire(event_id, *attempt, *connection),
            Entry::GaveUp { event_id } => {
                self.again.remove(event_id);
                self.gave_up += 1;
            }
            Entry::Post { at_us, text, thread_ts } => return Some(self.post(*at_us, text, thread_ts.as_deref())),
            Entry::Api { at_us, method, status } if method == POST => {
                self.posts += 1;
                if *status == 429 {
                    self.limits.push(*at_us);
                }
            }
            Entry::Open { connection } => drop(self.staying.insert(*connection)),
            Entry::Disconnect {
                at_us,
                connection,
                reason,
            } => {
                self.staying.remove(connection);
                self.told.insert(*connection);
                if reason == "refresh_requested" {
                    self.refreshes.push(*at_us);
                }
            }
            Entry::Close { at_us, connection, why } => {
                self.staying.remove(connection);
                if why == "dropped" {
                    self.dropped.insert(*connection);
                    self.closes.push(*at_us);
                }
            }
            Entry::Api { .. } | Entry::Other => {}
        }
        None
    }

    fn message(&mut self, at: u64, channel: &str, ts: &str, text: &str) {
        self.messages += 1;
        let text = text.strip_prefix(self.asking.command.as_str());
        let number = text.and_then(|text| numbered(text, COMMAND));
        if let Some(number) = number
            && let Some(command) = self.commands.get_mut(number)
        {
            command.sent = at;
            self.by_message.insert((channel.to_owned(), ts.to_owned()), number);
        }
    }

    fn post(&mut self, at: u64, text: &str, thread: Option<&str>) -> Said {
        let lane = thread.and_then(|thread| self.threads.get(thread)).copied();
        let (by, said) = match self.asking.signed {
            true => text.split_once(' ').unwrap_or_default(),
            false => ("", text),
        };
        if let Some(number) = numbered(said, COMMAND)
            && let Some(command) = self.commands.get_mut(number)
            && Some(command.lane) == lane
        {
            command.times += 1;
            if command.times == 1 {
                command.answered = Some(at);
                by.clone_into(&mut command.by);
                self.answered += 1;
                return Said::First(command.lane);
            }
        } else if let Some(number) = numbered(said, LAST)
            && Some(number) == lane
        {
            self.last_words.insert(number);
        } else {
            self.strange.push(text.to_owned());
        }
        Said::Other
    }

    fn expire(&mut self, event: &str, attempt: u32, connection: u64) {
        self.waiting
            .retain(|_, (id, tried, on)| (&**id, *tried, *on) != (event, attempt, connection));
        self.again.insert(event.to_owned());
        let (dropped, nobody) = (self.dropped.contains(&connection), connection == 0);
        let which = match () {
            () if nobody => &mut self.expired.nobody,
            () if dropped => &mut self.expired.dropped,
            () if self.told.contains(&connection) => &mut self.expired.refreshed,
            () => &mut self.expired.late,
        };
        *which += 1;
        match self.by_event.get(event).copied() {
            Some(number) if dropped || nobody => self.taken_along(number),
            None if nobody => drop(self.reached_nobody.insert(event.to_owned())),
            _ => {}
        }
    }

    fn taken_along(&mut self, number: usize) {
        if let Some(command) = self.commands.get_mut(number) {
            command.taken_along |= command.times == 0;
        }
    }
}

fn numbered(text: &str, prefix: &str) -> Option<usize> {
    text.strip_prefix(prefix)?.parse().ok()
}
