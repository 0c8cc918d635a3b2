//! Parameters in the binary form of the type that PostgreSQL takes them for.

use super::value::{EPOCH, base, is_text};
use crate::Cell;
use crate::time::When;
use jiff::civil::{Date, DateTime};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgTypeKind};
use sqlx::{Encode, Type, TypeInfo as _};

/// A parameter, ready to be sent.
pub(super) struct Bound {
    bytes: Option<Vec<u8>>,
    kind: PgTypeInfo,
}

impl Bound {
    /// Makes a parameter of this type of a cell.
    pub(super) fn of(cell: &Cell, kind: &PgTypeInfo) -> Result<Self, String> {
        let bytes = match cell {
            Cell::Null => None,
            cell => Some(encode(cell, &base(kind))?),
        };
        Ok(Self {
            bytes,
            kind: kind.clone(),
        })
    }
}

impl Type<sqlx::Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        <str as Type<sqlx::Postgres>>::type_info()
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl Encode<'_, sqlx::Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.bytes {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.clone())
    }
}

fn encode(cell: &Cell, kind: &PgTypeInfo) -> Result<Vec<u8>, String> {
    let name = kind.name();
    let unfit = || {
        format!(
            "{} cannot be a {name} without a word: write `$n::text::{}` and give a text",
            cell.kind(),
            name.to_lowercase()
        )
    };
    let too_large = || format!("{} does not fit a {name}", cell.kind());
    if is_text(name) || matches!(kind.kind(), PgTypeKind::Enum(_)) {
        return as_text(cell).map(String::into_bytes).ok_or_else(unfit);
    }
    match (name, cell) {
        ("BOOL", Cell::Truth(truth)) => Ok(vec![u8::from(*truth)]),
        ("INT2", Cell::Integer(n)) => i16::try_from(*n)
            .map(|n| n.to_be_bytes().to_vec())
            .map_err(|_| too_large()),
        ("INT4", Cell::Integer(n)) => i32::try_from(*n)
            .map(|n| n.to_be_bytes().to_vec())
            .map_err(|_| too_large()),
        ("OID", Cell::Integer(n)) => u32::try_from(*n)
            .map(|n| n.to_be_bytes().to_vec())
            .map_err(|_| too_large()),
        ("INT8", Cell::Integer(n)) => Ok(n.to_be_bytes().to_vec()),
        ("FLOAT4" | "FLOAT8", Cell::Integer(_) | Cell::Number(_) | Cell::Decimal(_)) => {
            let text = as_text(cell).ok_or_else(unfit)?;
            match name {
                "FLOAT4" => text
                    .parse::<f32>()
                    .map(|n| n.to_be_bytes().to_vec())
                    .map_err(|_| unfit()),
                _ => text
                    .parse::<f64>()
                    .map(|n| n.to_be_bytes().to_vec())
                    .map_err(|_| unfit()),
            }
        }
        ("NUMERIC", Cell::Integer(_) | Cell::Number(_) | Cell::Decimal(_)) => {
            let text = as_text(cell).ok_or_else(unfit)?;
            numeric(&text).ok_or_else(too_large)
        }
        ("BYTEA", Cell::Bytes(bytes)) => Ok(bytes.clone()),
        ("UUID", Cell::Text(text)) => uuid(text).ok_or_else(|| format!("`{text}` is no UUID")),
        ("JSONB", Cell::Text(text)) => Ok([&[1], text.as_bytes()].concat()),
        ("DATE" | "TIME" | "TIMESTAMP" | "TIMESTAMPTZ", Cell::Time(text) | Cell::Text(text)) => {
            let when = When::read(text).ok_or_else(|| format!("`{text}` is no time"))?;
            moment(name, when).ok_or_else(|| match name {
                "TIMESTAMPTZ" => format!("`{text}` is no instant: such is \"2026-11-22T00:30:00Z\""),
                _ => format!("`{text}` is no {name}"),
            })
        }
        _ => Err(unfit()),
    }
}

/// What a text column takes.
fn as_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) | Cell::Time(text) | Cell::Decimal(text) => Some(text.clone()),
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Truth(truth) => Some(truth.to_string()),
        Cell::Null | Cell::Bytes(_) => None,
    }
}

fn moment(name: &str, when: When) -> Option<Vec<u8>> {
    let days = |date: Date| {
        let since = date.since(Date::constant(2000, 1, 1)).ok()?;
        Some(since.get_days().to_be_bytes().to_vec())
    };
    match (name, when) {
        ("DATE", When::Date(date)) => days(date),
        ("TIME", When::Time(time)) => {
            let nanos = time
                .since(jiff::civil::Time::midnight())
                .ok()?
                .total(jiff::Unit::Microsecond)
                .ok()?;
            // A day's microseconds fit a float exactly.
            Some((nanos as i64).to_be_bytes().to_vec())
        }
        ("TIMESTAMPTZ", When::Instant(instant)) => {
            let micros = instant.as_microsecond().checked_sub(EPOCH * 1_000_000)?;
            Some(micros.to_be_bytes().to_vec())
        }
        ("TIMESTAMP", when) => {
            let since = when.local()?.duration_since(DateTime::constant(2000, 1, 1, 0, 0, 0, 0));
            Some(i64::try_from(since.as_micros()).ok()?.to_be_bytes().to_vec())
        }
        _ => None,
    }
}

fn uuid(text: &str) -> Option<Vec<u8>> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    if hex.len() != 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u128::from_str_radix(&hex, 16).ok()?;
    Some(number.to_be_bytes().to_vec())
}

/// Decimal digits in groups of four on both sides of the point, as `numeric_recv` has it.
fn numeric(text: &str) -> Option<Vec<u8>> {
    // What a float is written as may have an exponent.
    if !Cell::is_decimal(text) {
        return None;
    }
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let scale = u16::try_from(fraction.len()).ok().filter(|scale| *scale <= 16_383)?;
    let padded_whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let padded_fraction = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let mut groups: Vec<i16> = Vec::new();
    for group in padded_whole
        .as_bytes()
        .chunks(4)
        .chain(padded_fraction.as_bytes().chunks(4))
    {
        groups.push(std::str::from_utf8(group).ok()?.parse().ok()?);
    }
    let mut weight = i16::try_from(padded_whole.len() / 4).ok()? - 1;
    let zeros = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..zeros);
    weight = weight.checked_sub(i16::try_from(zeros).ok()?)?;
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    let sign: u16 = if negative && !groups.is_empty() { 0x4000 } else { 0 };
    let mut bytes = Vec::with_capacity(8 + groups.len() * 2);
    bytes.extend(i16::try_from(groups.len()).ok()?.to_be_bytes());
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(scale.to_be_bytes());
    for group in groups {
        bytes.extend(group.to_be_bytes());
    }
    Some(bytes)
}
