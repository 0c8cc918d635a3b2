//! One websocket: writes what the hub orders, reads acknowledgements, keeps the heartbeat.

use crate::Shared;
use crate::record::What;
use crate::socket::envelope::{self, Reason};
use crate::socket::hub::Order;
use crate::wire::{Shown, Wire};
use futures_util::future::FutureExt;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

/// Frames written or read between two flushes or looks at the hub.
const BATCH: usize = 256;
/// What Slack's documentation gives as the usual time until a refresh, in seconds.
const USUAL_LIFE: u64 = 3600;
/// How long a socket that plays dead holds its TCP connection.
const SILENCE: Duration = Duration::from_secs(600);

/// Why a connection ended; the text stands in the record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// the bot closed, or its TCP connection ended
    ByClient,
    /// the bot answers no pings
    NoPong,
    /// closed with a close frame, after a `disconnect`
    Closed,
    Dropped,
    Silenced,
    /// the playground itself ends
    Stopped,
}

/// Serves a websocket whose upgrade is done until it ends.
pub(crate) async fn serve<S>(shared: Arc<Shared>, socket: WebSocketStream<S>, life: Option<Duration>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (orders, mut received) = mpsc::unbounded_channel();
    let (mut sink, mut stream) = socket.split();
    let announced = life.map_or(USUAL_LIFE, |l| l.as_secs());
    let id = match shared.hub.open(orders, announced) {
        Ok(id) => id,
        Err(open) => return refuse(sink, open).await,
    };
    shared.notice_connections();
    let answered = AtomicBool::new(true);
    let mut writer = Writer {
        shared: &shared,
        id,
        answered: &answered,
        ends_at: None,
    };
    // Both run in this one task: neither a slow writer stops the reader nor the other way round.
    let end = tokio::select! {
        end = writer.run(&mut sink, &mut received, life) => end,
        end = read(&shared, id, &mut stream, &answered) => end,
        () = shared.stop.cancelled() => End::Stopped,
    };
    match end {
        End::ByClient => shared.hub.close(id, "by the client"),
        End::Closed => shared.hub.close(id, "closed"),
        End::NoPong => shared.hub.close(id, "no pong"),
        End::Dropped | End::Stopped => shared.hub.close(id, "dropped"),
        End::Silenced => {
            // The other side of a dead line is noticed only when its pongs stop.
            pause(&shared, shared.options.pong_timeout).await;
            shared.hub.close(id, "no pong");
        }
    }
    shared.notice_connections();
    match end {
        End::Dropped | End::NoPong | End::Stopped => {}
        End::Silenced => pause(&shared, SILENCE).await,
        End::ByClient | End::Closed => {
            // Answer the close frame, then keep the TCP connection for a while: Slack doesn't end it at once either.
            let _ = timeout(shared.options.close_linger, async {
                while let Some(Ok(_)) = stream.next().await {}
            })
            .await;
            pause(&shared, shared.options.close_linger).await;
        }
    }
}

/// Waits, but not beyond the end of the playground.
async fn pause(shared: &Shared, time: Duration) {
    let _ = timeout(time, shared.stop.cancelled()).await;
}

async fn refuse<S>(mut sink: SplitSink<WebSocketStream<S>, Message>, open: usize)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The client may be gone already; then there is nobody to tell.
    let _ = sink.send(Message::text(envelope::too_many(open))).await;
    let _ = sink.send(Message::Close(None)).await;
    sleep(Duration::from_millis(100)).await;
}

/// What happens next to a connection that is told to go.
#[derive(Clone, Copy)]
enum Step {
    Warn,
    Refresh,
    Close,
}

struct Writer<'a> {
    shared: &'a Shared,
    id: u64,
    /// whether a pong came since the last ping
    answered: &'a AtomicBool,
    ends_at: Option<(Instant, Step)>,
}

