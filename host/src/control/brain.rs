//! The brain: single entries, lists, and all of it at once.

use super::http::{Body, Query, json};
use super::lines::{self, EntryLine, Writer};
use super::pipe::{self, LineReader};
use super::sync::{self, Batch, PAGE, Read, Source, Unwatched};
use super::{Control, Fault, carried};
use hyper::{Response, StatusCode};
use moa_core::audit;
use moa_core::manifest::is_plain_name;
use moa_store::{Cell, Change, Entry, SHARED_HOLDER, Scope, Space, Store, StoreError, Write, WriteOutcome};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest value that one request sets, in bytes.
const LARGEST: usize = 64 << 20;

/// How the names begin under which the host itself keeps something in the brain.
const OWN: &str = "moa:";

/// Which entry.
struct At {
    cell: Cell,
    ttl_ms: Option<u64>,
}

impl At {
    fn of(query: &Query) -> Result<Self, Fault> {
        let plugin = query.get("plugin").unwrap_or_default();
        let space = Space::new(plugin, scope(query.needed("scope")?)?);
        Ok(Self {
            cell: space.cell(query.needed("key")?),
            ttl_ms: query.parsed("ttl")?,
        })
    }

    /// What the audit log is told of a change here: not the value.
    fn entry(&self, what: &str) -> audit::Entry {
        let Cell { space, key } = &self.cell;
        let entry = audit::Entry::operator(audit::What::Brain, "brain", &[what])
            .arg("scope", &*lines::scope_text(&space.scope))
            .arg("key", key.as_str());
        audit::Entry {
            plugin: space.plugin.clone(),
            ..entry
        }
    }

    fn absent(&self) -> Fault {
        let Cell { space, key } = &self.cell;
        let whose = match &space.scope {
            Scope::Plugin => format!("the plugin `{}`", space.plugin),
            Scope::Shared => "the shared brain".to_owned(),
            scope => format!("the plugin `{}` for {}", space.plugin, lines::scope_text(scope)),
        };
        Fault::new(StatusCode::NOT_FOUND, format!("{whose} has no entry {key:?}"))
            .hint("`moa brain list` shows what there is")
    }
}

fn scope(text: &str) -> Result<Scope, Fault> {
    lines::scope(text).ok_or_else(|| Fault::wrong(format!("there is no scope {text:?}")))
}

pub(super) async fn get(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let at = At::of(&query)?;
    let entry = control.store.get(&at.cell).await?.ok_or_else(|| at.absent())?;
    json(&EntryLine::new(&at.cell, &entry))
}

/// What a change of one entry did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// The version that is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

pub(super) async fn set(control: Arc<Control>, query: Query, body: Body) -> Result<Response<Body>, Fault> {
    let at = At::of(&query)?;
    let Space { plugin, scope } = &at.cell.space;
    if *scope != Scope::Shared && !plugin.starts_with(OWN) && !is_plain_name(plugin) {
        return Err(Fault::wrong(format!("no plugin can be called {plugin:?}"))
            .hint("a name is 1 to 64 lower-case letters, digits and `-`"));
    }
    let (value, _held) = control.read_large(body, LARGEST).await?;
    let entry = at.entry("set").arg("bytes", value.len());
    let done = store(&control, at, value.into(), query.get("expected")).await;
    control.ordered(entry, &done);
    let outcomes = done?;
    let version = outcomes.into_iter().find_map(|outcome| match outcome {
        WriteOutcome::Stored { version } => Some(version),
        _ => None,
    });
    json(&Changed { version })
}

async fn store(control: &Control, at: At, value: Vec<u8>, expected: Option<&str>) -> Result<Vec<WriteOutcome>, Fault> {
    let ttl_ms = at.ttl_ms;
    let write = Write {
        cell: at.cell,
        change: match expected {
            None => Change::Set { value, ttl_ms },
            Some(version) => Change::CompareAndSwap {
                value,
                ttl_ms,
                expected: Some(version.to_owned()),
            },
        },
        // The operator decides; a quota is for plugins.
        limit: None,
    };
    let outcomes = control.store.write(vec![write], None).await?;
    control.follow().await?;
    Ok(outcomes)
}

pub(super) async fn delete(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let at = At::of(&query)?;
    let done = remove(&control, &at).await;
    control.ordered(at.entry("delete"), &done);
    done?;
    json(&Changed { version: None })
}

async fn remove(control: &Control, at: &At) -> Result<(), Fault> {
    let write = Write::delete(at.cell.clone());
    match control.store.write(vec![write], None).await?.as_slice() {
        [WriteOutcome::Deleted { existed: true }] => control.follow().await,
        _ => Err(at.absent()),
    }
}

/// An entry without its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// The plugin; nothing where the brain is shared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plugin: String,
    /// See [`lines::scope_text`].
    pub scope: String,
    /// The key.
    pub key: String,
    /// Bytes of the value.
    pub bytes: u64,
    /// The version.
    pub version: String,
    /// When it is gone, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

pub(super) async fn list(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    let wanted = query.get("scope").map(scope).transpose()?;
    let mut left = query.parsed("limit")?.unwrap_or(u64::MAX);
    let prefix = query.get("prefix").unwrap_or_default().to_owned();
    let holder = match &wanted {
        Some(Scope::Shared) => Some(SHARED_HOLDER),
        _ => query.get("plugin"),
    };
    let mut scan = control.store.scan(holder).await?;
    Ok(pipe::lines(move |pipe| {
        Box::pin(async move {
            loop {
                let page = scan.next(PAGE).await?;
                if page.is_empty() {
                    return Ok(());
                }
                for (cell, entry) in page {
                    let fits =
                        wanted.as_ref().is_none_or(|scope| *scope == cell.space.scope) && cell.key.starts_with(&prefix);
                    if !fits {
                        continue;
                    }
                    if left == 0 {
                        return Ok(());
                    }
                    left -= 1;
                    pipe.line(&Listed {
                        scope: lines::scope_text(&cell.space.scope).into_owned(),
                        plugin: cell.space.plugin,
                        key: cell.key,
                        bytes: entry.value.len() as u64,
                        version: entry.version,
                        expires: entry.expires_ms.and_then(lines::instant_text),
                    })?;
                }
                pipe.pass().await?;
            }
        })
    }))
}

