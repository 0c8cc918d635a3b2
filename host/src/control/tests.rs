use super::client::Client;
use super::http::{empty, full, path};
use super::pipe::LineReader;
use super::*;
use bytes::Bytes;
use moa_store::{
    Cell, Entry, MemoryStore, NewRecord, Options, Outcome, RedbStore, Scope, Seq, Space, SystemClock, Write,
};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn config() -> Config {
    let file = "[plugin.memo.limits]\nbrain = \"1KiB\"\n";
    Config::parse(Some(("moa.toml", file)), []).unwrap()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(SystemClock))
}

fn redb(path: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(path, Options::default()).unwrap())
}

fn client(store: &Arc<dyn Store>) -> Client {
    Client::of(Arc::clone(store), &config())
}

fn memo(key: &str) -> Cell {
    Space::new("memo", Scope::Plugin).cell(key)
}

async fn put(store: &Arc<dyn Store>, cell: Cell, value: &str) {
    store.write(vec![Write::set(cell, value)], None).await.unwrap();
}

/// Some entries in every scope, with names and values that need care.
async fn fill(store: &Arc<dyn Store>) {
    let scopes = [
        Scope::Plugin,
        Scope::Conversation("C:1\n".into()),
        Scope::User("사람".into()),
        Scope::Shared,
    ];
    for (n, scope) in scopes.into_iter().enumerate() {
        let space = Space::new("memo", scope);
        put(store, space.cell(format!("열쇠 {n} \"\\&=?")), "값\u{1}").await;
        let write = Write::set(space.cell(""), vec![0xff, n as u8]).ttl(3_600_000);
        store.write(vec![write], None).await.unwrap();
    }
}

async fn export(store: &Arc<dyn Store>) -> Bytes {
    client(store)
        .read(Method::GET, "/v1/brain/export", empty())
        .await
        .unwrap()
}

async fn lines(client: &Client, way: &str) -> Vec<Value> {
    let answer = client.send(Method::GET, way, empty()).await.unwrap();
    let mut reader = LineReader::new(answer.into_body());
    let mut lines = Vec::new();
    while let Some(line) = reader.next().await.unwrap() {
        lines.push(serde_json::from_slice(&line).unwrap());
    }
    lines
}

