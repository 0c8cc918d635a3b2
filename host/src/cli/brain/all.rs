//! All of the brain at once: out to a file, in from a file, into another store.

use super::super::End;
use super::super::output::Progress;
use super::usage;
use crate::control::backup;
use crate::control::client::Client;
use crate::control::http::{Body, empty, full, path, stream};
use crate::control::lines::{FormatError, Parser};
use crate::control::pipe::LineReader;
use crate::control::{CopyRequest, CopyStep, Imported, Told};
use anyhow::Context;
use bytes::Bytes;
use hyper::Method;
use moa_core::config::{Config, StoreUrl};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use tokio::io::AsyncReadExt;

/// What is read of a file at once.
const CHUNK: usize = 64 << 10;

pub(super) async fn export(client: &Client, file: &Path, plugin: Option<&str>) -> anyhow::Result<End> {
    let query: Vec<(&str, &str)> = plugin.map(|plugin| ("plugin", plugin)).into_iter().collect();
    let answer = client
        .send(Method::GET, &path("/v1/brain/export", &query), empty())
        .await?;
    if file != Path::new("-") {
        return save(answer.into_body(), file, "exported").await;
    }
    let mut progress = Progress::new("exporting");
    let (mut reader, mut parser) = (LineReader::new(answer.into_body()), Parser::default());
    let mut out = io::BufWriter::with_capacity(CHUNK, io::stdout().lock());
    while let Some(line) = reader.next().await? {
        // What says that it broke off must not look like a part of the file.
        match parser.line(&line) {
            Err(FormatError::Broken(error)) => anyhow::bail!(error),
            other => drop(other?),
        }
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        progress.tell(parser.lines(), "");
    }
    parser.finish()?;
    out.flush()?;
    Ok(End::Done)
}

pub(super) async fn backup(client: &Client, config: &Config, file: Option<&Path>) -> anyhow::Result<End> {
    let file = match file {
        Some(file) => file.to_owned(),
        None => {
            let folder = backup::folder(&config.bot.data_dir);
            backup::make(&folder).await?;
            folder.join(backup::name_now())
        }
    };
    let answer = client
        .send(Method::GET, &path("/v1/brain/export", &[("facts", "true")]), empty())
        .await?;
    save(answer.into_body(), &file, "backed up").await
}

/// Waits for Ctrl-C, for ever where the system cannot tell of it.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn save(body: Body, file: &Path, done: &'static str) -> anyhow::Result<End> {
    let mut progress = Progress::new("writing");
    let mut lines = 0;
    let saving = backup::save(body, file, |_| {
        lines += 1;
        progress.tell(lines, "");
    });
    let entries = tokio::select! {
        saved = saving => saved?,
        // Given up, it takes along what it has written so far.
        () = interrupted() => anyhow::bail!("interrupted; {} is as it was", file.display()),
    };
    drop(progress);
    eprintln!("{done} {entries} entries to {}", file.display());
    Ok(End::Done)
}

pub(super) async fn import(client: &Client, file: &Path, replace: bool) -> anyhow::Result<End> {
    let standard = file == Path::new("-");
    let name = if standard {
        "standard input".into()
    } else {
        file.display().to_string()
    };
    if !standard {
        check(file).await?;
    }
    let body = if standard {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        body(File::from(input), "importing")
    } else {
        body(open(file)?, "importing")
    };
    let way = path(
        "/v1/brain/import",
        &[("replace", if replace { "true" } else { "false" })],
    );
    let done: Imported = client.ask(Method::POST, &way, body).await.context(name.clone())?;
    let mut told = format!("imported {} entries from {name}", done.written);
    if done.kept > 0 {
        told += &format!(
            "; {} were there already and stay as they are (--replace takes them)",
            done.kept
        );
    }
    if done.expired > 0 {
        told += &format!("; {} were left out because their time was over", done.expired);
    }
    if done.facts > 0 {
        told += "; what the host itself remembers was left out (`moa brain restore` takes it)";
    }
    eprintln!("{told}");
    Ok(End::Done)
}

