//! The same for what reaches beyond chat: later times, other machines, databases, buckets.

use crate::capability::{Grants, Said, Says, host};
use crate::data::{Data, Unnamed};
use crate::outward::{Outward, Sender};
use crate::testing::{Stage, message};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_core::config::Grant;
use moa_core::manifest::Requests;
use moa_egress::{Body, Caller, Error, Refusal, Request, Response};
use moa_engine::{Cell, Host, HttpBody, HttpRequest, Missed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SHOP: &str = "https://shop.example";

/// What has to be asked for and granted.
#[derive(Clone, Debug, PartialEq)]
enum Need {
    Schedule,
    /// An origin.
    Http(String),
    /// The bucket `files` and an origin.
    Stored(String),
    /// A secret, and the origin [`SHOP`] to send it to.
    Secret(String),
    Sql(String),
    Objects(String),
}

/// A function and that of its arguments which says where it reaches.
#[derive(Clone, Debug)]
enum Call {
    At(String),
    Every,
    Cancel(String),
    List,
    /// Method, address.
    Fetch(String, String),
    /// What a language's own client sends.
    Exchange(String, String),
    May(String, String),
    FetchToObject(String, String),
    /// The body is an object of this bucket, the address is [`SHOP`].
    Send(String),
    /// A header with this in it.
    WithSecret(String),
    Query(String),
    Execute(String),
    Get(String),
    Put(String),
    Page(String),
    Delete(String),
    Sign(String),
}

/// The names of what is there, and names that look much like them.
const NAMES: &[&str] = &[
    "files",
    "Files",
    " files",
    "files ",
    "files\n",
    "files\0",
    "files/",
    "files,other",
    "../files",
    "/files",
    "fil%65s",
    "ｆiles",
    "other",
    "*",
    "",
    "..",
    "file",
    "filess",
    "files\u{200b}",
];

/// Addresses, and the origin that has to be granted.
fn addresses() -> Vec<(String, String)> {
    let same = [
        "",
        "/",
        "/a/../b",
        "/?to=https://other.example",
        "/#https://other.example",
    ]
    .map(|rest| (format!("{SHOP}{rest}"), SHOP));
    let written = [
        ("HTTPS://SHOP.example/", SHOP),
        ("https://shop.example:443/", SHOP),
        ("https://shop.example:8443/", "https://shop.example:8443"),
        ("http://shop.example/", "http://shop.example"),
        (
            "https://shop.example.evil.example/",
            "https://shop.example.evil.example",
        ),
        ("https://evilshop.example/", "https://evilshop.example"),
        ("https://www.shop.example/", "https://www.shop.example"),
        ("https://other.example/shop.example", "https://other.example"),
        ("https://other.example/?https://shop.example", "https://other.example"),
        ("https://93.184.216.34/", "https://93.184.216.34"),
        ("https://1572395042/", "https://93.184.216.34"),
        ("https://xn--9q8h.example/", "https://xn--9q8h.example"),
    ];
    let written = written.map(|(url, origin)| (url.to_owned(), origin));
    let all = same.into_iter().chain(written);
    all.map(|(url, origin)| (url, origin.to_owned())).collect()
}

fn table() -> Vec<(Call, Need)> {
    let mut rows = vec![(Call::Every, Need::Schedule), (Call::List, Need::Schedule)];
    for text in ["10m", "2099-01-01T00:00:00Z"] {
        rows.push((Call::At(text.into()), Need::Schedule));
    }
    for name in ["a", "모아", "*"] {
        rows.push((Call::Cancel(name.into()), Need::Schedule));
    }
    for (url, origin) in addresses() {
        for method in ["GET", "POST", "DELETE"] {
            let calls = [
                Call::Fetch(method.into(), url.clone()),
                Call::Exchange(method.into(), url.clone()),
                Call::May(method.into(), url.clone()),
            ];
            rows.extend(calls.map(|call| (call, Need::Http(origin.clone()))));
            rows.push((
                Call::FetchToObject(method.into(), url.clone()),
                Need::Stored(origin.clone()),
            ));
        }
    }
    for name in ["KEY", "OTHER", "KE", "KEYS"] {
        rows.push((Call::WithSecret(name.into()), Need::Secret(name.into())));
    }
    for name in NAMES {
        let calls = [Call::Query((*name).into()), Call::Execute((*name).into())];
        rows.extend(calls.map(|call| (call, Need::Sql((*name).into()))));
        let calls = [
            Call::Get((*name).into()),
            Call::Put((*name).into()),
            Call::Page((*name).into()),
            Call::Delete((*name).into()),
            Call::Sign((*name).into()),
            Call::Send((*name).into()),
        ];
        rows.extend(calls.map(|call| (call, Need::Objects((*name).into()))));
    }
    rows
}

fn request(method: String, url: String) -> HttpRequest {
    HttpRequest {
        method,
        url,
        headers: Vec::new(),
        body: HttpBody::Empty,
        timeout_ms: 0,
        sign: None,
    }
}

async fn made(host: &Host, call: Call) -> CapResult<()> {
    let Host {
        schedule,
        http,
        sql,
        objects,
        ..
    } = host;
    let key = || "k".to_owned();
    match call {
        Call::At(when) => schedule.at("a".into(), when, String::new()).await,
        Call::Every => {
            schedule
                .every(
                    "b".into(),
                    "@daily".into(),
                    "Asia/Seoul".into(),
                    Missed::Once,
                    String::new(),
                )
                .await
        }
        Call::Cancel(name) => schedule.cancel(name).await.map(drop),
        Call::List => schedule.list().await.map(drop),
        Call::Fetch(method, url) => http.fetch(request(method, url)).await.map(drop),
        Call::Exchange(method, url) => http.exchange(request(method, url)).await.map(drop),
        Call::May(method, url) => http.may(&method, &url).await,
        Call::FetchToObject(method, url) => http
            .fetch_to_object(request(method, url), "files".into(), key())
            .await
            .map(drop),
        Call::Send(bucket) => {
            let body = HttpBody::Object { bucket, key: key() };
            let request = request("POST".into(), SHOP.into());
            http.fetch(HttpRequest { body, ..request }).await.map(drop)
        }
        Call::WithSecret(name) => {
            let headers = vec![("authorization".to_owned(), format!("Bearer {{{{secret:{name}}}}}"))];
            let request = request("GET".into(), SHOP.into());
            http.fetch(HttpRequest { headers, ..request }).await.map(drop)
        }
        Call::Query(name) => sql.query(name, "SELECT n FROM seen".into(), Vec::new()).await.map(drop),
        Call::Execute(name) => sql
            .execute(name, "INSERT INTO seen VALUES (?)".into(), vec![Cell::Integer(1)])
            .await
            .map(drop),
        Call::Get(bucket) => objects.get(bucket, key()).await.map(drop),
        Call::Put(bucket) => objects
            .put(bucket, key(), b"x".to_vec(), "text/plain".into())
            .await
            .map(drop),
        Call::Page(bucket) => objects.list(bucket, String::new(), None).await.map(drop),
        Call::Delete(bucket) => objects.delete(bucket, key()).await,
        Call::Sign(bucket) => objects.sign(bucket, key(), 60).await.map(drop),
    }
}

/// The request and the grant that satisfy the need, and what a denial must name: the key and its value.
fn satisfying(need: &Need) -> (Requests, Grant, String) {
    let mut grant = Grant::default();
    let name = match need {
        Need::Schedule => {
            grant.schedule = true;
            "schedule"
        }
        Need::Http(origin) => {
            grant.http.push(origin.clone());
            "http"
        }
        Need::Stored(origin) => {
            grant.http.push(origin.clone());
            grant.objects.push("files".into());
            // It is looked whether there is anywhere to put it before anything is sent, or the other way round.
            ""
        }
        Need::Secret(name) => {
            grant.secrets.push(name.clone());
            grant.http.push(SHOP.into());
            ""
        }
        Need::Sql(name) => {
            grant.sql.push(name.clone());
            "sql"
        }
        Need::Objects(name) => {
            grant.objects.push(name.clone());
            grant.http.push(SHOP.into());
            "objects"
        }
    };
    (requests(&grant), grant, name.to_owned())
}

fn requests(grant: &Grant) -> Requests {
    Requests {
        http: grant.http.clone(),
        sql: grant.sql.clone(),
        objects: grant.objects.clone(),
        secrets: grant.secrets.clone(),
        schedule: grant.schedule,
        ..Requests::default()
    }
}

/// A grant of everything else than this, of what is near to it, too.
fn beside(need: &Need) -> (Requests, Grant) {
    let all = || vec!["*".to_owned()];
    let others = |own: &str| {
        ["fi", "files2", "nobody"]
            .iter()
            .map(|name| (*name).to_owned())
            .filter(|name| name != own)
            .collect()
    };
    let origins = |own: &String| {
        let near = ["https://nobody.example", "https://*.shop.example.org", "http://example"];
        near.iter()
            .map(|one| (*one).to_owned())
            .chain([format!("{own}/only/this")])
            .collect()
    };
    let mut grant = Grant {
        http: vec![SHOP.into()],
        conversations: all(),
        users: true,
        sql: all(),
        objects: all(),
        secrets: all(),
        shared_brain: true,
        schedule: true,
        broadcast: true,
    };
    match need {
        Need::Schedule => grant.schedule = false,
        Need::Http(origin) | Need::Stored(origin) => grant.http = origins(origin),
        Need::Secret(name) => grant.secrets = others(name),
        Need::Sql(name) => grant.sql = others(name),
        Need::Objects(name) => grant.objects = others(name),
    }
    (requests(&grant), grant)
}

/// An outside world that counts what reaches it. What may reach it is for the caller's permit and vault to say, as it is for
/// the client that `moa-egress` tests.
#[derive(Default)]
struct World(AtomicUsize);

#[async_trait]
impl Sender for World {
    async fn send(&self, caller: &Caller, request: Request) -> Result<Response, Error> {
        let url = moa_core::http_rule::address(&request.url)?;
        let checked = caller.permit.check(&request.method, &url);
        checked.map_err(|why| Refusal {
            method: request.method.clone(),
            url,
            why,
        })?;
        for (_, value) in &request.headers {
            caller.vault.put_into(value)?;
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body: Body::of("x"),
        })
    }
}

