//! What is between the host and a server: TLS, proxies.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod support;

use axum::Router;
use moa_egress::{Client, Error, Outside};
use std::sync::Arc;
use support::{Names, caller, client, get, outside, serve};

#[tokio::test]
async fn tls_is_checked() {
    let made = rcgen::generate_simple_self_signed(vec!["a.example".into()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let mut stream = acceptor.accept(stream).await.unwrap();
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecure";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let names = Arc::new(Names::default());
    names.set("a.example", &[&["127.0.0.1"]]);
    names.set("b.example", &[&["127.0.0.1"]]);
    let caller = caller(&[format!("https://*.example:{port}")], &["127.0.0.1"]);
    let stranger = client(&names);
    let error = stranger
        .send(&caller, get(format!("https://a.example:{port}/")))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("no TLS with `a.example`"), "{error}");

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let trusting = Client::new(Outside {
        tls: moa_egress::tls::with_roots(roots).unwrap(),
        ..outside(&names)
    });
    let response = trusting
        .send(&caller, get(format!("https://a.example:{port}/")))
        .await
        .unwrap();
    assert_eq!(response.body.all().await.unwrap(), b"secure");
    let error = trusting
        .send(&caller, get(format!("https://b.example:{port}/")))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("no TLS with `b.example`"), "{error}");
}

/// A proxy that passes requests for http on, opens tunnels for https, and counts.
async fn proxy(to: u16, seen: Arc<std::sync::Mutex<Vec<String>>>) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                seen.lock().unwrap().push(head.clone());
                if !head.contains("proxy-authorization: Basic dTpw") {
                    let _ = stream
                        .write_all(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
                        .await;
                    return;
                }
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                if head.starts_with("CONNECT ") {
                    stream.write_all(b"HTTP/1.1 200 Go ahead\r\n\r\n").await.unwrap();
                } else {
                    server.write_all(head.as_bytes()).await.unwrap();
                }
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn a_proxy_is_used_where_the_environment_names_one() {
    let port = serve(Router::new().fallback(|| async { "there" })).await.port();
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let proxy = proxy(port, Arc::clone(&seen)).await;
    let names = Arc::new(Names::default());
    names.set("direct.example", &[&["127.0.0.1"]]);
    let through = |credentials: &str| {
        let value = format!("http://{credentials}127.0.0.1:{proxy}");
        let proxies = moa_egress::Proxies::named_by(|name| match name {
            "ALL_PROXY" => Some(value.clone()),
            "NO_PROXY" => Some("direct.example".into()),
            _ => None,
        });
        Client::new(Outside {
            proxies: proxies.unwrap(),
            ..outside(&names)
        })
    };
    let client = through("u:p@");
    let rules = [
        "http://*",
        "https://*",
        "http://10.0.0.1",
        "http://93.184.216.34",
        &format!("http://*:{port}"),
    ];
    let mut caller = caller(&rules.map(str::to_owned), &["direct.example"]);
    caller.permit = moa_egress::Permit::new(
        &rules.map(str::to_owned),
        Some(&["*".to_owned()]),
        &[],
        moa_egress::Internal::parse(&["direct.example"]).unwrap(),
    );
    // It looks the name up itself, and is told the whole address.
    let response = client.send(&caller, get("http://far.example/x")).await.unwrap();
    assert_eq!(response.status, 200);
    assert!(names.asked().is_empty());
    let head = seen.lock().unwrap().pop().unwrap();
    assert!(
        head.starts_with("GET http://far.example/x HTTP/1.1\r\n") && head.contains("host: far.example\r\n"),
        "{head}"
    );
    // A tunnel for https; what is behind it is no TLS here.
    let error = client
        .send(&caller, get("https://far.example/x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("no TLS with `far.example`"), "{error}");
    let head = seen.lock().unwrap().pop().unwrap();
    assert!(
        head.starts_with("CONNECT far.example:443 HTTP/1.1\r\n") && !head.contains("/x"),
        "{head}"
    );

    let response = client
        .send(&caller, get(format!("http://direct.example:{port}/")))
        .await
        .unwrap();
    assert_eq!(response.status, 200);
    names.set("localhost", &[&["127.0.0.1"]]);
    names.set("x.localhost", &[&["127.0.0.1"]]);
    // Names of this machine and literal addresses are checked all the same.
    for refused in ["http://10.0.0.1/", "http://x.localhost/", "http://localhost/"] {
        let error = client.send(&caller, get(refused)).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{refused}: {error}");
    }
    assert!(seen.lock().unwrap().is_empty());
    let stranger = through("");
    assert_eq!(
        stranger
            .send(&caller, get("http://far.example/x"))
            .await
            .unwrap()
            .status,
        407
    );
    let error = stranger
        .send(&caller, get("https://far.example/x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("wants a user and a password"), "{error}");
}
