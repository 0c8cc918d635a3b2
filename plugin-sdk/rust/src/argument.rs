//! From the host's typed values to the parameters of the author's functions.

use crate::bindings::moa::plugin::types::{Arg, Conversation, User, Value};
use crate::error::Error;
use crate::manifest::{Kind, Literal};
use crate::time::{Date, Time};
use std::time::Duration;

/// A type that a command can take as an argument.
///
/// `String`, `bool`, the integers from 8 to 64 bits, `f32`, `f64`, [`User`], [`Conversation`], [`Duration`], [`Date`]
/// and [`Time`], and enums with [`#[derive(Argument)]`](derive@crate::Argument); each also in an `Option`, for an argument that may
/// be left out.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::testing::Host;
///
/// /// Orders something, now or later.
/// #[command]
/// fn order(dish: String, #[min = 1] count: u8, after: Option<Duration>) -> String {
///     let minutes = after.map_or(0, |after| after.as_secs() / 60);
///     format!("{count} × {} in {minutes} minutes", text::plain(&dish))
/// }
///
/// assert_eq!(Host::new().run::<order>("soup 2 1h30m")?, Some("2 × soup in 90 minutes".into()));
/// assert_eq!(Host::new().run::<order>("soup 2")?, Some("2 × soup in 0 minutes".into()));
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of a command",
    label = "not a type that people can type",
    note = "take `String`, `bool`, an integer of 8 to 64 bits, `f32`, `f64`, `User`, `Conversation`, `Duration`, `Date`, `Time` or an enum with `#[derive(Argument)]`, an `Option` of one of these, or `&Context`"
)]
pub trait Argument: Sized {
    /// What a default in the source is written as.
    #[doc(hidden)]
    type Literal;
    /// The type in the manifest.
    #[doc(hidden)]
    const KIND: Kind;
    /// The least value, where the Rust type is narrower than the contract's.
    #[doc(hidden)]
    const MIN: Option<Literal> = None;
    /// The greatest value, likewise.
    #[doc(hidden)]
    const MAX: Option<Literal> = None;
    /// The words to choose from, of an enum.
    #[doc(hidden)]
    const CHOICES: &'static [&'static str] = &[];
    /// The value, if it is of the right kind and fits.
    #[doc(hidden)]
    fn from_value(value: Value) -> Option<Self>;

    /// An argument that the host hands over always.
    #[doc(hidden)]
    fn required(args: &mut Args, name: &str) -> Result<Self, Error> {
        Self::optional(args, name)?.ok_or_else(|| missing(name))
    }

    /// An argument that may be missing.
    #[doc(hidden)]
    fn optional(args: &mut Args, name: &str) -> Result<Option<Self>, Error> {
        let Some(value) = args.take(name) else {
            return Ok(None);
        };
        // Its kind, not the value: what people typed does not belong into the operator's log.
        let got = kind_of(&value);
        match Self::from_value(value) {
            Some(argument) => Ok(Some(argument)),
            None => Err(mismatch(name, &format!("{:?}", Self::KIND).to_lowercase(), got)),
        }
    }
}

/// An argument that can have a least and a greatest value.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest value",
    label = "only numbers have bounds",
    note = "`#[min]` and `#[max]` go with integers, `f32` and `f64`"
)]
pub trait NumberArgument: Argument {
    /// What a bound is written as.
    type Bound;
}

macro_rules! texts {
    ($($type:ty, $kind:ident, $case:ident, $value:ident => $make:expr;)*) => {$(
        impl Argument for $type {
            type Literal = &'static str;
            const KIND: Kind = Kind::$kind;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$case($value) => $make,
                    _ => None,
                }
            }
        }
    )*};
}

texts! {
    String, String, Text, text => Some(text);
    User, User, User, user => Some(user);
    Conversation, Conversation, Conversation, conversation => Some(conversation);
    Duration, Duration, Seconds, seconds => Some(Duration::from_secs(seconds.into()));
    Date, Date, Date, date => date.parse().ok();
    Time, Time, Time, time => time.parse().ok();
}

macro_rules! integers {
    ($($type:ty, $min:expr, $max:expr;)*) => {$(
        impl Argument for $type {
            type Literal = $type;
            const KIND: Kind = Kind::Int;
            const MIN: Option<Literal> = $min;
            const MAX: Option<Literal> = $max;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Integer(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        }
        impl NumberArgument for $type {
            type Bound = $type;
        }
    )*};
}

// The contract's integers have 64 bits and a sign: bounds beyond that need not be told.
integers! {
    i8, Some(Literal::Int(i8::MIN as i64)), Some(Literal::Int(i8::MAX as i64));
    i16, Some(Literal::Int(i16::MIN as i64)), Some(Literal::Int(i16::MAX as i64));
    i32, Some(Literal::Int(i32::MIN as i64)), Some(Literal::Int(i32::MAX as i64));
    i64, None, None;
    u8, Some(Literal::Int(0)), Some(Literal::Int(u8::MAX as i64));
    u16, Some(Literal::Int(0)), Some(Literal::Int(u16::MAX as i64));
    u32, Some(Literal::Int(0)), Some(Literal::Int(u32::MAX as i64));
    u64, Some(Literal::Int(0)), None;
}

macro_rules! floats {
    ($($type:ty, $value:ident => $make:expr;)*) => {$(
        impl Argument for $type {
            type Literal = $type;
            const KIND: Kind = Kind::Float;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Number($value) => Some($make),
                    _ => None,
                }
            }
        }
        impl NumberArgument for $type {
            type Bound = $type;
        }
    )*};
}

