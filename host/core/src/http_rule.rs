//! Which requests to the outside world a line of `http = […]` is about: `https://api.example.com`,
//! `https://*.example.com:8443`, `http://10.0.0.5:*`, `GET,HEAD https://api.example.com/v1/`.
//!
//! Rules and addresses are read by the same parser, the one of the URL standard, so that a host that is written in an odd
//! way (`0x7f.1`, full-width letters, a trailing dot) is compared as what a client would really connect to.

mod path;
#[cfg(test)]
mod tests;

use std::fmt;
use url::{Host, Url};

/// The longest address, in bytes.
const LONGEST: usize = 8 << 10;

/// Why a text is no address to send requests to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be read as an address.
    #[error("`{0}` is no address: {1}")]
    Malformed(String, String),
    /// It has a scheme that is not spoken.
    #[error("`{0}` is neither an http nor an https address")]
    Scheme(String),
    /// It has a user or a password in it.
    #[error("an address has no user and no password in it: they go into a header")]
    UserInfo,
    /// It is too long.
    #[error("an address is at most {LONGEST} bytes long")]
    TooLong,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{rule}` is no rule for HTTP: {reason}; such are \"https://api.example.com\", \"https://*.example.com:8443\" and \"GET,HEAD https://api.example.com/v1/\""
)]
pub struct RuleError {
    /// The text.
    pub rule: String,
    /// What is wrong with it.
    pub reason: String,
}

/// An address in the one form that rules are compared with: the host in lower case and ASCII, without a trailing dot, no
/// default port, no dot segments, no fragment.
///
/// # Errors
/// See [`AddressError`].
pub fn address(text: &str) -> Result<Url, AddressError> {
    if text.len() > LONGEST {
        return Err(AddressError::TooLong);
    }
    // The URL standard takes some of these out or turns them round without a word.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        let shown: String = text.escape_debug().take(200).collect();
        return Err(AddressError::Malformed(
            shown,
            "it contains a space, a backslash or a control character".into(),
        ));
    }
    let malformed = |error: url::ParseError| {
        let shown: String = text.chars().take(200).collect();
        AddressError::Malformed(shown, error.to_string())
    };
    settled(Url::parse(text).map_err(malformed)?)
}

/// The same of an address that was read already: where a redirect leads.
///
/// # Errors
/// See [`AddressError`].
pub fn settled(mut url: Url) -> Result<Url, AddressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::UserInfo);
    }
    url.set_fragment(None);
    let malformed = |url: &Url, why: &str| AddressError::Malformed(url.as_str().to_owned(), why.to_owned());
    let Some(Host::Domain(name)) = url.host() else {
        return match url.host() {
            Some(_) => Ok(url),
            None => Err(malformed(&url, "it has no host")),
        };
    };
    if let Some(bare) = name.strip_suffix('.') {
        let bare = bare.to_owned();
        url.set_host(Some(&bare)).map_err(|e| malformed(&url, &e.to_string()))?;
    }
    let name = url.host_str().unwrap_or_default();
    let fits = |label: &str| !label.is_empty() && label.len() <= 63;
    if name.len() > 253 || !name.split('.').all(fits) {
        return Err(malformed(&url, "its host is no name"));
    }
    Ok(url)
}

/// Which hosts a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    /// This one.
    One(Host<String>),
    /// The names below this one, not itself.
    Below(String),
    /// Every name. Addresses are none.
    Names,
}

/// A line that allows, requests or denies requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// In capitals; none: all.
    methods: Vec<String>,
    secure: bool,
    hosts: Hosts,
    /// `None`: all.
    port: Option<u16>,
    /// Begins with `/`; just that: all.
    path: String,
}

impl Rule {
    /// Reads a rule: perhaps methods with commas between them and a space, then scheme, host, perhaps a port, perhaps the
    /// beginning of a path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let wrong = |reason: &str| RuleError {
            rule: text.to_owned(),
            reason: reason.to_owned(),
        };
        let (methods, place) = match text.split_once(' ') {
            Some((methods, place)) => (methods.split(',').map(str::to_owned).collect(), place),
            None => (Vec::new(), text),
        };
        let is_method = |method: &String| !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
        if !methods.iter().all(is_method) {
            return Err(wrong("methods are in capitals, with commas and no spaces between them"));
        }
        let (scheme, rest) = place
            .split_once("://")
            .ok_or_else(|| wrong("it has to begin with https:// or http://"))?;
        if rest.contains(['?', '#']) {
            return Err(wrong("it ends with the path"));
        }
        let (authority, path) = rest
            .split_at_checked(rest.find('/').unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        let any_port = authority.ends_with(":*");
        let rest = &format!("{}{path}", authority.strip_suffix(":*").unwrap_or(authority));
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (hosts, plain) = match rest.split_at_checked(end) {
            Some(("*", behind)) => (Some(Hosts::Names), format!("{scheme}://any.invalid{behind}")),
            _ => match rest.strip_prefix("*.") {
                Some(below) => (Some(Hosts::Below(String::new())), format!("{scheme}://{below}")),
                None => (None, format!("{scheme}://{rest}")),
            },
        };
        if plain.contains('*') {
            return Err(wrong(
                "a * stands for a whole host or for what is left of its first dot",
            ));
        }
        let url = address(&plain).map_err(|error| wrong(&error.to_string()))?;
        let hosts = match (hosts, url.host()) {
            (None, Some(host)) => Hosts::One(host.to_owned()),
            (Some(Hosts::Below(_)), Some(Host::Domain(name))) => Hosts::Below(name.to_owned()),
            (Some(Hosts::Names), _) => Hosts::Names,
            _ => return Err(wrong("an address has nothing below it")),
        };
        if path::is_devious(url.path()) {
            return Err(wrong("its path has an encoded slash or dot in it"));
        }
        Ok(Self {
            methods,
            secure: url.scheme() == "https",
            hosts,
            port: (!any_port).then(|| url.port_or_known_default()).flatten(),
            path: path::plain(url.path()),
        })
    }

    /// Whether a request is of those that the rule is about. `url` is of [`address`], `method` in capitals.
    pub fn matches(&self, method: &str, url: &Url) -> bool {
        self.is_of(method, url)
            && (self.path == "/" || !path::is_devious(url.path()) && path::begins(&path::plain(url.path()), &self.path))
    }

    /// The same of a rule that denies: where a server may read the path as one that the rule is about, it is one.
    pub fn denies(&self, method: &str, url: &Url) -> bool {
        self.is_of(method, url)
            && (self.path == "/"
                || path::is_devious(url.path())
                || path::begins(&path::folded(url.path()), &path::folded(&self.path)))
    }

    /// Whether everything but the path is what the rule is about.
    fn is_of(&self, method: &str, url: &Url) -> bool {
        let methods = self.methods.is_empty() || self.methods.iter().any(|known| known == method);
        let hosts = match (&self.hosts, url.host()) {
            (Hosts::One(one), Some(host)) => *one == host.to_owned(),
            (Hosts::Below(name), Some(Host::Domain(host))) => is_below(host, name),
            (Hosts::Names, Some(Host::Domain(_))) => true,
            _ => false,
        };
        methods
            && hosts
            && self.secure == (url.scheme() == "https")
            && (self.port.is_none() || url.port_or_known_default() == self.port)
    }

    /// Whether the rule names the host, or the name that it is below: only then is a host trusted with secrets.
    pub fn names_host(&self) -> bool {
        !matches!(self.hosts, Hosts::Names)
    }

    /// The one host that the rule is about, where it is one.
    pub fn host(&self) -> Option<Host<&str>> {
        match &self.hosts {
            Hosts::One(Host::Domain(name)) => Some(Host::Domain(name)),
            Hosts::One(Host::Ipv4(ip)) => Some(Host::Ipv4(*ip)),
            Hosts::One(Host::Ipv6(ip)) => Some(Host::Ipv6(*ip)),
            Hosts::Below(_) | Hosts::Names => None,
        }
    }

    /// Whether everything that another rule is about is among what this one is about.
    pub fn covers(&self, other: &Self) -> bool {
        let among = |method| self.methods.contains(method);
        let methods = self.methods.is_empty() || !other.methods.is_empty() && other.methods.iter().all(among);
        let hosts = match (&self.hosts, &other.hosts) {
            (Hosts::Names, Hosts::One(Host::Domain(_)) | Hosts::Below(_) | Hosts::Names) => true,
            (Hosts::Below(name), Hosts::One(Host::Domain(one))) => is_below(one, name),
            (Hosts::Below(name), Hosts::Below(other)) => name == other || is_below(other, name),
            (Hosts::One(one), Hosts::One(other)) => one == other,
            _ => false,
        };
        methods
            && hosts
            && self.secure == other.secure
            && (self.port.is_none() || self.port == other.port)
            && path::begins(&other.path, &self.path)
    }
}

fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

/// The rule that allows just the origin of an address.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.methods.is_empty() {
            write!(f, "{} ", self.methods.join(","))?;
        }
        let (scheme, usual) = if self.secure { ("https", 443) } else { ("http", 80) };
        match &self.hosts {
            Hosts::One(host) => write!(f, "{scheme}://{host}")?,
            Hosts::Below(name) => write!(f, "{scheme}://*.{name}")?,
            Hosts::Names => write!(f, "{scheme}://*")?,
        }
        match self.port {
            None => f.write_str(":*")?,
            Some(port) if port != usual => write!(f, ":{port}")?,
            Some(_) => {}
        }
        match self.path.as_str() {
            "/" => Ok(()),
            path => f.write_str(path),
        }
    }
}

impl std::str::FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::parse(text)
    }
}
