//! What is to be run after an absence, and after a moment of distraction.

use super::Schedule;
use crate::manifest::Missed;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// By how much a run may begin late without having been missed: a restart, a busy machine.
pub const GRACE: SignedDuration = SignedDuration::from_secs(30);
/// The most due times for which `all` makes up: the newest.
pub const MAX_MADE_UP: usize = 100;

/// What is to be run now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// For which due times, oldest first.
    pub runs: Vec<Timestamp>,
    /// Everything due up to here has been seen to by them; `None` if nothing came due.
    pub until: Option<Timestamp>,
    /// Whether due times were left out: missed under `skip`, made up for by another run under `once`, beyond
    /// [`MAX_MADE_UP`] under `all`.
    pub left_out: bool,
}

/// | policy | runs |
/// |---|---|
/// | skip | the newest, if it is due since no longer than [`GRACE`] |
/// | once | the newest |
/// | all | the newest [`MAX_MADE_UP`], oldest first |
pub(super) fn owed(schedule: &Schedule, since: Timestamp, now: Timestamp, missed: Missed) -> Owed {
    let most = if missed == Missed::All { MAX_MADE_UP } else { 1 };
    // One more for the newest, which may not have begun yet, and one that tells whether there are others.
    let mut came = newest(schedule, most + 2, since, now);
    if came.back().is_some_and(|due| schedule.begins(*due) > now) {
        came.pop_back();
    }
    while came.len() > most + 1 {
        came.pop_front();
    }
    let until = came.back().copied();
    let mut left_out = came.len() > most;
    if left_out {
        came.pop_front();
    }
    if missed == Missed::Skip
        && came
            .back()
            .is_some_and(|due| now.duration_since(schedule.begins(*due)) > GRACE)
    {
        came.clear();
        left_out = true;
    }
    Owed {
        runs: came.into(),
        until,
        left_out,
    }
}

/// The newest due times after `since` and up to `now`, ascending, at most `most`.
fn newest(schedule: &Schedule, most: usize, since: Timestamp, now: Timestamp) -> VecDeque<Timestamp> {
    let mut window = SignedDuration::from_secs(60);
    loop {
        // A long absence of a job of every second holds millions: from the near past to the far.
        let begin = now.checked_sub(window).map_or(since, |begin| begin.max(since));
        let mut found = VecDeque::new();
        for due in schedule.upcoming(begin).take_while(|due| *due <= now) {
            found.push_back(due);
            if found.len() > most {
                found.pop_front();
            }
        }
        if found.len() >= most || begin == since {
            return found;
        }
        window = window.saturating_mul(4);
    }
}