floats! {
    // Whoever takes an `f32` wants the nearest one.
    f32, number => number as f32;
    f64, number => number;
}

impl Argument for bool {
    type Literal = bool;
    const KIND: Kind = Kind::Bool;
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Truth(truth) => Some(truth),
            _ => None,
        }
    }
}

/// The arguments of one call, taken by name.
#[doc(hidden)]
#[derive(Debug)]
pub struct Args(Vec<Arg>);

impl Args {
    pub(crate) fn new(args: Vec<Arg>) -> Self {
        Self(args)
    }

    /// A list that the host hands over always.
    pub fn required_list(&mut self, name: &str) -> Result<Vec<String>, Error> {
        self.optional_list(name)?.ok_or_else(|| missing(name))
    }

    /// A list that may be missing.
    pub fn optional_list(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Many(texts)) => Ok(Some(texts)),
            Some(other) => Err(mismatch(name, "list", kind_of(&other))),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|arg| arg.name == name)?;
        Some(self.0.swap_remove(index).value)
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "text",
        Value::Integer(_) => "an integer",
        Value::Number(_) => "a number",
        Value::Truth(_) => "a truth value",
        Value::User(_) => "a user",
        Value::Conversation(_) => "a conversation",
        Value::Seconds(_) => "seconds",
        Value::Date(_) => "a date",
        Value::Time(_) => "a time",
        Value::Many(_) => "a list",
    }
}

fn missing(name: &str) -> Error {
    Error::internal(format!(
        "the host handed over no argument `{name}`, which the manifest requires"
    ))
}

fn mismatch(name: &str, wanted: &str, got: &str) -> Error {
    Error::internal(format!(
        "the argument `{name}` is `{wanted}` in the manifest; the host handed over {got} that does not fit"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(values: &[(&str, Value)]) -> Args {
        Args::new(
            values
                .iter()
                .map(|(name, value)| Arg {
                    name: (*name).into(),
                    value: value.clone(),
                })
                .collect(),
        )
    }

    #[test]
    fn values_become_parameters() {
        let mut args = args(&[
            ("size", Value::Integer(3)),
            ("ratio", Value::Number(0.5)),
            ("loud", Value::Truth(true)),
            ("wait", Value::Seconds(90)),
            ("day", Value::Date("2026-11-21".into())),
            ("at", Value::Time("09:50:00".into())),
            ("names", Value::Many(vec!["로지".into(), "샐리".into()])),
            ("text", Value::Text("안녕".into())),
        ]);
        assert_eq!(String::required(&mut args, "text"), Ok("안녕".into()));
        assert_eq!(u32::required(&mut args, "size"), Ok(3));
        assert_eq!(f64::required(&mut args, "ratio"), Ok(0.5));
        assert_eq!(bool::optional(&mut args, "loud"), Ok(Some(true)));
        assert_eq!(Duration::required(&mut args, "wait"), Ok(Duration::from_secs(90)));
        assert_eq!(Date::required(&mut args, "day").map(Date::day), Ok(21));
        assert_eq!(Time::required(&mut args, "at").map(Time::hour), Ok(9));
        assert_eq!(args.required_list("names"), Ok(vec!["로지".into(), "샐리".into()]));
        assert_eq!(String::optional(&mut args, "nothing"), Ok(None));
        assert_eq!(args.optional_list("nothing"), Ok(None));
    }

    #[test]
    fn what_does_not_fit_is_a_failure_and_no_panic() {
        let x = |value| args(&[("x", value)]);
        let nothing = || args(&[]);
        let broken = [
            u32::required(&mut x(Value::Integer(-1)), "x").map(drop),
            u8::required(&mut x(Value::Integer(256)), "x").map(drop),
            i64::required(&mut x(Value::Text("1".into())), "x").map(drop),
            Date::optional(&mut x(Value::Date("2026-02-30".into())), "x").map(drop),
            x(Value::Text("a,b".into())).required_list("x").map(drop),
            bool::required(&mut nothing(), "x").map(drop),
            nothing().required_list("x").map(drop),
        ];
        for result in broken {
            let text = result.unwrap_err().to_string();
            assert!(text.contains("`x`"), "{text}");
        }
    }

    #[test]
    fn the_value_is_not_told_to_the_log() {
        let mut args = args(&[("x", Value::Text("비밀".into()))]);
        let error = i64::required(&mut args, "x").unwrap_err();
        assert!(!error.to_string().contains("비밀"));
    }
}
