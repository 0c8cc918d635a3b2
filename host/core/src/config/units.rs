//! Durations and sizes as people write them.

use std::time::Duration;

const DURATIONS: [(&str, u64); 5] = [
    ("ms", 1),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
];
const SIZES: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Reads a duration: `500ms`, `1s`, `10m`, `1h30m`, `2d`. `None` for anything else, and for more than fits.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let (unit, factor) = DURATIONS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        total = total.checked_add(number.checked_mul(*factor)?)?;
        rest = rest.get(unit.len()..)?;
    }
    Some(Duration::from_millis(total))
}

/// Writes a duration so that [`duration`] reads the same again (to the millisecond).
pub fn duration_text(of: Duration) -> String {
    let mut left = u64::try_from(of.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ] {
        if left >= factor {
            text.push_str(&format!("{}{unit}", left / factor));
            left %= factor;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Reads a size in bytes: `512B`, `64MiB`, `1MB`. `None` for anything else, and for more than fits.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = text.get(digits..)?.trim_start();
    let (_, factor) = SIZES.iter().find(|(known, _)| known.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*factor)
}

/// Writes a size so that [`size`] reads the same again.
pub fn size_text(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, ms) in [
            ("1s", 1000),
            ("500ms", 500),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
            assert_eq!(duration_text(Duration::from_millis(ms)), text);
        }
        assert_eq!(duration_text(Duration::ZERO), "0s");
        for wrong in [
            "",
            "5",
            "s",
            "1 s",
            "1y",
            "-1s",
            "1.5s",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [("512B", 512), ("64MiB", 64 << 20), ("1KiB", 1024), ("2GiB", 2 << 30)] {
            assert_eq!(size(text), Some(bytes), "{text}");
            assert_eq!(size_text(bytes), text);
        }
        assert_eq!(size("1MB"), Some(1_000_000));
        assert_eq!(size("1 mib"), Some(1 << 20));
        for wrong in ["", "5", "MiB", "1.5MiB", "-1B", "1TiB", "99999999999GiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
