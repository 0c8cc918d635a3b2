//! The table: each address that plugins must not reach × each way to it, refused and logged, and never even connected to.
//! Names are asked for at a name server of the test's own, over UDP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod support;

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::any;
use moa_egress::{Caller, Error, Internal, Permit, Refused};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::dns::Dns;
use support::{Log, caller, client, get, serve};

/// What every plugin is kept from. `PORT` is where a server waits on this machine, in vain.
const FORBIDDEN: &[&str] = &[
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.5",
    "172.16.3.4",
    "192.168.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.0.192",
    "192.0.2.7",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
];

const FORBIDDEN_V6: &[&str] = &[
    "::1",
    "::",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "64:ff9b:1::1",
    "100::1",
];

/// IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, ISATAP.
fn inside(ip: &str) -> Vec<String> {
    let ip: std::net::Ipv4Addr = ip.parse().unwrap();
    let [a, b, c, d] = ip.octets();
    vec![
        format!("::ffff:{ip}"),
        format!("::{ip}"),
        format!("64:ff9b::{ip}"),
        format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
        format!("2600::5efe:{a:02x}{b:02x}:{c:02x}{d:02x}"),
    ]
}

/// How an address may be written that is read as this one.
fn odd(ip: &str) -> Vec<String> {
    let ip: std::net::Ipv4Addr = ip.parse().unwrap();
    let [a, b, c, d] = ip.octets();
    let number = u32::from(ip);
    vec![
        format!("{number}"),
        format!("0x{number:x}"),
        format!("0{number:o}"),
        format!("{a}.{}", number & 0xff_ffff),
        format!("{a}.{b}.{}", number & 0xffff),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{b}.{c}.{d}."),
        // Full-width digits and an ideographic full stop.
        format!("{a}。{b}。{c}。{d}").replace('1', "１"),
        format!("{a}%2e{b}%2E{c}.{d}"),
    ]
}

struct Table {
    names: Arc<Dns>,
    client: moa_egress::Client,
    log: Log,
    port: u16,
    hits: Arc<AtomicUsize>,
    rows: usize,
}

impl Table {
    async fn new() -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&hits);
        let redirect = |Query(query): Query<HashMap<String, String>>| async move {
            (StatusCode::FOUND, [(LOCATION, query["to"].clone())])
        };
        let app = Router::new().route("/to", any(redirect)).fallback(move || {
            let counted = Arc::clone(&counted);
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                "inside"
            }
        });
        let port = serve(app).await.port();
        let names = Dns::start().await;
        names.set("open.example", &[&["127.0.0.1"]]);
        Self {
            client: client(&names),
            names,
            log: Log::default(),
            port,
            hits,
            rows: 0,
        }
    }

    /// As much as can be granted without naming an address: every name, and this literal as "all that is requested".
    fn caller(&self, literal: Option<&str>) -> Caller {
        let mut requested = vec![format!("http://*:{}", self.port)];
        requested.extend(literal.map(|host| format!("http://{host}:{}", self.port)));
        let all = [format!("http://*:{}", self.port), "*".to_owned()];
        let internal = Internal::parse(&["open.example"]).unwrap();
        Caller {
            permit: Permit::new(&requested, Some(&all), &[], internal),
            ..caller(&[], &[])
        }
    }

    async fn refused(&mut self, caller: &Caller, url: &str, way: &str) {
        let log = self.log.start();
        let outcome = self.client.send(caller, get(url)).await;
        drop(log);
        let told = self.log.take();
        match outcome.map(|response| response.status) {
            Err(Error::Refused(refusal)) => assert!(
                matches!(refusal.why, Refused::Internal { .. } | Refused::Nowhere { .. }),
                "{way}: {url}: {refusal}"
            ),
            other => panic!("{way}: {url}: {other:?}"),
        }
        assert!(
            told.contains("WARN") && told.contains("refused GET") && told.contains("probe") && told.contains("f00d"),
            "{way}: {url} is not logged: {told}"
        );
        assert_eq!(self.hits.load(Ordering::SeqCst), 0, "{way}: {url} was reached");
        self.rows += 1;
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }

    fn by_redirect(&self, to: &str) -> String {
        let to: String = to.bytes().map(|b| format!("%{b:02x}")).collect();
        format!("http://open.example:{}/to?to={to}", self.port)
    }
}

