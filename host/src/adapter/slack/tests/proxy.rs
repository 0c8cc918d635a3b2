//! Through a proxy: the Web API and the socket, with and without a password, and past it.

use super::fake::{Answer, Fake, Log, hear, message, say, within};
use crate::adapter::slack::options::ApiUrl;
use crate::adapter::slack::proxy::Proxy;
use crate::adapter::slack::{Network, Slack, SlackOptions, tls};
use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A certificate authority of this test's own, and what it vouches for.
struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    server: Arc<rustls::ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["slack.test", "wss.slack.test", "localhost"].map(String::from);
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        Self {
            certificate: issuer.der().clone(),
            pem: issuer.pem(),
            server: Arc::new(server),
        }
    }

    fn network(&self, proxy: Option<Proxy>) -> Network {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        Network {
            tls: Arc::new(tls::with_roots(roots).unwrap()),
            proxy: proxy.map(Arc::new),
        }
    }
}

/// What a proxy is asked for: host and port, and the credentials.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A proxy at whose far end there is nothing but the fake, behind TLS.
struct Tunnels {
    address: SocketAddr,
    asked: Asked,
}

impl Tunnels {
    /// `wanted` are the credentials without which it opens no tunnel.
    async fn start(fake: &Fake, authority: &Authority, wanted: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let api: SocketAddr = fake.api.split('/').nth(2).unwrap().parse().unwrap();
        let (websocket, acceptor) = (fake.websocket, TlsAcceptor::from(Arc::clone(&authority.server)));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let (mut stream, to, credentials) = request(stream).await?;
                    seen.lock().unwrap().push((to.clone(), credentials.clone()));
                    let wanted = wanted.map(|pair| format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair)));
                    if wanted.is_some() && wanted != credentials {
                        let no = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                        return stream.write_all(no).await.ok();
                    }
                    let far = match to.as_str() {
                        "slack.test:443" => api,
                        "wss.slack.test:443" => websocket,
                        _ => {
                            let no = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
                            return stream.write_all(no).await.ok();
                        }
                    };
                    stream
                        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        .await
                        .ok()?;
                    let mut near = acceptor.accept(stream).await.ok()?;
                    let mut far = TcpStream::connect(far).await.ok()?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await.ok()?;
                    Some(())
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(to, _)| to.clone()).collect()
    }

    fn named(&self, user: &str, no: &str) -> Proxy {
        let (url, no) = (format!("http://{user}{}", self.address), no.to_owned());
        let proxy = Proxy::named_by(move |name| match name {
            "HTTPS_PROXY" => Some(url.clone()),
            "NO_PROXY" => Some(no.clone()),
            _ => None,
        });
        proxy.unwrap().unwrap()
    }
}

/// Reads a request's head: where to, and the credentials.
async fn request(mut stream: TcpStream) -> Option<(TcpStream, String, Option<String>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let to = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let credentials = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then(|| value.to_owned())
    });
    Some((stream, to, credentials))
}

/// A fake that can be reached by names only, which exist nowhere but behind the proxy.
async fn far_fake() -> (Fake, SlackOptions) {
    let fake = Fake::start().await;
    let url = json!({"ok": true, "url": "wss://wss.slack.test/link/?ticket=sesame"});
    fake.answer("apps.connections.open", Answer::Json(url));
    let mut options = fake.options();
    options.api_url = "https://slack.test/api/".into();
    (fake, options)
}

async fn sign_in(network: Network, options: &SlackOptions) -> Slack {
    let base = ApiUrl::parse(&options.api_url).unwrap();
    within(Slack::sign_in_over(network, base, options)).await.unwrap()
}