/// Everything that anybody outside could notice, and what waits for later.
async fn noticed(stage: &Stage, world: &World) -> String {
    let said = stage
        .data
        .connection("files")
        .unwrap()
        .query("SELECT count(*) FROM seen", Vec::new())
        .await;
    let (kept, _) = stage.data.bucket("files").unwrap().list("", None).await.unwrap();
    let jobs = stage.schedules.jobs_of("memo", jiff::Timestamp::UNIX_EPOCH);
    let jobs: Vec<_> = jobs.into_iter().map(|job| job.name).collect();
    let kept: Vec<_> = kept.into_iter().map(|object| object.key).collect();
    format!(
        "{:?} {kept:?} {jobs:?} {}",
        said.unwrap().rows,
        world.0.load(Ordering::SeqCst)
    )
}

#[tokio::test]
async fn nothing_outside_of_a_grant_is_reachable_beyond_chat() {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    let world = Arc::<World>::default();
    let secrets = [
        ("KEY", "opens"),
        ("OTHER", "opens too"),
        ("KE", "near"),
        ("KEYS", "near"),
    ];
    stage.outward = Arc::new(Outward {
        sender: Arc::clone(&world) as _,
        secrets: arc_swap::ArcSwap::from_pointee(
            secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ),
        ..Outward::default()
    });
    let script = BTreeMap::from([("files".to_owned(), "CREATE TABLE seen (n INTEGER)".to_owned())]);
    stage.data = Arc::new(Data::scripted(&script, Unnamed::Memory).await.unwrap());
    let (mut denials, mut reached) = (0, 0);
    for (call, need) in table() {
        let (asked, grant, key) = satisfying(&need);
        let (all_else_asked, all_else) = beside(&need);
        let setups = [
            ("nothing", Requests::default(), Grant::default()),
            ("asked", asked.clone(), Grant::default()),
            ("granted", Requests::default(), grant.clone()),
            ("everything else", all_else_asked, all_else),
            ("both", asked, grant),
        ];
        for (setup, requests, grant) in setups {
            stage.requests = requests;
            let said = Said {
                grant,
                deny: Grant::default(),
            };
            stage.grants = Grants::Configured(Says {
                by_plugin: BTreeMap::from([("memo".to_owned(), said)]).into(),
                ..Says::default()
            });
            let before = noticed(&stage, &world).await;
            let answer = made(&host(stage.scene(false).await), call.clone()).await;
            let what = format!("{call:?} with {setup}: {answer:?}");
            if setup == "both" {
                assert!(!matches!(answer, Err(CapError::AccessDenied(_))), "{what}");
                reached += usize::from(answer.is_ok());
                continue;
            }
            let Err(CapError::AccessDenied(said)) = &answer else {
                panic!("{what}")
            };
            let (key, place) = match setup {
                "asked" => (key.clone(), "[plugin.memo.grant]"),
                _ => (format!("\"{key}"), "manifest"),
            };
            let key = if setup == "everything else" {
                ""
            } else {
                key.trim_end_matches('"')
            };
            assert!(said.contains(key) && said.contains(place), "{what}");
            denials += 1;
            assert_eq!(noticed(&stage, &world).await, before, "{what}");
        }
    }
    assert!(denials > 1_000, "{denials}");
    assert!(reached > 250, "{reached}");
}
