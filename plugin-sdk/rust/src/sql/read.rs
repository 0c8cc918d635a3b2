//! From rows to Rust's values, by serde.

use super::{Cell, Rows};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use std::fmt;

/// A row does not fit the type that was asked for.
///
/// ```
/// use moa_plugin::sql::{ReadError, Rows};
///
/// let error: ReadError = Rows::of(["name", "price"], [("soup", "dear")]).read::<(String, u32)>().unwrap_err();
/// assert_eq!(error.to_string(), "row 1, column `price`: invalid type: string \"dear\", expected u32");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}{what}")]
pub struct ReadError {
    /// The first one is 1.
    row: usize,
    what: Fault,
}

/// One row; `None` behind the last.
pub(super) fn row<T: DeserializeOwned>(rows: &Rows, at: usize) -> Option<Result<T, ReadError>> {
    let cells = rows.rows.get(at)?;
    let row = Row {
        columns: &rows.columns,
        cells,
    };
    Some(T::deserialize(row).map_err(|what| ReadError { row: at + 1, what }))
}

/// What serde is told, with the column if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    column: Option<String>,
    text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, ", column `{column}`: {}", self.text),
            None => write!(f, ": {}", self.text),
        }
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self {
            column: None,
            text: text.to_string(),
        }
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [String],
    cells: &'a [Cell],
}

impl<'a> Row<'a> {
    fn fields(self) -> impl Iterator<Item = (&'a str, Field<'a>)> {
        let names = self.columns.iter().map(String::as_str);
        names
            .zip(self.cells)
            .enumerate()
            .filter_map(move |(at, (column, cell))| {
                // serde refuses a name that comes twice.
                let later = self.columns.iter().skip(at + 1).any(|other| other == column);
                (!later).then_some((column, Field { column, cell }))
            })
    }

    /// Of a row with a single column, which stands for its value.
    fn only(self) -> Result<Field<'a>, Fault> {
        match (self.columns, self.cells) {
            ([column], [cell]) => Ok(Field { column, cell }),
            _ => Err(Fault::custom(format!(
                "{} columns don't fit one value: take a tuple or a struct",
                self.columns.len()
            ))),
        }
    }
}

