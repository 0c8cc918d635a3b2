//! Things that go on for a while and that people follow: outages, requests, reviews. Each has a number, a message that tells
//! how it stands, and a thread that tells how it went; the message is kept up to date.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//! use moa_plugin::tickets::{Desk, Subject, Ticket, Tickets};
//! use moa_plugin::time::Instant;
//!
//! /// What somebody wants.
//! #[derive(Clone, serde::Serialize, serde::Deserialize)]
//! struct Wish {
//!     what: String,
//! }
//!
//! impl Subject for Wish {
//!     fn title(&self) -> String {
//!         self.what.clone()
//!     }
//!
//!     fn head(wish: &Ticket<Self>) -> Content {
//!         let state = if wish.is_open() { "open" } else { "done" };
//!         Content::text(format!("*{}.* {} ({state}) {}", wish.number, wish.about.what, wish.people()))
//!     }
//! }
//!
//! fn wishes() -> Tickets<Wish> {
//!     Tickets::of("wish")
//! }
//!
//! /// Wishes for something.
//! #[command]
//! fn wish(ctx: &Context, #[rest] what: String) -> Result<()> {
//!     let what = text::plain(&what);
//!     wishes().open(&Desk::of(ctx), Instant::now(), Wish { what }, |_| "wished for".into())?;
//!     Ok(())
//! }
//!
//! /// Says that you see to it.
//! #[command]
//! fn mine(ctx: &Context, number: i64) -> Result<()> {
//!     wishes().change(number, |wish| wish.toggle(ctx.who()).then(|| "somebody is on it".into()))
//! }
//!
//! /// Says that it is done: in the wish's thread, or anywhere if only one is open.
//! #[command]
//! fn done(ctx: &Context) -> Result<()> {
//!     let wish = wishes().meant(ctx.place())?.ok_or_else(|| Error::rejected("Which one?"))?;
//!     wishes().change(wish.number, |wish| {
//!         wish.closed = Some(Instant::now());
//!         Some("done".into())
//!     })
//! }
//!
//! let host = Host::new().speaker("Rosie");
//! host.run::<wish>("a window")?;
//! host.run::<mine>("1")?;
//! host.run::<done>("")?;
//! assert_eq!(
//!     host.texts(),
//!     ["*1.* a window (done) Rosie", "`03:00:00` wished for", "`03:00:00` somebody is on it", "`03:00:00` done"]
//! );
//! # Ok::<(), Error>(())
//! ```

use crate::brain::Numbered;
use crate::time::{Instant, in_words};
use crate::{Brain, Content, Context, Due, Error, MessageRef, Place, Result, User, chat, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How much of a timeline is remembered: the newest lines.
const LINES: usize = 200;

/// What a plugin's tickets are about. See [the module](self).
pub trait Subject: Clone + Serialize + DeserializeOwned {
    /// What it is called in a table.
    fn title(&self) -> String;

    /// The first message, as it is now. It is sent when the ticket is opened, and changed with every line of the timeline.
    fn head(ticket: &Ticket<Self>) -> Content;
}

/// Where a ticket is told of, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// Where the first message is sent.
    pub place: Place,
    /// The language of what is told there.
    pub locale: String,
    /// The zone in which times are told, an IANA name.
    pub timezone: String,
}

impl Desk {
    /// Where somebody wrote, as they have it.
    pub fn of(ctx: &Context) -> Self {
        Self {
            place: ctx.place().clone(),
            locale: ctx.locale().to_owned(),
            timezone: ctx.timezone().to_owned(),
        }
    }

    /// A place that a job speaks in, in the language and the zone of the bot; in another zone, if one is configured.
    pub fn of_job(place: Place, due: &Due, timezone: Option<&str>) -> Self {
        Self {
            place,
            locale: due.invocation.locale.clone(),
            timezone: timezone.unwrap_or(&due.invocation.timezone).to_owned(),
        }
    }
}

/// One of them. See [the module](self).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket<T> {
    /// What people call it by.
    pub number: i64,
    /// What it is about.
    pub about: T,
    /// Where it is told of, and how.
    pub desk: Desk,
    /// When it began.
    pub opened: Instant,
    /// When it ended; `None` while it is open.
    pub closed: Option<Instant>,
    /// Who is on it: names by id.
    pub on_it: BTreeMap<String, String>,
    timeline: Vec<String>,
    /// `None` before it is sent.
    message: Option<MessageRef>,
}

