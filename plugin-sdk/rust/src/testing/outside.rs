//! What lies outside of chat: what the web and databases answer, objects, jobs, requests from outside.

use super::Host;
use super::state::State;
use crate::bindings::moa::plugin::http::Body;
use crate::bindings::moa::plugin::schedule::Job;
use crate::component::{JobFn, WebhookFn};
use crate::schedule::Due;
use crate::webhooks::{Request, Response};
use crate::{Error, HostError, clock, http, sql};
use std::collections::{BTreeMap, VecDeque};

/// What the host in memory remembers of it.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pub(super) answers: VecDeque<Result<http::Response, HostError>>,
    pub(super) requests: Vec<http::Request>,
    pub(super) rows: VecDeque<Result<sql::Rows, HostError>>,
    pub(super) changed: VecDeque<Result<u32, HostError>>,
    pub(super) statements: Vec<Statement>,
    /// By bucket and key.
    pub(super) objects: BTreeMap<(String, String), StoredObject>,
    /// By name.
    pub(super) jobs: BTreeMap<String, Job>,
}

#[derive(Clone, Debug)]
pub(super) struct StoredObject {
    pub(super) data: Vec<u8>,
    pub(super) etag: String,
    /// In milliseconds since 1970.
    pub(super) modified: u64,
}

/// A statement that the plugin gave a database.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::{Host, Statement}};
/// let host = Host::new();
/// host.sql_changed(Ok(1));
/// host.with(|_| sql::execute("canteen", "DELETE FROM orders WHERE who = ?", ["U1"]))?;
/// let Statement { connection, text, params, .. } = &host.statements()[0];
/// assert_eq!((connection.as_str(), &text[..6], params.len()), ("canteen", "DELETE", 1));
/// # Ok::<(), HostError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Statement {
    /// Which database.
    pub connection: String,
    /// The statement.
    pub text: String,
    /// What its parameters were.
    pub params: Vec<sql::Cell>,
}

