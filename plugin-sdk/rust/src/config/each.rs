use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the entries of a table each by itself, so that one that is written wrongly keeps no other from being read. Returns
/// those that are well, and of each other a sentence with its key.
///
/// `key` is where the table stands, for these sentences. `defaults` is a table of what an entry means that does not say it.
/// `check` gets each entry with its name, and may fill in more or refuse it.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::config;
/// use serde_json::{Value, json};
/// use std::collections::BTreeMap;
///
/// #[derive(Config)]
/// struct Settings {
///     /// The ovens by name.
///     #[table]
///     ovens: BTreeMap<String, Value>,
/// }
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Oven {
///     trays: u32,
/// }
///
/// /// How many trays fit in.
/// #[command]
/// fn trays(ctx: &Context) -> Result<String> {
///     let written = ctx.config::<Settings>()?.ovens;
///     let (ovens, problems) = config::each("ovens", &written, &json!({ "trays": 2 }), |_, oven: Oven| match oven.trays {
///         0 => Err("`trays` is at least 1".into()),
///         _ => Ok(oven),
///     });
///     let trays: u32 = ovens.iter().map(|oven| oven.trays).sum();
///     Ok(format!("{trays}\n{}", problems.join("\n")))
/// }
///
/// plugin! {
///     name: "bakery",
///     commands: [trays],
///     config: Settings,
/// }
///
/// let ovens = json!({ "large": { "trays": 5 }, "none": { "trays": 0 }, "small": {} });
/// let host = moa_plugin::testing::Host::new().config(json!({ "ovens": ovens }));
/// assert_eq!(host.run::<trays>("")?, Some("7\n`ovens.none`: `trays` is at least 1".into()));
/// # Ok::<(), Error>(())
/// ```
pub fn each<'a, T: DeserializeOwned>(
    key: &str,
    entries: impl IntoIterator<Item = (&'a String, &'a Value)>,
    defaults: &Value,
    check: impl Fn(&str, T) -> Result<T, String>,
) -> (Vec<T>, Vec<String>) {
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for (name, written) in entries {
        let read = serde_json::from_value(filled(written, defaults));
        match read
            .map_err(|error| error.to_string())
            .and_then(|entry| check(name, entry))
        {
            Ok(entry) => good.push(entry),
            Err(problem) => problems.push(format!("`{key}.{name}`: {problem}")),
        }
    }
    (good, problems)
}

/// An entry with what it does not say. What is no table has nothing to be filled in.
fn filled(written: &Value, defaults: &Value) -> Value {
    let (Value::Object(written), Value::Object(defaults)) = (written, defaults) else {
        return written.clone();
    };
    let mut filled = defaults.clone();
    filled.extend(written.clone());
    filled.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_wrong_keeps_nothing_else_from_being_read() {
        let written = json!({ "a": { "n": 1 }, "b": { "m": 2 }, "c": { "n": "x" }, "d": {}, "e": 3, "f": { "n": 9 } });
        let written: BTreeMap<String, Value> = serde_json::from_value(written).unwrap();
        let check = |name: &str, entry: BTreeMap<String, u32>| match name {
            "f" => Err("too many".to_owned()),
            _ => Ok(entry),
        };
        let (good, problems) = each("ns", &written, &json!({ "n": 7 }), check);
        let entry = |pairs: &[(&str, u32)]| pairs.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect();
        let wanted: [BTreeMap<String, u32>; 3] = [entry(&[("n", 1)]), entry(&[("m", 2), ("n", 7)]), entry(&[("n", 7)])];
        assert_eq!(good, wanted);
        let begins = [
            "`ns.c`: invalid type: string",
            "`ns.e`: invalid type: integer",
            "`ns.f`: too many",
        ];
        assert_eq!(problems.len(), begins.len(), "{problems:?}");
        assert!(
            problems
                .iter()
                .zip(begins)
                .all(|(problem, begin)| problem.starts_with(begin)),
            "{problems:?}"
        );
    }
}
