//! Single entries, and lists of them.

use super::super::End;
use super::super::output::Table;
use super::{At, Whose};
use crate::control::client::Client;
use crate::control::http::{empty, full, path};
use crate::control::lines::EntryLine;
use crate::control::pipe::LineReader;
use crate::control::{Changed, Listed, Told, Usage};
use anyhow::Context;
use hyper::Method;
use moa_core::config::size_text;
use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

fn entry(at: &At, ttl: Option<Duration>) -> String {
    let scope = at.whose.text();
    let ttl = ttl.map(|ttl| ttl.as_millis().to_string());
    let mut query = vec![("plugin", at.plugin.as_str()), ("scope", &scope), ("key", &at.key)];
    query.extend(ttl.as_deref().map(|ttl| ("ttl", ttl)));
    path("/v1/brain/entry", &query)
}

pub(super) async fn get(client: &Client, at: &At, json: bool) -> anyhow::Result<End> {
    let line = client.read(Method::GET, &entry(at, None), empty()).await?;
    let mut out = std::io::stdout().lock();
    if json {
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        return Ok(End::Done);
    }
    let (_, entry) = serde_json::from_slice::<EntryLine<'_>>(&line)?
        .entry()
        .map_err(anyhow::Error::msg)?;
    out.write_all(&entry.value)?;
    // A prompt right behind the value would look like a part of it.
    if out.is_terminal() && !entry.value.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(End::Done)
}

pub(super) async fn set(client: &Client, at: &At, value: &str, ttl: Option<Duration>) -> anyhow::Result<End> {
    let value = match value {
        "-" => {
            let mut value = Vec::new();
            std::io::stdin()
                .read_to_end(&mut value)
                .context("standard input cannot be read")?;
            value
        }
        value => value.as_bytes().to_vec(),
    };
    let _: Changed = client.ask(Method::PUT, &entry(at, ttl), full(value)).await?;
    Ok(End::Done)
}

pub(super) async fn delete(client: &Client, at: &At) -> anyhow::Result<End> {
    let _: Changed = client.ask(Method::DELETE, &entry(at, None), empty()).await?;
    Ok(End::Done)
}

pub(super) async fn list(
    client: &Client,
    plugin: Option<&str>,
    whose: &Whose,
    prefix: &str,
    limit: u64,
    json: bool,
) -> anyhow::Result<End> {
    let scope = whose.named().map(|_| whose.text());
    // One more than is shown tells whether there are more.
    let asked = (limit > 0).then(|| limit.saturating_add(1).to_string());
    let mut query = vec![("prefix", prefix)];
    query.extend(plugin.map(|plugin| ("plugin", plugin)));
    query.extend(scope.as_deref().map(|scope| ("scope", scope)));
    query.extend(asked.as_deref().map(|limit| ("limit", limit)));
    let answer = client
        .send(Method::GET, &path("/v1/brain/entries", &query), empty())
        .await?;
    let mut lines = LineReader::new(answer.into_body());
    let mut table = Table::new(["PLUGIN", "SCOPE", "KEY", "BYTES", "VERSION", "EXPIRES"]);
    let mut count = 0;
    while let Some(line) = lines.next().await? {
        if let Ok(told) = serde_json::from_slice::<Told>(&line) {
            return Err(told.into());
        }
        if limit > 0 && count == limit {
            eprintln!("moa: there are more; --limit 0 lists all");
            break;
        }
        count += 1;
        if json {
            let mut out = std::io::stdout().lock();
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            continue;
        }
        let one: Listed = serde_json::from_slice(&line)?;
        let expires = one.expires.unwrap_or_else(|| "-".into());
        table.row([
            one.plugin,
            one.scope,
            one.key,
            one.bytes.to_string(),
            one.version,
            expires,
        ])?;
    }
    if !json {
        table.end()?;
    }
    Ok(End::Done)
}

pub(super) async fn stats(client: &Client, json: bool) -> anyhow::Result<End> {
    let usage: Vec<Usage> = client.get("/v1/brain/stats").await?;
    let mut out = std::io::stdout().lock();
    if json {
        for one in &usage {
            writeln!(out, "{}", serde_json::to_string(one)?)?;
        }
        return Ok(End::Done);
    }
    drop(out);
    let mut table = Table::new(["PLUGIN", "KEYS", "BYTES", "QUOTA", "SHARE"]);
    let (mut keys, mut bytes) = (0, 0);
    for one in &usage {
        keys += one.keys;
        bytes += one.bytes;
        let share = |quota: u64| format!("{:.1} %", one.bytes as f64 * 100.0 / quota.max(1) as f64);
        table.row([
            one.plugin.clone(),
            one.keys.to_string(),
            one.bytes.to_string(),
            one.quota.map_or_else(|| "-".into(), size_text),
            one.quota.map_or_else(|| "-".into(), share),
        ])?;
    }
    if usage.len() > 1 {
        table.row([
            "all".into(),
            keys.to_string(),
            bytes.to_string(),
            String::new(),
            String::new(),
        ])?;
    }
    table.end()?;
    Ok(End::Done)
}
