//! `brain`: durable memory.

use super::{Answer, invalid};
use crate::bindings::moa::plugin::brain::{Entry, Host, KeyPage, Scope, Write};
use crate::bindings::moa::plugin::types::Error;
use crate::state::State;
use std::collections::HashSet;

/// The most keys of one listing, reading or writing.
const MANY: usize = 1_000;

impl Host for State {
    async fn get(&mut self, at: Scope, key: String) -> Answer<Option<Entry>> {
        self.enter()?;
        if let Err(error) = self.key(&key) {
            return Ok(Err(error));
        }
        let answer = self.on_host(self.host.brain.get(at.into(), key)).await?;
        Ok(answer.map(|entry| entry.map(Entry::from)))
    }

    async fn set(&mut self, at: Scope, what: Write) -> Answer<String> {
        self.enter()?;
        if let Err(error) = self.write(&what) {
            return Ok(Err(error));
        }
        self.on_host(self.host.brain.set(at.into(), what.into())).await
    }

    async fn delete(&mut self, at: Scope, key: String) -> Answer<bool> {
        self.enter()?;
        if let Err(error) = self.key(&key) {
            return Ok(Err(error));
        }
        self.on_host(self.host.brain.delete(at.into(), key)).await
    }

    async fn list_keys(&mut self, at: Scope, prefix: String, cursor: Option<String>, limit: u32) -> Answer<KeyPage> {
        self.enter()?;
        if limit == 0 || limit as usize > MANY {
            return Ok(invalid(format!("`limit` is {limit}; give 1 to {MANY}")));
        }
        let answer = self
            .on_host(self.host.brain.list_keys(at.into(), prefix, cursor, limit))
            .await?;
        Ok(answer.map(KeyPage::from))
    }

    async fn increment(&mut self, at: Scope, key: String, by: i64) -> Answer<i64> {
        self.enter()?;
        if let Err(error) = self.key(&key) {
            return Ok(Err(error));
        }
        self.on_host(self.host.brain.increment(at.into(), key, by)).await
    }

    async fn compare_and_swap(&mut self, at: Scope, what: Write, expected: Option<String>) -> Answer<String> {
        self.enter()?;
        if let Err(error) = self.write(&what) {
            return Ok(Err(error));
        }
        let brain = &self.host.brain;
        self.on_host(brain.compare_and_swap(at.into(), what.into(), expected))
            .await
    }

    async fn get_many(&mut self, at: Scope, keys: Vec<String>) -> Answer<Vec<Option<Entry>>> {
        self.enter()?;
        let fits = many(keys.len()).and_then(|()| keys.iter().try_for_each(|key| self.key(key)));
        if let Err(error) = fits {
            return Ok(Err(error));
        }
        let answer = self.on_host(self.host.brain.get_many(at.into(), keys)).await?;
        Ok(answer.map(|entries| entries.into_iter().map(|entry| entry.map(Entry::from)).collect()))
    }

    async fn set_many(&mut self, at: Scope, what: Vec<Write>) -> Answer<()> {
        self.enter()?;
        let fits = many(what.len())
            .and_then(|()| what.iter().try_for_each(|one| self.write(one)))
            .and_then(|()| distinct(&what));
        if let Err(error) = fits {
            return Ok(Err(error));
        }
        let what = what.into_iter().map(Into::into).collect();
        self.on_host(self.host.brain.set_many(at.into(), what)).await
    }
}

impl State {
    fn key(&self, key: &str) -> Result<(), Error> {
        let limit = self.limits.key;
        match key.len() {
            0 => invalid("a key may not be empty"),
            length if length > limit => Err(Error::OverLimit(format!(
                "a key of {length} bytes; at most {limit} are allowed"
            ))),
            _ => Ok(()),
        }
    }

    fn write(&self, what: &Write) -> Result<(), Error> {
        self.key(&what.key)?;
        let (length, limit) = (what.value.len(), self.limits.value);
        if length > limit {
            return Err(Error::OverLimit(format!(
                "a value of {length} bytes; at most {limit} are allowed, raise `value` in the plugin's limits if that is right"
            )));
        }
        if what.ttl_seconds == Some(0) {
            return invalid("`ttl-seconds` is 0; give at least 1, or none for no end");
        }
        Ok(())
    }
}

fn many(count: usize) -> Result<(), Error> {
    if count > MANY {
        return Err(Error::OverLimit(format!(
            "{count} keys at once; at most {MANY} are allowed"
        )));
    }
    Ok(())
}

/// All or none of them: which of two values a key would have would be chance.
fn distinct(what: &[Write]) -> Result<(), Error> {
    let mut keys = HashSet::new();
    match what.iter().find(|one| !keys.insert(one.key.as_str())) {
        Some(twice) => invalid(format!("the key `{}` is written twice at once", twice.key)),
        None => Ok(()),
    }
}
