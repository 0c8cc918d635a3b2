//! What lies outside of chat: the web, databases, objects, later times.

use super::ask;
use crate::HostError;
use crate::bindings::moa::plugin::types::Error;

/// As the host would say it.
fn refuse(error: HostError) -> Error {
    match error {
        HostError::AccessDenied(text) => Error::AccessDenied(text),
        HostError::NotFound(text) => Error::NotFound(text),
        HostError::Invalid(text) => Error::Invalid(text),
        HostError::Conflict(text) => Error::Conflict(text),
        HostError::OverLimit(text) => Error::OverLimit(text),
        HostError::Unavailable(text) => Error::Unavailable(text),
        HostError::Uncertain(text) => Error::Uncertain(text),
        HostError::Unsupported(text) => Error::Unsupported(text),
    }
}

/// Nothing was written down for this: the test is incomplete.
fn unscripted(what: &str, by: &str) -> Error {
    Error::Unavailable(format!(
        "the test says nothing about {what}: say what happens by `Host::{by}`"
    ))
}

pub(crate) mod http {
    use super::{Error, ask, objects, refuse, unscripted};
    use crate::bindings::moa::plugin::http::{Request, Response};

    pub(crate) fn fetch(what: &Request) -> Result<Response, Error> {
        let good = what.url.starts_with("https://") || what.url.starts_with("http://");
        if !good {
            return Err(Error::Invalid(format!("`{}` is no http or https address", what.url)));
        }
        ask(|state| {
            state.outside.requests.push(crate::http::Request::of(what.clone()));
            let answer = state.outside.answers.pop_front();
            let answer = answer.ok_or_else(|| unscripted(&format!("{} {}", what.method, what.url), "http"))?;
            let answer = answer.map_err(refuse)?;
            Ok(Response {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            })
        })
    }

    pub(crate) fn fetch_to_object(what: &Request, bucket: &str, key: &str) -> Result<Response, Error> {
        let mut response = fetch(what)?;
        let body = std::mem::take(&mut response.body);
        if (200..=299).contains(&response.status) {
            objects::put(bucket, key, &body, "")?;
        }
        Ok(response)
    }
}

pub(crate) mod objects {
    use super::{Error, ask};
    use crate::bindings::moa::plugin::objects::Object;
    use crate::clock;
    use crate::testing::outside::StoredObject;

    const PAGE: usize = 1_000;

    fn check(key: &str) -> Result<(), Error> {
        match key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            true => Err(Error::Invalid(format!(
                "`{key}` is no relative path without `.` and `..`"
            ))),
            false => Ok(()),
        }
    }

    pub(crate) fn get(bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        check(key)?;
        ask(|state| {
            let found = state.outside.objects.get(&(bucket.into(), key.into()));
            let missing = || Error::NotFound(format!("there is no object `{key}` in `{bucket}`"));
            found.map(|object| object.data.clone()).ok_or_else(missing)
        })
    }

    pub(crate) fn put(bucket: &str, key: &str, data: &[u8], _mime: &str) -> Result<String, Error> {
        check(key)?;
        ask(|state| {
            state.writes += 1;
            let etag = state.writes.to_string();
            let object = StoredObject {
                data: data.into(),
                etag: etag.clone(),
                modified: state.now,
            };
            state.outside.objects.insert((bucket.into(), key.into()), object);
            Ok(etag)
        })
    }

    pub(crate) fn list(
        bucket: &str,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<Object>, Option<String>), Error> {
        ask(|state| {
            let stored = state.outside.objects.iter();
            let mut fitting = stored
                .filter(|((of, key), _)| of == bucket && key.starts_with(prefix))
                .filter(|((_, key), _)| cursor.is_none_or(|last| key.as_str() > last))
                .map(|((_, key), object)| Object {
                    key: key.clone(),
                    size: u32::try_from(object.data.len()).unwrap_or(u32::MAX),
                    etag: object.etag.clone(),
                    modified: clock::format(object.modified),
                });
            let page: Vec<Object> = fitting.by_ref().take(PAGE).collect();
            let next = fitting.next().and(page.last().map(|last| last.key.clone()));
            Ok((page, next))
        })
    }

    pub(crate) fn delete(bucket: &str, key: &str) -> Result<(), Error> {
        check(key)?;
        ask(|state| {
            state.outside.objects.remove(&(bucket.into(), key.into()));
            Ok(())
        })
    }

    pub(crate) fn sign(bucket: &str, key: &str, seconds: u32) -> Result<String, Error> {
        check(key)?;
        match (1..=604_800).contains(&seconds) {
            true => ask(|_| Ok(format!("https://{bucket}.objects.test/{key}?seconds={seconds}"))),
            false => Err(Error::Invalid(format!("1 to 604800 seconds, not {seconds}"))),
        }
    }
}

