//! What the host does not have yet, asked for all the same.

use moa_plugin::HostError;
use moa_plugin::prelude::*;
use moa_plugin::schedule::Missed;

type Results = Vec<(&'static str, Result<(), HostError>)>;

pub fn http() -> Results {
    let get = || http::get("https://example.com/");
    vec![
        ("http.fetch", get().send().map(drop)),
        ("http.fetch-to-object", get().fetch_to_object("files", "k").map(drop)),
    ]
}

pub fn sql() -> Results {
    let delete = sql::execute("main", "DELETE FROM t WHERE a = ?", [1]);
    vec![
        ("sql.query", sql::query("main", "SELECT 1", ()).map(drop)),
        ("sql.execute", delete.map(drop)),
    ]
}

pub fn objects() -> Results {
    let list: Result<Vec<_>, _> = objects::list("files", "").collect();
    vec![
        ("objects.get", objects::get("files", "k").map(drop)),
        ("objects.put", objects::put("files", "k", "x", "text/plain").map(drop)),
        ("objects.list", list.map(drop)),
        ("objects.delete", objects::delete("files", "k")),
        (
            "objects.sign",
            objects::sign("files", "k", Duration::from_secs(60)).map(drop),
        ),
    ]
}

pub fn schedule() -> Results {
    let every = schedule::every("often", "0 9 * * *", "Asia/Seoul", Missed::Once, "p");
    vec![
        ("schedule.at", schedule::at("later", "2026-11-21T00:50:00Z", "p")),
        ("schedule.every", every),
        ("schedule.cancel", schedule::cancel("later").map(drop)),
        ("schedule.list", schedule::list().map(drop)),
    ]
}
