//! Lengths of time in tables of the configuration.

use super::{ParseError, duration};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time as people write it, `90s`, `1h30m` or `1시간 30분`, in whatever serde reads and writes: a table of the
/// configuration (settings, arguments and fields of forms take a [`Duration`] as it is).
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::time::Span;
/// use std::collections::BTreeMap;
///
/// #[derive(serde::Deserialize)]
/// struct Oven {
///     bakes: Span,
/// }
///
/// #[derive(Config)]
/// struct Settings {
///     /// The ovens by name.
///     #[table]
///     ovens: BTreeMap<String, Oven>,
/// }
///
/// /// How long an oven bakes.
/// #[command]
/// fn oven(ctx: &Context, name: String) -> Result<Option<String>> {
///     let ovens = ctx.config::<Settings>()?.ovens;
///     Ok(ovens.get(&name).map(|oven| format!("{} ({} s)", oven.bakes, oven.bakes.0.as_secs())))
/// }
///
/// plugin! {
///     name: "bakery",
///     commands: [oven],
///     config: Settings,
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// let host = host.config(serde_json::json!({ "ovens": { "small": { "bakes": "90m" } } }));
/// assert_eq!(host.run::<oven>("small")?, Some("1h30m (5400 s)".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match duration(text) {
            Some(seconds) => Ok(Self(Duration::from_secs(seconds.into()))),
            None => Err(ParseError {
                text: text.into(),
                wanted: "a length of time like 90s or 1h30m",
            }),
        }
    }
}

/// In whole seconds, the largest units first: `1d2h`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
            if rest >= seconds {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_there_and_back() {
        for (text, shown) in [
            ("90s", "1m30s"),
            ("1시간", "1h"),
            ("26h", "1d2h"),
            ("0s", "0s"),
            ("1w", "7d"),
        ] {
            let span: Span = serde_json::from_value(text.into()).unwrap();
            assert_eq!(span.to_string(), shown);
            assert_eq!(serde_json::to_value(span).unwrap(), shown);
        }
        let error = serde_json::from_str::<Span>("\"soon\"").unwrap_err().to_string();
        assert!(error.starts_with("`soon` is not a length of time like 90s"), "{error}");
    }
}
