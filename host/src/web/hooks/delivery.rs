//! What a sender calls a delivery, so that one that comes again is not run again.

use axum::http::{HeaderMap, Method};
use moa_core::event::Hook;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Headers with a name that a delivery keeps when it is sent again, in the order in which they count.
const NAMES: [&str; 7] = [
    "idempotency-key",
    "x-github-delivery",
    "x-gitlab-event-uuid",
    "x-gitea-delivery",
    "webhook-id",
    "x-shopify-webhook-id",
    "svix-id",
];
/// The longest name that is taken as one.
const LONGEST: usize = 200;
/// Deliveries that failed and are kept in mind.
const KEPT: usize = 10_000;
/// For how long.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// The sender's name of a delivery.
pub(super) fn name(headers: &HeaderMap) -> Option<String> {
    NAMES.iter().find_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?.trim();
        let fits = (1..=LONGEST).contains(&value.len());
        fits.then(|| format!("{name}: {value}"))
    })
}

/// The id of a delivery: of its name and of all that it asks for, since a name alone is not signed, and is not to keep
/// another request out.
pub(super) fn named(name: &str, method: &Method, path: &str, query: &str, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    for part in [name, method.as_str(), path, query] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.update(body);
    hex(digest.finalize().get(..16).unwrap_or_default())
}

/// An id that no other delivery has, and that says so.
pub(super) fn unique() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Without the system's randomness: still no other's.
        bytes = fastrand::u128(..).to_le_bytes();
    }
    format!("{}{}", Hook::UNNAMED, hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How often deliveries failed that were answered so. One that failed is new work when it is sent again.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<String, (u32, Instant)>>);

impl Attempts {
    /// Which attempt the next one is, from 1.
    pub(super) fn next(&self, key: &str) -> u32 {
        self.lock().get(key).map_or(1, |(failed, _)| failed.saturating_add(1))
    }

    /// An attempt failed.
    pub(super) fn failed(&self, key: &str, attempt: u32) {
        let mut all = self.lock();
        if all.len() >= KEPT {
            all.retain(|_, (_, since)| since.elapsed() < KEPT_FOR);
        }
        if all.len() < KEPT || all.contains_key(key) {
            all.insert(key.to_owned(), (attempt, Instant::now()));
        }
    }

    /// Nothing here is left half changed by a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u32, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_the_same_when_all_of_it_is() {
        let mut headers = HeaderMap::new();
        assert_eq!(super::name(&headers), None);
        headers.insert(
            "X-GitHub-Delivery",
            "72d3162e-cc78-11e3-81ab-4c9367dc0958".parse().unwrap(),
        );
        let name = super::name(&headers).unwrap();
        assert_eq!(name, "x-github-delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958");
        headers.insert("idempotency-key", "x".repeat(201).parse().unwrap());
        assert_eq!(super::name(&headers).as_deref(), Some(name.as_str()));

        let first = named(&name, &Method::POST, "", "", b"{}");
        assert_eq!(first.len(), 32);
        assert_eq!(named(&name, &Method::POST, "", "", b"{}"), first);
        for other in [
            named("x", &Method::POST, "", "", b"{}"),
            named(&name, &Method::PUT, "", "", b"{}"),
            named(&name, &Method::POST, "/a", "", b"{}"),
            named(&name, &Method::POST, "", "a", b"{}"),
            named(&name, &Method::POST, "", "", b"{ }"),
        ] {
            assert_ne!(other, first);
        }
        assert_ne!(unique(), unique());
    }

    #[test]
    fn what_failed_is_new_when_it_is_sent_again() {
        let attempts = Attempts::default();
        assert_eq!(attempts.next("a"), 1);
        attempts.failed("a", 1);
        assert_eq!((attempts.next("a"), attempts.next("b")), (2, 1));
        (0..20_000).for_each(|n| attempts.failed(&n.to_string(), 1));
        assert!(attempts.lock().len() <= KEPT);
    }
}