#[tokio::test]
async fn each_forbidden_address_by_each_way_is_refused_and_logged() {
    let mut table = Table::new().await;
    // What is granted is reached: otherwise the table would show nothing.
    let open = table.url("open.example");
    let caller = table.caller(None);
    assert_eq!(table.client.send(&caller, get(&open)).await.unwrap().status, 200);
    assert_eq!(table.hits.swap(0, Ordering::SeqCst), 1);

    let v4 = FORBIDDEN.iter().map(|ip| ((*ip).to_owned(), (*ip).to_owned()));
    let v6 = FORBIDDEN_V6.iter().map(|ip| ((*ip).to_owned(), format!("[{ip}]")));
    let embedded = FORBIDDEN.iter().flat_map(|ip| inside(ip));
    let embedded = embedded.map(|ip| (ip.clone(), format!("[{ip}]")));
    for (ip, literal) in v4.chain(v6).chain(embedded) {
        let caller = table.caller(Some(&literal));
        let direct = table.url(&literal);
        table.refused(&caller, &direct, "direct").await;
        table.refused(&caller, &table.by_redirect(&direct), "redirect").await;

        table.names.set("evil.example", &[&[&ip]]);
        let named = table.url("evil.example");
        table.refused(&caller, &named, "a name").await;
        table
            .refused(&caller, &table.by_redirect(&named), "redirect to a name")
            .await;

        // One public address among them does not help.
        table.names.set("evil.example", &[&["93.184.216.34", &ip]]);
        table.refused(&caller, &named, "one of several addresses").await;

        // Another answer to a second question would be a public one: there is no second question.
        table.names.set("evil.example", &[&[&ip], &["93.184.216.34"], &[&ip]]);
        table.names.asked();
        table.refused(&caller, &named, "rebinding").await;
        table.names.set("evil.example", &[&["127.0.0.1"], &[&ip]]);
        table.refused(&caller, &named, "rebinding to this machine").await;
        // One look-up each, and nothing else: what was checked is what is connected to.
        assert_eq!(table.names.asked(), ["evil.example", "evil.example"]);
    }
    for ip in FORBIDDEN {
        for literal in odd(ip) {
            let caller = table.caller(Some(ip));
            let direct = table.url(&literal);
            table.refused(&caller, &direct, "direct").await;
            table.refused(&caller, &table.by_redirect(&direct), "redirect").await;
        }
    }
    for name in ["localhost", "LOCALHOST.", "x.localhost", "ip6-localhost"] {
        let bare = name.to_lowercase();
        table.names.set(bare.trim_end_matches('.'), &[&["127.0.0.1", "::1"]]);
        let caller = table.caller(None);
        table.refused(&caller, &table.url(name), "direct").await;
        let url = table.by_redirect(&table.url(name));
        table.refused(&caller, &url, "redirect").await;
    }
    println!("{} rows", table.rows);
}

/// The name is public when it is looked at, and something else by the time somebody would ask again.
#[tokio::test]
async fn a_name_that_turns_inside_after_it_was_checked_leads_nowhere() {
    let mut table = Table::new().await;
    let caller = table.caller(None);
    let named = table.url("rebind.example");
    for inside in ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "::1", "10.0.0.5"] {
        // Public, and nothing is at this port.
        let public = if inside.contains(':') {
            "2600::dead:1"
        } else {
            "93.184.216.34"
        };
        for way in ["direct", "redirect"] {
            let url = match way {
                "direct" => named.clone(),
                _ => table.by_redirect(&named),
            };
            table.names.set("rebind.example", &[&[public], &[inside]]);
            table.names.asked();
            let mut first = get(&url);
            first.timeout = Duration::from_millis(300);
            let outcome = table.client.send(&caller, first).await;
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{inside}: {outcome:?}");
            let asked = table.names.asked();
            let times = asked.iter().filter(|name| *name == "rebind.example").count();
            assert_eq!((times, table.hits.load(Ordering::SeqCst)), (1, 0), "{inside}");
            // The next request asks again, and is told the other thing.
            table.refused(&caller, &url, &format!("{way}, rebound")).await;
        }
    }
}

#[tokio::test]
async fn a_name_that_changes_between_two_requests_is_looked_at_each_time() {
    let table = Table::new().await;
    let rules = [format!("http://*:{}", table.port)];
    // 127.0.0.1 is opened and 127.0.0.2 is not.
    let caller = caller(&rules, &["127.0.0.1"]);
    table.names.set("rebind.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let again = table.url("rebind.example");
    let to: String = again.bytes().map(|b| format!("%{b:02x}")).collect();
    let outcome = table.client.send(&caller, get(format!("{again}to?to={to}"))).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
    assert_eq!(table.names.asked(), ["rebind.example", "rebind.example"]);
}

#[tokio::test]
async fn a_redirect_to_what_is_not_granted_or_no_http_is_refused() {
    let table = Table::new().await;
    let caller = table.caller(None);
    for to in [
        "file:///etc/passwd",
        "gopher://open.example/",
        "http://u:p@open.example/",
        "data:,x",
        "http://[::1",
    ] {
        let log = table.log.start();
        let outcome = table.client.send(&caller, get(table.by_redirect(to))).await;
        drop(log);
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{to}: {outcome:?}");
        assert!(table.log.take().contains("refused GET"), "{to}");
    }
    let outcome = table
        .client
        .send(&caller, get(table.by_redirect("https://open.example/")))
        .await;
    match outcome.unwrap_err() {
        Error::Refused(refusal) => assert_eq!(refusal.why, Refused::NotRequested),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_operator_names_is_reached() {
    let table = Table::new().await;
    let url = table.url("127.0.0.1");
    let named = caller(&[format!("http://127.0.0.1:{}", table.port)], &[]);
    assert_eq!(table.client.send(&named, get(&url)).await.unwrap().status, 200);
    table.names.set("localhost", &[&["127.0.0.1"]]);
    let named = caller(&[format!("http://localhost:{}", table.port)], &[]);
    assert_eq!(
        table
            .client
            .send(&named, get(table.url("localhost")))
            .await
            .unwrap()
            .status,
        200
    );
    let networks = caller(&[format!("http://*:{}", table.port)], &["127.0.0.0/8"]);
    assert_eq!(
        table
            .client
            .send(&networks, get(table.url("open.example")))
            .await
            .unwrap()
            .status,
        200
    );
}
