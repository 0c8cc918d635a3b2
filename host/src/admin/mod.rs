//! The listener for the operator (`[admin]`): health, metrics, the dashboard. Never the one for the outside world.
//!
//! # How to add a page
//!
//! A module makes an [`axum::Router`], and the composition root merges it with the others before [`Admin::open`]. Before a
//! handler is called the request has passed the guard (`guard.rs`): it came under a name that this listener is known by,
//! so that a page elsewhere cannot make a browser ask here under a name of its own (DNS rebinding), and its body ends
//! after [`BODY`] bytes. The handler finds in the request's extensions who asks and how ([`Asked`]). An answer that takes
//! longer than [`PATIENCE`] to begin is given up. The headers that keep browsers from harm are set on every answer, where
//! the handler does not set them itself.
//!
//! Whoever reaches the listener may see health and metrics: they hold names of plugins and numbers, nothing else.
//! Everything beyond asks for a session of its own.

mod guard;
pub mod health;

pub use guard::Asked;

use crate::web::{Endpoints, Listener, Listening, Seats};
use axum::Router;
use guard::Guard;
use moa_core::config::{self, Config};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The largest body of a request, in bytes.
pub const BODY: usize = 1 << 20;
/// In how long an answer has to begin.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Connections at a time.
const CONNECTIONS: usize = 64;
/// Connections of one source at a time; trusted proxies may have more.
const CONNECTIONS_OF_ONE: usize = 32;
/// How long answers may take to leave at the end.
const LAST: Duration = Duration::from_millis(500);

/// Why the operator cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address cannot be had.
    #[error(
        "nothing can be listened at on {address}: {source}; set another with admin.listen, port 0 for any, \"\" for none"
    )]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody could be told where it is.
    #[error("endpoints.json cannot be written to the data directory: {0}")]
    Unwritten(io::Error),
}

/// The listener, or none. Dropped, it ends at once.
pub struct Admin(Option<(SocketAddr, Listening, Arc<Endpoints>)>);

impl Admin {
    /// Listens where the configuration says, and serves these routes. Where it says nothing and the usual address is
    /// taken, by another host on the same machine, any other port will do; with `trying` (`moa dev`) always any.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn open(
        config: &Config,
        routes: Router,
        endpoints: &Arc<Endpoints>,
        trying: bool,
    ) -> Result<Self, AdminError> {
        let Some(wanted) = config.admin.listen else {
            return Ok(Self(None));
        };
        let listener = match bind(wanted).await {
            Err(AdminError::Address { address, source })
                if !config.admin.wanted && source.kind() == io::ErrorKind::AddrInUse =>
            {
                tracing::info!("{address} is taken, so another port serves health and metrics");
                bind(SocketAddr::new(address.ip(), 0)).await
            }
            bound => bound,
        }?;
        let failed = |source| AdminError::Address {
            address: wanted,
            source,
        };
        let address = listener.local_addr().map_err(failed)?;
        endpoints
            .set(Listener::Admin, Some(address))
            .map_err(AdminError::Unwritten)?;
        let listening = serve(listener, address, &config.admin, routes);
        tracing::info!("listening at http://{address} for the operator");
        if !address.ip().is_loopback() && config.admin.proxies.is_empty() {
            tracing::warn!(
                "whoever reaches http://{address} sees health and metrics, and nothing encrypts what passes; listen on 127.0.0.1 and put a proxy with TLS before it (admin.trusted-proxies)"
            );
        }
        if trying {
            println!("  Admin        http://{address}");
        }
        Ok(Self(Some((address, listening, Arc::clone(endpoints)))))
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.as_ref().map(|(address, ..)| *address)
    }

    /// Ends, once what runs is answered.
    pub async fn close(self) {
        if let Some((_, listening, endpoints)) = self.0 {
            // It says so first: whoever looks for the address must not find one where nobody answers.
            let _ = endpoints.set(Listener::Admin, None);
            listening.close(LAST).await;
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, AdminError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| AdminError::Address { address, source })
}

fn serve(listener: TcpListener, address: SocketAddr, config: &config::Admin, routes: Router) -> Listening {
    let guard = Arc::new(Guard::new(address, config));
    let of_one = {
        let guard = Arc::clone(&guard);
        move |peer| match guard.trusts(peer) {
            true => CONNECTIONS,
            false => CONNECTIONS_OF_ONE,
        }
    };
    let seats = Seats {
        total: CONNECTIONS,
        of_one: Box::new(of_one),
    };
    Listening::start(listener, guard::before(routes, guard), seats)
}

#[cfg(test)]
mod tests;
