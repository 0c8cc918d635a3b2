//! What PostgreSQL sends, in its binary form, as cells.
//!
//! The forms are those of the server's `…send` functions (`src/backend/utils/adt`).

use crate::Cell;
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use sqlx::TypeInfo as _;
use sqlx::ValueRef as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind, PgValueFormat, PgValueRef};
use std::fmt::Write as _;

/// The first instant of PostgreSQL's time, in seconds since 1970.
pub(super) const EPOCH: i64 = 946_684_800;

/// A value's cell.
pub(super) fn cell(value: &PgValueRef<'_>) -> Result<Cell, String> {
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let bytes = value.as_bytes().map_err(|error| error.to_string())?;
    let kind = base(&value.type_info());
    match value.format() {
        PgValueFormat::Text => text(bytes).map(Cell::Text),
        PgValueFormat::Binary => read(bytes, &kind),
    }
}

/// The type that a domain is made of.
pub(super) fn base(kind: &PgTypeInfo) -> PgTypeInfo {
    match kind.kind() {
        PgTypeKind::Domain(inner) => base(inner),
        _ => kind.clone(),
    }
}

fn read(bytes: &[u8], kind: &PgTypeInfo) -> Result<Cell, String> {
    if let PgTypeKind::Enum(_) = kind.kind() {
        return text(bytes).map(Cell::Text);
    }
    if let PgTypeKind::Array(element) = kind.kind() {
        return array(bytes, element).map(Cell::Text);
    }
    let name = kind.name();
    let short = || format!("has a {name} of an unknown form");
    match name {
        "BOOL" => bytes.first().map(|byte| Cell::Truth(*byte != 0)).ok_or_else(short),
        "INT2" => number(bytes)
            .map(|n| Cell::Integer(i16::from_be_bytes(n).into()))
            .ok_or_else(short),
        "INT4" => number(bytes)
            .map(|n| Cell::Integer(i32::from_be_bytes(n).into()))
            .ok_or_else(short),
        "INT8" => number(bytes)
            .map(|n| Cell::Integer(i64::from_be_bytes(n)))
            .ok_or_else(short),
        "OID" => number(bytes)
            .map(|n| Cell::Integer(u32::from_be_bytes(n).into()))
            .ok_or_else(short),
        "FLOAT4" => number(bytes)
            .map(|n| Cell::Number(f32::from_be_bytes(n).into()))
            .ok_or_else(short),
        "FLOAT8" => number(bytes)
            .map(|n| Cell::Number(f64::from_be_bytes(n)))
            .ok_or_else(short),
        "NUMERIC" => numeric(bytes).ok_or_else(short),
        "BYTEA" => Ok(Cell::Bytes(bytes.to_vec())),
        "UUID" => uuid(bytes).map(Cell::Text).ok_or_else(short),
        "JSONB" => text(bytes.get(1..).unwrap_or_default()).map(Cell::Text),
        "DATE" => number(bytes)
            .and_then(|n| date(i32::from_be_bytes(n)))
            .ok_or_else(beyond),
        "TIME" => number(bytes)
            .and_then(|n| time(i64::from_be_bytes(n)))
            .map(Cell::Time)
            .ok_or_else(short),
        "TIMETZ" => timetz(bytes).map(Cell::Time).ok_or_else(short),
        "TIMESTAMP" => number(bytes)
            .and_then(|n| local(i64::from_be_bytes(n)))
            .ok_or_else(beyond),
        "TIMESTAMPTZ" => number(bytes)
            .and_then(|n| instant(i64::from_be_bytes(n)))
            .ok_or_else(beyond),
        "INTERVAL" => interval(bytes).map(Cell::Text).ok_or_else(short),
        "INET" | "CIDR" => inet(bytes, name == "CIDR").map(Cell::Text).ok_or_else(short),
        "VOID" => Ok(Cell::Null),
        _ if is_text(name) => text(bytes).map(Cell::Text),
        other => Err(format!("has the type {other}, which has no form here")),
    }
}

/// Whether a type's binary form is its text.
pub(super) fn is_text(name: &str) -> bool {
    let lower = name.trim_matches('"').to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "text" | "varchar" | "char" | "name" | "json" | "xml" | "unknown" | "citext" | "bpchar" | "cstring"
    )
}

