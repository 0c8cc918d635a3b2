//! What one plugin may send where: requested *and* granted, and not denied.

use crate::address::{Special, special};
use moa_core::http_rule::Rule;
use std::net::IpAddr;
use url::{Host, Url};

/// What stands for everything that is requested.
const ALL: &str = "*";

/// Hosts that are not public and that the operator opens to whoever is granted an address there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Internal {
    names: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

impl Internal {
    /// Reads names (`wiki.corp.example`; `*.corp.example` for those below), addresses and networks (`10.20.0.0/16`).
    ///
    /// # Errors
    /// The first that is none of these.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, String> {
        let mut all = Self::default();
        for text in texts.iter().map(AsRef::as_ref) {
            if let Some(network) = network(text) {
                all.networks.push(network);
            } else if is_name(text.strip_prefix("*.").unwrap_or(text)) {
                all.names.push(text.to_ascii_lowercase());
            } else {
                return Err(text.to_owned());
            }
        }
        Ok(all)
    }

    fn has(&self, host: Option<Host<&str>>, ip: IpAddr) -> bool {
        let fits = |name: &String| match (name.strip_prefix("*."), &host) {
            (None, Some(Host::Domain(host))) => name == host,
            (Some(below), Some(Host::Domain(host))) => host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.')),
            _ => false,
        };
        let ip = ip.to_canonical();
        self.names.iter().any(fits) || self.networks.iter().any(|network| contains(*network, ip))
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = match text.split_once('/') {
        Some((ip, bits)) => (ip, Some(bits)),
        None => (text, None),
    };
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((ip, bits))
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let parsed = Host::parse(text);
    text.chars().all(plain) && !text.ends_with('.') && matches!(parsed, Ok(Host::Domain(_)))
}

fn contains((network, bits): (IpAddr, u8), ip: IpAddr) -> bool {
    let same = |a: u128, b: u128, width: u32| match width.checked_sub(u32::from(bits)) {
        Some(rest) if rest < u128::BITS => a >> rest == b >> rest,
        _ => true,
    };
    match (network, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

/// Why a request may not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The plugin did not ask for it.
    #[error("it was not requested")]
    NotRequested,
    /// Nobody granted it.
    #[error("it was not granted")]
    NotGranted,
    /// The operator denies it.
    #[error("it is denied")]
    Denied,
    /// It is granted, but the host has an address that is not the public internet's.
    #[error(
        "`{host}` has the address {ip}, which is {special}; plugins reach public addresses alone, unless the operator names this one, in a grant such as \"http://{shown}\" or in [egress] internal",
        shown = shown(*ip)
    )]
    Internal {
        /// As the address of the request has it.
        host: String,
        /// What it was found under.
        ip: IpAddr,
        /// What is special about it.
        special: Special,
    },
    /// The same where nothing could open it.
    #[error("`{host}` has the address {ip}, which is {special}: nothing can be reached there")]
    Nowhere {
        /// As the address of the request has it.
        host: String,
        /// What it was found under.
        ip: IpAddr,
        /// What is special about it.
        special: Special,
    },
}

