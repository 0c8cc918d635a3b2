//! The facts of the host: few, so that they are all looked at for a list of some.

use super::names::Journal;
use super::scripts::Script;
use super::{Inner, Kind};
use crate::error::StoreError;

impl Inner {
    pub(super) async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut get = redis::cmd("HGET");
        get.arg(Journal::FACTS).arg(name);
        self.ask_one(get, Kind::Read).await
    }

    pub(super) async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let mut run = self.change(Script::Fact, [Journal::META, Journal::FACTS])?;
        run.arg(name).arg(value);
        self.ask(&[run], Kind::Repeatable).await.map(drop)
    }

    pub(super) async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut get = redis::cmd("HGETALL");
        get.arg(Journal::FACTS);
        let mut facts: Vec<(String, String)> = self.ask_one(get, Kind::Read).await?;
        facts.retain(|(name, _)| name.starts_with(prefix));
        facts.sort();
        Ok(facts)
    }
}
