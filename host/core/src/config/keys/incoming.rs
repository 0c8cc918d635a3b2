//! `[incoming.NAME]`: incoming webhooks as places for messages.

use super::super::{Incoming, IncomingEncoding, IncomingKind};
use super::Keys;
use crate::manifest::is_plain_name;
use std::collections::BTreeMap;

impl Keys {
    pub(super) fn incoming(&mut self) -> BTreeMap<String, Incoming> {
        let names = self
            .sources
            .names(&["incoming"], |part| part.to_lowercase().replace('_', "-"));
        names
            .into_iter()
            .map(|name| {
                let incoming = self.incoming_webhook(&name);
                (name, incoming)
            })
            .collect()
    }

    fn incoming_webhook(&mut self, name: &str) -> Incoming {
        let at = |key: &'static str| ["incoming", name, key];
        let form = match is_plain_name(name) {
            true => "\"slack\" or \"jandi\"",
            false => "that of another name: one of lower-case letters, digits and `-`",
        };
        let kind = self.read(&at("kind"), IncomingKind::Slack, form, |value| {
            match value.as_str()? {
                _ if !is_plain_name(name) => None,
                "slack" => Some(IncomingKind::Slack),
                "jandi" => Some(IncomingKind::Jandi),
                _ => None,
            }
        });
        let of_slack = move |value: &toml::Value| {
            let text = value.as_str()?.trim().to_owned();
            (kind == IncomingKind::Slack).then_some(text)
        };
        let only = |what: &str| format!("{what}; it is for webhooks of Slack's alone");
        Incoming {
            url: self.secret(&at("url"), &variable(name)),
            kind,
            username: self.read(&at("username"), String::new(), &only("a name"), of_slack),
            icon: self.read(
                &at("icon"),
                String::new(),
                &only("an emoji such as \":bread:\", or the address of a picture"),
                of_slack,
            ),
            encoding: self.read(
                &at("encoding"),
                IncomingEncoding::Json,
                &only("\"json\" or \"form\""),
                |value| match of_slack(value)?.as_str() {
                    "json" => Some(IncomingEncoding::Json),
                    "form" => Some(IncomingEncoding::Form),
                    _ => None,
                },
            ),
            email: self.texts_that(
                &at("email"),
                &[],
                "a list of at most 100 addresses such as [\"gloria@example.com\"]; it is for team webhooks of JANDI's alone",
                |all| {
                    kind == IncomingKind::Jandi
                        && all.len() <= 100
                        && all.iter().all(|one| one.contains('@') && !one.contains(|c: char| c == ',' || c.is_whitespace()))
                },
            ),
        }
    }
}

/// The variable that holds the address where nothing else is said: `INCOMING_OPS_URL`.
fn variable(name: &str) -> String {
    format!("INCOMING_{}_URL", name.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Config, IncomingEncoding, IncomingKind, SecretSource};

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Some(("moa.toml", text)), []).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_webhook_has_an_address_and_a_sender() {
        let config = parse(
            "[incoming.ops]\nurl = { env = \"OPS\" }\nusername = \"빵집\"\nicon = \":bread:\"\nencoding = \"form\"\n\
             [incoming.field-team]\nkind = \"jandi\"\nemail = [\"gloria@example.com\"]",
        )
        .unwrap();
        let ops = &config.incoming["ops"];
        assert_eq!(ops.url, SecretSource::Env("OPS".into()));
        assert_eq!((ops.kind, ops.encoding), (IncomingKind::Slack, IncomingEncoding::Form));
        assert_eq!((ops.username.as_str(), ops.icon.as_str()), ("빵집", ":bread:"));
        let team = &config.incoming["field-team"];
        assert_eq!(team.url, SecretSource::Env("INCOMING_FIELD_TEAM_URL".into()));
        assert_eq!((team.kind, team.email.len()), (IncomingKind::Jandi, 1));
        let shown = config.show();
        assert!(
            shown.contains("[incoming.ops]") && shown.contains("encoding = \"form\""),
            "{shown}"
        );
    }

    #[test]
    fn mistakes_are_told_and_no_address_is_shown() {
        let address = "https://hooks.slack.com/services/T0/B0/very-secret";
        for (text, says) in [
            (
                format!("[incoming.ops]\nurl = \"{address}\""),
                "does not belong into this file",
            ),
            ("[incoming.ops]\nkind = \"teams\"".into(), "\"slack\" or \"jandi\""),
            ("[incoming.Ops]\nkind = \"slack\"".into(), "lower-case letters"),
            (
                "[incoming.ops]\nemail = [\"a@b.c\"]".into(),
                "team webhooks of JANDI's alone",
            ),
            (
                "[incoming.ops]\nkind = \"jandi\"\nusername = \"x\"".into(),
                "of Slack's alone",
            ),
            ("[incoming.ops]\nchannel = \"#x\"".into(), "no such key"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(
                error.contains(says) && !error.contains("very-secret"),
                "{text}: {error}"
            );
        }
    }
}
