//! One websocket connection: made, read, written, closed.
//!
//! Reading and writing are tasks of their own. The reader decodes and hands over; it never waits for anything but the
//! next frame. Acknowledgements go through a queue and are written many at a time, each as one unfragmented frame.

mod submission;

use super::Network;
use super::options::ApiUrl;
use super::proxy::Wire;
use super::session::Reason;
use super::told::Told;
use crate::adapter::{Ack, Delivery, Intake, Me};
use crate::metrics;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use moa_core::slack::decode::{self, Context, Frame, Ignored, What};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use submission::SentForm;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tokio_util::sync::CancellationToken;

/// For each of the host's addresses.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// For the TLS and the WebSocket handshake together.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Larger frames end the connection. The largest events are some 100 kB.
const MAX_FRAME: usize = 16 << 20;
/// After so long an acknowledgement is worth nothing: Slack gives up after 3 s.
const FLUSH: Duration = Duration::from_secs(3);
/// Slack leaves the TCP connection open after the closing handshake, so the end is not waited for.
const CLOSING: Duration = Duration::from_secs(1);
/// Both together, and a little for the machine: past this a connection that is to close is dropped. One that takes no
/// more bytes would never come to its end otherwise.
const CLOSE: Duration = Duration::from_secs(5);
/// Acknowledgements written together at most.
const BATCH: usize = 64;

/// A socket's address with its ticket, which is as good as a password: shown to nobody.
pub struct SocketUrl(pub String);

impl std::fmt::Debug for SocketUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[socket address]")
    }
}

/// What a connection tells its session.
#[derive(Debug)]
pub enum Event {
    /// The handshake is done.
    Connected,
    /// Slack greeted. It counts so many connections and expects to refresh this one after so many seconds.
    Hello { connections: u32, lifetime: u32 },
    /// Slack wants the connection to end.
    Disconnect(Reason),
    /// The first envelope came.
    Worked,
    /// A ping was answered.
    Pong,
    /// It is over; why, as far as known.
    Closed(String),
}

/// What all connections of the adapter share.
pub struct Shared {
    /// Who the bot is.
    pub me: Me,
    /// Where events go.
    pub intake: Arc<dyn Intake>,
    /// The Web API's address, which decides what sockets may be connected to.
    pub base: ApiUrl,
    /// Whom to trust, and through whom to speak.
    pub network: Network,
    /// Set when the host ends: no event is delivered any more, and so none is acknowledged and all come again.
    pub intake_closed: AtomicBool,
    /// So that the operator is not told with each envelope, on each connection, that events are held back.
    pub limited: Told,
    /// Where the milliseconds of [`Link::seen`] count from.
    pub epoch: Instant,
}

/// What the writer is asked for.
enum Write {
    /// To acknowledge an envelope.
    Ack(Utf8Bytes),
    /// To wait no longer for the acknowledgement of one.
    Forget,
    Ping,
    Close,
}

/// The handle of a connection. Dropping it ends the connection at once.
pub struct Link {
    writes: mpsc::UnboundedSender<Write>,
    seen: Arc<AtomicU64>,
    epoch: Instant,
    cancel: CancellationToken,
    closing: CancellationToken,
    reset: Arc<Reset>,
}

/// A second handle of a connection's TCP socket, to end it the hard way.
///
/// To a peer that reads nothing more, the usual end (FIN) is never delivered: it waits behind what was written before.
/// A reset is sent at once, and so the service learns at once that it has to deliver elsewhere.
#[derive(Default)]
struct Reset(Mutex<Option<socket2::Socket>>);

impl Reset {
    /// Where there can be no second handle, the connection still ends in the usual way.
    fn of(&self, tcp: &TcpStream) {
        *self.lock() = socket2::SockRef::from(tcp).try_clone().ok();
    }

    /// The socket is reset when its last handle closes.
    fn arm(&self) {
        if let Some(socket) = self.lock().take()
            && let Err(error) = socket.set_linger(Some(Duration::ZERO))
        {
            tracing::debug!(%error, "a connection to Slack ends without a reset");
        }
    }

    fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<socket2::Socket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Starts connecting. What happens is given to `report`; the last of it is [`Event::Closed`].
    pub fn start(shared: Arc<Shared>, url: SocketUrl, report: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let (writes, queue) = mpsc::unbounded_channel();
        let link = Self {
            writes: writes.clone(),
            seen: Arc::default(),
            epoch: shared.epoch,
            cancel: CancellationToken::new(),
            closing: CancellationToken::new(),
            reset: Arc::default(),
        };
        let (cancel, closing) = (link.cancel.clone(), link.closing.clone());
        let (seen, reset) = (Arc::clone(&link.seen), Arc::clone(&link.reset));
        tokio::spawn(async move {
            let reader = Reader {
                shared: &shared,
                report: &report,
                seen: &seen,
                writes,
                due: Arc::default(),
                reset: &reset,
            };
            let overdue = async {
                closing.cancelled().await;
                tokio::time::sleep(CLOSE).await;
            };
            let why = tokio::select! {
                biased;
                () = cancel.cancelled() => "given up".to_owned(),
                why = reader.run(url, queue) => why,
                () = overdue => {
                    reset.arm();
                    "it did not close in time".to_owned()
                }
            };
            reset.forget();
            report(Event::Closed(why));
        });
        link
    }

    /// When something came last.
    pub fn seen(&self) -> Instant {
        self.epoch + Duration::from_millis(self.seen.load(Ordering::Relaxed))
    }

    /// It greeted: from now on it counts as open, until what this returns is dropped.
    pub fn open(&self) -> metrics::slack::Open {
        metrics::slack::Open::now(Arc::clone(&self.seen), self.epoch.into_std())
    }

    /// Sends a ping. Like [`Link::close`] it does nothing on a connection that is over.
    pub fn ping(&self) {
        let _ = self.writes.send(Write::Ping);
    }

    /// Waits for the acknowledgements that are due, then closes. [`Event::Closed`] follows within a few seconds.
    pub fn close(&self) {
        let _ = self.writes.send(Write::Close);
        self.closing.cancel();
    }

    /// Ends it at once, so that the other side notices even where it reads nothing.
    pub fn abandon(self) {
        self.reset.arm();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// The right to acknowledge one envelope on the connection that brought it.
struct Slip {
    writes: mpsc::UnboundedSender<Write>,
    envelope: Option<String>,
}

impl Slip {
    fn acknowledge(self) {
        // Ids come from outside, so they are quoted properly. The connection may be gone: then Slack sends again.
        self.acknowledge_with(|id| (json!({"envelope_id": id}).to_string(), false));
    }

    /// Writes what is made of the envelope's id. Whether that carries an answer and still goes out.
    fn acknowledge_with(mut self, make: impl FnOnce(&str) -> (String, bool)) -> bool {
        let Some(id) = self.envelope.take() else { return false };
        let (ack, answers) = make(&id);
        self.writes.send(Write::Ack(ack.into())).is_ok() && answers
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if self.envelope.is_some() {
            let _ = self.writes.send(Write::Forget);
        }
    }
}

type Stream = WebSocketStream<MaybeTlsStream<Wire>>;

struct Reader<'a, R> {
    shared: &'a Shared,
    report: &'a R,
    seen: &'a AtomicU64,
    writes: mpsc::UnboundedSender<Write>,
    /// Envelopes that are neither acknowledged nor forgotten.
    due: Arc<AtomicUsize>,
    reset: &'a Reset,
}

impl<R: Fn(Event) + Send + Sync> Reader<'_, R> {
    /// The whole life of the connection; answers why it ended.
    async fn run(&self, url: SocketUrl, queue: mpsc::UnboundedReceiver<Write>) -> String {
        let stream = match connect(self.shared, &url, self.reset).await {
            Ok(stream) => stream,
            Err(why) => return why,
        };
        drop(url);
        self.touch();
        (self.report)(Event::Connected);
        let (sink, mut stream) = stream.split();
        let mut writer = AbortOnDrop(tokio::spawn(write(sink, queue, Arc::clone(&self.due))));
        let mut reading = std::pin::pin!(self.read(&mut stream));
        tokio::select! {
            why = &mut reading => why,
            ended = &mut writer.0 => match ended {
                Ok(Ok(())) => {
                    // Closed by us: what still comes is read until Slack answers.
                    let _ = tokio::time::timeout(CLOSING, reading).await;
                    "closed".into()
                }
                Ok(Err(error)) => format!("writing failed: {error}"),
                Err(error) => format!("the writer stopped: {error}"),
            },
        }
    }

