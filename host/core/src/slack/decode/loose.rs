//! Reading JSON that others may change at any time: a field of another type than expected counts as missing.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A string, borrowed where the JSON has no escapes in it; anything that is no string reads as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl Text<'_> {
    /// The string, or an empty one.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there is a string with something in it.
    pub fn is_there(&self) -> bool {
        !self.as_str().is_empty()
    }
}

/// A truth value; anything else reads as no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

/// A number of at least 0; anything else reads as 0. Larger numbers are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub u32);

/// An object; anything else reads as nothing.
#[derive(Clone, Debug)]
pub struct Loose<T>(pub Option<T>);

// Derived, it would ask `T` for a default that it does not need.
impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self(None)
    }
}

struct TextVisitor;
struct LooseVisitor<T>(PhantomData<T>);
struct FlagVisitor;
struct CountVisitor;

/// What all visitors do with values that they have no use for.
macro_rules! otherwise {
    ($value:ty; $nothing:expr; $($method:ident: $of:ty),*) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
        $(fn $method<E>(self, _: $of) -> Result<$value, E> {
            Ok($nothing)
        })*
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok($nothing)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

/// The same for the types that have no use for an object either.
macro_rules! no_object {
    ($value:ty; $nothing:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for LooseVisitor<T> {
    type Value = Loose<T>;
    otherwise!(Loose<T>; Loose(None); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Loose(Some(object)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(PhantomData))
    }
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;
    otherwise!(Text<'de>; Text(None); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
    no_object!(Text<'de>; Text(None));
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }
    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.into()))))
    }
}

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;
    otherwise!(Flag; Flag(false); visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    no_object!(Flag; Flag(false));
    fn visit_bool<E>(self, yes: bool) -> Result<Flag, E> {
        Ok(Flag(yes))
    }
}

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;
    otherwise!(Count; Count(0); visit_bool: bool, visit_i64: i64, visit_f64: f64, visit_str: &str);
    no_object!(Count; Count(0));
    fn visit_u64<E>(self, number: u64) -> Result<Count, E> {
        Ok(Count(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}
