// What compiles has no warnings of its own either.
#![deny(warnings)]

use moa_plugin::prelude::*;

#[job(cron = "0 9 * * 1-5")]
fn morning() {}

#[job(cron = "0 0 0 1 1 *", timezone = "Asia/Seoul", missed = "skip", jitter = "1h", id = "새해")]
fn new_year(due: Due) -> Result<()> {
    let place = Place::channel("slack", "C1");
    chat::send(&place, due.due)?;
    Ok(())
}

#[job(id = "remind:*")]
fn remind(who: String, due: &Due) -> Result<(), HostError> {
    schedule::every(&due.name, "0 9 * * *", "UTC", schedule::Missed::All, &who)
}

#[job(on = "load", after = "morning")]
fn begun() {}

#[job]
fn once(_: &Due) {}

#[webhook(verify = "hmac-sha256")]
fn ended(request: Request) -> Result<Response> {
    Ok(Response::of(202).text(String::from_utf8(request.body)?))
}

#[webhook(verify = "none", methods = ["GET", "DELETE"], name = "notes-2")]
fn notes(_: &Request) -> Option<String> {
    None
}

#[webhook(verify = "none")]
fn empty() {}

plugin! {
    name: "outside",
    jobs: [morning, new_year, remind, begun, once],
    webhooks: [ended, notes, empty],
    requests: { schedule: true, http: ["https://example.com"], sql: ["main"], objects: ["files"] },
}

mod short {
    use super::*;

    plugin!(super::morning, super::ended);
}

fn main() {}
