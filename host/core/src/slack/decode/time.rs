//! Slack's `ts`: seconds, a point, and a fraction that makes it unique. Never a float: that loses the last digits.

use jiff::Timestamp;

/// The time in a `ts`, RFC 3339 in UTC. `None` where it is no `ts`.
pub fn rfc3339(ts: &str) -> Option<String> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if seconds.is_empty() || !all_digits(seconds) || !all_digits(fraction) {
        return None;
    }
    // Six digits in practice; of longer ones the first nine are a time, shorter ones are filled up.
    let nanos: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanos)
        .ok()
        .map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn ts_to_time() {
        for (ts, time) in [
            ("1605853844.000800", Some("2020-11-20T06:30:44.0008Z")),
            ("1515449522.000016", Some("2018-01-08T22:12:02.000016Z")),
            ("1.5", Some("1970-01-01T00:00:01.5Z")),
            ("1605853844", Some("2020-11-20T06:30:44Z")),
            ("1605853844.1234567891", Some("2020-11-20T06:30:44.123456789Z")),
            ("", None),
            (".5", None),
            ("-5.0", None),
            ("12a.0", None),
            ("1.2.3", None),
            ("99999999999999999999.0", None),
        ] {
            assert_eq!(rfc3339(ts).as_deref(), time, "{ts}");
        }
    }
}