fn number<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "holds a text that is no UTF-8".to_owned())
}

fn beyond() -> String {
    "holds a time beyond the years that there are here".to_owned()
}

/// Digits to the base of 10,000, the first of them worth 10,000 to the power of `weight`.
fn numeric(bytes: &[u8]) -> Option<Cell> {
    let mut parts = bytes
        .chunks_exact(2)
        .map(|pair| Some(i16::from_be_bytes(pair.try_into().ok()?)));
    let mut next = || parts.next().flatten();
    let (count, weight, sign, scale) = (next()?, next()?, next()?, next()?);
    match sign.cast_unsigned() {
        0x0000 | 0x4000 => {}
        0xC000 => return Some(Cell::Text("NaN".into())),
        0xD000 => return Some(Cell::Text("Infinity".into())),
        0xF000 => return Some(Cell::Text("-Infinity".into())),
        _ => return None,
    }
    let digits: Vec<i16> = (0..count).map(|_| next()).collect::<Option<_>>()?;
    let digit = |at: i32| {
        usize::try_from(at)
            .ok()
            .and_then(|at| digits.get(at))
            .copied()
            .unwrap_or(0)
    };
    let mut text = if sign == 0 { String::new() } else { "-".to_owned() };
    let weight = i32::from(weight);
    for at in 0..=weight.max(0) {
        // Before the point stand the digits down to the weight of one.
        let value = if weight < 0 { 0 } else { digit(at) };
        let _ = if at == 0 {
            write!(text, "{value}")
        } else {
            write!(text, "{value:04}")
        };
    }
    let scale = usize::try_from(scale).ok()?;
    if scale > 0 {
        let mut fraction = String::new();
        let mut at = weight + 1;
        while fraction.len() < scale {
            let _ = write!(fraction, "{:04}", digit(at));
            at += 1;
        }
        fraction.truncate(scale);
        text.push('.');
        text.push_str(&fraction);
    }
    Some(Cell::Decimal(text))
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = number(bytes)?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

fn date(days: i32) -> Option<Cell> {
    match days {
        i32::MAX => return Some(Cell::Time("infinity".into())),
        i32::MIN => return Some(Cell::Time("-infinity".into())),
        _ => {}
    }
    let date: Date = Date::constant(2000, 1, 1).checked_add(i64::from(days).days()).ok()?;
    Some(Cell::Time(date.to_string()))
}

/// Microseconds of a day, whose last is followed by 24 o'clock.
fn time(micros: i64) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    if micros == DAY {
        return Some("24:00:00".into());
    }
    let time = Time::midnight().checked_add(SignedDuration::from_micros(micros)).ok();
    time.filter(|_| (0..DAY).contains(&micros)).map(|time| time.to_string())
}

fn timetz(bytes: &[u8]) -> Option<String> {
    let (micros, zone) = bytes.split_first_chunk()?;
    let mut text = time(i64::from_be_bytes(*micros))?;
    // West is positive.
    let east = -i32::from_be_bytes(number(zone)?);
    let (sign, east) = if east < 0 { ('-', -east) } else { ('+', east) };
    let _ = write!(text, "{sign}{:02}:{:02}", east / 3600, east / 60 % 60);
    Some(text)
}

fn local(micros: i64) -> Option<Cell> {
    if let Some(infinite) = infinite(micros) {
        return Some(infinite);
    }
    let first: DateTime = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
    let local = first.checked_add(SignedDuration::from_micros(micros)).ok()?;
    Some(Cell::Time(local.to_string()))
}

fn instant(micros: i64) -> Option<Cell> {
    if let Some(infinite) = infinite(micros) {
        return Some(infinite);
    }
    let since_1970 = micros.checked_add(EPOCH * 1_000_000)?;
    let instant = Timestamp::from_microsecond(since_1970).ok()?;
    Some(Cell::Time(instant.to_string()))
}

fn infinite(micros: i64) -> Option<Cell> {
    match micros {
        i64::MAX => Some(Cell::Time("infinity".into())),
        i64::MIN => Some(Cell::Time("-infinity".into())),
        _ => None,
    }
}

