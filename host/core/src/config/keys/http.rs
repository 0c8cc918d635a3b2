//! `[http]`, and `[plugin.NAME.webhook.HOOK]`: what the outside world may ask for.

use super::super::network::Network;
use super::super::{Http, Rate};
use super::{Keys, rates};
use crate::hook::HookSettings;
use crate::manifest::is_plain_name;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The largest body that may be allowed: it is kept in memory and in the journal.
const MAX_BODY: u64 = 64 << 20;

impl Keys {
    pub(super) fn http(&mut self) -> Http {
        let wanted = self.sources.find(&["http", "listen"]).is_some();
        Http {
            wanted,
            listen: self.read(
                &["http", "listen"],
                SocketAddr::from(([127, 0, 0, 1], 7700)),
                "an address and a port, such as \"127.0.0.1:7700\"; port 0 for any",
                |value| value.as_str()?.parse().ok(),
            ),
            body: self.body(&["http", "body"]).unwrap_or(1 << 20),
            rate: self.rate_or(&["http", "rate"], Rate::parse("600/1m")),
            proxies: self.networks(&["http", "proxies"]),
        }
    }

    /// The webhooks of a plugin that the operator says something about.
    pub(super) fn webhooks(&mut self, plugin: &str) -> BTreeMap<String, HookSettings> {
        let names = self.sources.names(&["plugin", plugin, "webhook"], |part| {
            part.to_lowercase().replace('_', "-")
        });
        names
            .into_iter()
            .map(|name| {
                let settings = self.webhook(plugin, &name);
                (name, settings)
            })
            .collect()
    }

    fn webhook(&mut self, plugin: &str, hook: &str) -> HookSettings {
        let at = |key: &'static str| ["plugin", plugin, "webhook", hook, key];
        let secrets = self.sources.names(&["secrets"], str::to_owned);
        let named = is_plain_name(hook);
        let missing = self.sources.find(&at("secret")).and_then(|found| {
            let name = found.value.as_str()?.to_owned();
            (!secrets.contains(&name)).then_some(name)
        });
        let form = match (&missing, named) {
            (_, false) => "set for a webhook: its name has lower-case letters, digits and `-`".to_owned(),
            (Some(name), _) => format!("the name of a secret; add to [secrets]: {name} = {{ env = \"{name}\" }}"),
            (None, _) => "the name of a secret in [secrets]".to_owned(),
        };
        let header = "the name of a header, such as \"X-Hub-Signature-256\"";
        let prefix = "at most 64 characters of ASCII, such as \"sha256=\", or \"\"";
        HookSettings {
            secret: self.text_that(&at("secret"), &form, |text| named && secrets.contains(text)),
            header: self.text_that(&at("header"), header, is_header),
            prefix: self.text_that(&at("prefix"), prefix, |text| {
                text.len() <= 64 && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            }),
            open: self.truth(&at("open")),
            body: self.body(&at("body")),
        }
    }

    fn text_that(&mut self, path: &[&str], form: &str, good: impl Fn(&str) -> bool) -> Option<String> {
        self.sources.find(path)?;
        let read = |value: &toml::Value| value.as_str().filter(|text| good(text)).map(str::to_owned);
        // The default is only what a mistake leaves, and then nothing starts.
        Some(self.read(path, String::new(), form, read))
    }

    fn body(&mut self, path: &[&str]) -> Option<u64> {
        let form = "a size of at most 64MiB, such as \"1MiB\"";
        let read = |value: &toml::Value| super::size(value.as_str()?).filter(|size| *size <= MAX_BODY);
        let bytes = |value: &toml::Value| read(value).map(super::Bytes);
        let is_set = self.sources.find(path).is_some();
        let bytes = self.read(path, super::Bytes(1 << 20), form, bytes).0;
        is_set.then_some(bytes)
    }

    fn rate_or(&mut self, path: &[&str], default: Option<Rate>) -> Option<Rate> {
        let read = |value: &toml::Value| rates::limit(value.as_str()?);
        self.read(path, rates::Limit(default), rates::FORM, read).0
    }

    pub(super) fn networks(&mut self, path: &[&str]) -> Vec<Network> {
        let form = "a list of addresses, such as [\"127.0.0.1\", \"10.0.0.0/8\"]";
        let all_good = |texts: &[String]| texts.iter().all(|text| Network::parse(text).is_some());
        let texts = self.texts_that(path, &[], form, all_good);
        texts.iter().filter_map(|text| Network::parse(text)).collect()
    }
}

/// Whether a text can be the name of a header.
fn is_header(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::hook::HookSettings;
    use crate::rate::Rate;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Some(("moa.toml", text)), Vec::new()).map_err(|errors| errors.to_string())
    }

    #[test]
    fn what_is_said_about_a_webhook_is_read_and_shown() {
        let text = "[http]\nbody = \"2MiB\"\nrate = \"\"\nproxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n\
                    [secrets]\nKEY = { env = \"KEY\" }\n\
                    [plugin.ci.webhook.build]\nsecret = \"KEY\"\nheader = \"X-Sig\"\nprefix = \"\"\nbody = \"5MiB\"\n\
                    [plugin.ci.webhook.health]\nopen = true\n";
        let config = parse(text).unwrap();
        assert_eq!(
            (config.http.body, config.http.rate, config.http.wanted),
            (2 << 20, None, false)
        );
        assert_eq!(config.http.proxies.len(), 2);
        let hooks = &config.plugin("ci").webhooks;
        let build = HookSettings {
            secret: Some("KEY".into()),
            header: Some("X-Sig".into()),
            prefix: Some(String::new()),
            open: false,
            body: Some(5 << 20),
        };
        assert_eq!(hooks.get("build"), Some(&build));
        assert!(
            hooks
                .get("health")
                .is_some_and(|health| health.open && health.secret.is_none())
        );
        let again = parse(&config.show()).unwrap();
        assert_eq!(again.plugin("ci"), config.plugin("ci"));
        assert_eq!(again.http.proxies, config.http.proxies);

        let default = parse("").unwrap().http;
        assert_eq!(
            (default.body, default.rate, default.wanted),
            (1 << 20, Rate::parse("600/1m"), false)
        );
        assert!(parse("[http]\nlisten = \"127.0.0.1:0\"\n").unwrap().http.wanted);
    }

    #[test]
    fn mistakes_name_the_line_to_add() {
        for (text, words) in [
            (
                "secret = \"KEY\"",
                &["plugin.ci.webhook.build.secret", "KEY = { env = \"KEY\" }"][..],
            ),
            (
                "secrets = \"KEY\"",
                &[
                    "plugin.ci.webhook.build.secrets",
                    "Did you mean `plugin.ci.webhook.build.secret`?",
                ],
            ),
            ("header = \"X Sig\"", &["build.header", "X-Hub-Signature-256"]),
            ("prefix = \"서명=\"", &["build.prefix", "ASCII"]),
            ("open = \"yes\"", &["build.open", "true or false"]),
            ("body = \"1GiB\"", &["build.body", "64MiB"]),
        ] {
            let error = parse(&format!("[plugin.ci.webhook.build]\n{text}\n")).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{text}: {error}");
            }
        }
        let named = parse("[secrets]\nKEY = { env = \"KEY\" }\n[plugin.ci.webhook.Build]\nsecret = \"KEY\"\n");
        assert!(named.unwrap_err().contains("lower-case"));
        for text in ["rate = \"often\"", "proxies = [\"example.com\"]", "body = 5"] {
            assert!(parse(&format!("[http]\n{text}\n")).is_err(), "{text}");
        }
    }
}
