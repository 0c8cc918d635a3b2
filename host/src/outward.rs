//! The way to the outside world that is no chat service: one client for the requests of all plugins, and the operator's
//! secrets, which leave by it alone.

use crate::settings;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use moa_core::config::Config;
use moa_egress::{Caller, Client, Error, Internal, Outside, Pace, Proxies, Redactor, Request, Response, System};
use rustls::RootCertStore;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Sends requests of plugins.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Sends a request and waits for the head of the response.
    ///
    /// # Errors
    /// There is none, or it is not wanted.
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error>;
}

#[async_trait]
impl Sender for Client {
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        Self::send(self, caller, request).await
    }
}

/// The way to the outside world.
pub struct Outward {
    /// Sends.
    pub sender: Arc<dyn Sender>,
    /// `[secrets]`, by name; they change when the configuration is read again.
    pub secrets: ArcSwap<BTreeMap<String, String>>,
    /// What they were before, the newest first.
    pub(crate) former: Mutex<VecDeque<(String, String)>>,
    /// Hides them wherever something leaves the host.
    pub redactor: Redactor,
    /// What the operator opens that is not public.
    pub internal: Internal,
}

impl std::fmt::Debug for Outward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outward")
            .field("internal", &self.internal)
            .finish_non_exhaustive()
    }
}

/// So many secrets that are others by now are hidden further on, in the whole life of this process.
const FORMER: usize = 256;

/// There is no way out.
impl Default for Outward {
    fn default() -> Self {
        Self {
            sender: Arc::new(Closed),
            secrets: ArcSwap::default(),
            former: Mutex::default(),
            redactor: Redactor::default(),
            internal: Internal::default(),
        }
    }
}

impl Outward {
    /// Other secrets from now on, read anew; all those before are hidden further on: what an old one opened may still stand in
    /// logs of others, or come back in a response. The names of those that are others now.
    pub fn take_secrets(&self, fresh: &Self, own: &[(String, String)]) -> Vec<String> {
        let (before, after) = (self.secrets.load_full(), fresh.secrets.load_full());
        // Only whole pairs are put in and taken out.
        let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, secret) in before.iter().filter(|(name, secret)| after.get(*name) != Some(*secret)) {
            let pair = (name.clone(), secret.clone());
            former.retain(|known| *known != pair);
            former.push_front(pair);
        }
        former.truncate(FORMER);
        let known = after.iter().chain(former.iter().map(|(name, secret)| (name, secret)));
        let known = known.chain(own.iter().map(|(name, secret)| (name, secret)));
        let known = known.map(|(name, secret)| (name.as_str(), secret.as_str()));
        // Before they can be used.
        self.redactor.replace(Redactor::new(known));
        self.secrets.store(Arc::clone(&after));
        let names = before.keys().chain(after.keys());
        let mut changed: Vec<String> = names
            .filter(|name| before.get(*name) != after.get(*name))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// As the configuration and the environment say. `own` are the host's own secrets with what
    /// they are called, which nothing shows either.
    ///
    /// # Errors
    /// A secret that cannot be read, something in `[egress]` or a proxy's address that makes no sense.
    pub fn of(config: &Config, own: &[(String, String)]) -> anyhow::Result<Self> {
        let mut secrets = BTreeMap::new();
        for (name, source) in &config.secrets {
            match settings::secret("secrets", source) {
                Ok(secret) => {
                    secrets.insert(name.clone(), secret);
                }
                // Whoever needs it is told that it is not there.
                Err(error) => tracing::warn!("the secret `{name}`: {error}"),
            }
        }
        let known = secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str()));
        let own = own.iter().map(|(name, secret)| (name.as_str(), secret.as_str()));
        let redactor = Redactor::new(known.chain(own));
        let egress = &config.egress;
        let internal = Internal::parse(&egress.internal);
        let internal =
            internal.map_err(|text| anyhow::anyhow!("egress.internal: `{text}` is no name, address or network"))?;
        let proxies = Proxies::named_by(|name| std::env::var(name).ok()).context("requests of plugins")?;
        let lazy = Lazy {
            client: OnceLock::new(),
            parts: Mutex::new(Some(proxies)),
            pace: Pace {
                per_second: if egress.per_second > 0.0 {
                    egress.per_second
                } else {
                    f64::MAX
                },
                burst: egress.burst.into(),
                at_once: usize::try_from(egress.at_once).unwrap_or(usize::MAX),
            },
            redactor: redactor.clone(),
        };
        Ok(Self {
            sender: Arc::new(lazy),
            secrets: ArcSwap::from_pointee(secrets),
            former: Mutex::default(),
            redactor,
            internal,
        })
    }
}

