//! `wasi:http/outgoing-handler`: what a language's own HTTP client sends goes the host's way like any other request.

use crate::capability::{Host, HttpBody, HttpRequest, HttpResponse, Level};
use crate::limits::Limits;
use crate::meter::Tally;
use crate::state::State;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use moa_core::call::CapError;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

/// The most bytes that a language's client may write of a body at once.
const PIECE: usize = 64 << 10;
/// The most bytes of headers.
const HEADERS: usize = 64 << 10;

/// How many exchanges of a call may be open at once: from the request to the end of the response's body.
const OPEN: usize = 8;

/// What a call needs to send requests. Made when the guest first uses it: most calls never do.
pub(crate) struct Web {
    context: WasiHttpCtx,
    way: Way,
}

/// The way out.
struct Way {
    host: Host,
    limits: Limits,
    tally: Arc<Tally>,
    caller: Option<Handle>,
    open: Arc<Semaphore>,
    room: Arc<Room>,
}

/// How many bytes of bodies the host may still hold for a call, all exchanges together: the limit of the guest's own
/// memory does not know of them.
struct Room(AtomicUsize);

/// Some of it, until it is dropped.
struct Taken {
    room: Arc<Room>,
    bytes: usize,
}

impl Taken {
    /// Takes more; whether there is so much.
    fn more(&mut self, bytes: usize) -> bool {
        let took = self
            .room
            .0
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        if took.is_ok() {
            self.bytes += bytes;
        }
        took.is_ok()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Relaxed);
    }
}

/// An exchange that is open.
struct Exchange {
    taken: Taken,
    _open: OwnedSemaphorePermit,
}

/// A response's body. While the guest has not read it the exchange is open.
struct Held {
    bytes: Vec<u8>,
    _exchange: Exchange,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (host, limits, tally, caller) = (&self.host, &self.limits, &self.tally, &self.caller);
        let web = self.web.get_or_insert_with(|| {
            let mut context = WasiHttpCtx::new();
            context.set_field_size_limit(HEADERS);
            Box::new(Web {
                context,
                way: Way {
                    host: host.clone(),
                    limits: limits.clone(),
                    tally: Arc::clone(tally),
                    caller: caller.clone(),
                    open: Arc::new(Semaphore::new(OPEN)),
                    room: Arc::new(Room(AtomicUsize::new(limits.transfer))),
                },
            })
        });
        WasiHttpCtxView {
            hooks: &mut web.way,
            table: &mut self.resources,
            ctx: &mut web.context,
        }
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Io), Error>;

impl WasiHttpHooks for Way {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        if self.tally.host_call() > self.limits.host_calls {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        }
        let Ok(open) = Arc::clone(&self.open).try_acquire_owned() else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        let room = Arc::clone(&self.room);
        let exchange = Exchange {
            taken: Taken { room, bytes: 0 },
            _open: open,
        };
        let sending = send(self.host.clone(), request, options, self.limits.transfer, exchange);
        let Some(caller) = &self.caller else {
            return Box::new(sending);
        };
        // The host's timers and sockets are those of the caller's runtime; the guests' own has nothing but guests.
        let mut task = Ends(caller.spawn(sending));
        Box::new(async move {
            let ended = (&mut task.0).await;
            ended.unwrap_or_else(|_| Err(Error::InternalError(Some("the request was given up".into()))))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE
    }
}

/// Ends with the call.
struct Ends<T>(JoinHandle<T>);

impl<T> Drop for Ends<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn send(
    host: Host,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
    most: usize,
    mut exchange: Exchange,
) -> Answer {
    let (head, mut body) = request.into_parts();
    if let Err(error) = host.http.may(head.method.as_str(), &head.uri.to_string()).await {
        // A client that cannot write its body to the end would tell of that instead.
        while let Some(Ok(_)) = body.frame().await {}
        return Err(refused(&host, error));
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::HttpProtocolError)?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if !exchange.taken.more(piece.len()) {
            return Err(Error::HttpRequestBodySize(Some(most as u64)));
        }
        whole.extend_from_slice(&piece);
    }
    let headers = head.headers.iter().filter(|(name, _)| **name != HOST);
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Error::HttpRequestHeaderSize {
            field_name: Some(name.to_string()),
            field_size: None,
        })?;
        Ok((name.to_string(), value.to_owned()))
    };
    let what = HttpRequest {
        method: head.method.to_string(),
        url: head.uri.to_string(),
        headers: headers.map(text).collect::<Result<_, Error>>()?,
        body: match whole.is_empty() {
            true => HttpBody::Empty,
            false => HttpBody::Bytes(whole),
        },
        timeout_ms: options.map_or(0, |options| patience(&options)),
        sign: None,
    };
    match host.http.exchange(what).await {
        // What was sent is gone by now, and leaves its room to the answer.
        Ok(response) => {
            let room = Arc::clone(&exchange.taken.room);
            exchange.taken = Taken { room, bytes: 0 };
            if !exchange.taken.more(response.body.len()) {
                return Err(Error::HttpResponseBodySize(Some(most as u64)));
            }
            answer(response, exchange)
        }
        Err(error) => Err(refused(&host, error)),
    }
}

fn refused(host: &Host, error: CapError) -> Error {
    // Of a language's client little is left of a reason.
    host.system.log(Level::Warn, &format!("HTTP: {error}"));
    match error {
        CapError::AccessDenied(_) => Error::HttpRequestDenied,
        CapError::Invalid(text) | CapError::Unavailable(text) | CapError::OverLimit(text) => {
            Error::InternalError(Some(text))
        }
        other => Error::InternalError(Some(other.to_string())),
    }
}

/// As long as the longest that was said; 0 where nothing was.
fn patience(options: &RequestOptions) -> u32 {
    let all = [
        options.connect_timeout,
        options.first_byte_timeout,
        options.between_bytes_timeout,
    ];
    let longest = all.into_iter().flatten().max().unwrap_or(Duration::ZERO);
    u32::try_from(longest.as_millis()).unwrap_or(u32::MAX)
}

fn answer(response: HttpResponse, exchange: Exchange) -> Answer {
    let odd = |_| Error::HttpProtocolError;
    let mut answer = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        let of_wire = name == CONTENT_LENGTH.as_str() || name == TRANSFER_ENCODING.as_str();
        if !of_wire && let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            answer = answer.header(name, value);
        }
    }
    answer = answer.header(CONTENT_LENGTH, response.body.len());
    let body = Full::new(Bytes::from_owner(Held {
        bytes: response.body,
        _exchange: exchange,
    }))
    .map_err(|never| match never {})
    .boxed_unsync();
    let answer = answer.body(body).map_err(odd)?;
    Ok((answer, Box::new(async { Ok(()) })))
}
