//! The one listener: the page, the Web API, the websocket, response URLs, uploads and `/sim/*`; and who may use what.
//!
//! The page and `/sim/*` have no password. A web page from elsewhere must not drive them from a developer's browser, so
//! they answer only requests whose `Host` is a loopback address, `localhost` or the address that was connected to (no
//! DNS rebinding), and whose `Origin`, where there is one, is the page's own (no cross-site requests). The Web API
//! needs a token, the websocket a ticket, and response URLs and uploads carry a secret in their path.

use crate::api;
use crate::assets;
use crate::control;
use crate::files::media_type;
use crate::locked;
use crate::shared::Shared;
use crate::socket::connection;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

type Body = UnsyncBoxBody<Bytes, Infallible>;
type Reply = Response<Body>;

/// The most bytes of a request that isn't an upload.
const LARGEST: usize = 8 << 20;
/// How long a URL with `debug_reconnects=true` lives.
const DEBUG_LIFE: Duration = Duration::from_secs(360);
/// Between two comments in a quiet event stream, so that a gone page is noticed.
const QUIET: Duration = Duration::from_secs(15);

/// Accepts connections until the playground stops.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        match accepted {
            Ok((socket, _)) => {
                shared.tasks.spawn(client(shared.clone(), socket));
            }
            Err(error) => {
                // Such as too many open files: it passes, and a tight loop wouldn't help.
                tracing::warn!(%error, "the playground can't accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn client(shared: Arc<Shared>, socket: TcpStream) {
    // Small frames must not wait for acknowledgements of earlier ones; without it all still works, slower.
    let _ = socket.set_nodelay(true);
    let Ok(local) = socket.local_addr().map(|a| a.ip()) else {
        return;
    };
    let stop = shared.stop.clone();
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(route(shared, request, local).await) }
    });
    let http = hyper::server::conn::http1::Builder::new();
    let connection = http.serve_connection(TokioIo::new(socket), service).with_upgrades();
    tokio::select! {
        // Clients may go at any moment; that is no event.
        _ = connection => {}
        () = stop.cancelled() => {}
    }
}

async fn route(shared: Arc<Shared>, request: Request<Incoming>, local: IpAddr) -> Reply {
    let path = request.uri().path().to_owned();
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(method) = path.strip_prefix("/api/") {
        return web_api(&shared, request, method).await;
    }
    if path == "/link" || path == "/link/" {
        return link(shared, request);
    }
    if let Some(secret) = path.strip_prefix("/response/") {
        let Ok(body) = body(request, LARGEST).await else {
            return too_large();
        };
        let (status, text) = shared.response_url(secret, &body);
        return reply(status, "text/plain; charset=utf-8", text);
    }
    if let Some(id) = path.strip_prefix("/upload/") {
        let content_type = content_type(request.headers()).to_owned();
        let Ok(body) = body(request, api::LARGEST_FILE + 4096).await else {
            return too_large();
        };
        let (status, text) = api::receive_file(&shared, id, &content_type, body);
        return reply(status, "text/plain; charset=utf-8", text);
    }
    if let Some(id) = path.strip_prefix("/files/") {
        return download(&shared, request.headers(), id, local);
    }
    if let Some(rest) = path.strip_prefix("/files-pri/") {
        let id = rest
            .split('/')
            .next()
            .and_then(|both| both.split_once('-'))
            .map_or("", |(_, id)| id);
        return private_file(&shared, request.headers(), id);
    }
    if path == "/signin" {
        return reply(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><title>Sign in</title><h1>Sign in</h1>",
        );
    }
    // From here on everything is for the page and for tests on this machine.
    if let Err(why) = from_here(request.headers(), local) {
        return error(StatusCode::FORBIDDEN, why);
    }
    if let Some(what) = path.strip_prefix("/sim/") {
        return sim(shared, request, what).await;
    }
    if get && (path == "/" || path.starts_with("/archives/")) {
        return asset(&assets::PAGE);
    }
    let asset_name = path.strip_prefix("/page/").filter(|_| get);
    match assets::ALL.iter().find(|asset| Some(asset.name) == asset_name) {
        Some(found) => asset(found),
        None => error(StatusCode::NOT_FOUND, "there is nothing here; the page is at /"),
    }
}

