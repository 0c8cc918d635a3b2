//! What differs between two configurations, and which of it a running host can take over; and what a configuration is
//! given by the service manager.

use super::{Address, Config, SecretSource};
use std::collections::{BTreeMap, BTreeSet};

/// A value that is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Table and key, as `a.b.c`.
    pub key: String,
    /// As it was; nothing where it is new.
    pub before: Option<String>,
    /// As it is; nothing where it is gone.
    pub after: Option<String>,
    /// Whether a running host can take it over.
    pub is_live: bool,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not set)".into());
        write!(f, "{}: {} → {}", self.key, shown(&self.before), shown(&self.after))
    }
}

impl Config {
    /// What is other in `new`, by key. Secrets are shown by where they come from.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let (before, after) = (self.shown(), new.shown());
        let paths: BTreeSet<&[String]> = before.keys().chain(after.keys()).copied().collect();
        let change = |path: &[String]| {
            let (before, after) = (before.get(path).copied(), after.get(path).copied());
            (before != after).then(|| Change {
                key: path.join("."),
                before: before.map(str::to_owned),
                after: after.map(str::to_owned),
                is_live: is_live(path),
            })
        };
        paths.into_iter().filter_map(change).collect()
    }

    fn shown(&self) -> BTreeMap<&[String], &str> {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.path.as_slice(), entry.shown.as_str()))
            .collect()
    }

    /// The names of all credentials of the service manager's that it speaks of.
    pub fn credentials(&self) -> BTreeSet<&str> {
        let slack = [&self.slack.app_token, &self.slack.bot_token].into_iter();
        let jandi = self
            .jandi
            .iter()
            .flat_map(|hook| [Some(&hook.token), hook.incoming.as_ref()]);
        let incoming = self.incoming.values().map(|incoming| &incoming.url);
        let databases = self.sql.values().filter_map(|database| match &database.url {
            Address::Secret(source) => Some(source),
            Address::Plain(_) => None,
        });
        let buckets = self.objects.values().flat_map(|bucket| {
            [
                bucket.access_key.as_ref(),
                bucket.secret_key.as_ref(),
                bucket.session_token.as_ref(),
                bucket.service_account.as_ref(),
            ]
        });
        let all = slack
            .chain(jandi.flatten())
            .chain(incoming)
            .chain(self.secrets.values())
            .chain(databases)
            .chain(buckets.flatten());
        all.filter_map(|source| match source {
            SecretSource::Credential(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
    }
}

/// Whether a running host takes over what is said there.
fn is_live(path: &[String]) -> bool {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        parts.as_slice(),
        ["plugin", _, "grant" | "deny" | "limits" | "config", ..]
            | ["commands", "alias", ..]
            | ["access", ..]
            | ["secrets", ..]
            | ["rate", ..]
            | ["bot", "admins"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(Some(("moa.toml", text)), []).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn what_differs_is_told_with_whether_it_can_be_taken_over() {
        let before = config(
            "[bot]\nadmins = [\"U1\"]\n[slack]\nconnections = 2\n[secrets]\nKEY = { env = \"A\" }\n\
             [plugin.lunch.config]\nsize = 3\n[plugin.memo.grant]\nusers = true",
        );
        let after = config(
            "# A comment, and other lines: no difference.\n\n[bot]\nadmins = [\"U1\", \"U2\"]\n[slack]\nconnections = 3\n\
             [secrets]\nKEY = { env = \"B\" }\n[plugin.lunch.config]\nsize = 4\n[rate]\nuser = \"5/1m\"\n\
             [[access]]\ncommand = [\"memo\"]\neffect = \"deny\"\n",
        );
        let changes = before.changes(&after);
        let told = |live: bool| -> Vec<String> {
            let of = changes.iter().filter(|change| change.is_live == live);
            of.map(ToString::to_string).collect()
        };
        assert_eq!(told(false), ["slack.connections: 2 → 3"]);
        let live = told(true);
        for line in [
            "bot.admins: [\"U1\"] → [\"U1\", \"U2\"]",
            "secrets.KEY: { env = \"A\" } → { env = \"B\" }",
            "plugin.lunch.config.size: 3 → 4",
        ] {
            assert!(live.iter().any(|told| told == line), "{line} is missing in {live:?}");
        }
        for key in ["plugin.memo.grant", "rate.user", "access"] {
            assert!(
                live.iter().any(|told| told.starts_with(key)),
                "{key} is missing in {live:?}"
            );
        }
        assert_eq!(after.changes(&after), []);
    }

    #[test]
    fn credentials_are_found_wherever_they_are_named() {
        let config = config(
            "[slack]\napp-token = { credential = \"app\" }\nbot-token = { file = \"x\" }\n\
             [[jandi.hook]]\nname = \"h\"\nkeyword = \"모아\"\ntoken = { credential = \"jandi\" }\n\
             [incoming.ops]\nurl = { credential = \"ops\" }\n[secrets]\nKEY = { credential = \"key\" }\n\
             [sql.d]\nurl = { credential = \"db\" }\n[objects.o]\nurl = \"s3://b\"\nsecret-key = { credential = \"s3\" }",
        );
        let found: Vec<_> = config.credentials().into_iter().collect();
        assert_eq!(found, ["app", "db", "jandi", "key", "ops", "s3"]);
    }
}