impl Host {
    /// What the next request to the web is answered with, behind those that were said already.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// /// Whether the canteen is open.
    /// #[command]
    /// fn open() -> &'static str {
    ///     match http::get("https://example.com/open").send() {
    ///         Ok(response) if response.status == 200 => "yes",
    ///         Ok(_) => "no",
    ///         Err(_) => "who knows",
    ///     }
    /// }
    ///
    /// let host = Host::new();
    /// host.http(Ok(http::Response::of(200, "")));
    /// host.http(Err(HostError::Unavailable("no answer within 2 s".into())));
    /// assert_eq!(host.run::<open>("")?, Some("yes".into()));
    /// assert_eq!(host.run::<open>("")?, Some("who knows".into()));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn http(&self, answer: Result<http::Response, HostError>) {
        self.state.borrow_mut().outside.answers.push_back(answer);
    }

    /// The requests that the plugin sent, oldest first.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.http(Ok(http::Response::of(201, "")));
    /// host.with(|_| http::post("https://example.com/orders").json(&["soup"]).send())?;
    /// assert_eq!(host.requests(), [http::post("https://example.com/orders").json(&["soup"])]);
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn requests(&self) -> Vec<http::Request> {
        self.state.borrow().outside.requests.clone()
    }

    /// What the next [query](sql::query) finds, behind those that were said already.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.sql_rows(Ok(sql::Rows::of(["name"], [["soup"], ["rice"]])));
    /// let found = host.with(|_| sql::query("canteen", "SELECT name FROM dishes", ()))?;
    /// assert_eq!(found.read::<String>()?, ["soup", "rice"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn sql_rows(&self, found: Result<sql::Rows, HostError>) {
        self.state.borrow_mut().outside.rows.push_back(found);
    }

    /// How many rows the next [statement that writes](sql::execute) concerns, behind those that were said already.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.sql_changed(Err(HostError::Uncertain("the bot fell".into())));
    /// let paid = host.with(|_| sql::execute("canteen", "UPDATE orders SET paid = ?", [true]));
    /// assert!(matches!(paid, Err(HostError::Uncertain(_))));
    /// ```
    pub fn sql_changed(&self, rows: Result<u32, HostError>) {
        self.state.borrow_mut().outside.changed.push_back(rows);
    }

    /// The statements that the plugin gave databases, oldest first.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.sql_rows(Ok(sql::Rows::of(["name"], [["soup"]])));
    /// host.with(|_| sql::query("canteen", "SELECT name FROM dishes WHERE id = ?", [7]))?;
    /// assert_eq!(host.statements()[0].params, [sql::Cell::Integer(7)]);
    /// # Ok::<(), HostError>(())
    /// ```
    pub fn statements(&self) -> Vec<Statement> {
        self.state.borrow().outside.statements.clone()
    }

    /// Runs what is due of a job, and says how many runs that were. One with `cron` or `on` is due always, once, and so are jobs of
    /// [`schedule::every`](crate::schedule::every): this host reads no cron expressions. A job of
    /// [`schedule::at`](crate::schedule::at) and [`schedule::after`](crate::schedule::after) runs when its time has come,
    /// and is gone then.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// /// Closes the voting.
    /// #[job(id = "close:*")]
    /// fn close(due: &Due, topic: String) -> Result<()> {
    ///     log::info(format!("{topic} was due at {}", due.due));
    ///     Ok(())
    /// }
    ///
    /// let host = Host::new();
    /// host.with(|_| schedule::after("close:lunch", Duration::from_secs(60), ""))?;
    /// assert_eq!(host.run_job::<close>()?, 0);
    /// host.advance(Duration::from_secs(90));
    /// assert_eq!(host.run_job::<close>()?, 1);
    /// assert_eq!(host.log(), ["info: lunch was due at 2026-11-20T03:01:00.000Z"]);
    /// assert_eq!(host.run_job::<close>()?, 0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the job failed with. What else was due stays so.
    pub fn run_job<J: JobFn>(&self) -> Result<usize, Error> {
        let job = J::JOB;
        let mut runs = 0;
        if !job.cron.is_empty() || !job.on.is_empty() {
            let due = {
                let mut state = self.state.borrow_mut();
                let now = clock::format(state.now);
                due(&mut state, job.id.into(), now, String::new())
            };
            self.state.enter(|| (job.run)(&due))?;
            runs += 1;
        }
        let waiting: Vec<Job> = {
            let state = self.state.borrow();
            let mut waiting: Vec<Job> = state
                .outside
                .jobs
                .values()
                .filter(|made| job.is_for(&made.name))
                .cloned()
                .collect();
            // All are written alike, so that their order is that of time; those without a next time are due now.
            let now = clock::format(state.now);
            waiting.retain(|made| made.next.as_ref().is_none_or(|next| *next <= now));
            waiting.sort_by_key(|made| made.next.clone().unwrap_or_else(|| now.clone()));
            waiting
        };
        for made in waiting {
            let due = {
                let mut state = self.state.borrow_mut();
                if made.cron.is_none() {
                    state.outside.jobs.remove(&made.name);
                }
                let when = made.next.unwrap_or_else(|| clock::format(state.now));
                due(&mut state, made.name, when, made.payload)
            };
            self.state.enter(|| (job.run)(&due))?;
            runs += 1;
        }
        Ok(runs)
    }

    /// Sends a request to a webhook, written as one that goes out: its address is what follows the hook's own, so `/` for
    /// nothing.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// #[webhook(verify = "none", methods = ["PUT"])]
    /// fn note(request: &Request) -> Result<Response> {
    ///     let id = request.path.trim_start_matches('/');
    ///     Brain::plugin().set_text(id, request.text()?)?;
    ///     Ok(Response::of(204))
    /// }
    ///
    /// let host = Host::new();
    /// assert_eq!(host.serve::<note>(http::put("/7").text("soup"))?.status, 204);
    /// assert_eq!(host.with(|ctx| ctx.brain().get_text("7"))?.as_deref(), Some("soup"));
    /// assert!(host.serve::<note>(http::get("/7")).is_err(), "it is for PUT alone");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the webhook failed with; a [usage error](Error::usage) for another method, an [internal one](Error::internal)
    /// for a request that can't be sent or an answer that the host would not take.
    pub fn serve<W: WebhookFn>(&self, request: http::Request) -> Result<Response, Error> {
        let webhook = W::WEBHOOK;
        let sent = request.into_parts()?;
        let methods = match webhook.methods {
            [] => &["POST"],
            methods => methods,
        };
        if !methods.contains(&sent.method.as_str()) {
            let methods = methods.join(", ");
            return Err(Error::usage(format!(
                "`{}` is for {methods}, not {}",
                webhook.name, sent.method
            )));
        }
        let (path, query) = sent.url.split_once('?').unwrap_or((&sent.url, ""));
        let body = match sent.body {
            Body::Empty => Vec::new(),
            Body::Bytes(bytes) => bytes,
            Body::Object(_) => return Err(Error::internal("what comes from outside has no objects")),
        };
        let request = Request {
            invocation: self.state.borrow_mut().invocation(),
            name: webhook.name.into(),
            method: sent.method,
            path: if path == "/" { String::new() } else { path.into() },
            query: query.into(),
            headers: sent
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body,
        };
        let response = self.state.enter(|| (webhook.run)(request))?;
        match response.status {
            200..=599 => Ok(response),
            status => Err(Error::internal(format!(
                "a response has a status from 200 to 599, not {status}"
            ))),
        }
    }
}

fn due(state: &mut State, name: String, due: String, payload: String) -> Due {
    Due {
        invocation: state.invocation(),
        name,
        due,
        payload,
    }
}

#[cfg(test)]
mod tests;
