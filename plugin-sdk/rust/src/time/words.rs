//! Lengths of time as people read them.

use std::time::Duration;

/// A length of time in the largest two of its units, in the language of a locale: `1시간 30분`, `1h 30m`. What is less than a
/// second is left out; there is Korean, and for all others English.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::{self, Instant};
///
/// /// How long it is until noon in London.
/// #[command]
/// fn noon(ctx: &Context) -> Result<String> {
///     let noon: Instant = "2026-11-20T12:00:00Z".parse()?;
///     Ok(time::in_words(noon.since(Instant::now()), ctx.locale()))
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// host.advance(Duration::from_secs(90));
/// assert_eq!(host.run::<noon>("")?, Some("8h 58m".into()));
/// assert_eq!(host.locale("ko-KR", "Asia/Seoul").run::<noon>("")?, Some("8시간 58분".into()));
/// # Ok::<(), Error>(())
/// ```
pub fn in_words(time: Duration, locale: &str) -> String {
    let names = match locale.starts_with("ko") {
        true => ["일", "시간", "분", "초"],
        false => ["d", "h", "m", "s"],
    };
    let seconds = time.as_secs();
    let counts = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60];
    let units = counts.into_iter().zip(names).filter(|(count, _)| *count > 0);
    let words: Vec<String> = units.take(2).map(|(count, name)| format!("{count}{name}")).collect();
    match words.is_empty() {
        true => format!("0{}", names[3]),
        false => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_say_enough() {
        for (seconds, korean, english) in [
            (0, "0초", "0s"),
            (60, "1분", "1m"),
            (61, "1분 1초", "1m 1s"),
            (3_599, "59분 59초", "59m 59s"),
            (90_000, "1일 1시간", "1d 1h"),
            (90_061, "1일 1시간", "1d 1h"),
            (3_601, "1시간 1초", "1h 1s"),
            (40 * 86_400 + 59, "40일 59초", "40d 59s"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!(in_words(time, "ko-KR"), korean);
            assert_eq!(in_words(time, "en"), english);
        }
        assert_eq!(in_words(Duration::from_millis(1_900), "fr"), "1s");
    }
}
