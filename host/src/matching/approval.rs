//! Commands that somebody has to confirm before they run.

use super::{Matcher, Todo, stopped};
use crate::lessons::Present;
use crate::pending::{Pending, digest};
use jiff::Timestamp;
use moa_core::event::{Decided, Event, EventKind, PlaceKind, Ruling};
use moa_core::locale::{ApprovalNotice, UserNotice};
use moa_core::manifest::Confirm;
use moa_core::router::{self, CommandMatch, Routed, Table};
use std::time::SystemTime;

impl Matcher {
    /// A press by which somebody decides about a command that waits, as that decision. As long as an admin holds presses
    /// back it stays a press: the person is told, and can decide later.
    pub fn ruling(&self, event: &Event, now: SystemTime) -> Option<Event> {
        let EventKind::Press(press) = &event.kind else {
            return None;
        };
        if self.maintenance.hold(event).is_some() {
            return None;
        }
        self.pendings
            .ruling(press, now, |user, pending| self.may_run(user, pending))
    }

    /// What the person is told whose press on the button of a command that waits, or waited, decides nothing; `None` for
    /// all other presses.
    pub fn undecided(&self, event: &Event, now: SystemTime) -> Option<UserNotice> {
        let EventKind::Press(press) = &event.kind else {
            return None;
        };
        let may = |user: &str, pending: &Pending| self.may_run(user, pending);
        let notice = self.pendings.refusal(press, now, may, |ms| self.clock(ms))?;
        Some(match (notice, self.maintenance.hold(event)) {
            (ApprovalNotice::Deciding, Some(hold)) => hold.notice(&self.settings.timezone),
            (notice, _) => UserNotice::Approval(notice),
        })
    }

    /// A moment as everybody is shown it.
    pub fn clock(&self, ms: i64) -> String {
        let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = at.to_zoned(self.settings.timezone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    fn may_run(&self, user: &str, pending: &Pending) -> bool {
        let table = &self.lessons.present().snapshot.table;
        self.may(user, &pending.asked, table, &pending.command)
    }

    /// Whether a person may run a command where it was asked for.
    fn may(&self, user: &str, asked: &Event, table: &Table, command: &CommandMatch) -> bool {
        // The bot itself may press nothing.
        let own = [&self.me.user_id, &self.me.bot_id].iter().any(|id| *id == user);
        !own && self.access.verdict(&asked.by(user), table, command).allowed
    }

    /// What becomes of a command: it runs, it waits until somebody confirms it, or it cannot.
    pub(super) fn confirmed(&self, event: &Event, command: CommandMatch) -> Todo {
        let refused = |notice| Todo::Tell(UserNotice::Approval(notice));
        let place = event.place();
        match command.confirm {
            Confirm::None => Todo::Command(Box::new(command)),
            // Whoever decides is known by the id; without ids nobody is.
            _ if self.access.caller(event).user.is_none() => refused(ApprovalNotice::NoId),
            Confirm::Second if place.kind == PlaceKind::Direct => refused(ApprovalNotice::NobodyElse),
            Confirm::Caller | Confirm::Second => Todo::Confirm(Box::new(command)),
        }
    }

    /// What a decision leads to. What runs is exactly what was shown, for those who may run it now.
    pub(super) fn ruled(&self, present: &Present, ruling: &Ruling) -> Todo {
        if ruling.what != Decided::Approved {
            return Todo::Own;
        }
        let refused = |notice| Todo::Tell(UserNotice::Approval(notice));
        let (table, asked) = (&present.snapshot.table, &*ruling.asked);
        let routed = router::route(table, &present.hears, self.settings_of(asked), self.me_of(asked), asked);
        let Routed::Command(command) = routed else {
            return refused(ApprovalNotice::Changed);
        };
        if let Some(notice) = stopped(&present.snapshot, &command.plugin) {
            return Todo::Tell(notice);
        }
        let loaded = present.snapshot.plugins.get(&command.plugin);
        if loaded.is_none_or(|loaded| digest(loaded, &command) != ruling.digest) {
            return refused(ApprovalNotice::Changed);
        }
        for who in [asked.author(), &ruling.by] {
            if !self.may(who, asked, table, &command) {
                return refused(ApprovalNotice::LostRight { who: who.to_owned() });
            }
        }
        Todo::Command(Box::new(command))
    }
}

#[cfg(test)]
mod tests;
