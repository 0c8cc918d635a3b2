//! The start: whether the server can be relied on, whether the data is ours.

use super::address::Address;
use super::clerk::Clerk;
use super::lease::{self, Holder, Lease};
use super::link::{Link, explain};
use super::names::{FORMAT, Journal, Owner};
use super::scripts::Script;
use super::{Books, Inner, Kind, RedisOpenError, RedisOptions, RedisStore, read};
use crate::clock::Age;
use crate::error::StoreError;
use crate::types::Seq;
use redis::{ErrorKind, RedisError, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The oldest server that has all that the scripts use.
const OLDEST: (u32, u32) = (6, 2);
/// How long a server that starts together with this host may take until it listens.
const STARTING: Duration = Duration::from_secs(3);
/// How long a server may take to read its data after it has started.
const LOADING: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(super) async fn open(url: &str, options: RedisOptions) -> Result<RedisStore, RedisOpenError> {
    let address = Address::parse(url)?;
    let place = address.place();
    let link = connect(address).await?;
    let keeping = tokio::spawn(Arc::clone(&link).keep());
    let opened = async {
        let inner = Inner {
            age: Age::begin(&*options.clock, None),
            clock: options.clock,
            clerk: Arc::default(),
            epoch: 0,
            host: None,
            books: Mutex::default(),
            tokens: AtomicU64::new(0),
            link: Arc::clone(&link),
        };
        let facts = examine(&inner, &place).await?;
        check_format(&inner, &place).await?;
        let entered = async |mut inner: Inner| {
            match inner.host {
                Some(_) => inner.epoch = current_epoch(&inner).await?,
                None => {
                    let latest = latest_age(&inner).await?;
                    inner.age = Age::begin(&*inner.clock, latest);
                }
            }
            load(&inner).await?;
            Ok(inner)
        };
        let inner = match claim(&inner, &place, options.visit).await? {
            Claim::Mine { epoch } => Inner { epoch, ..inner },
            Claim::Theirs { holder } => Inner {
                host: Some(holder),
                ..inner
            },
        };
        let inner = entered(inner).await;
        Ok((inner.map_err(|error| unusable(&place, error))?, facts))
    };
    let (inner, warnings) = match opened.await {
        Ok(opened) => opened,
        Err(error) => {
            link.end(StoreError::Closed);
            keeping.abort();
            return Err(error);
        }
    };
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let inner = Arc::new(inner);
    let working = tokio::spawn(Clerk::work(Arc::clone(&inner.clerk), Arc::clone(&link)));
    let renewing = tokio::spawn(renew(Arc::clone(&link)));
    Ok(RedisStore {
        inner,
        warnings,
        tasks: [keeping, working, renewing].map(|task| task.abort_handle()).into(),
    })
}

/// Connects, and waits for a server that is just starting, or reading its data.
async fn connect(address: Address) -> Result<Arc<Link>, RedisOpenError> {
    let begun = Instant::now();
    loop {
        let error = match Link::open(address.clone()).await {
            Ok(link) => return Ok(link),
            Err(error) => error,
        };
        let patience = if error.code() == Some("LOADING") {
            LOADING
        } else if error.is_connection_refusal() {
            STARTING
        } else {
            Duration::ZERO
        };
        if begun.elapsed() >= patience {
            return Err(refused(address.place(), &error));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn refused(place: String, error: &RedisError) -> RedisOpenError {
    let detail = explain(error);
    let denied = matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"));
    if denied || error.kind() == ErrorKind::AuthenticationFailed {
        RedisOpenError::Denied { place, detail }
    } else {
        RedisOpenError::Unreachable { place, detail }
    }
}

/// What went wrong with a request before the store was open.
fn unusable(place: &str, error: StoreError) -> RedisOpenError {
    let place = place.to_owned();
    match error {
        StoreError::Damaged(detail) => RedisOpenError::Damaged { place, detail },
        StoreError::Away { detail, .. } | StoreError::Uncertain { detail, .. } => {
            RedisOpenError::Unreachable { place, detail }
        }
        StoreError::Declined { detail, .. } if detail.starts_with("NOPERM") => RedisOpenError::Denied { place, detail },
        StoreError::Declined { detail, .. } => RedisOpenError::Unsuitable { place, detail },
        StoreError::TakenOver { by, .. } => RedisOpenError::InUse { place, holder: by },
        other => RedisOpenError::Unsuitable {
            place,
            detail: other.to_string(),
        },
    }
}

/// Refuses a server that can't be used; warnings about one that may lose something.
async fn examine(inner: &Inner, place: &str) -> Result<Vec<String>, RedisOpenError> {
    let info: String = inner
        .ask_one(redis::cmd("INFO"), Kind::Read)
        .await
        .map_err(|error| unusable(place, error))?;
    let info: HashMap<&str, &str> = info
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .collect();
    let known = |name: &str| info.get(name).copied().unwrap_or_default();
    let unsuitable = |detail: String| RedisOpenError::Unsuitable {
        place: place.to_owned(),
        detail,
    };

    let version = known("redis_version");
    if !recent(version) {
        return Err(unsuitable(format!(
            "it is version {version}, moa needs {}.{} or later: update it",
            OLDEST.0, OLDEST.1
        )));
    }
    if known("role") == "slave" {
        let master = known("master_host");
        return Err(unsuitable(format!(
            "it only follows another server ({master}) and can't be written to: give that one's address in store.url"
        )));
    }
    if known("cluster_enabled") == "1" {
        return Err(unsuitable(
            "it is part of a Redis Cluster, which this moa can't follow: give it a server of its own".to_owned(),
        ));
    }

    let mut warnings = Vec::new();
    if known("aof_enabled") == "0" {
        warnings.push(format!(
            "Redis at {place} has appendonly off: when it ends, everything since its last snapshot is lost, and events that \
             were accepted with it; write \"appendonly yes\" into redis.conf"
        ));
    } else if let Some(policy) = setting(inner, "appendfsync").await
        && policy != "always"
    {
        let lost = if policy == "no" {
            "up to half a minute"
        } else {
            "up to two seconds"
        };
        warnings.push(format!(
            "Redis at {place} has appendfsync {policy}: when its machine fails, {lost} of what was written is lost; write \
             \"appendfsync always\" into redis.conf if that matters"
        ));
    }
    let policy = known("maxmemory_policy");
    if !matches!(policy, "" | "noeviction") {
        warnings.push(format!(
            "Redis at {place} has maxmemory-policy {policy}: when its memory is full it removes data of the bot without a \
             word; write \"maxmemory-policy noeviction\" into redis.conf"
        ));
    }
    Ok(warnings)
}

/// A setting of the server, if it tells.
async fn setting(inner: &Inner, name: &str) -> Option<String> {
    let mut get = redis::cmd("CONFIG");
    get.arg("GET").arg(name);
    let pair: Vec<String> = inner.ask_one(get, Kind::Read).await.ok()?;
    pair.into_iter().nth(1)
}

fn recent(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= OLDEST,
        _ => false,
    }
}

async fn check_format(inner: &Inner, place: &str) -> Result<(), RedisOpenError> {
    let mut get = redis::cmd("GET");
    get.arg(Journal::FORMAT);
    let found: Option<String> = inner
        .ask_one(get, Kind::Read)
        .await
        .map_err(|error| unusable(place, error))?;
    let Some(found) = found else { return Ok(()) };
    match found.parse::<u64>() {
        Ok(FORMAT) => Ok(()),
        Ok(found) if found > FORMAT => Err(RedisOpenError::Newer {
            place: place.to_owned(),
            found,
            known: FORMAT,
        }),
        _ => Err(RedisOpenError::Damaged {
            place: place.to_owned(),
            detail: format!("{} is {found:?}", Journal::FORMAT),
        }),
    }
}

/// Takes the lease, or waits for it; a visitor goes without it when it is taken.
async fn claim(inner: &Inner, place: &str, visit: bool) -> Result<Claim, RedisOpenError> {
    let unusable = |error| unusable(place, error);
    let me = Holder::me();
    let (mut replaced, mut told) = (String::new(), false);
    // Somebody who is gone from another machine is waited for, until the lease has run out.
    let deadline = Instant::now() + lease::LASTS + Duration::from_secs(1);
    loop {
        let mut claim = inner
            .link
            .run(Script::Claim, [Journal::LEASE, Journal::META])
            .map_err(unusable)?;
        claim
            .arg(me.text())
            .arg(&replaced)
            .arg(lease::LASTS.as_millis().to_string());
        let mut answer: Vec<Value> = inner.ask_one(claim, Kind::Repeatable).await.map_err(unusable)?;
        let last: i64 = match answer.len() {
            2 | 3 => read(answer.pop()).map_err(unusable)?,
            _ => 0,
        };
        let [_, held] = answer.as_slice() else {
            let epoch = u64::try_from(last).unwrap_or_default();
            inner.link.hold(Lease::new(&me, epoch));
            return Ok(Claim::Mine { epoch });
        };
        let held: String = read(Some(held.clone())).map_err(unusable)?;
        let holder = lease::read_holder(&held);
        if holder.as_ref().is_some_and(Holder::is_gone) && held != replaced {
            replaced = held;
            continue;
        }
        let name = lease::holder_name(&held);
        if visit {
            return Ok(Claim::Theirs { holder: name });
        }
        if holder.as_ref().is_some_and(Holder::is_here) || Instant::now() >= deadline {
            return Err(RedisOpenError::InUse {
                place: place.to_owned(),
                holder: name,
            });
        }
        if !told {
            tracing::info!(redis = place, holder = name, "waiting for another moa to go");
        }
        told = true;
        sleep(LOOK_EVERY).await;
    }
}

/// Who has the store.
enum Claim {
    Mine { epoch: u64 },
    Theirs { holder: String },
}

/// The epoch of whoever has the store: a visitor goes by it.
async fn current_epoch(inner: &Inner) -> Result<u64, StoreError> {
    let mut get = redis::cmd("HGET");
    get.arg(Journal::META).arg("epoch");
    let epoch: Option<u64> = inner.ask_one(get, Kind::Read).await?;
    Ok(epoch.unwrap_or_default())
}

/// When the last event was accepted, of those that are remembered.
async fn latest_age(inner: &Inner) -> Result<Option<i64>, StoreError> {
    let mut last = redis::cmd("ZREVRANGE");
    last.arg(Journal::ACCEPTED).arg(0).arg(0).arg("WITHSCORES");
    let last: Vec<(String, i64)> = inner.ask_one(last, Kind::Read).await?;
    Ok(last.first().map(|(_, age_ms)| *age_ms))
}

/// What is to be known by heart.
async fn load(inner: &Inner) -> Result<(), StoreError> {
    let mut format = redis::cmd("SET");
    format.arg(Journal::FORMAT).arg(FORMAT);
    inner.ask(&[format], Kind::Repeatable).await?;
    let owners: Vec<Owner> = inner.owners().await?;
    if inner.host.is_some() {
        inner.books().owners = owners.into_iter().collect();
        return Ok(());
    }
    // From here on no earlier host can write any more.
    for owner in &owners {
        let fence = inner.change(Script::Fence, [owner.keys().meta.as_str()])?;
        inner.ask(&[fence], Kind::Repeatable).await?;
    }
    let mut last = redis::cmd("HGET");
    last.arg(Journal::META).arg("seq");
    let last: Option<u64> = inner.ask_one(last, Kind::Read).await?;
    inner.link.last_seq.store(last.unwrap_or_default(), Ordering::SeqCst);
    let mut open = redis::cmd("ZRANGE");
    open.arg(Journal::OPEN).arg(0).arg(-1);
    let open: Vec<u64> = inner.ask_one(open, Kind::Read).await?;
    let open: Vec<Seq> = open.into_iter().map(Seq).collect();
    {
        let mut books = inner.books();
        *books = Books {
            open: open.iter().map(|seq| (*seq, HashMap::new())).collect(),
            owners: owners.into_iter().collect(),
            ..Books::default()
        };
    }
    inner.learn(&open).await
}

/// Keeps the lease until the link is over.
async fn renew(link: Arc<Link>) {
    loop {
        sleep(lease::RENEWED_EVERY).await;
        if link.up_whenever().await.is_none() {
            return;
        }
        link.renew().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for old in ["6.0.16", "5.9.9", "", "x.y"] {
            assert!(!recent(old), "{old}");
        }
        for new in ["6.2.0", "7.0.15", "10.1"] {
            assert!(recent(new), "{new}");
        }
    }
}
