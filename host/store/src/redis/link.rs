//! The connection to Redis: one, for all requests together; made again by itself when it breaks.

use super::address::Address;
use super::lease::{Lease, Renewed};
use super::scripts::{self, Digests, Script};
use crate::error::StoreError;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisError, ServerError, ServerErrorKind, Value};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// How long a request may take altogether, with what is done again over a new connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(4);
/// How long connecting may take, with the first words.
const CONNECT: Duration = Duration::from_secs(2);
/// For so long after the connection broke requests wait for the next one; later they fail at once.
const GRACE: Duration = Duration::from_secs(3);
/// Between two attempts to connect, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Requests that may wait to be written.
const WAITING: usize = 4096;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
enum State {
    Up(Connection),
    Down {
        since: Instant,
        cause: String,
    },
    /// For good.
    Over(StoreError),
}

/// A connection, and the how-manieth it is.
#[derive(Clone)]
pub(super) struct Connection {
    connection: MultiplexedConnection,
    generation: u64,
    /// What carries it. It does not end by itself while the server owes an answer.
    driver: AbortHandle,
}

/// See the [module](self).
pub(super) struct Link {
    address: Address,
    pub place: String,
    tls: Option<TlsConnector>,
    state: watch::Sender<State>,
    generation: AtomicU64,
    digests: OnceLock<Digests>,
    lease: OnceLock<Lease>,
    lost: AtomicU64,
    /// The greatest number of the journal that this host has seen.
    pub last_seq: AtomicU64,
}

impl Link {
    /// Connects for the first time. Nothing is tried again.
    pub(super) async fn open(address: Address) -> Result<Arc<Self>, RedisError> {
        let tls = address.secure.then(connector).transpose()?;
        let now = Instant::now();
        let (state, _) = watch::channel(State::Down {
            since: now,
            cause: String::new(),
        });
        let link = Arc::new(Self {
            place: address.place(),
            address,
            tls,
            state,
            generation: AtomicU64::new(0),
            digests: OnceLock::new(),
            lease: OnceLock::new(),
            lost: AtomicU64::new(0),
            last_seq: AtomicU64::new(0),
        });
        link.connect().await?;
        Ok(link)
    }

    /// From now on a new connection renews the lease before anything else uses it.
    pub(super) fn hold(&self, lease: Lease) {
        // It is taken once, when the store is opened.
        let _ = self.lease.set(lease);
    }

