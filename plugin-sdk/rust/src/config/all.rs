use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads the entries of a table where all have to be well; [`each`](super::each()) is for those of which each counts by itself.
/// What is wrong is told with its key: `key` is where the table stands, and `check` gets each entry, and may refuse it with a
/// sentence that goes on behind the entry's name.
///
/// ```
/// use moa_plugin::config;
/// use serde_json::{Value, json};
/// use std::collections::BTreeMap;
///
/// #[derive(serde::Deserialize)]
/// struct Oven {
///     trays: u32,
/// }
///
/// let check = |oven: Oven| match oven.trays {
///     0 => Err(".trays: is at least 1".to_owned()),
///     _ => Ok(oven),
/// };
/// let read = |trays: Value| {
///     let ovens = BTreeMap::from([("large".to_owned(), json!({ "trays": trays }))]);
///     config::all("plugin.bakery.config.ovens", &ovens, check)
/// };
/// assert_eq!(read(3.into()).map(|ovens| ovens["large"].trays), Ok(3));
/// assert_eq!(read(0.into()).err(), Some("plugin.bakery.config.ovens.large.trays: is at least 1".into()));
/// assert!(read("a".into()).is_err_and(|why| why.starts_with("plugin.bakery.config.ovens.large: invalid type")));
/// ```
///
/// # Errors
/// What is wrong with the first that is not well.
pub fn all<'a, T: DeserializeOwned>(
    key: &str,
    entries: impl IntoIterator<Item = (&'a String, &'a Value)>,
    check: impl Fn(T) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    let read = entries.into_iter().map(|(name, written)| {
        let entry = serde_json::from_value(written.clone()).map_err(|error| format!(": {error}"));
        let entry = entry.and_then(&check);
        Ok((name.clone(), entry.map_err(|why| format!("{key}.{name}{why}"))?))
    });
    read.collect()
}