impl<T: Subject> Ticket<T> {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// When it began, as the calendar and the clock showed it: `2026-11-20 12:00:00`.
    ///
    /// # Errors
    /// [`HostError::Invalid`](crate::HostError::Invalid) for a time zone that is none.
    pub fn began(&self) -> Result<String> {
        let (date, time) = self.opened.local(&self.desk.timezone)?;
        Ok(format!("{date} {time}"))
    }

    /// How long it lasted, or lasts.
    pub fn lasted(&self) -> Duration {
        self.closed.unwrap_or_else(Instant::now).since(self.opened)
    }

    /// The names of those who are on it, with commas between. They may be foreign text: see [`text::plain`].
    pub fn people(&self) -> String {
        self.on_it.values().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Somebody is on it, or, who was on it, not any more. Whether they are now.
    pub fn toggle(&mut self, who: &User) -> bool {
        let was_on_it = self.on_it.remove(&who.id).is_some();
        if !was_on_it {
            self.on_it.insert(who.id.clone(), who.display_name.clone());
        }
        !was_on_it
    }

    /// So many of the newest lines of its timeline, the oldest first.
    pub fn newest(&self, lines: usize) -> &[String] {
        self.timeline.rchunks(lines.max(1)).next().unwrap_or_default()
    }

    fn note(&mut self, what: &str) -> Result<String> {
        let (_, time) = Instant::now().local(&self.desk.timezone)?;
        let line = format!("`{time}` {what}");
        self.timeline.push(line.clone());
        self.timeline.drain(..self.timeline.len().saturating_sub(LINES));
        Ok(line)
    }

    fn is_at(&self, place: &Place) -> bool {
        let message = self.message.as_ref();
        place.thread.is_some() && message.map(|message| &message.id) == place.thread.as_ref()
    }
}

/// A plugin's tickets of one kind, in its brain: `NAME` and `NAME/NUMBER` as [`Numbered`] keeps them, `NAME-open` are the
/// numbers of the open ones, `NAME-thread/MESSAGE` is the number of the one below that message. See [the module](self).
#[derive(Clone, Debug)]
pub struct Tickets<T> {
    name: String,
    all: Numbered<Ticket<T>>,
}

impl<T: Subject> Tickets<T> {
    /// Those of a name.
    pub fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            all: Numbered::of(Brain::plugin(), name),
        }
    }

    /// Opens one: sends its first message, and below it the line that `line` makes of it. Returns it.
    ///
    /// # Errors
    /// Those of the brain and of [`chat::send`], and of a time zone that is none. If only the line could not be sent the ticket
    /// is open all the same.
    pub fn open(
        &self,
        desk: &Desk,
        since: Instant,
        about: T,
        line: impl FnOnce(&mut Ticket<T>) -> String,
    ) -> Result<Ticket<T>> {
        let mut ticket = Ticket {
            number: self.all.reserve()?,
            about,
            desk: desk.clone(),
            opened: since,
            closed: None,
            on_it: BTreeMap::new(),
            timeline: Vec::new(),
            message: None,
        };
        let line = line(&mut ticket);
        let line = ticket.note(&line)?;
        let message = chat::send(&desk.place, T::head(&ticket))?;
        ticket.message = Some(message.clone());
        self.all.set(ticket.number, &ticket)?;
        let brain = Brain::plugin();
        brain.set(&format!("{}-thread/{}", self.name, message.id), &ticket.number)?;
        self.index(&ticket)?;
        chat::send(&message.thread(), line)?;
        Ok(ticket)
    }

    /// Changes one, however many others do so at the same time. If `change` returns a line, it goes into the timeline and the
    /// thread, and the first message is brought up to date; otherwise nobody is told. `change` may run several times: nothing
    /// but the ticket should change in it.
    ///
    /// # Errors
    /// Those of the brain and of [`chat::send`]. Nothing is done about a number that there is not.
    pub fn change(&self, number: i64, change: impl FnMut(&mut Ticket<T>) -> Option<String>) -> Result<()> {
        self.change_at(None, number, change)
    }

    /// Writes something down that somebody said in a place: as [`change`](Self::change) does, but what was said in the
    /// ticket's own thread is not repeated there.
    ///
    /// # Errors
    /// Those of [`change`](Self::change).
    pub fn note(&self, said: &Place, number: i64, line: &str) -> Result<()> {
        self.change_at(Some(said), number, |_| Some(line.to_owned()))
    }

    fn change_at(
        &self,
        said: Option<&Place>,
        number: i64,
        mut change: impl FnMut(&mut Ticket<T>) -> Option<String>,
    ) -> Result<()> {
        let changed = self.all.update(number, |ticket| {
            let was_open = ticket.is_open();
            let line = change(ticket).map(|what| ticket.note(&what));
            (was_open, ticket.clone(), line)
        })?;
        let Some((was_open, ticket, line)) = changed else {
            return Ok(());
        };
        if was_open != ticket.is_open() {
            self.index(&ticket)?;
        }
        if let (Some(line), Some(message)) = (line.transpose()?, &ticket.message) {
            chat::edit(message, T::head(&ticket))?;
            if !said.is_some_and(|said| ticket.is_at(said)) {
                chat::send(&message.thread(), line)?;
            }
        }
        Ok(())
    }

    /// Changes the oldest open one that fits, as [`change`](Self::change) does; if there is none, opens `new` as
    /// [`open`](Self::open) does, if there is something to open, with the line that `change` makes of it.
    ///
    /// # Errors
    /// Those of both.
    pub fn tell(
        &self,
        desk: &Desk,
        fits: impl Fn(&T) -> bool,
        new: Option<(Instant, T)>,
        mut change: impl FnMut(&mut Ticket<T>) -> Option<String>,
    ) -> Result<()> {
        let open = self.all_open()?;
        match (open.iter().find(|open| fits(&open.about)), new) {
            (Some(open), _) => self.change(open.number, change),
            (None, Some((since, new))) => {
                let line = |new: &mut Ticket<T>| change(new).unwrap_or_default();
                self.open(desk, since, new, line).map(drop)
            }
            (None, None) => Ok(()),
        }
    }

    /// The one with a number; `None` if there is none.
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn get(&self, number: i64) -> Result<Option<Ticket<T>>> {
        Ok(self.all.get(number)?)
    }

    /// Those that are open, the oldest first.
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn all_open(&self) -> Result<Vec<Ticket<T>>> {
        let numbers: BTreeSet<i64> = Brain::plugin().get(&self.open_key())?.unwrap_or_default();
        let open: Result<Vec<_>> = numbers.into_iter().map(|number| self.get(number)).collect();
        // A call that was cut off may have closed one without telling.
        Ok(open?.into_iter().flatten().filter(Ticket::is_open).collect())
    }

    /// So many of them at most, the newest first.
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn newest(&self, count: usize) -> Result<Vec<Ticket<T>>> {
        let newest = self.all.newest(count)?;
        Ok(newest.into_iter().map(|(_, ticket)| ticket).collect())
    }

    /// The newest as a table: number, when it began, what it is about, how long it lasted (`🔴` open, `✅` closed), who is on
    /// it. The columns' names stand in `columns`, with commas between; lengths of time are written in the language of `locale`.
    /// `None` if there is no ticket.
    ///
    /// # Errors
    /// Those of [`newest`](Self::newest).
    pub fn table(&self, count: usize, columns: &str, locale: &str) -> Result<Option<String>> {
        let mut rows: Vec<Vec<String>> = vec![columns.split(',').map(str::to_owned).collect()];
        for ticket in self.newest(count)? {
            let state = if ticket.is_open() { "🔴" } else { "✅" };
            rows.push(vec![
                ticket.number.to_string(),
                ticket.began()?,
                ticket.about.title(),
                format!("{state} {}", in_words(ticket.lasted(), locale)),
                ticket.people(),
            ]);
        }
        Ok((rows.len() > 1).then(|| text::table(rows)))
    }

    /// The one that is meant where somebody writes: the thread's, or the only one that is open.
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn meant(&self, at: &Place) -> Result<Option<Ticket<T>>> {
        if let Some(thread) = &at.thread
            && let Some(number) = Brain::plugin().get(&format!("{}-thread/{thread}", self.name))?
        {
            return self.get(number);
        }
        let mut open = self.all_open()?;
        Ok(open.pop().filter(|_| open.is_empty()))
    }

    fn open_key(&self) -> String {
        format!("{}-open", self.name)
    }

    /// Remembers whether one is open.
    fn index(&self, ticket: &Ticket<T>) -> Result<()> {
        Brain::plugin().try_update(&self.open_key(), |open: &mut BTreeSet<i64>| {
            match ticket.is_open() {
                true => open.insert(ticket.number),
                false => open.remove(&ticket.number),
            };
            Ok::<(), Error>(())
        })
    }
}

#[cfg(test)]
mod tests;
