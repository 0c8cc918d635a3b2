//! The journal: what was accepted, what its calls did, how it ended.

use super::http::{Body, Query, json};
use super::lines::instant_text;
use super::{Control, Fault};
use hyper::{Response, StatusCode};
use moa_core::audit::{Entry, What};
use moa_core::event::{Event, EventKind};
use moa_store::{Answer, Filed, Outcome, Recorded, Seq, Which, WriteOutcome};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Records that are listed at once, at most.
const MOST: u32 = 10_000;
/// Bytes of an answer that are shown; longer ones end in dots.
const SHOWN: usize = 400;

/// A record, without what was said in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number.
    pub seq: u64,
    /// When it arrived, RFC 3339.
    pub received: String,
    /// The chat service.
    pub service: String,
    /// Who wrote it, by id; nothing if the event cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// `open`, `done`, `failed`, `diverged` or `dropped`.
    pub state: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// The event's identity.
    pub identity: String,
}

/// A record with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What the list says.
    #[serde(flatten)]
    pub row: Row,
    /// What was written; with the command's word if it was a slash command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What its calls did, in order.
    pub effects: Vec<Did>,
    /// The event as the host keeps it; nothing if it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<serde_json::Value>,
}

/// An effect of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// The call.
    pub invocation: String,
    /// The how-manieth of the call.
    pub ordinal: u32,
    /// What it was, as a digest, in hexadecimal digits.
    pub fingerprint: String,
    /// Which version of the plugin did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// What came of it.
    pub answer: String,
}

/// What was done to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// Whether it runs now (`true`), or with the next start of a host.
    pub running: bool,
}

pub(super) async fn list(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let which = match query.get("which") {
        Some("open") => Which::Open,
        Some("failed") => Which::Failed,
        None | Some("all") => Which::All,
        Some(other) => return Err(Fault::wrong(format!("`which` cannot be {other:?}"))),
    };
    let limit = query.parsed("limit")?.unwrap_or(MOST).clamp(1, MOST);
    let before = query.parsed("before")?.map(Seq);
    let filed = control.store.records(which, before, limit).await?;
    let rows: Vec<Row> = filed.iter().map(|filed| row(filed, event(filed).as_ref())).collect();
    json(&rows)
}

pub(super) async fn show(control: Arc<Control>, seq: String) -> Result<Response<Body>, Fault> {
    let filed = control.filed(&seq).await?;
    let event = event(&filed);
    let text = event.as_ref().map(|event| match &event.kind {
        EventKind::Message(message) => message.text.clone(),
        EventKind::Slash(slash) => format!("/{} {}", slash.command, slash.message.text),
        EventKind::Press(press) => format!("({} {}/{})", press.kind.as_str(), press.plugin, press.id),
        EventKind::Change(change) => format!("({})", change.what.name().as_str()),
        EventKind::Due(due) => format!("(job {}/{} due {})", due.plugin, due.name, due.due),
        EventKind::Hook(hook) => format!("({} webhook {}/{}{})", hook.method, hook.plugin, hook.name, hook.path),
        EventKind::Ruling(ruling) => {
            let text = ruling.asked.message().map_or("", |message| message.text.as_str());
            format!("({} by {}) {text}", ruling.what.as_str(), ruling.by)
        }
    });
    let effects = control.store.all_effects(filed.record.seq).await?;
    json(&Shown {
        row: row(&filed, event.as_ref()),
        text,
        effects: effects.into_iter().map(did).collect(),
        event: serde_json::from_slice(&filed.record.body).ok(),
    })
}

pub(super) async fn retry(control: Arc<Control>, seq: String, query: Query) -> Result<Response<Body>, Fault> {
    let fresh = query.is("fresh")?;
    let done = reopen(&control, &seq, fresh).await;
    let entry = Entry::operator(What::Journal, "journal", &["retry"]).arg("record", seq);
    control.ordered(if fresh { entry.arg("fresh", true) } else { entry }, &done);
    json(&Retried { running: done? })
}