impl Writer<'_> {
    async fn run<S>(
        &mut self,
        sink: &mut SplitSink<WebSocketStream<S>, Message>,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        life: Option<Duration>,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let options = &self.shared.options;
        let mut pings = interval_at((Instant::now() + options.ping_interval).into(), options.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_answer = Instant::now();
        if let Some(life) = life {
            let warned = life.saturating_sub(options.warning_grace + options.refresh_grace);
            self.ends_at = Some((Instant::now() + warned, Step::Warn));
        }
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let ends_at = self.ends_at;
            let step = async {
                match ends_at {
                    Some((at, step)) => {
                        sleep_until(at.into()).await;
                        step
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                count = orders.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return End::Closed;
                    }
                    for order in batch.drain(..) {
                        if let Err(end) = self.obey(sink, order).await {
                            return end;
                        }
                    }
                }
                _ = pings.tick() => {
                    if self.answered.swap(false, Ordering::Relaxed) {
                        last_answer = Instant::now();
                    } else if last_answer.elapsed() > options.pong_timeout {
                        return End::NoPong;
                    }
                    let payload = Bytes::from(format!("Ping from applink-{}", self.id));
                    if sink.feed(Message::Ping(payload)).await.is_err() {
                        return End::ByClient;
                    }
                }
                step = step => {
                    if let Err(end) = self.step(sink, step).await {
                        return end;
                    }
                }
            }
            if sink.flush().await.is_err() {
                return End::ByClient;
            }
        }
    }

    async fn obey<S>(&mut self, sink: &mut SplitSink<WebSocketStream<S>, Message>, order: Order) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match order {
            Order::Frame(text) => self.text(sink, text).await,
            Order::Drop => Err(End::Dropped),
            Order::Silence => Err(End::Silenced),
            Order::Disconnect { reason, grace } => {
                let then = if reason == Reason::Warning {
                    Step::Refresh
                } else {
                    Step::Close
                };
                self.ends_at = Some((Instant::now() + grace, then));
                self.say(sink, reason).await
            }
        }
    }

    async fn step<S>(&mut self, sink: &mut SplitSink<WebSocketStream<S>, Message>, step: Step) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let options = &self.shared.options;
        let (reason, grace, then) = match step {
            Step::Warn => (Reason::Warning, options.warning_grace, Step::Refresh),
            Step::Refresh => (Reason::RefreshRequested, options.refresh_grace, Step::Close),
            Step::Close => {
                let frame = CloseFrame {
                    code: CloseCode::Normal,
                    reason: Utf8Bytes::default(),
                };
                let sent = sink.send(Message::Close(Some(frame))).await;
                return Err(if sent.is_ok() { End::Closed } else { End::ByClient });
            }
        };
        self.shared.hub.leaving(self.id);
        self.ends_at = Some((Instant::now() + grace, then));
        self.say(sink, reason).await
    }

    async fn say<S>(&self, sink: &mut SplitSink<WebSocketStream<S>, Message>, reason: Reason) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.shared.record.add(What::Disconnect {
            connection: self.id,
            reason: reason.name(),
        });
        self.text(sink, envelope::disconnect(reason, self.id).into()).await
    }

    async fn text<S>(&self, sink: &mut SplitSink<WebSocketStream<S>, Message>, text: Utf8Bytes) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.shared.frames.add(Wire::In {
            connection: self.id,
            text: Shown(text.clone()),
        });
        sink.feed(Message::Text(text)).await.map_err(|_| End::ByClient)
    }
}

async fn read<S>(shared: &Shared, id: u64, stream: &mut SplitStream<WebSocketStream<S>>, answered: &AtomicBool) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut batch: Vec<Utf8Bytes> = Vec::with_capacity(BATCH);
    loop {
        let mut message = stream.next().await;
        // Whatever else has arrived already goes to the hub in one go.
        loop {
            match message {
                Some(Ok(Message::Text(text))) => {
                    shared.frames.add(Wire::Out {
                        connection: id,
                        text: Shown(text.clone()),
                    });
                    batch.push(text);
                }
                Some(Ok(Message::Pong(_))) => answered.store(true, Ordering::Relaxed),
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    shared.acknowledge(id, &batch);
                    return End::ByClient;
                }
                Some(Ok(_)) => {}
            }
            if batch.len() >= BATCH {
                break;
            }
            match stream.next().now_or_never() {
                Some(next) => message = next,
                None => break,
            }
        }
        shared.acknowledge(id, &batch);
        batch.clear();
    }
}
