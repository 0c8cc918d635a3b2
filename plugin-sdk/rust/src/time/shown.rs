//! Instants for people.

use super::local;

/// An instant as people read it on the clock of a time zone, to the minute. What is no instant, or where there is no such
/// zone, stays as it is.
///
/// ```
/// # use moa_plugin::testing::Host;
/// use moa_plugin::time;
///
/// # Host::new().with(|_| {
/// assert_eq!(time::shown("2026-11-20T15:30:07.123Z", "Asia/Seoul"), "2026-11-21 00:30");
/// assert_eq!(time::shown("soon", "Asia/Seoul"), "soon");
/// # });
/// ```
pub fn shown(instant: &str, timezone: &str) -> String {
    match local(instant, timezone) {
        Ok((date, time)) => format!("{date} {:02}:{:02}", time.hour(), time.minute()),
        Err(_) => instant.into(),
    }
}
