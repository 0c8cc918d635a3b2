//! What MySQL sends to prepared statements, in its binary form, as cells.
//!
//! The forms are those of the manual's "Binary Protocol Resultset Row".

use crate::Cell;
use sqlx::mysql::MySqlValueRef;
use sqlx::{Decode, Type, TypeInfo as _, ValueRef as _};
use std::fmt::Write as _;

/// A value's cell. A date of zeros is NULL.
pub(super) fn cell(value: MySqlValueRef<'_>) -> Result<Cell, String> {
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    // The types' names do not tell: a text that is compared byte by byte is called binary too.
    let is_text = <str as Type<sqlx::MySql>>::compatible(&value.type_info());
    let bytes = <&[u8] as Decode<sqlx::MySql>>::decode(value).map_err(|error| error.to_string())?;
    let unknown = || format!("has a {kind} of an unknown form");
    let (name, unsigned) = match kind.strip_suffix(" UNSIGNED") {
        Some(name) => (name, true),
        None => (kind.as_str(), false),
    };
    match name {
        // It holds any number of 8 bits.
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => {
            integer(bytes, unsigned || name == "YEAR").ok_or_else(unknown)
        }
        "BIT" => bits(bytes).ok_or_else(unknown),
        "FLOAT" => fixed(bytes)
            .map(|n| Cell::Number(f32::from_le_bytes(n).into()))
            .ok_or_else(unknown),
        "DOUBLE" => fixed(bytes)
            .map(|n| Cell::Number(f64::from_le_bytes(n)))
            .ok_or_else(unknown),
        "DECIMAL" => text(bytes).map(Cell::Decimal),
        "DATE" | "DATETIME" => date(bytes).map(Cell::Time).ok_or_else(unknown),
        "TIMESTAMP" => date(bytes)
            .map(|date| Cell::Time(format!("{date}Z")))
            .ok_or_else(unknown),
        "TIME" => time(bytes).map(Cell::Time).ok_or_else(unknown),
        "JSON" | "ENUM" | "SET" => text(bytes).map(Cell::Text),
        _ if is_text => text(bytes).map(Cell::Text),
        _ => Ok(Cell::Bytes(bytes.to_vec())),
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "holds a text that is no UTF-8".to_owned())
}

fn integer(bytes: &[u8], unsigned: bool) -> Option<Cell> {
    let number: i64 = match (bytes.len(), unsigned) {
        (1, false) => i8::from_le_bytes(fixed(bytes)?).into(),
        (1, true) => u8::from_le_bytes(fixed(bytes)?).into(),
        (2, false) => i16::from_le_bytes(fixed(bytes)?).into(),
        (2, true) => u16::from_le_bytes(fixed(bytes)?).into(),
        (4, false) => i32::from_le_bytes(fixed(bytes)?).into(),
        (4, true) => u32::from_le_bytes(fixed(bytes)?).into(),
        (8, false) => i64::from_le_bytes(fixed(bytes)?),
        (8, true) => return Some(large(u64::from_le_bytes(fixed(bytes)?))),
        _ => return None,
    };
    Some(Cell::Integer(number))
}

/// What is too large for an integer here is a decimal.
fn large(number: u64) -> Cell {
    i64::try_from(number).map_or_else(|_| Cell::Decimal(number.to_string()), Cell::Integer)
}

fn bits(bytes: &[u8]) -> Option<Cell> {
    (bytes.len() <= 8).then(|| large(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
}

/// A length, year, month and day, and unless they are all zero hour, minute and second, and unless it is zero the
/// fraction.
fn date(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first()?;
    let (year, rest) = rest.split_first_chunk()?;
    let (day, rest) = rest.split_first_chunk::<2>()?;
    let mut text = format!(
        "{:04}-{:02}-{:02}",
        u16::from_le_bytes(*year),
        day.first()?,
        day.get(1)?
    );
    if *length == 4 {
        return Some(text);
    }
    let ([hour, minute, second], fraction) = rest.split_first_chunk::<3>()?;
    let _ = write!(text, "T{hour:02}:{minute:02}:{second:02}");
    push_fraction(fraction, &mut text)?;
    Some(text)
}

/// A length, whether it is negative, days, hour, minute, second and fraction. It may be longer than a day.
fn time(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first()?;
    if *length == 0 {
        return Some("00:00:00".into());
    }
    let (negative, rest) = rest.split_first()?;
    let (days, rest) = rest.split_first_chunk()?;
    let ([hour, minute, second], fraction) = rest.split_first_chunk::<3>()?;
    let hours = u64::from(u32::from_le_bytes(*days)) * 24 + u64::from(*hour);
    let sign = if *negative == 1 { "-" } else { "" };
    let mut text = format!("{sign}{hours:02}:{minute:02}:{second:02}");
    push_fraction(fraction, &mut text)?;
    Some(text)
}

fn push_fraction(bytes: &[u8], text: &mut String) -> Option<()> {
    if !bytes.is_empty() {
        let micros = format!("{:06}", u32::from_le_bytes(fixed(bytes)?));
        text.push('.');
        text.push_str(micros.trim_end_matches('0'));
    }
    Some(())
}
