//! `moa dashboard`: a link into the dashboard of the host that runs.

use super::{End, Global, log, runtime};
use crate::control::client::Client;
use crate::control::http::empty;
use crate::control::{Invitation, SignedOut};
use crate::settings;
use clap::Args;
use hyper::Method;
use std::io::{self, Write};

const AFTER_HELP: &str = "\
The link lets one person in, once, within ten minutes; the session ends when it is left alone for an hour,
and after twelve hours. A restart of moa ends all of them.
From another machine: ssh -L 7701:127.0.0.1:7701 HOST, then open the link here.

Examples:
  moa dashboard
  moa dashboard --sign-out";

/// Arguments of `moa dashboard`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct DashboardArgs {
    /// Sign everybody out, and make all links void
    #[arg(long)]
    pub sign_out: bool,
}

pub(super) fn main(global: &Global, args: &DashboardArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        let Some(client) = Client::host(&config.bot.socket).await? else {
            anyhow::bail!(
                "no moa runs here: nothing answers at {}; start it with `moa run`, or name its --config or --data-dir",
                config.bot.socket.display()
            );
        };
        let mut out = io::stdout().lock();
        if args.sign_out {
            let done: SignedOut = client.ask(Method::DELETE, "/v1/dashboard", empty()).await?;
            match global.json {
                true => writeln!(out, "{}", serde_json::to_string_pretty(&done)?)?,
                false => writeln!(out, "signed out: {} sessions", done.sessions)?,
            }
            return Ok(End::Done);
        }
        let link: Invitation = client.ask(Method::POST, "/v1/dashboard", empty()).await?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&link)?)?;
            return Ok(End::Done);
        }
        for url in std::iter::once(&link.url).chain(&link.others) {
            writeln!(out, "{url}")?;
        }
        // Not where a script takes the link.
        eprintln!("It can be used once, within {} minutes.", link.seconds / 60);
        Ok(End::Done)
    })
}