/// Reads a file from begin to end: whether it is whole is known before its first entry is taken.
pub(super) async fn check(file: &Path) -> anyhow::Result<()> {
    let name = || file.display().to_string();
    let (mut reader, mut parser) = (LineReader::new(body(open(file)?, "checking")), Parser::default());
    while let Some(line) = reader.next().await.with_context(name)? {
        parser.line(&line).with_context(name)?;
    }
    parser.finish().with_context(name)?;
    Ok(())
}

pub(super) fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// A file as a body, told about while it goes.
pub(super) fn body(file: File, what: &'static str) -> Body {
    let start = (tokio::fs::File::from_std(file), Progress::new(what), 0u64);
    stream(futures_util::stream::unfold(
        start,
        |(mut file, mut progress, lines)| async move {
            let mut chunk = vec![0; CHUNK];
            let read = match file.read(&mut chunk).await {
                Ok(0) => return None,
                Ok(read) => {
                    chunk.truncate(read);
                    Ok(Bytes::from(chunk))
                }
                Err(error) => Err(error),
            };
            let new = read
                .as_ref()
                .map_or(0, |chunk| chunk.iter().filter(|byte| **byte == b'\n').count());
            let lines = lines + new as u64;
            progress.tell(lines, "");
            Some((read, (file, progress, lines)))
        },
    ))
}

/// Which way, and the other store's address: paths in it are absolute, since a host has another working folder.
pub(super) fn address(to: Option<&str>, from: Option<&str>) -> anyhow::Result<(bool, String)> {
    let text = to.or(from).unwrap_or_default();
    let here = std::env::current_dir().context("the working folder cannot be found")?;
    let url = match StoreUrl::parse(text, &here) {
        None => {
            return Err(usage(
                "that is no address of a store; it would be redb:PATH, or begin with redis:// or rediss://",
            ));
        }
        Some(StoreUrl::Memory) => {
            return Err(usage(
                "a store in memory is only in the process of its host: name another",
            ));
        }
        Some(StoreUrl::Redb(path)) => format!("redb:{}", path.display()),
        Some(StoreUrl::Redis(url)) => url,
    };
    Ok((from.is_some(), url))
}

pub(super) async fn copy(
    client: &Client,
    (from, url): (bool, String),
    replace: bool,
    passes: u32,
) -> anyhow::Result<End> {
    let request = CopyRequest {
        from,
        url,
        replace,
        passes,
    };
    let body = full(serde_json::to_vec(&request)?);
    let answer = client.send(Method::POST, "/v1/brain/copy", body).await?;
    let mut lines = LineReader::new(answer.into_body());
    let mut progress = Progress::new("copying");
    let (mut written, mut removed, mut before) = (0, 0, CopyStep::default());
    while let Some(line) = lines.next().await? {
        if let Ok(told) = serde_json::from_slice::<Told>(&line) {
            return Err(told.into());
        }
        let step: CopyStep = serde_json::from_slice(&line)?;
        if step.pass != before.pass {
            written += before.written;
            removed += before.removed;
        }
        before = step;
        progress.tell(step.compared, &format!(", pass {}", step.pass));
        let Some(same) = step.same else { continue };
        drop(progress);
        written += step.written;
        removed += step.removed;
        eprintln!(
            "copied {written} entries and removed {removed} in {}; the store holds {} entries",
            if step.pass == 1 {
                "one pass".into()
            } else {
                format!("{} passes", step.pass)
            },
            step.compared
        );
        if same {
            return Ok(End::Done);
        }
        eprintln!(
            "moa: the last pass still found differences ({} entries written, {} removed): the bot goes on writing. Stop it, and copy once more with --replace",
            step.written, step.removed
        );
        return Ok(End::Failed);
    }
    anyhow::bail!("the copy broke off; run it again with --replace")
}
