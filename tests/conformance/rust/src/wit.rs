//! What the Rust SDK has no words for yet: by the bindings below it.

use crate::Refused;
use moa_plugin::__private::bindings::moa::plugin::brain;
use moa_plugin::__private::bindings::moa::plugin::types::Error;
use moa_plugin::HostError;

pub use brain::{Scope, Write};

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        HostError::from(error).into()
    }
}

pub fn write(key: &str, value: &str, ttl_seconds: Option<u32>) -> Write {
    Write {
        key: key.into(),
        value: value.into(),
        ttl_seconds,
    }
}

pub fn set(at: &Scope, what: &Write) -> Result<String, Refused> {
    Ok(brain::set(at, what)?)
}

pub fn set_many(at: &Scope, what: &[Write]) -> Result<(), Refused> {
    Ok(brain::set_many(at, what)?)
}

/// The values as text; `-` where there is none.
pub fn get_many(at: &Scope, keys: &[&str]) -> Result<Vec<String>, Refused> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).into()).collect();
    let entries = brain::get_many(at, &keys)?.into_iter();
    let text = |entry: brain::Entry| String::from_utf8_lossy(&entry.value).into_owned();
    Ok(entries.map(|entry| entry.map_or("-".into(), text)).collect())
}

pub fn compare_and_swap(at: &Scope, key: &str, value: &str, expected: Option<&str>) -> Result<String, Refused> {
    Ok(brain::compare_and_swap(at, &write(key, value, None), expected)?)
}

pub fn page(at: &Scope, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<brain::KeyPage, Refused> {
    Ok(brain::list_keys(at, prefix, cursor, limit)?)
}

pub fn has_expiry(at: &Scope, key: &str) -> Result<bool, Refused> {
    Ok(brain::get(at, key)?.is_some_and(|entry| entry.expires.is_some()))
}
