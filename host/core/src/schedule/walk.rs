//! From times on the wall to instants: what happens where the clock changes.

use super::Pattern;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The first due instant after another.
pub(super) fn next(
    pattern: &Pattern,
    zone: &TimeZone,
    after: Timestamp,
    skipped: &dyn Fn(Date) -> bool,
) -> Option<Timestamp> {
    match pattern.follows_clock() {
        true => as_time_passes(pattern, zone, after, skipped),
        false => by_time_of_day(pattern, zone, after, skipped),
    }
}

/// Every instant at which the clock shows a due time: twice where it shows it twice, never where it does not.
fn as_time_passes(
    pattern: &Pattern,
    zone: &TimeZone,
    after: Timestamp,
    skipped: &dyn Fn(Date) -> bool,
) -> Option<Timestamp> {
    let mut from = whole(after)?.checked_add(1.second()).ok()?;
    loop {
        // As long as the clock isn't changed, wall and instant go side by side.
        let offset = zone.to_offset(from);
        let wall = pattern.next_wall(offset.to_datetime(from), skipped)?;
        let at = offset.to_timestamp(wall).ok()?;
        match zone.following(from).next().map(|change| change.timestamp()) {
            Some(change) if change <= at => from = change,
            _ => return Some(at),
        }
    }
}

/// Each due time of the wall once: the first where there are two, the moment of the jump where there is none.
fn by_time_of_day(
    pattern: &Pattern,
    zone: &TimeZone,
    after: Timestamp,
    skipped: &dyn Fn(Date) -> bool,
) -> Option<Timestamp> {
    let mut from = zone.to_datetime(whole(after)?);
    loop {
        let wall = pattern.next_wall(from, skipped)?;
        let at = instant(zone, wall)?;
        if at > after {
            return Some(at);
        }
        from = wall.checked_add(1.second()).ok()?;
    }
}

fn instant(zone: &TimeZone, wall: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // Read with what comes behind the jump, it is before it.
            let early = after.to_timestamp(wall).ok()?;
            Some(zone.following(early).next()?.timestamp())
        }
    }
}

/// The instant without its fraction of a second, downwards.
fn whole(instant: Timestamp) -> Option<Timestamp> {
    let nanos = instant.subsec_nanosecond();
    // Before 1970 the fraction is negative.
    let past = if nanos < 0 { nanos + 1_000_000_000 } else { nanos };
    instant.checked_sub(SignedDuration::from_nanos(i64::from(past))).ok()
}
