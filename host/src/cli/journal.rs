//! `moa journal`: the events that were accepted, and what became of them.

use super::output::{Table, shown, unless_unread};
use super::{EXIT_USAGE, End, ExitError, Global, log, runtime};
use crate::control::client::{Client, Need};
use crate::control::http::{empty, path};
use crate::control::{Retried, Row, Shown};
use crate::settings;
use clap::{Args, Subcommand};
use hyper::Method;
use std::io::{self, BufRead, IsTerminal, Write};

const AFTER_HELP: &str = "\
An accepted event stays in the journal until 24 hours after its end. One that is open runs, waits,
or is taken up by the next start of the host.

Examples:
  moa journal list --failed
  moa journal show 1207
  moa journal retry 1207";

/// Arguments of `moa journal`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct JournalArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub action: JournalAction,
}

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalAction {
    /// List events, the newest first, without what was said in them
    #[command(after_help = "Examples:\n  moa journal list --open\n  moa journal list --json | jq -r .state")]
    List {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show an event: what was said, and what the calls for it did
    ///
    /// What calls did is known until the event is done; of one that failed, diverged or was dropped, as long as the event.
    #[command(after_help = "Example:\n  moa journal show 1207")]
    Show {
        /// The number that the list shows
        seq: u64,
    },
    /// Run an event again that failed, diverged or was dropped
    ///
    /// A running host does it at once, the next start otherwise. What its calls did before is not done twice, unless --fresh
    /// is given; with it also an event that is done runs again.
    #[command(after_help = "Examples:\n  moa journal retry 1207\n  moa journal retry 1207 --fresh")]
    Retry {
        /// The number that the list shows
        seq: u64,
        /// Forget what its calls did: everything is done anew
        #[arg(long)]
        fresh: bool,
    },
    /// Close an open event without running it (again)
    ///
    /// What runs of it is stopped at its next effect.
    #[command(after_help = "Example:\n  moa journal drop 1207 --yes")]
    Drop {
        /// The number that the list shows
        seq: u64,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Which events.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Which {
    /// Those that are not finished
    #[arg(long)]
    pub open: bool,
    /// Those that failed or diverged
    #[arg(long)]
    pub failed: bool,
    /// All that are still known (this is the default)
    #[arg(long)]
    pub all: bool,
}

pub(super) fn main(global: &Global, args: &JournalArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        if let JournalAction::Drop { seq, yes: false } = &args.action {
            confirm(*seq)?;
        }
        let client = Client::new(&config, Need::Existing).await?;
        let result = act(&client, &args.action, global.json).await;
        let closed = client.close().await;
        let end = unless_unread(result)?;
        closed?;
        Ok(end)
    })
}

async fn act(client: &Client, action: &JournalAction, json: bool) -> anyhow::Result<End> {
    match action {
        JournalAction::List { which, limit } => list(client, which, *limit, json).await,
        JournalAction::Show { seq } => show(client, *seq, json).await,
        JournalAction::Retry { seq, fresh } => {
            let fresh = if *fresh { "true" } else { "false" };
            let way = path(&format!("/v1/journal/{seq}/retry"), &[("fresh", fresh)]);
            let retried: Retried = client.ask(Method::POST, &way, empty()).await?;
            match retried.running {
                true => println!("{seq} runs again"),
                false => println!("{seq} is open again: it runs with the next start of moa"),
            }
            Ok(End::Done)
        }
        JournalAction::Drop { seq, .. } => {
            let () = client
                .ask(Method::DELETE, &format!("/v1/journal/{seq}"), empty())
                .await?;
            println!("{seq} is dropped");
            Ok(End::Done)
        }
    }
}

/// Asks whether an event is really to be dropped.
fn confirm(seq: u64) -> anyhow::Result<()> {
    let refused = |message: &str| ExitError {
        code: EXIT_USAGE,
        message: message.into(),
    };
    if !io::stdin().is_terminal() {
        return Err(
            refused("dropping an event asks first, and nobody can answer here; --yes says so beforehand").into(),
        );
    }
    eprint!("Drop event {seq}? Whoever asked for it gets no answer. [y/N] ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(ExitError {
            code: 1,
            message: "nothing was dropped".into(),
        }
        .into()),
    }
}

async fn list(client: &Client, which: &Which, limit: u32, json: bool) -> anyhow::Result<End> {
    let which = match which {
        Which { open: true, .. } => "open",
        Which { failed: true, .. } => "failed",
        _ => "all",
    };
    let limit = limit.to_string();
    let rows: Vec<Row> = client
        .get(&path("/v1/journal", &[("which", which), ("limit", &limit)]))
        .await?;
    if json {
        let mut out = io::stdout().lock();
        for row in &rows {
            writeln!(out, "{}", serde_json::to_string(row)?)?;
        }
        return Ok(End::Done);
    }
    let mut table = Table::new(["SEQ", "RECEIVED", "SERVICE", "USER", "CONVERSATION", "STATE", "REASON"]);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    for row in rows {
        table.row([
            row.seq.to_string(),
            row.received,
            row.service,
            or_dash(row.user),
            or_dash(row.conversation),
            row.state,
            row.reason.unwrap_or_default(),
        ])?;
    }
    table.end()?;
    Ok(End::Done)
}

async fn show(client: &Client, seq: u64, json: bool) -> anyhow::Result<End> {
    let record: Shown = client.get(&format!("/v1/journal/{seq}")).await?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&record)?)?;
        return Ok(End::Done);
    }
    let Shown {
        row,
        text,
        effects,
        event,
    } = &record;
    let mut state = row.state.clone();
    if let Some(ended) = &row.ended {
        state += &format!(" at {ended}");
    }
    if let Some(reason) = &row.reason {
        state += &format!(": {reason}");
    }
    let facts = [
        ("event", row.identity.as_str()),
        ("received", &row.received),
        ("service", &row.service),
        ("user", row.user.as_deref().unwrap_or("-")),
        ("conversation", row.conversation.as_deref().unwrap_or("-")),
        ("state", &state),
    ];
    for (name, value) in facts {
        writeln!(out, "{name:<13} {}", shown(value))?;
    }
    match text {
        Some(text) => {
            writeln!(out, "text")?;
            for line in text.lines() {
                writeln!(out, "  {}", shown(line))?;
            }
        }
        None if event.is_none() => writeln!(out, "the event itself cannot be read by this version of moa")?,
        None => {}
    }
    let mut call = None;
    for did in effects {
        if call != Some(&did.invocation) {
            call = Some(&did.invocation);
            let by = match did.by.as_str() {
                "" => String::new(),
                by => format!(" by {by}"),
            };
            writeln!(out, "call {}{}", shown(&did.invocation), shown(&by))?;
        }
        writeln!(out, "  {:>3}  {}  {}", did.ordinal, did.fingerprint, shown(&did.answer))?;
    }
    Ok(End::Done)
}
