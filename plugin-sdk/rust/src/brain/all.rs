use super::{Brain, BrainResult};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

impl Brain {
    /// Everything whose key begins with `prefix`, by the rest of its key. For what there are dozens of: each value is read by
    /// itself.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set("price/soup", &3)?;
    /// ctx.brain().set("price/rice", &2)?;
    /// let prices = ctx.brain().all::<u32>("price/")?;
    /// assert_eq!(prices.get("soup"), Some(&3));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::get`].
    pub fn all<T: DeserializeOwned>(&self, prefix: &str) -> BrainResult<BTreeMap<String, T>> {
        let mut all = BTreeMap::new();
        for key in self.list_keys(prefix) {
            let key = key?;
            // It may be gone by now.
            if let Some(value) = self.get(&key)? {
                all.insert(key.get(prefix.len()..).unwrap_or_default().to_owned(), value);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Host;
    use std::time::Duration;

    #[test]
    fn what_is_there_and_nothing_else() {
        let host = Host::new();
        host.with(|ctx| {
            let brain = ctx.brain();
            brain.set("a/1", "x").unwrap();
            brain.set_with_ttl("a/2", "y", Duration::from_secs(60)).unwrap();
            brain.set("b/1", "z").unwrap();
        });
        let all = |prefix: &str| host.with(|ctx| ctx.brain().all::<String>(prefix)).unwrap();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(all("a/"), [pair("1", "x"), pair("2", "y")].into());
        assert_eq!(all("c/"), [].into());
        assert_eq!(all("").len(), 3);
        host.advance(Duration::from_secs(60));
        assert_eq!(all("a/"), [pair("1", "x")].into());
        assert!(host.with(|ctx| ctx.brain().all::<u32>("b/")).is_err());
    }
}