    /// A run of a script.
    pub(super) fn run<'k>(&self, script: Script, keys: impl IntoIterator<Item = &'k str>) -> Result<Cmd, StoreError> {
        let digests = self.digests.get();
        digests
            .ok_or_else(|| self.away("its scripts are not loaded"))?
            .run(script, keys)
    }

    /// Keeps the connection alive until the link is over.
    pub(super) async fn keep(self: Arc<Self>) {
        let mut state = self.state.subscribe();
        loop {
            let is_down = |state: &State| !matches!(state, State::Up(_));
            match state.wait_for(is_down).await.map(|state| state.clone()) {
                Ok(State::Down { .. }) => self.reconnect().await,
                _ => return,
            }
        }
    }

    async fn reconnect(self: &Arc<Self>) {
        tracing::warn!(
            redis = self.place,
            cause = self.cause(),
            "the connection to Redis is lost"
        );
        let mut pause = PAUSE.0;
        loop {
            match self.connect().await {
                Ok(()) => return tracing::info!(redis = self.place, "Redis is there again"),
                Err(error) => {
                    let cause = explain(&error);
                    self.state.send_if_modified(|state| {
                        if let State::Down { cause: known, .. } = state {
                            *known = cause;
                        }
                        false
                    });
                }
            }
            if matches!(&*self.state.borrow(), State::Over(_)) {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    fn cause(&self) -> String {
        match &*self.state.borrow() {
            State::Down { cause, .. } => cause.clone(),
            _ => String::new(),
        }
    }

    async fn connect(self: &Arc<Self>) -> Result<(), RedisError> {
        let made = timeout(CONNECT, self.make()).await;
        let (connection, driver) = made.unwrap_or_else(|_| Err(silence(CONNECT)))?;
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let link = Arc::downgrade(self);
        // It ends when the connection does, and says so at once, whether or not somebody is asking for something.
        let driver = tokio::spawn(async move {
            driver.await;
            if let Some(link) = link.upgrade() {
                link.broken(generation, "the connection was closed");
            }
        });
        let connection = Connection {
            connection,
            generation,
            driver: driver.abort_handle(),
        };
        let greeting = async {
            // One command alone, so that what is wrong with this server is said once.
            let mut on = connection.connection.clone();
            redis::cmd("PING").query_async::<Value>(&mut on).await?;
            self.load(&connection).await?;
            self.greet(connection.clone()).await
        };
        let greeted = timeout(CONNECT, greeting).await;
        if let Err(error) = greeted.unwrap_or_else(|_| Err(silence(CONNECT))) {
            connection.driver.abort();
            return Err(error);
        }
        self.state.send_if_modified(|state| {
            let down = matches!(state, State::Down { .. });
            if down {
                *state = State::Up(connection);
            } else {
                connection.driver.abort();
            }
            down
        });
        Ok(())
    }

    async fn make(&self) -> Result<(MultiplexedConnection, Driver), RedisError> {
        let Address { host, port, login, .. } = &self.address;
        let tcp = TcpStream::connect((host.as_str(), *port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = rustls::pki_types::ServerName::try_from(host.clone())
                    .map_err(|error| std::io::Error::other(error.to_string()))?;
                Box::new(tls.connect(name, tcp).await?)
            }
        };
        let config = AsyncConnectionConfig::new()
            // Each request has its own time.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(WAITING);
        let (connection, driver) = MultiplexedConnection::new_with_config(login, stream, config).await?;
        Ok((connection, Box::pin(driver)))
    }

    /// That this host is still the one.
    async fn greet(&self, connection: Connection) -> Result<(), RedisError> {
        let (Some(lease), Some(digests)) = (self.lease.get(), self.digests.get()) else {
            return Ok(());
        };
        let mut on = connection.connection;
        let renew = lease
            .renew(digests)
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        let answer = renew.query_async::<Value>(&mut on).await?;
        match lease.renewed(answer) {
            Renewed::Taken(by) => self.end(self.taken_over(by)),
            Renewed::Kept { seq } => self.check_memory(seq),
            Renewed::Lost => {
                self.lost.fetch_add(1, Ordering::SeqCst);
                tracing::error!(
                    redis = self.place,
                    "Redis came back without its data: what was remembered and accepted before is lost; set \"appendonly \
                     yes\" in redis.conf and restore the last backup with `moa brain restore`"
                );
            }
        }
        Ok(())
    }

    /// A journal that went back has lost what was said to be kept.
    fn check_memory(&self, seq: u64) {
        let known = self.last_seq.load(Ordering::SeqCst);
        if seq < known {
            tracing::error!(
                redis = self.place,
                lost = known - seq,
                "Redis came back without the last events that were accepted; set \"appendfsync always\" in redis.conf"
            );
        }
    }

    /// Gives Redis the scripts.
    pub(super) async fn load(&self, connection: &Connection) -> Result<(), RedisError> {
        let mut on = connection.connection.clone();
        let digests: Vec<String> = scripts::loads().query_async(&mut on).await?;
        // The same text has the same digest every time.
        let _ = self.digests.set(Digests::new(digests));
        Ok(())
    }

    /// Renews the lease once more. What goes wrong is tried again, or noticed by whoever asks for something.
    pub(super) async fn renew(&self) {
        let State::Up(connection) = self.state.borrow().clone() else {
            return;
        };
        let generation = connection.generation;
        let renewed = async {
            let answer = self.greet(connection.clone()).await;
            // Somebody tidied up its scripts. While nothing else is asked nobody would notice, and the lease would run out.
            if answer.is_err_and(|error| error.code() == Some("NOSCRIPT")) && self.load(&connection).await.is_ok() {
                drop(self.greet(connection).await);
            }
        };
        if timeout(ANSWER, renewed).await.is_err() {
            self.broken(generation, "no answer");
        }
    }

    /// How often Redis has come back without its data.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::SeqCst)
    }

    /// Why everything is answered with an error from now on, if it is.
    pub(super) fn over(&self) -> Option<StoreError> {
        match &*self.state.borrow() {
            State::Over(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    /// Gives the lease back, if there is one.
    pub(super) fn release(&self) -> Option<Result<Cmd, StoreError>> {
        Some(self.lease.get()?.release(self.digests.get()?))
    }

    /// The connection that was broken is not used any more.
    fn broken(&self, generation: u64, why: &str) {
        self.state.send_if_modified(|state| {
            let State::Up(up) = state else { return false };
            let current = up.generation == generation;
            if current {
                up.driver.abort();
                *state = State::Down {
                    since: Instant::now(),
                    cause: why.to_owned(),
                };
            }
            current
        });
    }

    /// Ends the link for good: every request is answered with this from now on. The first reason stays.
    pub(super) fn end(&self, reason: StoreError) {
        if matches!(reason, StoreError::TakenOver { .. }) {
            tracing::error!(error = %reason, "the store is no longer used");
        }
        self.state.send_if_modified(|state| {
            if let State::Up(up) = state {
                up.driver.abort();
            }
            let first = !matches!(state, State::Over(_));
            if first {
                *state = State::Over(reason);
            }
            first
        });
    }

    /// The connection, as soon as there is one; an error as soon as waiting makes no sense.
    pub(super) async fn up(&self, deadline: Instant) -> Result<Connection, StoreError> {
        let mut state = self.state.subscribe();
        loop {
            let (until, cause) = match &*state.borrow_and_update() {
                State::Up(connection) => return Ok(connection.clone()),
                State::Down { since, cause } => (deadline.min(*since + GRACE), cause.clone()),
                State::Over(reason) => return Err(reason.clone()),
            };
            if Instant::now() >= until {
                return Err(self.away(cause));
            }
            // Whether it changed or the time is over shows in the next round.
            let _ = timeout_at(until, state.changed()).await;
        }
    }

    /// Waits for a connection as long as it takes; `None` when there will be none any more.
    pub(super) async fn up_whenever(&self) -> Option<Connection> {
        let mut state = self.state.subscribe();
        let settled = |state: &State| !matches!(state, State::Down { .. });
        match state.wait_for(settled).await.map(|state| state.clone()) {
            Ok(State::Up(connection)) => Some(connection),
            _ => None,
        }
    }

    /// Sends the commands in one go and gets their answers, among which may be errors. An error of this itself means that
    /// nobody knows what was done.
    pub(super) async fn attempt(
        &self,
        connection: Connection,
        commands: impl IntoIterator<Item = &Cmd>,
        deadline: Instant,
    ) -> Result<Vec<Value>, String> {
        let mut pipeline = redis::Pipeline::new();
        let mut count = 0;
        for command in commands {
            pipeline.add_command(command.clone());
            count += 1;
        }
        let Connection {
            mut connection,
            generation,
            ..
        } = connection;
        let until = deadline.min(Instant::now() + ANSWER);
        let answer = timeout_at(until, connection.req_packed_commands(&pipeline, 0, count)).await;
        let cause = match answer {
            Ok(Ok(values)) => return Ok(values),
            Ok(Err(error)) => explain(&error),
            Err(_) => format!("no answer within {} s", ANSWER.as_secs()),
        };
        self.broken(generation, &cause);
        Err(cause)
    }

    pub(super) fn away(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Away {
            place: self.place.clone(),
            detail: detail.into(),
        }
    }

    pub(super) fn uncertain(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Uncertain {
            place: self.place.clone(),
            detail: detail.into(),
        }
    }

    pub(super) fn taken_over(&self, by: String) -> StoreError {
        StoreError::TakenOver {
            place: self.place.clone(),
            by,
        }
    }

    /// What an error that Redis answered with means.
    pub(super) fn verdict(&self, error: &ServerError) -> Verdict {
        match error.kind() {
            Some(ServerErrorKind::NoScript) => Verdict::Load,
            Some(ServerErrorKind::BusyLoading | ServerErrorKind::TryAgain | ServerErrorKind::MasterDown) => {
                Verdict::Later
            }
            _ if error.code() == "FENCED" => Verdict::Failed(self.taken_over("it has the newer epoch".to_owned())),
            _ if error.code() == "BUSY" => Verdict::Later,
            _ => Verdict::Failed(StoreError::Declined {
                place: self.place.clone(),
                detail: format!("{}; look at its log, its memory and its disk", error_text(error)),
            }),
        }
    }
}

/// See [`Link::verdict`].
pub(super) enum Verdict {
    /// It has forgotten the scripts. Nothing was done.
    Load,
    /// It can't now. Nothing was done.
    Later,
    /// It won't. Nothing was done.
    Failed(StoreError),
}

fn error_text(error: &ServerError) -> String {
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}

fn silence(waited: Duration) -> RedisError {
    std::io::Error::new(
        std::io::ErrorKind::TimedOut,
        format!("no answer within {} s", waited.as_secs()),
    )
    .into()
}

/// An error in words.
pub(super) fn explain(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io => error.to_string(),
        _ => match error.code() {
            Some(code) => format!("{code} {}", error.detail().unwrap_or_default())
                .trim()
                .to_owned(),
            None => error.to_string(),
        },
    }
}

/// TLS as everywhere else: the certificates that the system trusts.
fn connector() -> Result<TlsConnector, RedisError> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (known, _) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        return Err(std::io::Error::other("this system has no certificates to check Redis's with").into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| std::io::Error::other(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
