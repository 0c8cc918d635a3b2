//! From Rust's values to cells.

use super::Cell;

macro_rules! cells {
    ($($of:ty => $case:ident($to:ty);)*) => {$(
        impl From<$of> for Cell {
            fn from(value: $of) -> Self {
                Self::$case(<$to>::from(value))
            }
        }
    )*};
}

cells! {
    bool => Truth(bool);
    i8 => Integer(i64);
    i16 => Integer(i64);
    i32 => Integer(i64);
    i64 => Integer(i64);
    u8 => Integer(i64);
    u16 => Integer(i64);
    u32 => Integer(i64);
    f32 => Number(f64);
    f64 => Number(f64);
    &str => Text(String);
    &String => Text(String);
    String => Text(String);
    &[u8] => Bytes(Vec<u8>);
    Vec<u8> => Bytes(Vec<u8>);
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a statement is given for its parameters: a tuple, an array or a list of values that become [`Cell`]s; `()` for
/// none.
///
/// ```
/// use moa_plugin::sql::{Cell, Params};
///
/// assert_eq!((7, "soup").into_cells(), [Cell::Integer(7), Cell::Text("soup".into())]);
/// assert_eq!([1, 2].into_cells().len(), 2);
/// assert_eq!(().into_cells(), []);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the parameters of a statement",
    label = "not parameters",
    note = "write a tuple `(7, \"soup\")`, an array `[7]`, a `Vec` of `sql::Cell`, or `()` for none"
)]
pub trait Params {
    /// In their order.
    fn into_cells(self) -> Vec<Cell>;
}

impl Params for () {
    fn into_cells(self) -> Vec<Cell> {
        Vec::new()
    }
}

impl<T: Into<Cell>, const N: usize> Params for [T; N] {
    fn into_cells(self) -> Vec<Cell> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Cell>> Params for Vec<T> {
    fn into_cells(self) -> Vec<Cell> {
        self.into_iter().map(Into::into).collect()
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Cell>),+> Params for ($($name,)+) {
            fn into_cells(self) -> Vec<Cell> {
                #[expect(non_snake_case, reason = "a value is called as its type")]
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        }
    )*};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value() {
        let cells = (
            true,
            -1_i8,
            u32::MAX,
            0.5_f32,
            "a",
            String::from("b"),
            &b"c"[..],
            None::<&str>,
            Some(7),
            Cell::Decimal("1".into()),
        );
        let expected = [
            Cell::Truth(true),
            Cell::Integer(-1),
            Cell::Integer(4_294_967_295),
            Cell::Number(0.5),
            Cell::Text("a".into()),
            Cell::Text("b".into()),
            Cell::Bytes(b"c".to_vec()),
            Cell::Null,
            Cell::Integer(7),
            Cell::Decimal("1".into()),
        ];
        assert_eq!(cells.into_cells(), expected);
        assert_eq!(vec!["a"].into_cells(), [Cell::Text("a".into())]);
    }
}
