//! Connections, to exactly the addresses that were checked.

use crate::begun::{Begun, Watched};
use crate::client::{Caller, Outside};
use crate::error::{Error, Refusal};
use crate::permit::Refused;
use crate::proxy::Hop;
use bytes::Bytes;
use http_body_util::{Empty, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How long each address is tried.
const EACH: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried.
const TRIES: usize = 4;
/// How long the head of a response may be, in bytes.
const HEAD: usize = 128 << 10;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
type Wire = Box<dyn Io>;

/// An open connection. It ends when this is dropped.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Full<Bytes>>,
    pub(crate) driver: Driver,
    /// Where a proxy passes the request on: then it is told the whole address, and who asks.
    pub(crate) through: Option<Hop>,
}

/// What moves the bytes.
#[derive(Debug)]
pub(crate) struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connects to where a granted request goes. `begun` is told when the request begins to leave.
pub(crate) async fn connect(
    outside: &Outside,
    caller: &Caller,
    method: &str,
    url: &Url,
    begun: Begun,
) -> Result<Connection, Error> {
    let secure = url.scheme() == "https";
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let refused = |why| Refusal {
        method: method.to_owned(),
        url: url.clone(),
        why,
    };
    let mut through = outside.proxies.of(url);
    let wire: Wire = match through.clone() {
        None => {
            let found = addresses(outside, url).await?;
            for ip in &found {
                caller.permit.check_address(url, *ip).map_err(refused)?;
            }
            Box::new(reach(host, &found, port).await?)
        }
        Some(hop) => {
            unlooked(caller, url).map_err(refused)?;
            let proxy = reach_proxy(outside, &hop).await?;
            if secure {
                through = None;
                tunnel(proxy, &hop, host, port).await?
            } else {
                proxy
            }
        }
    };
    let wire = match secure {
        true => encrypt(outside, wire, host).await?,
        false => wire,
    };
    let broke = |error: hyper::Error| Error::Unavailable(format!("`{host}` took no request: {error}"));
    let mut handshake = http1::Builder::new();
    handshake.max_buf_size(HEAD).max_headers(256);
    let (sender, connection) = handshake
        .handshake(TokioIo::new(Watched::new(wire, begun)))
        .await
        .map_err(broke)?;
    let task = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!(%error, "a connection broke");
        }
    });
    Ok(Connection {
        sender,
        driver: Driver(task.abort_handle()),
        through,
    })
}

async fn addresses(outside: &Outside, url: &Url) -> Result<Vec<IpAddr>, Error> {
    let name = match url.host() {
        Some(Host::Ipv4(ip)) => return Ok(vec![ip.into()]),
        Some(Host::Ipv6(ip)) => return Ok(vec![ip.into()]),
        Some(Host::Domain(name)) => name,
        None => "",
    };
    let unknown = |why: String| Error::Unavailable(format!("`{name}` has no address: {why}"));
    let found = outside.resolver.resolve(name).await;
    let found = found.map_err(|error| unknown(error.to_string()))?;
    match found.is_empty() {
        true => Err(unknown("the name is not known".into())),
        false => Ok(found),
    }
}

/// What a proxy looks up is known by its name alone.
fn unlooked(caller: &Caller, url: &Url) -> Result<(), Refused> {
    match url.host() {
        Some(Host::Ipv4(ip)) => caller.permit.check_address(url, ip.into()),
        Some(Host::Ipv6(ip)) => caller.permit.check_address(url, ip.into()),
        // Names of this machine are never left to a proxy.
        _ => Ok(()),
    }
}

async fn reach(host: &str, found: &[IpAddr], port: u16) -> Result<TcpStream, Error> {
    let mut why = String::from("no address");
    for ip in found.iter().take(TRIES) {
        match tokio::time::timeout(EACH, TcpStream::connect(SocketAddr::new(*ip, port))).await {
            Ok(Ok(stream)) => {
                // Requests are small and complete.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = "no answer in time".into(),
        }
    }
    Err(Error::Unavailable(format!(
        "`{host}` cannot be reached on port {port}: {why}"
    )))
}

async fn reach_proxy(outside: &Outside, hop: &Hop) -> Result<Wire, Error> {
    let host = hop.host.as_str();
    let found = match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => {
            let found = outside.resolver.resolve(host).await;
            found.map_err(|error| Error::Unavailable(format!("the proxy `{host}` has no address: {error}")))?
        }
    };
    let wire = Box::new(reach(host, &found, hop.port).await?);
    match hop.secure {
        true => encrypt(outside, wire, host).await,
        false => Ok(wire),
    }
}

async fn encrypt(outside: &Outside, wire: Wire, host: &str) -> Result<Wire, Error> {
    let bare = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(bare).map_err(|_| Error::Invalid(format!("`{host}` is no name for TLS")))?;
    let stream = TlsConnector::from(Arc::clone(&outside.tls)).connect(name, wire).await;
    let stream = stream.map_err(|error| Error::Unavailable(format!("no TLS with `{host}`: {error}")))?;
    Ok(Box::new(stream))
}

async fn tunnel(wire: Wire, hop: &Hop, host: &str, port: u16) -> Result<Wire, Error> {
    let proxy = hop.host.as_str();
    let broke = |why: String| Error::Unavailable(format!("the proxy `{proxy}` opened no tunnel to `{host}`: {why}"));
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire))
        .await
        .map_err(|error| broke(error.to_string()))?;
    let driver = tokio::spawn(connection.with_upgrades());
    let _driver = Driver(driver.abort_handle());
    let authority = format!("{host}:{port}");
    let mut request = Request::connect(&authority).header(HOST, &authority);
    if let Some(credentials) = &hop.credentials {
        request = request.header(PROXY_AUTHORIZATION, credentials);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| broke(error.to_string()))?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|error| broke(error.to_string()))?;
    match answer.status() {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => return Err(broke("it wants a user and a password".into())),
        status => return Err(broke(format!("HTTP {}", status.as_u16()))),
    }
    let upgraded = hyper::upgrade::on(answer)
        .await
        .map_err(|error| broke(error.to_string()))?;
    match upgraded.downcast::<TokioIo<Wire>>() {
        // The other side waits for the TLS handshake: whatever came already is the proxy's own.
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        _ => Err(broke("it sent something of its own".into())),
    }
}
