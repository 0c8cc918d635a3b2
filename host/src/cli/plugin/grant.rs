//! `moa plugin grant` and `moa plugin deny`: what a plugin may touch beyond what is free.

use super::{Name, client_of_store, encoded, shown};
use crate::cli::End;
use crate::control::GrantRequest;
use crate::control::http::{empty, full};
use crate::grants::Status;
use clap::Args;
use hyper::Method;
use moa_core::config::Config;
use std::io::{self, Write};

/// Arguments of `moa plugin grant`.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// Which.
    #[command(flatten)]
    pub plugin: Name,
    /// What to approve, as lines of [plugin.NAME.grant]: 'users = true'. Without any, it is shown what is asked for
    #[arg(value_name = "LINE", conflicts_with = "all")]
    pub lines: Vec<String>,
    /// Approve all that it asks for
    #[arg(long)]
    pub all: bool,
}

pub(super) async fn grant(config: &Config, args: &GrantArgs, json: bool) -> anyhow::Result<End> {
    let lines = match (args.all, args.lines.is_empty()) {
        (true, _) => None,
        (false, false) => Some(args.lines.clone()),
        (false, true) => return ask(config, Method::GET, &args.plugin, Vec::new(), json).await,
    };
    let body = serde_json::to_vec(&GrantRequest { lines })?;
    ask(config, Method::POST, &args.plugin, body, json).await
}

pub(super) async fn deny(config: &Config, plugin: &Name, json: bool) -> anyhow::Result<End> {
    ask(config, Method::DELETE, plugin, Vec::new(), json).await
}

async fn ask(config: &Config, method: Method, plugin: &Name, body: Vec<u8>, json: bool) -> anyhow::Result<End> {
    let client = client_of_store(config).await?;
    let body = if body.is_empty() { empty() } else { full(body) };
    let way = format!("/v1/plugins/{}/grants", encoded(&plugin.name));
    let asked = client.ask(method, &way, body).await;
    let closed = client.close().await;
    let status: Status = asked?;
    closed?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?;
        return Ok(End::Done);
    }
    for (what, lines) in [
        ("asks for", &status.requested),
        ("approved", &status.approved),
        ("denied in the configuration", &status.denied),
        ("not granted", &status.missing),
        ("hint", &status.hints),
    ] {
        for line in lines {
            writeln!(out, "{what}: {}", shown(line))?;
        }
    }
    let name = shown(&status.plugin);
    if !status.loaded {
        writeln!(out, "{name} is not loaded")?;
    } else if status.requested.is_empty() {
        writeln!(out, "{name} asks for nothing")?;
    }
    Ok(End::Done)
}
