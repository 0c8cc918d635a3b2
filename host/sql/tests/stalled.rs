//! Servers that stop answering, each at another moment: a proxy between the host and a real database does it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

use moa_sql::{Cell, Connection, Database, Limits, Settings, SqlError};
use moa_test_databases::{mariadb_or_skip, postgres_or_skip};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_millis(1500);
/// What a test allows beyond the limit: the grace of a commit, and a machine with much to do.
const SLACK: Duration = Duration::from_secs(8);

/// What becomes of the connection on which the host says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The server is not told, and says nothing.
    Lost,
    /// The server is told; what it says does not arrive.
    Mute,
    /// The server is told, and the connection breaks.
    Broken,
}

#[derive(Default)]
struct Shared {
    rule: Mutex<Option<(&'static str, Then)>>,
    /// How often it applied.
    applied: AtomicUsize,
    /// How many bytes the host sent over such a connection afterwards.
    after: AtomicUsize,
}

struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((host, _)) = listener.accept().await {
                tokio::spawn(pass(host, server, Arc::clone(&own)));
            }
        });
        Self { port, shared }
    }

    /// The next time the host says this, that happens.
    fn when(&self, says: &'static str, then: Then) {
        *self.shared.rule.lock().unwrap() = Some((says, then));
    }
}

async fn pass(host: TcpStream, server: u16, shared: Arc<Shared>) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await.ok()?;
    let (mut from_host, mut to_host) = host.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mute = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&mute);
    let back = tokio::spawn(async move {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            if !hears.load(Ordering::SeqCst) {
                to_host.write_all(&bytes[..length]).await.ok()?;
            }
        }
        Some(())
    });
    let mut bytes = vec![0; 64 << 10];
    let mut stalled = None;
    while let Ok(length @ 1..) = from_host.read(&mut bytes).await {
        if stalled.is_some() {
            shared.after.fetch_add(length, Ordering::SeqCst);
            continue;
        }
        let said = &bytes[..length];
        let rule = shared.rule.lock().unwrap().take_if(|(says, _)| {
            let says = says.as_bytes();
            said.windows(says.len()).any(|part| part == says)
        });
        if let Some((_, then)) = rule {
            stalled = Some(then);
            mute.store(true, Ordering::SeqCst);
            shared.applied.fetch_add(1, Ordering::SeqCst);
            if then == Then::Lost {
                continue;
            }
        }
        to_server.write_all(said).await.ok()?;
        if stalled == Some(Then::Broken) {
            // Once the server has done it.
            tokio::time::sleep(Duration::from_millis(200)).await;
            break;
        }
    }
    // To the server it looks as it does to the host: gone.
    back.abort();
    Some(())
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Done,
    Unavailable,
    Uncertain,
    OverLimit,
}

fn told(outcome: Result<(), SqlError>) -> Told {
    match outcome {
        Ok(()) => Told::Done,
        Err(SqlError::Unavailable(text)) => {
            assert!(text.contains("`members`"), "{text}");
            Told::Unavailable
        }
        Err(SqlError::Uncertain(text)) => {
            assert!(text.contains("look whether it was before repeating it"), "{text}");
            Told::Uncertain
        }
        Err(SqlError::OverLimit(_)) => Told::OverLimit,
        Err(other) => panic!("{other:?}"),
    }
}

/// `begin` is how the host begins a transaction there.
async fn stalled(url: &str, server: u16, begin: &'static str) {
    let proxy = Proxy::start(server).await;
    let url = url.replace(&format!(":{server}/"), &format!(":{}/", proxy.port));
    let database = Database::parse("members", &url, Path::new("")).unwrap();
    let settings = Settings {
        database,
        write: true,
        limits: Limits {
            time: LIMIT,
            connections: 1,
            ..Limits::default()
        },
    };
    let connection = Connection::open("members", settings).unwrap();
    let execute = async |text: &str| connection.execute(text, vec![]).await.map(drop);
    let count = async |id: usize| {
        let text = format!("SELECT COUNT(*) FROM s WHERE id = {id}");
        connection.query(&text, vec![]).await.unwrap().rows[0][0].clone()
    };
    execute("CREATE TABLE s (id INT PRIMARY KEY)").await.unwrap();
    assert_eq!(count(0).await, Cell::Integer(0));

    let rows = [
        // Nothing was asked yet.
        (begin, Then::Lost, true, Told::Unavailable, false),
        (begin, Then::Mute, true, Told::Unavailable, false),
        (begin, Then::Broken, true, Told::Unavailable, false),
        (begin, Then::Mute, false, Told::Unavailable, false),
        // It may have been done, or not.
        ("COMMIT", Then::Lost, true, Told::Uncertain, false),
        ("COMMIT", Then::Mute, true, Told::Uncertain, true),
        ("COMMIT", Then::Broken, true, Told::Uncertain, true),
        // What is asked is not answered.
        ("stall here", Then::Lost, false, Told::OverLimit, false),
        ("stall here", Then::Mute, false, Told::OverLimit, false),
        ("stall here", Then::Mute, true, Told::OverLimit, false),
        // It was answered; only cleaning up is not.
        ("ROLLBACK", Then::Mute, false, Told::Done, false),
    ];
    for (id, (says, then, write, expected, made)) in rows.into_iter().enumerate() {
        let case = format!("{id}: {says} {then:?} {write}");
        proxy.when(says, then);
        let began = Instant::now();
        let outcome = match write {
            true => execute(&format!("INSERT INTO s /* stall here */ VALUES ({id})")).await,
            false => {
                let asked = connection.query("SELECT id FROM s /* stall here */", vec![]).await;
                asked.map(drop)
            }
        };
        assert_eq!(told(outcome), expected, "{case}");
        let took = began.elapsed();
        assert!(took < LIMIT + SLACK, "{case}: {took:?}");
        if then != Then::Broken && expected != Told::Done {
            assert!(took >= LIMIT, "{case}: {took:?}");
        }
        let shared = &proxy.shared;
        assert_eq!(shared.applied.swap(0, Ordering::SeqCst), 1, "{case}");
        // The only place is free again, for another connection.
        assert_eq!(count(id).await, Cell::Integer(made.into()), "{case}");
        execute(&format!("DELETE FROM s WHERE id = {id}")).await.unwrap();
        assert_eq!(shared.after.swap(0, Ordering::SeqCst), 0, "{case}: it was used again");
    }
    connection.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_that_stops_answering() {
    let Some(server) = mariadb_or_skip().unwrap() else {
        return;
    };
    let url = format!("{}?ssl-mode=disabled", server.url());
    stalled(&url, server.port(), "START TRANSACTION").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_stops_answering() {
    let Some(server) = postgres_or_skip().unwrap() else {
        return;
    };
    let url = format!("{}?sslmode=disable", server.url());
    stalled(&url, server.port(), "BEGIN READ").await;
}
