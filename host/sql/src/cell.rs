//! What goes into a statement and what comes out.

/// A value of a column or parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A truth value; where the database has none it is an integer.
    Truth(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Number(f64),
    /// An exact number of any size, in decimal digits.
    Decimal(String),
    /// Text; also what has no case of its own here, as the database writes it.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant (RFC 3339), or a date or time as text where the column has no zone.
    Time(String),
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The columns' names, in the statement's order. Names may repeat.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there was more than the limit of rows or bytes.
    pub truncated: bool,
}

impl Cell {
    /// What it counts against the limit of bytes.
    pub(crate) fn size(&self) -> usize {
        /// What a value takes that has a size of its own.
        const FIXED: usize = 16;
        match self {
            Self::Null | Self::Truth(_) | Self::Integer(_) | Self::Number(_) => FIXED,
            Self::Decimal(text) | Self::Text(text) | Self::Time(text) => FIXED + text.len(),
            Self::Bytes(bytes) => FIXED + bytes.len(),
        }
    }

    /// What it is called in errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Truth(_) => "a truth value",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Time(_) => "a time",
        }
    }

    /// A decimal's digits, if they are some: an optional sign, digits with an optional point, no exponent.
    pub(crate) fn is_decimal(text: &str) -> bool {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        !(whole.is_empty() && fraction.is_empty()) && all_digits(whole) && all_digits(fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_digits() {
        for good in ["0", "-1", "+1.50", ".5", "5.", "123456789012345678901234567890.1"] {
            assert!(Cell::is_decimal(good), "{good}");
        }
        for bad in ["", "-", ".", "1e5", "NaN", "1,5", "0x1", " 1", "1.2.3"] {
            assert!(!Cell::is_decimal(bad), "{bad}");
        }
    }
}
