//! `[rate]`: how often something may be asked for.

use super::super::Rates;
use super::super::shown::Shown;
use super::Keys;
use crate::access::CommandName;
use crate::rate::Rate;

pub(super) const FORM: &str = "so many times in a length of time, such as \"60/1m\" or \"3/1h\", or \"\" for no limit";

/// A limit, or none.
pub(super) struct Limit(pub(super) Option<Rate>);

impl Shown for Limit {
    fn shown(&self) -> String {
        self.0.map_or_else(String::new, |rate| rate.to_string()).shown()
    }
}

impl Keys {
    pub(super) fn rates(&mut self) -> Rates {
        let user = self.limit(&["rate", "user"], true);
        let names = self.sources.names(&["rate", "command"], str::to_lowercase);
        let commands = names.into_iter().filter_map(|name| {
            let rate = self.limit(&["rate", "command", &name], CommandName::new(&name).is_some())?;
            Some((name, rate))
        });
        Rates {
            commands: commands.collect(),
            user,
        }
    }

    fn limit(&mut self, path: &[&str], is_named: bool) -> Option<Rate> {
        let form = match is_named {
            true => FORM.to_owned(),
            false => format!("{FORM}; and the key must be a command, such as \"lunch:team\""),
        };
        let read = |value: &toml::Value| value.as_str().filter(|_| is_named).and_then(limit);
        self.read(path, Limit(None), &form, read).0
    }
}

/// Reads a limit; empty for none.
pub(super) fn limit(text: &str) -> Option<Limit> {
    match text.trim() {
        "" => Some(Limit(None)),
        text => Rate::parse(text).map(|rate| Limit(Some(rate))),
    }
}