/// As ISO 8601 has it: `P1Y2M3DT4H5M6.5S`.
fn interval(bytes: &[u8]) -> Option<String> {
    let (micros, rest) = bytes.split_first_chunk()?;
    let (days, months) = rest.split_first_chunk()?;
    let micros = i64::from_be_bytes(*micros);
    let (days, months) = (i32::from_be_bytes(*days), i32::from_be_bytes(number(months)?));
    let mut text = "P".to_owned();
    for (amount, unit) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if amount != 0 {
            let _ = write!(text, "{amount}{unit}");
        }
    }
    let seconds = micros / 1_000_000;
    let clock = [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')];
    if micros != 0 {
        text.push('T');
    }
    for (amount, unit) in clock {
        if amount != 0 {
            let _ = write!(text, "{amount}{unit}");
        }
    }
    let rest = micros % 60_000_000;
    if rest != 0 {
        let sign = if rest < 0 { "-" } else { "" };
        let rest = rest.unsigned_abs();
        let fraction = format!("{:06}", rest % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let _ = write!(text, "{sign}{}{point}{fraction}S", rest / 1_000_000);
    }
    if text == "P" {
        text.push_str("T0S");
    }
    Some(text)
}

fn inet(bytes: &[u8], is_network: bool) -> Option<String> {
    let ([family, bits, _, _], address) = bytes.split_first_chunk::<4>()?;
    let (address, whole) = match family {
        2 => (std::net::IpAddr::from(number::<4>(address)?), 32),
        3 => (std::net::IpAddr::from(number::<16>(address)?), 128),
        _ => return None,
    };
    match *bits == whole && !is_network {
        true => Some(address.to_string()),
        false => Some(format!("{address}/{bits}")),
    }
}

/// As PostgreSQL writes arrays: `{1,2,NULL,"a b"}`.
fn array(bytes: &[u8], element: &PgTypeInfo) -> Result<String, String> {
    let element = base(element);
    let mut reader = Reader { bytes };
    let broken = || "has an array of an unknown form".to_owned();
    let dimensions = usize::try_from(reader.int().ok_or_else(broken)?).map_err(|_| broken())?;
    // Whether there are NULLs, and the elements' type.
    let _ = (reader.int(), reader.int());
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(reader.int().ok_or_else(broken)?);
        // Where the numbering begins.
        let _ = reader.int();
    }
    let mut text = String::new();
    match lengths.as_slice() {
        [] => text.push_str("{}"),
        lengths => part(&mut reader, lengths, &element, &mut text)?,
    }
    Ok(text)
}

fn part(reader: &mut Reader<'_>, lengths: &[i32], element: &PgTypeInfo, text: &mut String) -> Result<(), String> {
    let broken = || "has an array of an unknown form".to_owned();
    let (length, inner) = lengths.split_first().ok_or_else(broken)?;
    text.push('{');
    for at in 0..*length {
        if at > 0 {
            text.push(',');
        }
        if !inner.is_empty() {
            part(reader, inner, element, text)?;
            continue;
        }
        match reader.int().ok_or_else(broken)? {
            -1 => text.push_str("NULL"),
            size => {
                let bytes = reader
                    .take(usize::try_from(size).map_err(|_| broken())?)
                    .ok_or_else(broken)?;
                push_element(read(bytes, element)?, text);
            }
        }
    }
    text.push('}');
    Ok(())
}

fn push_element(cell: Cell, text: &mut String) {
    let plain = match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Truth(truth) => if truth { "t" } else { "f" }.to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Decimal(text) => text,
        Cell::Bytes(bytes) => {
            bytes.iter().fold("\"\\\\x".to_owned(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }) + "\""
        }
        Cell::Text(inner) | Cell::Time(inner) => {
            let simple = |c: char| !c.is_whitespace() && !matches!(c, '{' | '}' | ',' | '"' | '\\');
            match !inner.is_empty() && inner.chars().all(simple) && !inner.eq_ignore_ascii_case("null") {
                true => inner,
                false => format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\"")),
            }
        }
    };
    text.push_str(&plain);
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(size)?;
        self.bytes = rest;
        Some(taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.take(4).and_then(number).map(i32::from_be_bytes)
    }
}