/// However many send much at once, only some of it is in memory.
#[tokio::test(start_paused = true)]
async fn large_bodies_wait_for_their_turn_and_are_told_when_it_does_not_come() {
    let store = memory();
    let control = Control::new(Arc::clone(&store), config().store.url, Quotas::of(&config()));
    let set = |key: &str, body: Body| {
        let way = path(
            "/v1/brain/entry",
            &[("plugin", "memo"), ("scope", "plugin"), ("key", key)],
        );
        let request = Request::builder().method(Method::PUT).uri(way).body(body).unwrap();
        tokio::spawn(answer(Arc::clone(&control), request))
    };
    let open = || http::stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let held: Vec<_> = (0..LARGE_BODIES).map(|_| set("slow", open())).collect();
    tokio::task::yield_now().await;
    let refused = set("late", full("x")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let said = http::read(refused.into_body(), 1_000).await.unwrap();
    let said = http::told(StatusCode::SERVICE_UNAVAILABLE, &said);
    assert!(said.error.contains("2 other files") && said.hint.is_some(), "{said:?}");

    let waiting = set("next", full("y"));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    // Who sent them has gone.
    for held in held {
        held.abort();
    }
    assert_eq!(waiting.await.unwrap().status(), StatusCode::OK);
    assert_eq!(store.get(&memo("next")).await.unwrap().unwrap().value, b"y");
    assert!(store.get(&memo("late")).await.unwrap().is_none());
}

#[tokio::test]
async fn an_entry_is_set_read_listed_counted_and_deleted() {
    let store = memory();
    let client = client(&store);
    let at = |scope: &str, key: &str| path("/v1/brain/entry", &[("plugin", "memo"), ("scope", scope), ("key", key)]);
    for (scope, key) in [
        ("plugin", "a&b=c"),
        ("conversation:C1", "a"),
        ("user:U1", ""),
        ("shared", "키"),
    ] {
        let way = at(scope, key);
        let set: Changed = client.ask(Method::PUT, &way, full("값")).await.unwrap();
        let found: Value = client.get(&way).await.unwrap();
        assert_eq!((&found["value"], &found["key"]), (&json!("값"), &json!(key)));
        assert_eq!(found["version"], json!(set.version));
        assert_eq!(found["scope"], scope);
    }
    let listed = lines(&client, "/v1/brain/entries?prefix=a").await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    let listed = lines(&client, "/v1/brain/entries?scope=shared").await;
    assert_eq!((listed.len(), &listed[0]["bytes"]), (1, &json!(3)));
    assert_eq!(lines(&client, "/v1/brain/entries?limit=3").await.len(), 3);
    assert_eq!(lines(&client, "/v1/brain/entries?plugin=other").await.len(), 0);

    let stats: Vec<Usage> = client.get("/v1/brain/stats").await.unwrap();
    let of = |plugin: &str| stats.iter().find(|usage| usage.plugin == plugin).unwrap();
    assert_eq!((of("memo").keys, of("memo").quota), (3, Some(1024)));
    assert_eq!(of("shared brain").quota, None);

    let gone: Changed = client.ask(Method::DELETE, &at("user:U1", ""), empty()).await.unwrap();
    assert!(gone.version.is_none());
    for method in [Method::GET, Method::DELETE] {
        let missing = client.send(method, &at("user:U1", ""), empty()).await.unwrap_err();
        assert!(
            missing.to_string().contains("`memo` for user:U1 has no entry"),
            "{missing}"
        );
    }
    let wrong = client
        .get::<Value>(&at("everybody", "x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("everybody"), "{wrong}");
}

#[tokio::test]
async fn a_value_set_with_a_time_is_gone_after_it() {
    let store = memory();
    let client = client(&store);
    let query = [("plugin", "p"), ("scope", "plugin"), ("key", "k")];
    let timed = path("/v1/brain/entry", &[&query[..], &[("ttl", "60000")]].concat());
    let _: Changed = client.ask(Method::PUT, &timed, full("v")).await.unwrap();
    let found: Value = client.get(&path("/v1/brain/entry", &query)).await.unwrap();
    assert!(found["expires"].as_str().unwrap().ends_with('Z'), "{found}");
}

#[tokio::test]
async fn what_is_exported_imported_and_exported_again_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (redb(&dir.path().join("a.redb")), memory());
    fill(&first).await;
    let gone = Write::set(memo("gone"), "v").ttl(1);
    first.write(vec![gone], None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let exported = export(&first).await;
    let done: Imported = client(&second)
        .ask(Method::POST, "/v1/brain/import", full(exported.clone()))
        .await
        .unwrap();
    assert_eq!(done.written, 8);
    assert_eq!(export(&second).await, exported);
    // A write after an import is newer than anything that was imported.
    let newest = |text: &[u8]| {
        let lines: Vec<Value> = text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        let versions = lines
            .iter()
            .filter_map(|line| line["version"].as_str()?.parse::<u64>().ok());
        versions.max().unwrap()
    };
    let before = newest(&exported);
    put(&second, memo("later"), "v").await;
    assert!(newest(&export(&second).await) > before);
}

#[tokio::test]
async fn an_import_leaves_what_is_there_unless_told_otherwise() {
    let (first, second) = (memory(), memory());
    put(&first, memo("a"), "from the file").await;
    put(&first, memo("b"), "from the file").await;
    put(&second, memo("a"), "there before").await;
    let exported = export(&first).await;
    let import = async |way: &str| -> Imported {
        let body = full(exported.clone());
        client(&second).ask(Method::POST, way, body).await.unwrap()
    };
    let value = async || second.get(&memo("a")).await.unwrap().unwrap().value;

    let done = import("/v1/brain/import").await;
    assert_eq!((done.written, done.kept), (1, 1));
    assert_eq!(value().await, b"there before");
    let done = import("/v1/brain/import?replace=true").await;
    assert_eq!((done.written, done.kept), (2, 0));
    assert_eq!(value().await, b"from the file");
}

#[tokio::test]
async fn a_wrong_line_is_told_with_what_was_taken_before() {
    let (first, second) = (memory(), memory());
    let many = (0..2500u64).map(|n| {
        let entry = Entry {
            value: b"v".to_vec(),
            version: (n + 1).to_string(),
            expires_ms: None,
        };
        (memo(&format!("{n:04}")), entry)
    });
    first.import(many.collect()).await.unwrap();
    let exported = String::from_utf8(export(&first).await.to_vec()).unwrap();
    let broken = exported.replace("\"key\":\"2400\"", "\"kee\":\"2400\"");
    let told = client(&second)
        .ask::<Imported>(Method::POST, "/v1/brain/import", full(broken))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("line 2402") && told.contains("`kee`") && told.contains("2000 entries"),
        "{told}"
    );
    assert_eq!(second.usage().await.unwrap()[0].keys, 2000);
}

#[tokio::test]
async fn a_restore_makes_the_brain_what_the_backup_says() {
    let (first, second) = (memory(), memory());
    fill(&first).await;
    first.fact_set("f", Some("1")).await.unwrap();
    let way = "/v1/brain/export?facts=true";
    let backup = client(&first).read(Method::GET, way, empty()).await.unwrap();

    put(&second, memo("too much"), "v").await;
    second.fact_set("g", Some("2")).await.unwrap();
    let restore = async |way: &str| {
        client(&second)
            .ask::<Imported>(Method::POST, way, full(backup.clone()))
            .await
    };
    let refused = restore("/v1/brain/restore").await.unwrap_err().to_string();
    assert!(refused.contains("--replace"), "{refused}");
    assert_eq!(second.usage().await.unwrap()[0].keys, 1);

    let done = restore("/v1/brain/restore?replace=true").await.unwrap();
    assert_eq!((done.written, done.removed, done.facts), (8, 1, 1));
    assert_eq!(export(&second).await, export(&first).await);
    assert_eq!(second.fact_list("").await.unwrap(), [("f".to_owned(), "1".to_owned())]);
}

#[tokio::test]
async fn a_copy_catches_up_with_a_writer_and_takes_over_deletions() {
    let dir = tempfile::tempdir().unwrap();
    let first = redb(&dir.path().join("a.redb"));
    fill(&first).await;
    let other = dir.path().join("b.redb");
    let copy = async |from: bool, replace: bool| {
        let request = CopyRequest {
            from,
            url: format!("redb:{}", other.display()),
            replace,
            passes: 50,
        };
        let body = full(serde_json::to_vec(&request).unwrap());
        let answer = client(&first).send(Method::POST, "/v1/brain/copy", body).await?;
        let mut reader = LineReader::new(answer.into_body());
        let mut last = None;
        while let Some(line) = reader.next().await? {
            last = serde_json::from_slice::<CopyStep>(&line).ok();
        }
        anyhow::Ok(last.unwrap())
    };
    let writing = tokio::spawn({
        let store = Arc::clone(&first);
        async move {
            for n in 0..200 {
                put(&store, memo(&format!("{}", n % 20)), &n.to_string()).await;
            }
        }
    });
    let step = copy(false, false).await.unwrap();
    writing.await.unwrap();
    if step.same != Some(true) {
        copy(false, true).await.unwrap();
    }
    first.write(vec![Write::delete(memo("7"))], None).await.unwrap();
    let refused = copy(false, false).await.unwrap_err().to_string();
    assert!(
        refused.contains("b.redb holds entries") && refused.contains("--replace"),
        "{refused}"
    );
    let step = copy(false, true).await.unwrap();
    assert_eq!(step.same, Some(true));

    let second = redb(&other);
    assert_eq!(export(&second).await, export(&first).await);
    // And back.
    put(&second, memo("new"), "there").await;
    let expected = export(&second).await;
    second.close().await.unwrap();
    drop(second);
    assert_eq!(copy(true, true).await.unwrap().same, Some(true));
    assert_eq!(export(&first).await, expected);
}

async fn accept(store: &Arc<dyn Store>, id: &str) -> Seq {
    let event = crate::testing::message("U1", id, "!echo 비밀");
    let record = NewRecord {
        identity: event.identity.0.clone(),
        kind: "fake".into(),
        body: serde_json::to_vec(&event).unwrap(),
        received_ms: 1_795_251_600_000,
    };
    match store.accept(record).await.unwrap() {
        moa_store::Accepted::New(seq) => seq,
        twin => panic!("{twin:?}"),
    }
}

#[tokio::test]
async fn what_no_plugin_can_be_called_is_no_place_for_an_entry() {
    let store = memory();
    let client = client(&store);
    let set = async |plugin: &str, scope: &str| {
        let way = path("/v1/brain/entry", &[("plugin", plugin), ("scope", scope), ("key", "k")]);
        client.ask::<Changed>(Method::PUT, &way, full("v")).await
    };
    for good in ["memo", "moa:taught"] {
        set(good, "plugin").await.unwrap();
    }
    set("-", "shared").await.unwrap();
    for wrong in ["Memo", "메모", "", "a b"] {
        let refused = set(wrong, "user:U1").await.unwrap_err().to_string();
        assert!(refused.contains("no plugin can be called"), "{refused}");
    }
}

#[tokio::test]
async fn the_journal_is_listed_shown_retried_and_dropped() {
    let store = memory();
    let client = client(&store);
    let (one, two) = (accept(&store, "1").await, accept(&store, "2").await);
    let reason = "the plugin broke".to_owned();
    store.finish(one, Outcome::Failed { reason }).await.unwrap();
    let list = async |which: &str| -> Vec<(u64, String)> {
        let way = path("/v1/journal", &[("which", which), ("limit", "10")]);
        let rows: Vec<Row> = client.get(&way).await.unwrap();
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains("비밀"), "what was said is nothing for a list: {text}");
        assert!(
            rows.iter()
                .all(|row| row.conversation.as_deref() == Some("C1") && row.user.as_deref() == Some("U1"))
        );
        rows.into_iter().map(|row| (row.seq, row.state)).collect()
    };
    assert_eq!(list("all").await, [(two.0, "open".into()), (one.0, "failed".into())]);
    assert_eq!(list("failed").await.len(), 1);

    let shown: Shown = client.get(&format!("/v1/journal/{one}")).await.unwrap();
    assert_eq!(shown.text.as_deref(), Some("!echo 비밀"));
    assert_eq!(shown.row.reason.as_deref(), Some("the plugin broke"));

    let retry = async |seq: u64, fresh: bool| {
        let way = format!("/v1/journal/{seq}/retry?fresh={fresh}");
        client.ask::<Retried>(Method::POST, &way, empty()).await
    };
    assert!(!retry(one.0, false).await.unwrap().running);
    assert_eq!(list("open").await.len(), 2);
    let refused = retry(one.0, true).await.unwrap_err().to_string();
    assert!(refused.contains("is open"), "{refused}");

    // What a call that is done did is forgotten: only who says so has it done again.
    store.finish(one, Outcome::Done).await.unwrap();
    let refused = retry(one.0, false).await.unwrap_err().to_string();
    assert!(refused.contains("is done") && refused.contains("--fresh"), "{refused}");
    assert_eq!(list("open").await.len(), 1);
    assert!(!retry(one.0, true).await.unwrap().running);

    let drop = async |seq: u64| {
        let way = format!("/v1/journal/{seq}");
        client.ask::<()>(Method::DELETE, &way, empty()).await
    };
    drop(two.0).await.unwrap();
    assert_eq!(list("all").await[0], (two.0, "dropped".into()));
    let refused = drop(two.0).await.unwrap_err().to_string();
    assert!(refused.contains("dropped"), "{refused}");
    let unknown = drop(99).await.unwrap_err().to_string();
    assert!(unknown.contains("no record 99"), "{unknown}");
}

#[tokio::test]
async fn a_socket_answers_and_is_gone_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("moa.sock");
    let store = memory();
    let control = || Control::new(Arc::clone(&store), config().store.url, Quotas::of(&config()));
    assert!(Client::host(&file).await.unwrap().is_none());

    // What a dead host left.
    drop(std::os::unix::net::UnixListener::bind(&file).unwrap());
    assert!(file.exists());
    assert!(Client::host(&file).await.unwrap().is_none());
    let socket = Socket::open(&file, control()).await.unwrap();
    let host = Client::host(&file).await.unwrap().unwrap();
    let body = full(export(&store).await);
    let _: Imported = host.ask(Method::POST, "/v1/brain/import", body).await.unwrap();

    let taken = Socket::open(&file, control()).await.err().unwrap().to_string();
    assert!(taken.contains("another moa"), "{taken}");
    drop(socket);
    assert!(!file.exists());
    host.get::<Host>("/v1/host").await.unwrap_err();

    std::fs::write(&file, "mine").unwrap();
    let refused = Socket::open(&file, control()).await.err().unwrap().to_string();
    assert!(refused.contains("no socket"), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[tokio::test]
async fn an_early_refusal_reaches_whoever_still_sends() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("moa.sock");
    let control = Control::new(memory(), config().store.url, Quotas::of(&config()));
    let _socket = Socket::open(&file, control).await.unwrap();
    let host = Client::host(&file).await.unwrap().unwrap();
    let long = format!("{{\"moa-brain\":1}}\nthis is nothing\n{}", "x\n".repeat(4 << 20));
    let told = host
        .ask::<Imported>(Method::POST, "/v1/brain/import", full(long))
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("line 2"), "{told}");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("moa.sock");
    let listener = tokio::net::UnixListener::bind(&file).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream)
        }
    });
    let told = format!("{:#}", Client::host(&file).await.err().unwrap());
    assert!(told.contains("does not answer"), "{told}");
}
