//! How a command asks: a running host through its socket, or, where none runs, the same handlers in its own process.

use super::http::{self, Body, empty};
use super::{Control, Host, Quotas, Told, answer};
use crate::stores::{self, Purpose};
use anyhow::Context;
use bytes::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use moa_core::config::Config;
use moa_store::{OpenError, Store};
use serde::de::DeserializeOwned;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;

/// How long a host may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is no stream, in bytes: one entry as JSON.
const ANSWER: usize = 512 << 20;

/// What a command needs of the store, where no host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To read what is there.
    Existing,
    /// To write; a store that is not there is made.
    Writable,
}

/// A way to a store.
pub struct Client {
    way: Way,
}

enum Way {
    Host(tokio::sync::Mutex<SendRequest<Body>>),
    Own {
        control: Arc<Control>,
        store: Arc<dyn Store>,
    },
}

impl Client {
    /// Finds the host of this configuration, or opens its store.
    ///
    /// # Errors
    /// There is a host that does not answer or may not be asked; or there is none, and the store cannot be opened.
    pub async fn new(config: &Config, need: Need) -> anyhow::Result<Self> {
        match Self::host(&config.bot.socket).await? {
            Some(client) => Ok(client),
            None => Self::own(config, need).await,
        }
    }

    /// The host at this socket; `None` if there is none.
    ///
    /// # Errors
    /// It may not be asked, or does not answer.
    pub async fn host(socket: &Path) -> anyhow::Result<Option<Self>> {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory => {
                    return Ok(None);
                }
                io::ErrorKind::PermissionDenied => anyhow::bail!(
                    "{} may not be used by this user: run this as the user that moa runs as, or as root",
                    socket.display()
                ),
                _ => return Err(error).with_context(|| format!("{} cannot be used", socket.display())),
            },
        };
        let asleep = || {
            format!(
                "a moa listens at {} and does not answer: it may be stopping, or hang; see its log",
                socket.display()
            )
        };
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await.with_context(asleep)?;
        // What breaks is told by the request that it breaks.
        tokio::spawn(connection);
        let client = Self {
            way: Way::Host(tokio::sync::Mutex::new(requests)),
        };
        let there = client.get::<Host>("/v1/host");
        match tokio::time::timeout(PATIENCE, there).await {
            Ok(Err(error)) if error.is::<Told>() => Err(error),
            Ok(answer) => answer.with_context(asleep).map(|_| Some(client)),
            Err(_) => anyhow::bail!(asleep()),
        }
    }

    /// The store of this configuration, opened in this process.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn own(config: &Config, need: Need) -> anyhow::Result<Self> {
        let url = &config.store.url;
        if let Some(file) = stores::file(url).filter(|file| need == Need::Existing && !file.exists()) {
            anyhow::bail!(
                "there is no data yet: {} does not exist, and no moa answers at {}; is this the right --config or --data-dir?",
                file.display(),
                config.bot.socket.display()
            );
        }
        let store = stores::open(url, Purpose::Visit).await.map_err(|error| {
            match error.downcast_ref::<OpenError>() {
                Some(OpenError::Locked { path }) => anyhow::anyhow!(
                    "the data file {} is in use by a moa that does not answer at {}; if it runs with another bot.socket or --data-dir, name the same here",
                    path.display(),
                    config.bot.socket.display()
                ),
                _ => error,
            }
        })?;
        Ok(Self::of(store, config))
    }

    /// What can be asked of this process alone.
    pub fn within(control: Arc<Control>, store: Arc<dyn Store>) -> Self {
        Self {
            way: Way::Own { control, store },
        }
    }

    /// What can be asked of the host that runs in this process.
    pub fn inside(control: &Arc<Control>) -> Self {
        Self::within(Arc::clone(control), Arc::clone(&control.store))
    }

    /// This store, which the configuration names.
    pub(super) fn of(store: Arc<dyn Store>, config: &Config) -> Self {
        let control = Control::new(Arc::clone(&store), config.store.url.clone(), Quotas::of(config));
        Self::within(control, store)
    }

    /// What this process asks by itself, where no host runs.
    pub fn control(&self) -> Option<&Arc<Control>> {
        match &self.way {
            Way::Own { control, .. } => Some(control),
            Way::Host(_) => None,
        }
    }

    /// The store that this process opened, where no host runs.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        match &self.way {
            Way::Own { store, .. } => Some(store),
            Way::Host(_) => None,
        }
    }

    /// Whether a running host answers.
    pub fn is_host(&self) -> bool {
        matches!(self.way, Way::Host(_))
    }

    /// Asks. An answer that is no success is an error ([`Told`]).
    ///
    /// # Errors
    /// What the handler says, or the connection broke.
    pub async fn send(&self, method: Method, path: &str, body: Body) -> anyhow::Result<Response<Body>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "moa")
            .header("content-type", "application/json")
            .body(body)
            .context("this cannot be asked: a name or a key in it is too long")?;
        let response = match &self.way {
            Way::Own { control, .. } => answer(Arc::clone(control), request).await,
            Way::Host(requests) => {
                let mut requests = requests.lock().await;
                let sent = async {
                    requests.ready().await?;
                    requests.send_request(request).await
                };
                let response = sent.await.context("the moa that runs ended the connection")?;
                response.map(http::incoming)
            }
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = http::read(response.into_body(), ANSWER).await?;
        Err(http::told(status, &body).into())
    }

    /// Asks for something and reads all of it.
    ///
    /// # Errors
    /// As [`send`](Self::send); an answer that is not understood.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, empty()).await
    }

    /// The same with another method, and a body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Body) -> anyhow::Result<T> {
        let body = self.read(method, path, body).await?;
        serde_json::from_slice(&body)
            .context("the moa that runs answers something else than was asked; is it of another version?")
    }

    /// Asks and reads all of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send); the answer broke off.
    pub async fn read(&self, method: Method, path: &str, body: Body) -> anyhow::Result<Bytes> {
        let response = self.send(method, path, body).await?;
        http::read(response.into_body(), ANSWER)
            .await
            .context("the answer broke off")
    }

    /// Lets go of the store. To be called before the process ends: what was written lazily gets to disk.
    ///
    /// # Errors
    /// The store could not write.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.way {
            Way::Host(_) => Ok(()),
            Way::Own { store, .. } => Ok(store.close().await?),
        }
    }
}

impl Quotas {
    /// What the configuration allows.
    pub fn of(config: &Config) -> Self {
        let brains = config.plugin.iter();
        Self {
            by_plugin: brains
                .map(|(name, plugin)| (name.clone(), plugin.limits.brain))
                .collect(),
            default: moa_core::config::Limits::default().brain,
        }
    }
}
