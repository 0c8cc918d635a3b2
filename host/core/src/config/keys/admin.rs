//! `[admin]`: the listener for the operator; `[log]`: what it reads.

use super::super::shown::Shown;
use super::super::{Admin, Log, LogFormat};
use super::Keys;
use std::net::SocketAddr;

/// Where to listen, or nowhere.
#[derive(Clone, Copy)]
struct Place(Option<SocketAddr>);

impl Shown for Place {
    fn shown(&self) -> String {
        self.0
            .map_or_else(|| "\"\"".to_owned(), |address| format!("\"{address}\""))
    }
}

impl Keys {
    pub(super) fn admin(&mut self) -> Admin {
        let wanted = self.sources.find(&["admin", "listen"]).is_some();
        let default = Place(Some(SocketAddr::from(([127, 0, 0, 1], 7701))));
        let form = "an address and a port, such as \"127.0.0.1:7701\"; port 0 for any; \"\" for none";
        let read = |value: &toml::Value| match value.as_str()? {
            "" => Some(Place(None)),
            text => text.parse().ok().map(Some).map(Place),
        };
        let listen = self.read(&["admin", "listen"], default, form, read).0;
        let form = "a list of names without a port, such as [\"moa.example.com\"]";
        let hosts = self.texts_that(&["admin", "hosts"], &[], form, |names| {
            names.iter().all(|name| is_host(name))
        });
        Admin {
            wanted,
            listen,
            hosts: hosts.iter().map(|name| name.to_ascii_lowercase()).collect(),
            proxies: self.networks(&["admin", "trusted-proxies"]),
            write_brain: self.truth(&["admin", "write-brain"]),
        }
    }

    pub(super) fn log(&mut self) -> Log {
        let form = "\"auto\", \"human\", \"json\" or \"journald\"";
        let format = self.read(&["log", "format"], LogFormat::Auto, form, |value| {
            Some(match value.as_str()? {
                "auto" => LogFormat::Auto,
                "human" => LogFormat::Human,
                "json" => LogFormat::Json,
                "journald" => LogFormat::Journald,
                _ => return None,
            })
        });
        Log { format }
    }
}

/// Whether a text can be the name of a machine, or its address.
fn is_host(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = (1..=253).contains(&text.len()) && text.bytes().all(is_part) && !text.ends_with('.');
    is_name || text.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, LogFormat};

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Some(("moa.toml", text)), Vec::new()).map_err(|errors| errors.to_string())
    }

    #[test]
    fn the_operators_listener_is_read_and_shown() {
        let default = parse("").unwrap().admin;
        assert_eq!(default.listen.unwrap().to_string(), "127.0.0.1:7701");
        assert!(!default.wanted && default.hosts.is_empty() && default.proxies.is_empty() && !default.write_brain);
        let text = "[admin]\nlisten = \"0.0.0.0:80\"\nhosts = [\"Moa.example.com\", \"::1\"]\n\
                    trusted-proxies = [\"10.0.0.0/8\"]\nwrite-brain = true\n";
        let config = parse(text).unwrap();
        assert_eq!(config.admin.hosts, ["moa.example.com", "::1"]);
        assert!(config.admin.wanted && config.admin.proxies.len() == 1 && config.admin.write_brain);
        assert_eq!(parse(&config.show()).unwrap().admin, config.admin);
        let none = parse("[admin]\nlisten = \"\"\n").unwrap();
        assert_eq!(none.admin.listen, None);
        let json = parse("[log]\nformat = \"json\"\n").unwrap();
        assert_eq!(json.log.format, LogFormat::Json);
        assert_eq!(parse(&json.show()).unwrap().log, json.log);
        assert_eq!(none.log.format, LogFormat::Auto);
        assert_eq!(parse(&none.show()).unwrap().admin.listen, None);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, word) in [
            ("listen = \"7701\"", "port 0 for any"),
            ("hosts = [\"moa.example.com:80\"]", "without a port"),
            ("hosts = [\"*\"]", "without a port"),
            ("trusted-proxies = [\"proxy\"]", "10.0.0.0/8"),
            ("proxies = []", "admin.proxies"),
            ("[log]\nformat = \"xml\"", "journald"),
        ] {
            let error = parse(&format!("[admin]\n{text}\n")).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
