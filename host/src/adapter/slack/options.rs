//! What the adapter is told by the configuration.

use reqwest::Url;
use std::net::IpAddr;
use std::time::Duration;

/// A text that is shown to nobody.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for sending only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// The adapter's settings.
#[derive(Clone, Debug)]
pub struct SlackOptions {
    /// The Web API's address, `https://slack.com/api/` or that of a simulated workspace.
    pub api_url: String,
    /// The app-level token (`xapp-…`), for the socket.
    pub app_token: Secret,
    /// The bot token (`xoxb-…`), for everything else.
    pub bot_token: Secret,
    /// How many connections are held at once; at least 1.
    pub connections: usize,
    /// A connection on which nothing comes for so long is dead.
    pub ping_timeout: Duration,
}

/// An address that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is none.
    #[error("slack.api-url = \"{0}\" is not an address; the right form is https://slack.com/api/")]
    NotAnUrl(String),
    /// Tokens would be sent in the clear.
    #[error(
        "slack.api-url = \"{0}\" would send the tokens unencrypted; use https://, or http:// on this machine (127.0.0.1)"
    )]
    NotEncrypted(String),
}

/// The Web API's address: `https`, or `http` on this machine.
#[derive(Clone, Debug)]
pub struct ApiUrl {
    base: Url,
    loopback: bool,
}

impl ApiUrl {
    /// Checks an address. A missing slash at the end is added.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let slashed = if url.ends_with('/') {
            url.to_owned()
        } else {
            format!("{url}/")
        };
        let base = Url::parse(&slashed).map_err(|_| UrlError::NotAnUrl(url.into()))?;
        let loopback = is_loopback(&base);
        match base.scheme() {
            "https" if base.has_host() => {}
            "http" if loopback => {}
            "http" => return Err(UrlError::NotEncrypted(url.into())),
            _ => return Err(UrlError::NotAnUrl(url.into())),
        }
        Ok(Self { base, loopback })
    }

    /// Whether this machine is meant.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether the Web API itself needs TLS.
    pub fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The address of a method.
    pub fn method(&self, method: &str) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}{method}", self.base.path());
        url.set_path(&path);
        url
    }

    /// An address that may be posted to without a token (for answers, for a file's content): encrypted, or on this
    /// machine if the Web API is.
    pub fn check_response_url(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let encrypted = url.scheme() == "https" && url.has_host();
        let local = url.scheme() == "http" && self.loopback && is_loopback(&url);
        (encrypted || local).then_some(url)
    }

    /// An address that the bot token may be sent to: Slack's own, or that of the Web API itself.
    pub fn check_file_url(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let slack = |host: &str| host == "slack.com" || host.ends_with(".slack.com");
        let slacks = url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(slack);
        let same_server = url.scheme() == self.base.scheme()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && (url.host_str() == self.base.host_str() || (self.loopback && is_loopback(&url)));
        // What stands before an `@` would be sent instead of the token.
        let plain = url.username().is_empty() && url.password().is_none();
        ((slacks || same_server) && plain).then_some(url)
    }

    /// A socket's address that may be connected to, under the same rule as response URLs.
    pub fn check_socket_url(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let encrypted = url.scheme() == "wss" && url.has_host();
        let local = url.scheme() == "ws" && self.loopback && is_loopback(&url);
        (encrypted || local).then_some(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

/// Whether a host's name or address means this machine.
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        for (url, ok) in [
            ("https://slack.com/api/", true),
            ("https://slack.com/api", true),
            ("http://127.0.0.1:80/api/", true),
            ("http://[::1]:80/api/", true),
            ("http://localhost/api/", true),
            ("http://slack.com/api/", false),
            ("http://127.0.0.1.evil.com/api/", false),
            ("http://10.0.0.1/api/", false),
            ("ftp://127.0.0.1/", false),
            ("slack.com", false),
            ("", false),
        ] {
            assert_eq!(ApiUrl::parse(url).is_ok(), ok, "{url}");
        }
        assert_eq!(
            ApiUrl::parse("https://slack.com/api")
                .unwrap()
                .method("auth.test")
                .as_str(),
            "https://slack.com/api/auth.test"
        );
    }

    #[test]
    fn sockets_and_response_urls_follow_the_api_url() {
        let (local, real) = (
            ApiUrl::parse("http://127.0.0.1:1/api/").unwrap(),
            ApiUrl::parse("https://slack.com/api/").unwrap(),
        );
        for (url, at_local, at_real) in [
            ("wss://wss-primary.slack.com/link/?ticket=1", true, true),
            ("ws://127.0.0.1:1/link", true, false),
            ("ws://192.168.0.1/link", false, false),
            ("http://127.0.0.1/link", false, false),
            ("nonsense", false, false),
        ] {
            assert_eq!(local.check_socket_url(url).is_some(), at_local, "{url}");
            assert_eq!(real.check_socket_url(url).is_some(), at_real, "{url}");
        }
        assert!(local.check_response_url("http://127.0.0.1:1/r").is_some());
        assert!(real.check_response_url("http://127.0.0.1:1/r").is_none());
        assert!(real.check_response_url("https://hooks.slack.com/commands/1").is_some());
    }

    #[test]
    fn the_token_goes_to_slack_and_to_the_web_api_alone() {
        let (local, real, other) = (
            ApiUrl::parse("http://127.0.0.1:1/api/").unwrap(),
            ApiUrl::parse("https://slack.com/api/").unwrap(),
            ApiUrl::parse("https://sim.example:8443/api/").unwrap(),
        );
        for (url, at_local, at_real, at_other) in [
            ("https://files.slack.com/files-pri/T1-F1/a.csv", true, true, true),
            ("https://slack.com/files", true, true, true),
            ("http://files.slack.com/files-pri/T1-F1/a.csv", false, false, false),
            ("https://files.slack.com:8443/a", false, false, false),
            ("https://evilslack.com/a", false, false, false),
            ("https://slack.com.evil.example/a", false, false, false),
            ("https://files.slack.com@evil.example/a", false, false, false),
            ("https://me@files.slack.com/a", false, false, false),
            ("http://127.0.0.1:1/files-pri/F1", true, false, false),
            ("http://localhost:1/files-pri/F1", true, false, false),
            ("http://127.0.0.1:2/files-pri/F1", false, false, false),
            ("https://sim.example:8443/files/F1", false, false, true),
            ("https://sim.example/files/F1", false, false, false),
            ("nonsense", false, false, false),
        ] {
            assert_eq!(local.check_file_url(url).is_some(), at_local, "{url}");
            assert_eq!(real.check_file_url(url).is_some(), at_real, "{url}");
            assert_eq!(other.check_file_url(url).is_some(), at_other, "{url}");
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        let options = SlackOptions {
            api_url: "https://slack.com/api/".into(),
            app_token: Secret::new("xapp-1-sesame"),
            bot_token: Secret::new("xoxb-1-sesame"),
            connections: 2,
            ping_timeout: Duration::from_secs(10),
        };
        assert!(!format!("{options:?}").contains("sesame"));
    }
}
