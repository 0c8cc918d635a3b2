//! `moa brain restore`, also where the data file is damaged.

use super::super::End;
use super::all::{body, check, open};
use crate::control::client::{Client, Need};
use crate::control::http::path;
use crate::control::{Imported, Told};
use crate::stores;
use anyhow::Context;
use hyper::Method;
use jiff::Timestamp;
use moa_core::config::Config;
use std::path::{Path, PathBuf};

pub(super) async fn restore(config: &Config, file: &Path, replace: bool) -> anyhow::Result<End> {
    // What is there is not touched for a file that is not whole.
    check(file).await?;
    let client = match Client::host(&config.bot.socket).await? {
        Some(host) => host,
        None => match Client::own(config, Need::Writable).await {
            Err(error) if stores::is_damaged(&error) => anew(config, &error).await?,
            opened => opened?,
        },
    };
    let own = !client.is_host();
    let (client, done) = match put(&client, file, replace).await {
        // It could be opened, and is damaged further inside.
        Err(error) if own && error.downcast_ref::<Told>().is_some_and(|told| told.damaged) => {
            // It cannot be closed better than by being let go of.
            let _ = client.close().await;
            let client = anew(config, &error).await?;
            let done = put(&client, file, replace).await;
            (client, done)
        }
        done => (client, done),
    };
    let closed = client.close().await;
    let done = done.with_context(|| file.display().to_string())?;
    closed?;
    let mut told = format!("restored {} entries from {}", done.written + done.kept, file.display());
    if done.removed > 0 {
        told += &format!("; {} that it does not have were removed", done.removed);
    }
    if done.expired > 0 {
        told += &format!("; {} were left out because their time was over", done.expired);
    }
    eprintln!("{told}");
    Ok(End::Done)
}

async fn put(client: &Client, file: &Path, replace: bool) -> anyhow::Result<Imported> {
    let way = path(
        "/v1/brain/restore",
        &[("replace", if replace { "true" } else { "false" })],
    );
    client.ask(Method::POST, &way, body(open(file)?, "restoring")).await
}

/// Moves a damaged data file aside and makes a new one.
async fn anew(config: &Config, why: &anyhow::Error) -> anyhow::Result<Client> {
    let Some(damaged) = stores::file(&config.store.url) else {
        anyhow::bail!("{why:#}");
    };
    let mut aside = damaged.as_os_str().to_owned();
    aside.push(Timestamp::now().strftime(".damaged-%Y%m%dT%H%M%SZ").to_string());
    let aside = PathBuf::from(aside);
    std::fs::rename(damaged, &aside).with_context(|| format!("{} cannot be moved aside", damaged.display()))?;
    eprintln!(
        "the damaged data file was moved to {}; events that were accepted and not finished are in there, and not in the new one",
        aside.display()
    );
    Client::own(config, Need::Writable).await
}
