//! Which addresses are the public internet's.
//!
//! From the registries of special addresses of IANA (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! `…-ipv6-special-registry`), and a few that cloud providers took for their own machines' secrets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not one of the public internet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Special {
    /// This machine.
    Loopback,
    /// A network of one's own (RFC 1918, RFC 4193).
    Private,
    /// Shared by the customers of a provider (RFC 6598).
    Shared,
    /// The same cable; also where clouds tell machines their secrets (169.254.169.254).
    LinkLocal,
    /// Nobody's, or many people's at once: multicast, broadcast, unspecified, documentation, reserved. Never to be reached.
    Never,
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine",
            Self::Private => "a private network",
            Self::Shared => "a provider's own network",
            Self::LinkLocal => "a link-local address or a cloud's metadata",
            Self::Never => "an address that is nobody's",
        })
    }
}

/// What is special about an address; `None`: it is a public one. An IPv4 address inside an IPv6 one is taken for what it
/// is.
pub fn special(ip: IpAddr) -> Option<Special> {
    match ip {
        IpAddr::V4(ip) => special_v4(ip),
        IpAddr::V6(ip) => special_v6(ip),
    }
}

fn special_v4(ip: Ipv4Addr) -> Option<Special> {
    match ip.octets() {
        [127, ..] => Some(Special::Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Special::Private),
        [100, 64..=127, ..] => Some(Special::Shared),
        // The second is where Azure's machines ask for their settings.
        [169, 254, ..] | [168, 63, 129, 16] => Some(Special::LinkLocal),
        // This network; protocol assignments; documentation; 6to4 relays; benchmarks; multicast, reserved, broadcast.
        [0, ..]
        | [192, 0, 0, _]
        | [192, 0, 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Some(Special::Never),
        _ => None,
    }
}

fn special_v6(ip: Ipv6Addr) -> Option<Special> {
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        special_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Special::Loopback),
        // Mapped, and translated by NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low),
        // 6to4.
        [0x2002, high, low, ..] => inside(high, low),
        [0xfc00..=0xfdff, ..] => Some(Special::Private),
        [0xfe80..=0xfebf, ..] => Some(Special::LinkLocal),
        // Formerly private.
        [0xfec0..=0xfeff, ..] => Some(Special::Private),
        // Protocol assignments (Teredo among them), documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Special::Never),
        // An IPv4 address as the last part (ISATAP).
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] if inside(high, low).is_some() => inside(high, low),
        [0x2000..=0x3fff, ..] => None,
        // The unspecified address, IPv4-compatible ones, the translation prefix of RFC 8215, discard-only, segment
        // routing, multicast, and all that is not assigned.
        _ => Some(Special::Never),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        use Special::{LinkLocal, Loopback, Never, Private, Shared};
        for (ip, found) in [
            ("1.1.1.1", None),
            ("93.184.216.34", None),
            ("172.15.255.255", None),
            ("172.32.0.0", None),
            ("100.63.255.255", None),
            ("100.128.0.0", None),
            ("198.17.255.255", None),
            ("223.255.255.255", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.254", Some(Loopback)),
            ("10.0.0.1", Some(Private)),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("192.168.1.1", Some(Private)),
            ("100.64.0.1", Some(Shared)),
            ("100.100.100.200", Some(Shared)),
            ("169.254.169.254", Some(LinkLocal)),
            ("168.63.129.16", Some(LinkLocal)),
            ("0.0.0.0", Some(Never)),
            ("0.1.2.3", Some(Never)),
            ("192.0.0.192", Some(Never)),
            ("192.0.2.1", Some(Never)),
            ("198.18.0.1", Some(Never)),
            ("198.51.100.1", Some(Never)),
            ("203.0.113.1", Some(Never)),
            ("192.88.99.1", Some(Never)),
            ("224.0.0.1", Some(Never)),
            ("240.0.0.1", Some(Never)),
            ("255.255.255.255", Some(Never)),
            ("2606:4700::1111", None),
            ("2a00:1450:4001::1", None),
            ("::1", Some(Loopback)),
            ("::", Some(Never)),
            ("::127.0.0.1", Some(Never)),
            ("::1.1.1.1", Some(Never)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("::ffff:10.0.0.1", Some(Private)),
            ("::ffff:169.254.169.254", Some(LinkLocal)),
            ("::ffff:0.0.0.0", Some(Never)),
            ("::ffff:1.1.1.1", None),
            ("64:ff9b::169.254.169.254", Some(LinkLocal)),
            ("64:ff9b::7f00:1", Some(Loopback)),
            ("64:ff9b::1.1.1.1", None),
            ("64:ff9b:1::a00:1", Some(Never)),
            ("2002:7f00:1::", Some(Loopback)),
            ("2002:a9fe:a9fe::1", Some(LinkLocal)),
            ("2002:101:101::", None),
            ("2001::1", Some(Never)),
            ("2001:0:53aa:64c:0:0:80ff:fffe", Some(Never)),
            ("2001:db8::1", Some(Never)),
            ("3fff::1", Some(Never)),
            ("fc00::1", Some(Private)),
            ("fd00:ec2::254", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("fec0::1", Some(Private)),
            ("ff02::1", Some(Never)),
            ("100::1", Some(Never)),
            ("5f00::1", Some(Never)),
            ("4000::1", Some(Never)),
            ("2600::5efe:192.168.0.1", Some(Private)),
            ("2600::200:5efe:7f00:1", Some(Loopback)),
            ("2600::5efe:1.1.1.1", None),
        ] {
            assert_eq!(special(ip.parse().unwrap()), found, "{ip}");
        }
    }
}