macro_rules! by_only {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'_> {
    type Error = Fault;

    by_only! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit
        deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        MapDeserializer::new(self.fields()).deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // `Vec<u8>` asks for a sequence.
        if let Ok(
            field @ Field {
                cell: Cell::Bytes(_), ..
            },
        ) = self.only()
        {
            return field.deserialize_seq(visitor);
        }
        let names = self.columns.iter().map(String::as_str);
        let fields = names.zip(self.cells).map(|(column, cell)| Field { column, cell });
        SeqDeserializer::new(fields).deserialize_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        match self.columns.len() == len {
            true => self.deserialize_seq(visitor),
            false => Err(Fault::custom(format!(
                "{} columns don't fit a tuple of {len}",
                self.columns.len()
            ))),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// A cell, with its column's name for errors.
#[derive(Clone, Copy)]
struct Field<'a> {
    column: &'a str,
    cell: &'a Cell,
}

impl Field<'_> {
    fn told<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| Fault {
            column: Some(fault.column.unwrap_or_else(|| self.column.into())),
            ..fault
        })
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Field<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Exact numbers, which the database writes as digits, for who wants a number of a limited size.
macro_rules! numbers {
    ($($method:ident $visit:ident $of:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.cell {
                Cell::Decimal(digits) => match digits.parse::<$of>() {
                    Ok(number) => self.told(visitor.$visit(number)),
                    Err(_) => self.told(Err(Fault::custom(format!(
                        "the exact number {digits} does not fit {}",
                        stringify!($of)
                    )))),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = Fault;

    numbers! {
        deserialize_i8 visit_i64 i64;
        deserialize_i16 visit_i64 i64;
        deserialize_i32 visit_i64 i64;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u64 u64;
        deserialize_u16 visit_u64 u64;
        deserialize_u32 visit_u64 u64;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f64 f64;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.told(match self.cell {
            Cell::Null => visitor.visit_unit(),
            Cell::Truth(truth) => visitor.visit_bool(*truth),
            Cell::Integer(number) => visitor.visit_i64(*number),
            Cell::Number(number) => visitor.visit_f64(*number),
            Cell::Decimal(text) | Cell::Text(text) | Cell::Time(text) => visitor.visit_str(text),
            Cell::Bytes(bytes) => visitor.visit_bytes(bytes),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.cell {
            Cell::Integer(number @ 0..=1) => self.told(visitor.visit_bool(*number == 1)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.cell {
            Cell::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// `Vec<u8>` asks for a sequence.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.cell {
            Cell::Bytes(bytes) => {
                let sequence: SeqDeserializer<_, Fault> = SeqDeserializer::new(bytes.iter().copied());
                self.told(sequence.deserialize_seq(visitor))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.cell {
            Cell::Text(name) => self.told(visitor.visit_enum(name.as_str().into_deserializer())),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    fn of<T: DeserializeOwned>(cell: Cell) -> Result<T, String> {
        let rows = Rows::of(["v"], [[cell]]);
        rows.first()
            .map(Option::unwrap)
            .map_err(|error: ReadError| error.to_string())
    }

    #[test]
    fn cells_are_read_as_what_holds_them() {
        assert_eq!(of(Cell::Truth(true)), Ok(true));
        assert_eq!(of(Cell::Integer(1)), Ok(true));
        assert_eq!(of(Cell::Integer(7)), Ok(7_u8));
        assert_eq!(of(Cell::Integer(7)), Ok(7.0_f64));
        assert_eq!(of(Cell::Decimal("12.50".into())), Ok(12.5_f64));
        assert_eq!(of(Cell::Decimal("12".into())), Ok(12_i32));
        assert_eq!(of(Cell::Decimal("12.50".into())), Ok("12.50".to_owned()));
        assert_eq!(of(Cell::Time("2026-11-21".into())), Ok("2026-11-21".to_owned()));
        assert_eq!(of(Cell::Bytes(vec![1, 2])), Ok(vec![1_u8, 2]));
        assert_eq!(of(Cell::Null), Ok(None::<i64>));
        assert_eq!(of(Cell::Integer(1)), Ok(Some(1)));
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let wrong = |error: Result<u8, String>| error.unwrap_err();
        assert_eq!(
            wrong(of(Cell::Integer(300))),
            "row 1, column `v`: invalid value: integer `300`, expected u8"
        );
        assert_eq!(
            wrong(of(Cell::Decimal("1.5".into()))),
            "row 1, column `v`: the exact number 1.5 does not fit u64"
        );
        assert!(wrong(of(Cell::Null)).contains("column `v`"));
        assert!(of::<bool>(Cell::Integer(2)).is_err());
        let rows = Rows::of(["a", "b"], [(1, 2), (3, 4)]);
        let error = |error: Result<Vec<(u8, u8, u8)>, ReadError>| error.unwrap_err().to_string();
        assert_eq!(error(rows.read()), "row 1: 2 columns don't fit a tuple of 3");
        let error = rows.read::<u8>().unwrap_err().to_string();
        assert_eq!(error, "row 1: 2 columns don't fit one value: take a tuple or a struct");
    }

    #[test]
    fn rows_are_structs_and_tuples() {
        #[derive(Deserialize, Debug, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Mood {
            Good,
        }
        #[derive(Deserialize, Debug, PartialEq)]
        struct Id(i64);
        #[derive(Deserialize, Debug, PartialEq)]
        struct Person {
            id: Id,
            mood: Mood,
            team: Option<String>,
        }
        let mut rows = Rows::of(
            ["id", "mood", "team", "unused"],
            [(1, "good", Some("a"), 0), (2, "good", None, 0)],
        );
        let person = |id, team: Option<&str>| Person {
            id: Id(id),
            mood: Mood::Good,
            team: team.map(Into::into),
        };
        assert_eq!(rows.read(), Ok(vec![person(1, Some("a")), person(2, None)]));
        // Of two columns with one name the last counts.
        rows.columns[3] = "id".into();
        assert_eq!(rows.first(), Ok(Some(person(0, Some("a")))));
        let maps: Vec<std::collections::BTreeMap<String, Option<u8>>> = Rows::of(["a"], [[1]]).read().unwrap();
        assert_eq!(maps[0]["a"], Some(1));
        assert_eq!(Rows::of(["a"], [[7]]).read(), Ok(vec![Id(7)]));
    }
}