async fn web_api(shared: &Shared, request: Request<Incoming>, method: &str) -> Reply {
    let (parts, incoming) = request.into_parts();
    let Ok(body) = collect(incoming, LARGEST).await else {
        return too_large();
    };
    let text = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let bearer = text(header::AUTHORIZATION)
        .and_then(|v| v.strip_prefix("Bearer "))
        .map(str::trim);
    let fallback = shared.base.trim_start_matches("http://");
    let response = api::handle(
        shared,
        api::Request {
            method,
            query: parts.uri.query().unwrap_or_default(),
            content_type: content_type(&parts.headers),
            bearer,
            host: text(header::HOST)
                .filter(|h| h.parse::<Authority>().is_ok())
                .unwrap_or(fallback),
            body,
        },
    )
    .await;
    let mut reply = reply(response.status, "application/json; charset=utf-8", response.body);
    let headers = reply.headers_mut();
    headers.insert(
        HeaderName::from_static("x-oauth-scopes"),
        HeaderValue::from_static(api::SCOPES),
    );
    let id = format!("{:032x}", fastrand::u128(..));
    headers.extend(
        HeaderValue::from_str(&id)
            .ok()
            .map(|id| (HeaderName::from_static("x-slack-req-id"), id)),
    );
    if let Some(seconds) = response.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// The upgrade to Socket Mode. Slack's status for a bad ticket isn't known; any 4xx will do.
fn link(shared: Arc<Shared>, mut request: Request<Incoming>) -> Reply {
    let headers = request.headers();
    let is = |name, value: &str| {
        let text = headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
            .unwrap_or_default();
        text.split(',').any(|part| part.trim().eq_ignore_ascii_case(value))
    };
    let upgrade = is(header::UPGRADE, "websocket") && is(header::CONNECTION, "upgrade");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).cloned();
    let (Some(key), true, true) = (key, upgrade, is(header::SEC_WEBSOCKET_VERSION, "13")) else {
        return error(
            StatusCode::BAD_REQUEST,
            "this is a websocket: open it with the URL of apps.connections.open",
        );
    };
    let (mut ticket, mut life) = (String::new(), shared.options.connection_life);
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        match (&*name, &*value) {
            ("ticket", _) => ticket = value.into_owned(),
            ("debug_reconnects", "true") => life = Some(DEBUG_LIFE),
            _ => {}
        }
    }
    if !shared.hub.redeem(&ticket, Instant::now()) {
        return error(
            StatusCode::FORBIDDEN,
            "the ticket is unknown or used: get a new URL for every connection",
        );
    }
    let accept = derive_accept_key(key.as_bytes());
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else {
            return;
        };
        // Down to the bare socket: no layer of hyper on the way of every frame.
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            return;
        };
        let (socket, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
        let socket = WebSocketStream::from_partially_read(socket, read, Role::Server, None).await;
        connection::serve(shared, socket, life).await;
    });
    let mut reply = reply(101, "", "");
    let headers = reply.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.extend(
        HeaderValue::from_str(&accept)
            .ok()
            .map(|accept| (header::SEC_WEBSOCKET_ACCEPT, accept)),
    );
    reply
}

async fn sim(shared: Arc<Shared>, request: Request<Incoming>, what: &str) -> Reply {
    const JSON: &str = "application/json; charset=utf-8";
    let method = request.method().clone();
    if method == Method::POST && what == "upload" {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let Ok(body) = body(request, api::LARGEST_FILE).await else {
            return too_large();
        };
        return match control::upload(&shared, &query, body) {
            Ok(answer) => reply(200, JSON, answer.to_string()),
            Err(wrong) => error(StatusCode::BAD_REQUEST, &wrong),
        };
    }
    if method == Method::POST {
        let Ok(body) = body(request, LARGEST).await else {
            return too_large();
        };
        return match control::post(&shared, what, &body).await {
            Ok(answer) => reply(200, JSON, answer.to_string()),
            Err(wrong) => error(StatusCode::BAD_REQUEST, &wrong),
        };
    }
    match (method, what) {
        (Method::GET, "state") => reply(200, JSON, control::state(&shared).to_string()),
        (Method::GET, "stream") => events(&shared),
        (Method::GET, "frames") => match control::frames(&shared, request.uri().query().unwrap_or_default()) {
            Ok(answer) => reply(200, JSON, answer.to_string()),
            Err(wrong) => error(StatusCode::BAD_REQUEST, &wrong),
        },
        (Method::GET, "record") => {
            let query = request.uri().query().unwrap_or_default();
            match control::record(&shared, query).await {
                Ok(answer) => reply(200, JSON, answer),
                Err(wrong) => error(StatusCode::BAD_REQUEST, &wrong),
            }
        }
        _ => error(
            StatusCode::NOT_FOUND,
            "GET state, stream, record, frames or POST send, edit, delete, react, press, submit, close, shortcut, features, fault",
        ),
    }
}

