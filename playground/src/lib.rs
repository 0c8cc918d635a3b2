//! A simulated Slack workspace with a web page: real Web API, real Socket Mode, no account.
//!
//! It stands for Slack in `moa dev` and in tests. It knows nothing of the host; what it agrees with is Slack's
//! documentation and Slack's own SDK clients. Read in this order:
//!
//! - `world`, `conversation`, `ts`: people, channels, messages
//! - `text`: escaping, tokens, and whom a text notifies
//! - `events`: the payloads
//! - `socket`: Socket Mode (tickets, envelopes, acknowledgements, redelivery, heartbeat)
//! - `files`: what is uploaded and where it was shared
//! - `act`: what people and the bot do, with all its consequences
//! - `blocks`: what Slack adds to blocks, refuses of them, and tells of choices in them
//! - `interact`: buttons, modals, shortcuts
//! - `features`: which slash commands and shortcuts the app offers
//! - `api`: the Web API; `response_url`
//! - `control`: `/sim/*`, by which the page and tests act as people and cause faults
//! - `record`: everything that happened, numbered; `wire`: the frames themselves
//! - `author`: what whoever runs plugins tells the page about them
//! - `http`: the one listener that serves it all, and who may use it
//!
//! The endpoints of `/sim/*` are described in the `README.md` of this crate.

mod act;
mod api;
mod assets;
mod author;
mod blocks;
mod control;
mod conversation;
mod events;
mod faults;
mod features;
mod files;
mod http;
mod interact;
mod record;
mod response_url;
mod shared;
mod socket;
mod text;
mod ts;
mod wire;
mod world;

pub use crate::author::{AuthorPanel, BuildCard, BuildNote, BuildState, Level, LogLine, PluginCard};
pub use crate::features::{Features, Shortcut, ShortcutPlace, SlashCommand};

use crate::shared::Shared;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the workspace behaves. The defaults are Slack's values where those are known, with the waits for redelivery
/// scaled to a tenth so that a person at the page sees them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one. Default `127.0.0.1:0`. The page and `/sim/*` have no password, so
    /// any other address than a loopback one lets everybody who reaches it act as everybody.
    pub listen: SocketAddr,
    /// The bot's user name, which people mention. Default `moa`.
    pub bot_name: String,
    /// How long an envelope waits for its acknowledgement. Default 3 s, as Slack's.
    pub ack_timeout: Duration,
    /// The waits before the redeliveries of an unacknowledged event; after the last one it is lost. Default 0.1, 6 and
    /// 30 s (Slack: almost at once, 1 min, 5 min).
    pub retry_delays: Vec<Duration>,
    /// Between two websocket pings. Default 3 s.
    pub ping_interval: Duration,
    /// A connection that answered no ping for this long is dropped. Default 12 s.
    pub pong_timeout: Duration,
    /// Between the `warning` and the `refresh_requested` of a connection that ends. Default 10 s, as Slack's.
    pub warning_grace: Duration,
    /// Between `refresh_requested` and the close frame. Default 1 s.
    pub refresh_grace: Duration,
    /// How long the TCP connection stays after the close handshake. Default 2 s: Slack doesn't end it at once.
    pub close_linger: Duration,
    /// How long a `trigger_id` opens a modal. Default 3 s, as Slack's.
    pub trigger_life: Duration,
    /// After this time a connection is refreshed. Default `None`: never (Slack: every few hours). A client that adds
    /// `debug_reconnects=true` to its URL gets 360 s, as with Slack.
    pub connection_life: Option<Duration>,
    /// How many entries `/sim/record` holds. Default 20,000; load tests want more. Bodies of API calls count against
    /// 64 MiB.
    pub record_capacity: usize,
    /// How many messages each conversation keeps. Default 50,000.
    pub messages_per_conversation: usize,
    /// Public channels beside those that there are anyway, with everybody and the bot in them. Default none.
    pub channels: Vec<Channel>,
}

/// A public channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id, as Slack has them: a `C` and capitals and digits.
    pub id: String,
    /// Its name, without `#`.
    pub name: String,
    /// What it is for.
    pub topic: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            bot_name: "moa".to_owned(),
            ack_timeout: Duration::from_secs(3),
            retry_delays: vec![
                Duration::from_millis(100),
                Duration::from_secs(6),
                Duration::from_secs(30),
            ],
            ping_interval: Duration::from_secs(3),
            pong_timeout: Duration::from_secs(12),
            warning_grace: Duration::from_secs(10),
            refresh_grace: Duration::from_secs(1),
            close_linger: Duration::from_secs(2),
            trigger_life: Duration::from_secs(3),
            connection_life: None,
            record_capacity: 20_000,
            messages_per_conversation: 50_000,
            channels: Vec::new(),
        }
    }
}

/// Why a playground didn't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another program listens there.
    #[error(
        "the playground can't listen on {0}: the port is in use; end the program that uses it, or let the playground \
         take any free port (`--port 0`)"
    )]
    InUse(SocketAddr),
    /// Any other reason that the address can't be listened on.
    #[error("the playground can't listen on {address}: {source}; choose another address, such as 127.0.0.1:0")]
    Listen {
        /// the address that was asked for
        address: SocketAddr,
        /// what the system said
        source: io::Error,
    },
}

/// A running workspace. It stops when dropped.
#[derive(Debug)]
pub struct Playground {
    shared: Arc<Shared>,
}

impl Playground {
    /// Starts a workspace with fresh random tokens. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::InUse`] and [`Error::Listen`] when the address can't be listened on.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let address = options.listen;
        let listener = tokio::net::TcpListener::bind(address).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (bound, listener) = bound.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::InUse(address),
            _ => Error::Listen { address, source },
        })?;
        let shared = Arc::new(Shared::new(options, bound));
        shared.tasks.spawn(http::serve(shared.clone(), listener));
        shared.tasks.spawn(shared::deliver(shared.clone()));
        tracing::debug!(%bound, "playground is up");
        Ok(Self { shared })
    }

    /// The address of the page, for a browser.
    pub fn page_url(&self) -> String {
        format!("{}/", self.shared.base)
    }

    /// The people in it: their ids and the names that they go by. The page shows what the first one sees.
    pub fn people(&self) -> Vec<(String, String)> {
        let world = locked(&self.shared.world);
        let people = world.people.iter();
        people.map(|one| (one.id.to_string(), one.display.to_owned())).collect()
    }

    /// The base of the Web API: `http://127.0.0.1:PORT/api/`.
    pub fn api_url(&self) -> String {
        format!("{}/api/", self.shared.base)
    }

    /// The app-level token (`xapp-…`), which opens Socket Mode connections.
    pub fn app_token(&self) -> &str {
        &self.shared.app_token
    }

    /// The bot token (`xoxb-…`), for all other calls.
    pub fn bot_token(&self) -> &str {
        &self.shared.bot_token
    }

    /// The part of the page that is for authors of plugins.
    pub fn author(&self) -> AuthorPanel {
        AuthorPanel::new(self.shared.clone())
    }

    /// Tells people's clients which slash commands and shortcuts the app offers, instead of those before.
    pub fn set_features(&self, features: Features) {
        self.shared.offer(features);
    }

    /// The address that is listened on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// Stops listening and ends every connection; returns once all of it is gone.
    pub async fn shutdown(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// Locks. What the mutexes here guard stays consistent at every step, so one panicking task needn't stop the others.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the members of one JSON object to another; anything that is no object changes nothing.
fn merge(object: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(members), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
        members.extend(more);
    }
}