    async fn read(&self, stream: &mut SplitStream<Stream>) -> String {
        let mut worked = false;
        loop {
            let message = match stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return format!("reading failed: {error}"),
                None => return "the connection ended".into(),
            };
            self.touch();
            match message {
                Message::Text(text) => self.frame(&text, &mut worked),
                // Pings are answered by the library, with the same payload, when the next frame is waited for.
                Message::Ping(_) | Message::Binary(_) | Message::Frame(_) => {}
                Message::Pong(_) => (self.report)(Event::Pong),
                Message::Close(frame) => {
                    // One more look sends the answer; Slack does not end the TCP connection, so it is not waited for.
                    let _ = tokio::time::timeout(Duration::from_millis(50), stream.next()).await;
                    return match frame {
                        Some(frame) => format!("closed by Slack with code {}", u16::from(frame.code)),
                        None => "closed by Slack".into(),
                    };
                }
            }
        }
    }

    fn touch(&self) {
        let since = u64::try_from(self.shared.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.seen.store(since, Ordering::Relaxed);
    }

    fn frame(&self, text: &str, worked: &mut bool) {
        let context = Context {
            me: &self.shared.me,
            now: jiff::Timestamp::now(),
        };
        match decode::frame(text, context) {
            None => tracing::warn!(
                bytes = text.len(),
                "Slack sent a frame that is no JSON object; it is left aside"
            ),
            Some(Frame::Unknown) => tracing::debug!("Slack sent a frame of an unknown type without an envelope"),
            Some(Frame::Hello { connections, lifetime }) => (self.report)(Event::Hello { connections, lifetime }),
            Some(Frame::Disconnect(reason)) => (self.report)(Event::Disconnect(reason)),
            Some(Frame::Envelope { id, what }) => {
                metrics::slack::ENVELOPES.add();
                if !std::mem::replace(worked, true) {
                    (self.report)(Event::Worked);
                }
                self.envelope(id, what);
            }
        }
    }

    fn envelope(&self, id: String, what: What) {
        self.due.fetch_add(1, Ordering::Relaxed);
        let slip = Slip {
            writes: self.writes.clone(),
            envelope: Some(id),
        };
        match what {
            What::Event(event) => {
                if !self.shared.intake_closed.load(Ordering::Relaxed) {
                    let ack = Ack::new(move || slip.acknowledge());
                    self.shared.intake.deliver(Delivery { event: *event, ack });
                }
                return;
            }
            What::Form(form) => {
                if !self.shared.intake_closed.load(Ordering::Relaxed) {
                    let (event, sent) = SentForm::of(*form);
                    let ack =
                        Ack::answering(move |answer| slip.acknowledge_with(|id| sent.acknowledgement(id, answer)));
                    self.shared.intake.deliver(Delivery { event, ack });
                }
                return;
            }
            What::Ignored(Ignored::Interaction(kind)) => tracing::debug!(kind, "an interaction that is no plugin's"),
            What::Ignored(why) => tracing::trace!(?why, "an event that is nobody's business"),
            What::RateLimited => {
                if let Some(held_back) = self.shared.limited.again("app_rate_limited") {
                    tracing::error!(
                        held_back,
                        "Slack holds events back, and people's messages are lost: the app gets more than 30,000 events an \
                         hour. Take the bot out of busy channels that it is not needed in, or subscribe to fewer kinds of \
                         events (the app's page, Event Subscriptions)"
                    );
                }
            }
            What::Unreadable => tracing::warn!("an envelope of a kind or shape that Moa cannot read was acknowledged"),
        }
        slip.acknowledge();
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Writes until it is told to close.
async fn write(
    mut sink: SplitSink<Stream, Message>,
    mut queue: mpsc::UnboundedReceiver<Write>,
    due: Arc<AtomicUsize>,
) -> Result<(), WsError> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut close_by: Option<Instant> = None;
    loop {
        if let Some(by) = close_by {
            if due.load(Ordering::Relaxed) == 0 {
                break;
            }
            if tokio::time::timeout_at(by, queue.recv_many(&mut batch, BATCH))
                .await
                .is_err()
            {
                break;
            }
        } else {
            queue.recv_many(&mut batch, BATCH).await;
        }
        if batch.is_empty() {
            break;
        }
        for write in batch.drain(..) {
            match write {
                Write::Ack(ack) => {
                    due.fetch_sub(1, Ordering::Relaxed);
                    sink.feed(Message::Text(ack)).await?;
                }
                Write::Forget => {
                    due.fetch_sub(1, Ordering::Relaxed);
                }
                Write::Ping => sink.feed(Message::Ping(Bytes::from_static(b"moa"))).await?,
                Write::Close => close_by = close_by.or(Some(Instant::now() + FLUSH)),
            }
        }
        sink.flush().await?;
    }
    sink.close().await
}

async fn connect(shared: &Shared, url: &SocketUrl, reset: &Reset) -> Result<Stream, String> {
    let Some(parsed) = shared.base.check_socket_url(&url.0) else {
        return Err("Slack named a socket address that is not encrypted (wss://); it is not used".into());
    };
    let host = parsed
        .host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let port = parsed.port_or_known_default().unwrap_or(443);
    let proxy = shared.network.proxy.as_ref().filter(|proxy| proxy.is_for(host));
    let (to, at) = proxy.map_or((host, port), |proxy| proxy.address());
    let tcp = tcp(to, at).await?;
    reset.of(&tcp);
    // Acknowledgements are small and wanted at once.
    tcp.set_nodelay(true).map_err(|e| format!("TCP_NODELAY: {e}"))?;
    let wire = match proxy {
        None => Wire::Plain(tcp),
        Some(proxy) => {
            let tunnel = proxy.tunnel(tcp, &shared.network.tls, host, port);
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, tunnel).await {
                Ok(tunnel) => tunnel?,
                Err(_) => return Err(format!("the proxy {} opened no tunnel in time", proxy.shown())),
            }
        }
    };
    let connector = match parsed.scheme() {
        "wss" => Connector::Rustls(Arc::clone(&shared.network.tls)),
        _ => Connector::Plain,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(32 << 10)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let handshake = client_async_tls_with_config(url.0.as_str(), wire, Some(config), Some(connector));
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(WsError::Http(response))) => Err(format!(
            "{host} refused the WebSocket with HTTP {}",
            response.status().as_u16()
        )),
        // Other errors of the library name causes, not the address.
        Ok(Err(error)) => Err(format!("the WebSocket handshake with {host} failed: {error}")),
        Err(_) => Err(format!(
            "{host} did not finish the handshake within {} s",
            HANDSHAKE_TIMEOUT.as_secs()
        )),
    }
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, String> {
    let lookup = tokio::time::timeout(TCP_TIMEOUT, tokio::net::lookup_host((host, port)));
    let addresses = match lookup.await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(format!("the address of {host} cannot be found: {error}")),
        Err(_) => return Err(format!("the address of {host} cannot be found in time")),
    };
    let mut last = format!("{host} has no address");
    for address in addresses {
        match tokio::time::timeout(TCP_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = format!("{host} ({address}) cannot be reached: {error}"),
            Err(_) => last = format!("{host} ({address}) does not answer"),
        }
    }
    Err(last)
}