fn shown(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// What one plugin may send where.
#[derive(Clone, Debug, Default)]
pub struct Permit {
    requested: Vec<Rule>,
    /// `None`: all that is requested.
    granted: Option<Vec<Rule>>,
    all_granted: bool,
    denied: Vec<Rule>,
    all_denied: bool,
    internal: Internal,
}

impl Permit {
    /// From lines as manifests and the configuration have them. `granted` of `None` grants what is requested. A line that
    /// is no rule grants nothing; as a denial it denies everything.
    pub fn new(requested: &[String], granted: Option<&[String]>, denied: &[String], internal: Internal) -> Self {
        let rules = |lines: &[String]| lines.iter().filter_map(|line| Rule::parse(line).ok()).collect();
        let has_all = |lines: &[String]| lines.iter().any(|line| line == ALL);
        Self {
            requested: rules(requested),
            granted: granted.map(rules),
            all_granted: granted.is_some_and(has_all),
            denied: rules(denied),
            all_denied: denied.iter().any(|line| Rule::parse(line).is_err()),
            internal,
        }
    }

    /// Whether a request may be sent, as far as its address tells.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, method: &str, url: &Url) -> Result<(), Refused> {
        let fits = |rule: &Rule| rule.matches(method, url);
        if !self.requested.iter().any(fits) {
            return Err(Refused::NotRequested);
        }
        if self.all_denied || self.denied.iter().any(|rule| rule.denies(method, url)) {
            return Err(Refused::Denied);
        }
        let granted = self.all_granted || self.granting().iter().any(fits);
        if granted { Ok(()) } else { Err(Refused::NotGranted) }
    }

    /// Whether a granted request may go to this address, under which its host was found.
    ///
    /// # Errors
    /// Why not.
    pub fn check_address(&self, url: &Url, ip: IpAddr) -> Result<(), Refused> {
        let Some(special) = special(ip) else {
            return Ok(());
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        if special == Special::Never {
            return Err(Refused::Nowhere { host, ip, special });
        }
        match self.opens(url, ip, special) {
            true => Ok(()),
            false => Err(Refused::Internal { host, ip, special }),
        }
    }

    /// A name that is granted does not open what it happens to stand for today: the address itself has to be named,
    /// `localhost` for this machine, or the operator has to say that the name is one of theirs.
    fn opens(&self, url: &Url, ip: IpAddr, special: Special) -> bool {
        if self.internal.has(url.host(), ip) {
            return true;
        }
        let names_it = match url.host() {
            Some(Host::Domain("localhost")) => special == Special::Loopback,
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            _ => false,
        };
        let same_host = |rule: &Rule| rule.host() == url.host();
        names_it && self.granting().iter().any(same_host)
    }

    /// Whether secrets may go there: a rule names the host.
    pub fn trusts(&self, method: &str, url: &Url) -> bool {
        let fits = |rule: &Rule| rule.names_host() && rule.matches(method, url);
        self.granting().iter().any(fits)
    }

    fn granting(&self) -> &[Rule] {
        self.granted.as_deref().unwrap_or(&self.requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_core::http_rule::address;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn permit(requested: &[&str], granted: Option<&[&str]>, denied: &[&str], internal: &[&str]) -> Permit {
        let granted = granted.map(lines);
        let internal = Internal::parse(internal).unwrap();
        Permit::new(&lines(requested), granted.as_deref(), &lines(denied), internal)
    }

    #[test]
    fn requested_and_granted_and_not_denied() {
        let a = "https://a.example/";
        for (requested, granted, denied, found) in [
            (
                &["https://a.example"][..],
                Some(&["https://a.example"][..]),
                &[][..],
                Ok(()),
            ),
            (&["https://a.example"], None, &[], Ok(())),
            (&["https://a.example"], Some(&["*"]), &[], Ok(())),
            (&["https://*.example"], Some(&["https://*"]), &[], Ok(())),
            (&[], Some(&["*"]), &[], Err(Refused::NotRequested)),
            (&["*"], None, &[], Err(Refused::NotRequested)),
            (&["https://a.example"], Some(&[]), &[], Err(Refused::NotGranted)),
            (
                &["https://a.example"],
                Some(&["POST https://a.example"]),
                &[],
                Err(Refused::NotGranted),
            ),
            (
                &["https://a.example"],
                Some(&["rubbish"]),
                &[],
                Err(Refused::NotGranted),
            ),
            (
                &["https://a.example"],
                None,
                &["https://*.example"],
                Err(Refused::Denied),
            ),
            (&["https://a.example"], None, &["*"], Err(Refused::Denied)),
            (&["https://a.example"], None, &["rubbish"], Err(Refused::Denied)),
            (&["https://a.example"], None, &["POST https://a.example"], Ok(())),
        ] {
            let permit = permit(requested, granted, denied, &[]);
            assert_eq!(
                permit.check("GET", &address(a).unwrap()),
                found,
                "{requested:?} {granted:?} {denied:?}"
            );
        }
    }

    #[test]
    fn a_denied_path_is_denied_however_it_is_written() {
        let permit = permit(&["https://a.example"], None, &["https://a.example/admin"], &[]);
        for (path, found) in [
            ("/admin", Err(Refused::Denied)),
            ("//Admin;x/y", Err(Refused::Denied)),
            ("/x/..%2fadmin", Err(Refused::Denied)),
            ("/x/admin", Ok(())),
        ] {
            let url = address(&format!("https://a.example{path}")).unwrap();
            assert_eq!(permit.check("GET", &url), found, "{path}");
        }
    }

    #[test]
    fn what_is_not_public_has_to_be_named() {
        for (granted, internal, url, ip, open) in [
            ("https://a.example", None, "https://a.example/", "1.1.1.1", true),
            ("https://a.example", None, "https://a.example/", "10.0.0.1", false),
            (
                "https://a.example",
                Some("a.example"),
                "https://a.example/",
                "10.0.0.1",
                true,
            ),
            (
                "https://a.example",
                Some("*.example"),
                "https://a.example/",
                "10.0.0.1",
                true,
            ),
            (
                "https://a.example",
                Some("example"),
                "https://a.example/",
                "10.0.0.1",
                false,
            ),
            (
                "https://a.example",
                Some("10.0.0.0/8"),
                "https://a.example/",
                "10.0.0.1",
                true,
            ),
            (
                "https://a.example",
                Some("10.0.0.0/8"),
                "https://a.example/",
                "::ffff:10.0.0.1",
                true,
            ),
            (
                "https://a.example",
                Some("10.0.0.0/8"),
                "https://a.example/",
                "11.0.0.1",
                true,
            ),
            (
                "https://a.example",
                Some("10.0.0.0/8"),
                "https://a.example/",
                "192.168.0.1",
                false,
            ),
            (
                "https://a.example",
                Some("fd00::/8"),
                "https://a.example/",
                "fd12::1",
                true,
            ),
            (
                "https://a.example",
                Some("0.0.0.0/0"),
                "https://a.example/",
                "0.0.0.0",
                false,
            ),
            (
                "https://a.example",
                Some("0.0.0.0/0"),
                "https://a.example/",
                "224.0.0.1",
                false,
            ),
            (
                "http://127.0.0.1:9000",
                None,
                "http://127.0.0.1:9000/",
                "127.0.0.1",
                true,
            ),
            ("http://[fd00::1]", None, "http://[fd00::1]/", "fd00::1", true),
            ("http://localhost", None, "http://localhost/", "127.0.0.1", true),
            ("http://localhost", None, "http://localhost/", "::1", true),
            ("http://localhost", None, "http://localhost/", "10.0.0.1", false),
            ("http://*", None, "http://a.localhost/", "127.0.0.1", false),
            ("http://0.0.0.0", None, "http://0.0.0.0/", "0.0.0.0", false),
            (
                "http://169.254.169.254",
                None,
                "http://169.254.169.254/",
                "169.254.169.254",
                true,
            ),
        ] {
            let internal: Vec<&str> = internal.into_iter().collect();
            let permit = permit(&[granted], None, &[], &internal);
            let found = permit.check_address(&address(url).unwrap(), ip.parse().unwrap());
            assert_eq!(found.is_ok(), open, "{granted} {internal:?} {url} {ip}: {found:?}");
        }
        // `"*"` names nothing.
        let permit = permit(&["http://127.0.0.1"], Some(&["*"]), &[], &[]);
        let url = address("http://127.0.0.1/").unwrap();
        assert_eq!(permit.check("GET", &url), Ok(()));
        let refused = permit
            .check_address(&url, "127.0.0.1".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("\"http://127.0.0.1\"") && refused.contains("[egress] internal"),
            "{refused}"
        );
    }

    #[test]
    fn secrets_go_where_a_rule_names_the_host() {
        let permit = permit(
            &["https://a.example", "https://*.b.example", "https://*"],
            None,
            &[],
            &[],
        );
        for (url, trusts) in [
            ("https://a.example/", true),
            ("https://x.b.example/", true),
            ("https://c.example/", false),
            ("http://a.example/", false),
        ] {
            assert_eq!(permit.trusts("GET", &address(url).unwrap()), trusts, "{url}");
        }
    }

    #[test]
    fn what_names_nothing_internal_is_told() {
        for wrong in ["http://a", "a b", "10.0.0.0/33", "fd00::/x", "*", "a.*", "10.0.0/8", ""] {
            assert_eq!(Internal::parse(&[wrong]), Err(wrong.to_owned()));
        }
        assert!(Internal::parse(&["a", "*.b.c", "::1", "10.0.0.0/0", "1.2.3.4"]).is_ok());
    }
}
