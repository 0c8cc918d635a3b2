//! What may have been done is told as such, by a server that takes a request and breaks at each point that there is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod support;

use moa_egress::{Client, Error, Outside, Pace, Proxies, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Log, Names, caller, client, get, outside, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const BODY: &str = "hello";

/// What a server does with a request that it has read to its end.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Hangs up.
    Close,
    /// Says no more, and stays.
    Stall,
    /// Says this, and hangs up.
    Say(&'static str),
    /// Says this, and stays.
    SayAndStall(&'static str),
}

struct Server {
    port: u16,
    /// How many requests it read whole.
    read: Arc<AtomicUsize>,
}

async fn take(mut stream: TcpStream, then: Then, read: Arc<AtomicUsize>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let size = head.split("content-length: ").nth(1);
    let size = size.map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    let mut body = vec![0; size];
    stream.read_exact(&mut body).await.ok()?;
    read.fetch_add(1, Ordering::SeqCst);
    match then {
        Then::Close => {}
        Then::Stall => std::future::pending().await,
        Then::Say(text) => stream.write_all(text.as_bytes()).await.ok()?,
        Then::SayAndStall(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            std::future::pending().await
        }
    }
    Some(())
}

async fn server(then: Then) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let read = Arc::new(AtomicUsize::new(0));
    let port = listener.local_addr().unwrap().port();
    let counted = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, then, Arc::clone(&counted)));
        }
    });
    Server { port, read }
}

/// A port where nobody is.
async fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

fn names() -> Arc<Names> {
    let names = Arc::new(Names::default());
    names.set("a.example", &[&["127.0.0.1"]]);
    names
}