/// The notices as Server-Sent Events. A page that lags too far behind gets `reset` and loads the state anew.
fn events(shared: &Shared) -> Reply {
    let stop = shared.stop.clone();
    let first = stream::once(async { Bytes::from_static(b"retry: 1000\n: hello\n\n") });
    let rest = stream::unfold(shared.notices.subscribe(), move |mut notices| {
        let stop = stop.clone();
        async move {
            let text = tokio::select! {
                notice = notices.recv() => match notice {
                    Ok(notice) => format!("data: {notice}\n\n"),
                    Err(RecvError::Lagged(_)) => "data: {\"type\":\"reset\"}\n\n".to_owned(),
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep(QUIET) => ": still here\n\n".to_owned(),
                () = stop.cancelled() => return None,
            };
            Some((Bytes::from(text), notices))
        }
    });
    let body = StreamBody::new(first.chain(rest).map(|bytes| Ok(Frame::data(bytes))));
    let mut reply = reply(200, "text/event-stream; charset=utf-8", "");
    *reply.body_mut() = body.boxed_unsync();
    reply
}

/// A file for the page, or for whoever has the bot's token.
fn download(shared: &Shared, headers: &HeaderMap, id: &str, local: IpAddr) -> Reply {
    let for_bot = has_bot_token(shared, headers);
    if !for_bot && from_here(headers, local).is_err() {
        return error(StatusCode::FORBIDDEN, "files need the bot token");
    }
    file(shared, id, !for_bot)
}

/// What `url_private` leads to. Slack sends whoever has no token to a page to sign in, with status 200 in the end.
fn private_file(shared: &Shared, headers: &HeaderMap, id: &str) -> Reply {
    if has_bot_token(shared, headers) && !locked(&shared.faults).revoked {
        return file(shared, id, false);
    }
    let mut reply = reply(302, "text/html; charset=utf-8", "");
    reply
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static("/signin"));
    reply
}

fn has_bot_token(shared: &Shared, headers: &HeaderMap) -> bool {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    bearer == Some(&*shared.bot_token)
}

fn file(shared: &Shared, id: &str, for_browser: bool) -> Reply {
    let file = locked(&shared.files).get(id).cloned();
    let Some((name, content)) = file.and_then(|f| Some((f.name, f.content?))) else {
        return error(StatusCode::NOT_FOUND, "there is no such file");
    };
    // Pictures are shown on the page; nothing else that somebody uploads may be more than bytes to a browser.
    let mut reply = reply(200, media_type(&name, for_browser), content);
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let disposition = format!(
        "attachment; filename=\"{}\"",
        name.chars().map(plain).collect::<String>()
    );
    let value = HeaderValue::from_str(&disposition).ok();
    reply
        .headers_mut()
        .extend(value.map(|value| (header::CONTENT_DISPOSITION, value)));
    reply
}

/// Whether a request comes from this machine's own tools or from our page.
fn from_here(headers: &HeaderMap, local: IpAddr) -> Result<(), &'static str> {
    const FOREIGN_HOST: &str = "use the address that the playground printed (127.0.0.1 or localhost)";
    const FOREIGN_ORIGIN: &str = "another web page may not drive the playground";
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text("host").ok_or(FOREIGN_HOST)?;
    let authority: Authority = host.parse().map_err(|_| FOREIGN_HOST)?;
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let own = match name.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || ip == local,
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    if !own {
        return Err(FOREIGN_HOST);
    }
    let origin_is_ours = text("origin").is_none_or(|origin| origin.strip_prefix("http://") == Some(host));
    // Following a link to the page is fine, reading from elsewhere isn't.
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let navigation = text("sec-fetch-mode") == Some("navigate") && text("sec-fetch-dest") == Some("document");
    if origin_is_ours && (site || navigation) {
        Ok(())
    } else {
        Err(FOREIGN_ORIGIN)
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}

async fn body(request: Request<Incoming>, most: usize) -> Result<Bytes, ()> {
    collect(request.into_body(), most).await
}

async fn collect(incoming: Incoming, most: usize) -> Result<Bytes, ()> {
    match Limited::new(incoming, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(()),
        // The client went away in the middle; nobody reads the answer.
        Err(_) => Ok(Bytes::new()),
    }
}

fn too_large() -> Reply {
    error(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large")
}

fn error(status: StatusCode, text: &str) -> Reply {
    let body = json!({"ok": false, "error": text}).to_string();
    reply(status.as_u16(), "application/json; charset=utf-8", body)
}

fn asset(asset: &assets::Asset) -> Reply {
    let mut reply = reply(200, asset.kind, asset.content);
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(assets::CSP));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

fn reply(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()).boxed_unsync());
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let pairs = headers
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        from_here(&pairs.collect(), "192.168.0.7".parse().unwrap()).is_ok()
    }

    #[test]
    fn only_this_machine_and_our_page_may_drive_it() {
        for host in [
            "127.0.0.1:7710",
            "localhost:7710",
            "[::1]:7710",
            "127.0.0.2",
            "192.168.0.7:7710",
        ] {
            assert!(allowed(&[("host", host)]), "{host}");
        }
        for host in ["evil.example:7710", "127.0.0.1.evil.example", "192.168.0.8", "", "a b"] {
            assert!(!allowed(&[("host", host)]), "{host}");
        }
        assert!(!allowed(&[]));
        let here = ("host", "127.0.0.1:7710");
        assert!(allowed(&[here, ("origin", "http://127.0.0.1:7710")]));
        for origin in [
            "http://evil.example",
            "https://127.0.0.1:7710",
            "http://127.0.0.1:80",
            "http://localhost:7710",
            "null",
        ] {
            assert!(!allowed(&[here, ("origin", origin)]), "{origin}");
        }
        assert!(!allowed(&[
            here,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors")
        ]));
        assert!(!allowed(&[here, ("sec-fetch-site", "same-site")]));
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(allowed(&[here, link[0], link[1], link[2]]));
    }
}