#[tokio::test]
async fn the_web_api_and_the_socket_go_through_it() {
    for (wanted, user) in [(None, ""), (Some("moa:p@ss"), "moa:p%40ss@")] {
        let (fake, options) = far_fake().await;
        let authority = Authority::new();
        let tunnels = Tunnels::start(&fake, &authority, wanted).await;
        let slack = sign_in(authority.network(Some(tunnels.named(user, ""))), &options).await;
        let (log, mut deliveries) = Log::new();
        let _listener = slack.listen(log);
        let mut socket = fake.greeted().await;
        say(&mut socket, &message("e1", "1.000001")).await;
        within(deliveries.recv()).await.unwrap().ack.done();
        assert_eq!(hear(&mut socket).await, Some(json!({"envelope_id": "e1"})));
        let asked = tunnels.asked();
        assert_eq!(
            asked.iter().filter(|to| *to == "wss.slack.test:443").count(),
            1,
            "{asked:?}"
        );
        // One for all calls, which is kept, or one for each of the two tokens.
        let api = asked.iter().filter(|to| *to == "slack.test:443").count();
        assert!((1..=2).contains(&api) && api + 1 == asked.len(), "{asked:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let (fake, options) = far_fake().await;
    let authority = Authority::new();
    let tunnels = Tunnels::start(&fake, &authority, Some("moa:right")).await;
    let network = authority.network(Some(tunnels.named("moa:wrong@", "")));
    let tcp = TcpStream::connect(tunnels.address).await.unwrap();
    let proxy = Arc::clone(network.proxy.as_ref().unwrap());
    let error = within(proxy.tunnel(tcp, &network.tls, "wss.slack.test", 443))
        .await
        .err()
        .unwrap();
    assert!(error.contains("HTTPS_PROXY") && !error.contains("wrong"), "{error}");
    let tcp = TcpStream::connect(tunnels.address).await.unwrap();
    let other = tunnels.named("moa:right@", "");
    let error = within(other.tunnel(tcp, &network.tls, "elsewhere.test", 443))
        .await
        .err()
        .unwrap();
    assert!(error.contains("elsewhere.test (HTTP 403)"), "{error}");
    // The Web API's calls say what is wrong as well.
    let web = super::super::web::Web::new(&options, ApiUrl::parse(&options.api_url).unwrap(), &network).unwrap();
    let call = super::super::web::Call::read("auth.test", Vec::new());
    let error = within(web.once::<serde_json::Value>(&call)).await.unwrap_err();
    assert!(
        format!("{error:?}").contains("proxy authorization required"),
        "{error:?}"
    );
}

#[tokio::test]
async fn hosts_that_are_named_are_reached_without_it() {
    let (fake, options) = far_fake().await;
    let authority = Authority::new();
    let tunnels = Tunnels::start(&fake, &authority, None).await;
    let network = authority.network(Some(tunnels.named("", "slack.test")));
    let web = super::super::web::Web::new(&options, ApiUrl::parse(&options.api_url).unwrap(), &network).unwrap();
    let call = super::super::web::Call::read("auth.test", Vec::new());
    // Without the proxy there is no such host.
    within(web.once::<serde_json::Value>(&call)).await.unwrap_err();
    assert!(tunnels.asked().is_empty());
    assert!(!network.proxy.as_ref().unwrap().is_for("wss.slack.test"));
}

/// The environment of a process: a certificate authority, and a proxy with a password.
#[tokio::test]
async fn the_environment_is_obeyed() {
    let (fake, options) = far_fake().await;
    let authority = Authority::new();
    let tunnels = Tunnels::start(&fake, &authority, Some("moa:right")).await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &authority.pem).unwrap();
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "adapter::slack::tests::proxy::signs_in"]);
    for name in [
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_DIR",
    ] {
        child.env_remove(name);
    }
    child
        .env("SSL_CERT_FILE", &roots)
        .env("HTTPS_PROXY", format!("http://moa:right@{}", tunnels.address))
        .env("MOA_TEST_API_URL", &options.api_url)
        .kill_on_drop(true);
    let ended = within(child.output()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(fake.calls("auth.test").len(), 1);
    assert_eq!(tunnels.asked(), ["slack.test:443"]);
}

#[tokio::test]
#[ignore = "runs in a process with an environment of its own: see the_environment_is_obeyed"]
async fn signs_in() {
    let Ok(api_url) = std::env::var("MOA_TEST_API_URL") else {
        return;
    };
    let fake = Fake::start().await;
    let mut options = fake.options();
    options.api_url = api_url;
    let slack = Slack::sign_in(&options).await.unwrap();
    assert_eq!(slack.me.user_id, "UBOT");
}