pub(crate) mod schedule {
    use super::{Error, ask};
    use crate::bindings::moa::plugin::schedule::{Job, Missed};
    use crate::clock;

    const MAX_PAYLOAD: usize = 65_536;

    fn put(job: Job) -> Result<(), Error> {
        if job.name.is_empty() {
            return Err(Error::Invalid("a job needs a name".into()));
        }
        if job.payload.len() > MAX_PAYLOAD {
            return Err(Error::OverLimit(format!("a payload has at most {MAX_PAYLOAD} bytes")));
        }
        ask(|state| {
            state.outside.jobs.insert(job.name.clone(), job);
            Ok(())
        })
    }

    pub(crate) fn at(name: &str, when: &str, payload: &str) -> Result<(), Error> {
        let Some(millis) = clock::parse(when) else {
            return Err(Error::Invalid(format!(
                "`{when}` is no instant like 2026-11-20T12:00:00+09:00"
            )));
        };
        put(Job {
            name: name.into(),
            next: Some(clock::format(millis)),
            cron: None,
            timezone: "UTC".into(),
            payload: payload.into(),
        })
    }

    pub(crate) fn every(name: &str, cron: &str, timezone: &str, _: Missed, payload: &str) -> Result<(), Error> {
        let is_when = cron.starts_with('@') || cron.contains(':') || (5..=6).contains(&cron.split_whitespace().count());
        if !is_when || timezone.is_empty() {
            return Err(Error::Invalid(format!(
                "`{cron}` in `{timezone}`: a cron expression has five or six fields, and a time zone"
            )));
        }
        put(Job {
            name: name.into(),
            next: None,
            cron: Some(cron.into()),
            timezone: timezone.into(),
            payload: payload.into(),
        })
    }

    pub(crate) fn cancel(name: &str) -> Result<bool, Error> {
        ask(|state| Ok(state.outside.jobs.remove(name).is_some()))
    }

    pub(crate) fn list() -> Result<Vec<Job>, Error> {
        ask(|state| Ok(state.outside.jobs.values().cloned().collect()))
    }
}

pub(crate) mod sql {
    use super::{Error, ask, refuse, unscripted};
    use crate::bindings::moa::plugin::sql::{Cell, Rows};
    use crate::testing::Statement;

    fn statement(connection: &str, text: &str, params: &[Cell]) -> Statement {
        Statement {
            connection: connection.into(),
            text: text.into(),
            params: params.into(),
        }
    }

    pub(crate) fn query(connection: &str, text: &str, params: &[Cell]) -> Result<Rows, Error> {
        ask(|state| {
            state.outside.statements.push(statement(connection, text, params));
            let answer = state.outside.rows.pop_front();
            answer.ok_or_else(|| unscripted(text, "sql_rows"))?.map_err(refuse)
        })
    }

    pub(crate) fn execute(connection: &str, text: &str, params: &[Cell]) -> Result<u32, Error> {
        ask(|state| {
            state.outside.statements.push(statement(connection, text, params));
            let answer = state.outside.changed.pop_front();
            answer.ok_or_else(|| unscripted(text, "sql_changed"))?.map_err(refuse)
        })
    }
}