struct Closed;

#[async_trait]
impl Sender for Closed {
    async fn send(&self, _: &Caller, _: Request) -> Result<Response, Error> {
        Err(Error::Unavailable("nothing is sent from here".into()))
    }
}

/// A client that is made when the first plugin sends something: most hosts wait for the system's root certificates to be
/// read without need.
struct Lazy {
    client: OnceLock<Client>,
    parts: Mutex<Option<Proxies>>,
    pace: Pace,
    redactor: Redactor,
}

impl Lazy {
    fn client(&self) -> Result<&Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::warn!(
                "no root certificates were found on this system: no https address can be reached; install the package ca-certificates or set SSL_CERT_FILE"
            );
        }
        let tls = moa_egress::tls::with_roots(roots);
        let tls = tls.map_err(|error| Error::Unavailable(format!("TLS cannot be set up: {error}")))?;
        let mut proxies = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.client.get_or_init(|| {
            Client::new(Outside {
                resolver: Arc::new(System),
                tls,
                proxies: proxies.take().unwrap_or_default(),
                pace: self.pace,
                redactor: self.redactor.clone(),
            })
        }))
    }
}

#[async_trait]
impl Sender for Lazy {
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        self.client()?.send(caller, request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(secrets: &[(&str, &str)]) -> Outward {
        let secrets = secrets.iter().map(|(name, secret)| ((*name).into(), (*secret).into()));
        Outward {
            secrets: ArcSwap::from_pointee(secrets.collect()),
            ..Outward::default()
        }
    }

    #[test]
    fn a_secret_stays_hidden_however_often_it_was_another_one() {
        let own = [("slack.bot-token".to_owned(), "xoxb-of-this-host".to_owned())];
        let outward = with(&[("KEY", "first-of-all"), ("STAYS", "the-same-one")]);
        let all = ["first-of-all", "second-of-all", "third-of-all", "fourth-of-all"];
        for secret in all.iter().skip(1) {
            let changed = outward.take_secrets(&with(&[("KEY", secret), ("STAYS", "the-same-one")]), &own);
            assert_eq!(changed, ["KEY"]);
        }
        // Removed altogether, and back as it once was.
        assert_eq!(outward.take_secrets(&with(&[]), &own), ["KEY", "STAYS"]);
        assert_eq!(outward.take_secrets(&with(&[("KEY", all[0])]), &own), ["KEY"]);
        for secret in all {
            assert_eq!(outward.redactor.text(secret), "[secret:KEY]");
        }
        assert_eq!(outward.redactor.text("the-same-one"), "[secret:STAYS]");
        assert_eq!(outward.redactor.text("xoxb-of-this-host"), "[secret:slack.bot-token]");
        for n in 0..FORMER + 10 {
            outward.take_secrets(&with(&[("KEY", &format!("number-{n}-of-many"))]), &own);
        }
        assert_eq!(outward.former.lock().unwrap().len(), FORMER);
        assert_eq!(
            outward.redactor.text("number-0-of-many"),
            "number-0-of-many",
            "it is bounded"
        );
        assert_eq!(outward.redactor.text("number-200-of-many"), "[secret:KEY]");
    }
}
