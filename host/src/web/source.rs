//! Where requests come from, and how often.

use axum::http::HeaderMap;
use moa_core::config::Network;
use moa_core::rate::Rate;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Sources that are kept in mind one by one. What comes from others beside them counts as one.
const KEPT: usize = 10_000;
/// How often those at rest are looked for when there is no room for another.
const SWEEP: Duration = Duration::from_secs(1);

/// Where a request comes from: an address, of IPv6 the network of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The source that an address belongs to.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
            four => four,
        })
    }

    /// The source of a request: who connects, or of whom a trusted proxy says that it connected to it.
    pub(crate) fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let trusted = |address: IpAddr| proxies.iter().any(|network| network.has(address));
        let mut address = peer;
        if trusted(peer) {
            let lines = headers.get_all("x-forwarded-for").into_iter();
            let said: Vec<&str> = lines
                .filter_map(|line| line.to_str().ok())
                .flat_map(|line| line.split(','))
                .collect();
            // The last one was written by the proxy that is trusted, the one before by whom that one had before it.
            for word in said.into_iter().rev() {
                let Some(before) = address_of(word.trim()) else { break };
                address = before;
                if !trusted(before) {
                    break;
                }
            }
        }
        Self::of(address)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An address as proxies write it, some with a port.
fn address_of(word: &str) -> Option<IpAddr> {
    let bare = word.strip_prefix('[').and_then(|rest| rest.split(']').next());
    bare.unwrap_or(word)
        .parse()
        .ok()
        .or_else(|| Some(word.parse::<std::net::SocketAddr>().ok()?.ip()))
}

/// How often each source may ask. It takes a bounded room, however many there are.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Option<Rate>,
    begun: Instant,
    state: Mutex<State>,
}

/// Points in time are counted from [`Pace::begun`].
#[derive(Debug, Default)]
struct State {
    /// Until when what each source asked for is paid for.
    paid: HashMap<Source, Duration>,
    /// The same for all that have no room there.
    others: Duration,
    swept: Duration,
}

impl Pace {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            begun: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// It is one too many; with how long the source has to wait.
    pub(crate) fn admit(&self, source: Source) -> Result<(), Duration> {
        self.admit_at(source, self.begun.elapsed())
    }

    fn admit_at(&self, source: Source, now: Duration) -> Result<(), Duration> {
        let Some(rate) = &self.rate else { return Ok(()) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { paid, others, swept } = &mut *state;
        if paid.len() >= KEPT && !paid.contains_key(&source) && now >= *swept + SWEEP {
            paid.retain(|_, until| *until > now);
            *swept = now;
        }
        let until = match paid.len() < KEPT || paid.contains_key(&source) {
            true => paid.entry(source).or_default(),
            false => others,
        };
        let wait = rate.wait(*until, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        *until = rate.done(*until, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::of(text.parse().unwrap())
    }

    #[test]
    fn an_address_of_ipv6_is_its_network_and_a_mapped_one_is_the_same_as_the_plain() {
        assert_eq!(source("2001:db8:1:2:3::4"), source("2001:db8:1:2::"));
        assert_ne!(source("2001:db8:1:2::"), source("2001:db8:1:3::"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }

    #[test]
    fn only_a_trusted_proxy_says_where_a_request_comes_from() {
        let proxies: Vec<Network> = ["127.0.0.1", "10.0.0.0/8"]
            .iter()
            .filter_map(|text| Network::parse(text))
            .collect();
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["192.0.2.1"][..], "203.0.113.9"),
            ("127.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["198.51.100.7", "192.0.2.1, 10.1.1.1"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1:4711"], "192.0.2.1"),
            ("127.0.0.1", &["[2001:db8::1]:80"], "2001:db8::1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &["192.0.2.1, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["10.0.0.2"], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let got = Source::behind(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(got, source(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn each_source_has_its_own_pace_and_the_room_for_them_is_bounded() {
        let pace = Pace::new(Rate::parse("2/1s"));
        let at = Duration::from_millis;
        assert_eq!(pace.admit_at(source("192.0.2.1"), at(0)), Ok(()));
        assert_eq!(pace.admit_at(source("192.0.2.1"), at(0)), Ok(()));
        assert_eq!(pace.admit_at(source("192.0.2.1"), at(0)), Err(at(500)));
        assert_eq!(pace.admit_at(source("192.0.2.2"), at(0)), Ok(()));
        assert_eq!(pace.admit_at(source("192.0.2.1"), at(500)), Ok(()));
        let many = |n: u32, now| pace.admit_at(Source::of(IpAddr::V4(n.into())), now);
        let admitted = (0..50_000).filter(|n| many(*n, at(600)).is_ok()).count();
        assert!((KEPT - 2..=KEPT + 4).contains(&admitted), "{admitted}");
        assert_eq!(pace.state.lock().unwrap().paid.len(), KEPT);
        assert!(many(60_000, at(601)).is_err(), "what has no room shares a pace");
        assert!(many(60_000, at(5_000)).is_ok(), "those at rest are forgotten");
        assert!(pace.state.lock().unwrap().paid.len() < 10);
        assert_eq!(Pace::new(None).admit(source("192.0.2.1")), Ok(()));
    }
}