async fn send(client: &Client, method: &str, url: String) -> Result<(u16, String), Error> {
    let rules = ["http://a.example:*", "https://a.example:*", "http://none.example"];
    let caller = caller(&rules.map(str::to_owned), &["127.0.0.1"]);
    let request = Request {
        method: method.into(),
        body: if method == "GET" { "" } else { BODY }.into(),
        timeout: Duration::from_millis(400),
        limit: 100,
        ..get(url)
    };
    let response = client.send(&caller, request).await?;
    let status = response.status;
    Ok((status, String::from_utf8(response.body.all().await?).unwrap()))
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_uncertain() {
    let long: &str = Box::leak(format!("HTTP/1.1 201 X\r\ncontent-length: 101\r\n\r\n{:101}", "").into_boxed_str());
    let packed = "HTTP/1.1 201 X\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc";
    let begun = "HTTP/1.1 201 X\r\ncontent-length: 10\r\n\r\nabc";
    for (then, answered) in [
        (Then::Close, false),
        (Then::Stall, false),
        (Then::Say("HTTP/1.1 20"), false),
        (Then::Say("what?\r\n\r\n"), false),
        (Then::SayAndStall("HTTP/1.1 200 OK\r\n"), false),
        (Then::Say(begun), true),
        (Then::SayAndStall(begun), true),
        (Then::Say(packed), true),
        (Then::Say(long), true),
    ] {
        let server = server(then).await;
        let client = client(&names());
        let url = format!("http://a.example:{}/", server.port);
        let all = ["POST", "PUT", "DELETE", "PATCH", "REPORT", "GET", "OPTIONS"];
        let (client, url) = (&client, &url);
        let all = all.map(|method| async move { (method, send(client, method, url.clone()).await) });
        for (method, told) in futures_util::future::join_all(all).await {
            // What only asks may be asked again.
            if matches!(method, "GET" | "OPTIONS") {
                assert!(
                    matches!(told, Err(Error::Unavailable(_) | Error::OverLimit(_))),
                    "{method}, {then:?}: {told:?}"
                );
                continue;
            }
            let Err(Error::Uncertain(text)) = &told else {
                panic!("{method}, {then:?}: {told:?}");
            };
            let says = match answered {
                true => "was answered with HTTP 201",
                false => "whether it was done is not known",
            };
            assert!(
                text.contains(says) && text.contains("`a.example"),
                "{method}, {then:?}: {text}"
            );
        }
        // Each was sent once.
        assert_eq!(server.read.load(Ordering::SeqCst), 7, "{then:?}");
    }
}

#[tokio::test]
async fn what_never_left_is_not() {
    let client = client(&names());
    // Nobody there; no such name; nobody who speaks TLS; somebody who hangs up at it.
    let (deaf, hangs_up) = (server(Then::Stall).await, free().await);
    let listener = TcpListener::bind(("127.0.0.1", hangs_up)).await.unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    for url in [
        format!("http://a.example:{}/", free().await),
        "http://none.example/".to_owned(),
        format!("https://a.example:{}/", deaf.port),
        format!("https://a.example:{hangs_up}/"),
    ] {
        let told = send(&client, "POST", url.clone()).await;
        assert!(matches!(told, Err(Error::Unavailable(_))), "{url}: {told:?}");
    }
    // A proxy that opens no tunnel passed nothing on; one that takes the request itself may have.
    for then in [Then::Stall, Then::Close] {
        let proxy = server(then).await;
        let value = format!("http://127.0.0.1:{}", proxy.port);
        let proxies = Proxies::named_by(|name| (name == "ALL_PROXY").then(|| value.clone()));
        let client = Client::new(Outside {
            proxies: proxies.unwrap(),
            ..outside(&names())
        });
        let told = send(&client, "POST", "https://a.example:1/".into()).await;
        assert!(matches!(told, Err(Error::Unavailable(_))), "{then:?}: {told:?}");
        let told = send(&client, "POST", "http://a.example:1/".into()).await;
        assert!(matches!(told, Err(Error::Uncertain(_))), "{then:?}: {told:?}");
        assert_eq!(proxy.read.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_redirection_that_cannot_be_followed_is_the_answer() {
    let port = serve(support::server::app()).await.port();
    let client = client(&names());
    let redirect = |status: u16, to: &str| {
        let to: String = to.bytes().map(|b| format!("%{b:02x}")).collect();
        format!("http://a.example:{port}/redirect?status={status}&to={to}")
    };
    let moved = |status: u16| Ok((status, "moved".to_owned()));
    let nobody = format!("http://a.example:{}/", free().await);
    let closes = server(Then::Close).await;
    let closes = format!("http://a.example:{}/", closes.port);
    for status in [302, 303, 307, 308] {
        // Not granted, not public, nobody there.
        for to in ["http://b.example/", "http://169.254.169.254/", &nobody] {
            let told = send(&client, "POST", redirect(status, to)).await;
            assert_eq!(told, moved(status), "{to}");
            let told = send(&client, "GET", redirect(status, to)).await;
            assert!(told.is_err(), "{to}: {told:?}");
        }
        // What followed was sent, and breaks: where it only asks, the answer before is the last that is known.
        let told = send(&client, "POST", redirect(status, &closes)).await;
        match status {
            302 | 303 => assert_eq!(told, moved(status)),
            _ => assert!(matches!(told, Err(Error::Uncertain(_))), "{told:?}"),
        }
    }
    // A name that is granted and leads inside is refused, logged, and hides no answer.
    let inner = names();
    inner.set("a.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let log = Log::default();
    let (guard, rebound) = (log.start(), support::client(&inner));
    let told = send(&rebound, "POST", redirect(303, &format!("http://a.example:{port}/"))).await;
    drop(guard);
    assert_eq!(told, moved(303));
    let told = log.take();
    assert!(told.contains("WARN") && told.contains("refused GET"), "{told}");

    // Too many, and too fast.
    let chain = format!("http://a.example:{port}/chain?n=");
    assert_eq!(
        send(&client, "POST", format!("{chain}5")).await,
        Ok((200, "there".into()))
    );
    assert_eq!(
        send(&client, "POST", format!("{chain}6")).await,
        Ok((302, String::new()))
    );
    assert!(matches!(
        send(&client, "GET", format!("{chain}6")).await,
        Err(Error::Unavailable(_))
    ));
    let slow = Client::new(Outside {
        pace: Pace {
            per_second: 0.001,
            burst: 2.0,
            at_once: 1,
        },
        ..outside(&names())
    });
    assert_eq!(send(&slow, "POST", format!("{chain}2")).await, Ok((302, String::new())));
    assert!(matches!(
        send(&slow, "POST", format!("{chain}2")).await,
        Err(Error::OverLimit(_))
    ));
}