/// Who holds how much.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// The plugin, or `shared brain`.
    pub plugin: String,
    /// Entries.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// Bytes that it may hold; nothing where several plugins share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
}

pub(super) async fn stats(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let usage = control.store.usage().await?;
    let quotas = &control.quotas;
    let with_quota = usage.into_iter().map(|usage| Usage {
        // The name of an account that is no plugin's has a blank or a colon in it.
        quota: (!usage.holder.contains([' ', ':']))
            .then(|| quotas.by_plugin.get(&usage.holder).copied().unwrap_or(quotas.default)),
        plugin: usage.holder,
        keys: usage.keys,
        bytes: usage.bytes,
    });
    json(&with_quota.collect::<Vec<_>>())
}

pub(super) async fn export(control: Arc<Control>, query: Query) -> Result<Response<Body>, Fault> {
    export_of(&control.store, query.get("plugin"), query.is("facts")?).await
}

/// The brain, or a plugin's part of it, as lines; with the host's facts for a backup.
pub(super) async fn export_of(
    store: &Arc<dyn Store>,
    plugin: Option<&str>,
    facts: bool,
) -> Result<Response<Body>, Fault> {
    let facts = match facts {
        true => store.fact_list("").await?,
        false => Vec::new(),
    };
    let mut scan = carried::scan(&**store, plugin).await?;
    Ok(pipe::lines(move |pipe| {
        Box::pin(async move {
            let mut writer = Writer::begin(&mut pipe.out);
            loop {
                let page = scan.next(PAGE).await?;
                if page.is_empty() {
                    break;
                }
                for (cell, entry) in page {
                    writer.entry(&mut pipe.out, &cell, &entry);
                    pipe.pass().await?;
                }
            }
            for (name, value) in &facts {
                writer.fact(&mut pipe.out, name, value);
            }
            writer.end(&mut pipe.out);
            Ok(())
        })
    }))
}

/// What an import or a restore did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Imported {
    /// Entries that were written.
    pub written: u64,
    /// Entries that were left as they were.
    pub kept: u64,
    /// Entries that were removed.
    pub removed: u64,
    /// Entries that were left out because their time was over.
    pub expired: u64,
    /// Facts of the host that were in the file.
    pub facts: u64,
}

pub(super) async fn import(control: Arc<Control>, query: Query, body: Body) -> Result<Response<Body>, Fault> {
    let replace = query.is("replace")?;
    let mut source = Read::new(LineReader::new(body));
    let mut done = Imported::default();
    let result = take(&control.store, &mut source, replace, &mut done).await;
    source.drain().await;
    // Also what was taken before a mistake counts.
    control.follow().await?;
    done.expired = source.expired;
    done.facts = source.facts.len() as u64;
    match result {
        Ok(()) => json(&done),
        Err(fault) => Err(fault.after(format!(
            "{} entries from the lines before were written, {} were there already",
            done.written, done.kept
        ))),
    }
}

async fn take(store: &Arc<dyn Store>, source: &mut Read, replace: bool, done: &mut Imported) -> Result<(), Fault> {
    let mut batch = Batch::default();
    loop {
        let next = source.next().await?;
        let over = next.is_none();
        if let Some(one) = next {
            batch.put(one);
        }
        if !over && !batch.is_full() {
            continue;
        }
        let mut puts = batch.take_puts();
        if !replace {
            let all = puts.len();
            puts = missing(&**store, puts).await?;
            done.kept += (all - puts.len()) as u64;
        }
        let written = puts.len() as u64;
        if written > 0 {
            store.import(puts).await?;
            done.written += written;
        }
        if over {
            return Ok(());
        }
    }
}

/// Those that the store does not have.
async fn missing(store: &dyn Store, puts: Vec<(Cell, Entry)>) -> Result<Vec<(Cell, Entry)>, StoreError> {
    let cells: Vec<Cell> = puts.iter().map(|(cell, _)| cell.clone()).collect();
    let there = store.get_many(&cells).await?;
    let missing = puts.into_iter().zip(there).filter(|(_, there)| there.is_none());
    Ok(missing.map(|(put, _)| put).collect())
}

pub(super) async fn restore(control: Arc<Control>, query: Query, body: Body) -> Result<Response<Body>, Fault> {
    let replace = query.is("replace")?;
    let mut source = Read::new(LineReader::new(body));
    let store = &*control.store;
    let result = async {
        sync::refuse_full(store, replace, "the store").await?;
        let changes = sync::pass(&mut source, store, &mut Unwatched).await?;
        sync::facts(&source.facts, store).await?;
        Ok::<_, Fault>(changes)
    }
    .await;
    source.drain().await;
    control.follow().await?;
    let changes = result.map_err(|fault| match source.lines() {
        0 => fault,
        line => fault.after(format!("at line {line}; what stands above may be restored already")),
    })?;
    json(&Imported {
        written: changes.written,
        kept: changes.compared - changes.written,
        removed: changes.removed,
        expired: source.expired,
        facts: source.facts.len() as u64,
    })
}