/// Runs a record again; whether now, or with the next start.
async fn reopen(control: &Arc<Control>, seq: &str, fresh: bool) -> Result<bool, Fault> {
    let filed = control.filed(seq).await?;
    let number = filed.record.seq;
    // What the calls of such a record did is forgotten with its end, so nothing could keep them from doing it twice.
    if !fresh && filed.end.as_ref().is_some_and(|end| end.outcome.is_done()) {
        return Err(Fault::new(StatusCode::CONFLICT, format!("record {seq} is done"))
            .hint("with --fresh it is done once more, and so is all that its calls did"));
    }
    let host = control.host.get();
    let opened = match host {
        _ if filed.end.is_none() => false,
        Some(host) => host.intake.retry(number, fresh).await?,
        None => control.store.reopen(number, fresh).await?,
    };
    if !opened {
        // Also where somebody else was faster.
        return Err(Fault::new(
            StatusCode::CONFLICT,
            format!("record {seq} is open: it runs, or will with the next start"),
        ));
    }
    Ok(host.is_some())
}

pub(super) async fn drop(control: Arc<Control>, seq: String) -> Result<Response<Body>, Fault> {
    let done = close(&control, &seq).await;
    let entry = Entry::operator(What::Journal, "journal", &["drop"]).arg("record", seq);
    control.ordered(entry, &done);
    json(&done?)
}

async fn close(control: &Arc<Control>, seq: &str) -> Result<(), Fault> {
    let filed = control.filed(seq).await?;
    if filed.end.is_some() {
        let state = row(&filed, None).state;
        return Err(Fault::new(
            StatusCode::CONFLICT,
            format!(
                "record {seq} is not open but {state}: there is nothing to drop, and it is forgotten 24 hours after its end"
            ),
        ));
    }
    let number = filed.record.seq;
    match control.host.get() {
        Some(host) => std::mem::drop(host.intake.drop_record(number).await?),
        None => control.store.finish(number, Outcome::Dropped).await?,
    }
    Ok(())
}

impl Control {
    async fn filed(&self, seq: &str) -> Result<Filed, Fault> {
        let unknown = || {
            Fault::new(StatusCode::NOT_FOUND, format!("the journal has no record {seq}"))
                .hint("`moa journal list` shows what it has; records are forgotten 24 hours after their end")
        };
        let number = seq.parse().map_err(|_| unknown())?;
        self.store.filed(Seq(number)).await?.ok_or_else(unknown)
    }
}

fn event(filed: &Filed) -> Option<Event> {
    serde_json::from_slice(&filed.record.body).ok()
}

fn row(filed: &Filed, event: Option<&Event>) -> Row {
    let Filed { record, end } = filed;
    let (state, reason) = match end.as_ref().map(|end| &end.outcome) {
        None => ("open", None),
        Some(Outcome::Done) => ("done", None),
        Some(Outcome::Dropped) => ("dropped", None),
        Some(Outcome::Failed { reason }) => ("failed", Some(reason)),
        Some(Outcome::Diverged { reason }) => ("diverged", Some(reason)),
    };
    Row {
        seq: record.seq.0,
        received: instant_text(record.received_ms).unwrap_or_default(),
        service: record.kind.clone(),
        user: event.map(|event| event.author().to_owned()),
        conversation: event.map(|event| event.place().conversation.clone()),
        state: state.into(),
        reason: reason.cloned(),
        ended: end.as_ref().and_then(|end| instant_text(end.ended_ms)),
        identity: record.identity.clone(),
    }
}

fn did((invocation, recorded): (String, Recorded)) -> Did {
    Did {
        invocation,
        ordinal: recorded.ordinal,
        fingerprint: super::lines::hex(&recorded.fingerprint),
        by: recorded.by,
        answer: answer(&recorded.answer),
    }
}

/// What came of an effect, for people.
fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Written(Ok(outcomes)) if outcomes.is_empty() => "recorded".into(),
        Answer::Written(Ok(outcomes)) => outcomes.iter().map(outcome).collect::<Vec<_>>().join(", "),
        Answer::Written(Err(refusal)) => format!("refused: {refusal}"),
        Answer::Noted(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= SHOWN => format!("noted: {text}"),
            Ok(text) => {
                let cut = text.floor_char_boundary(SHOWN);
                format!("noted: {}…", text.get(..cut).unwrap_or_default())
            }
            Err(_) => format!("noted: {} bytes", bytes.len()),
        },
    }
}

fn outcome(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Stored { version } => format!("stored as version {version}"),
        WriteOutcome::Deleted { existed: true } => "deleted".into(),
        WriteOutcome::Deleted { existed: false } => "nothing to delete".into(),
        WriteOutcome::Sum { value, version } => format!("sum {value}, version {version}"),
    }
}
