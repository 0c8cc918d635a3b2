//! What nobody in chat asked for: jobs that are due, and requests from outside, whose sender waits for an answer.

use super::{Call, Invoker, Work, misread, outside_id};
use crate::adapter::AckAnswer;
use crate::dispatch::Turn;
use crate::registry::Loaded;
use moa_core::call::{Failure, HookAnswer, HookCall, JobCall};
use moa_core::event::{EventKind, User};
use moa_egress::Redactor;
use moa_store::Outcome;
use std::borrow::Cow;

/// The most that a plugin answers a request from outside, in bytes of headers and body.
const LARGEST: usize = 4 << 20;

impl Invoker {
    pub(super) async fn due(&self, work: &Work, plugin: &str, turn: &mut Turn<Work>) -> Outcome {
        let (EventKind::Due(due), Some(id)) = (&work.event.kind, outside_id(&work.event, plugin)) else {
            return misread();
        };
        let Some(loaded) = work.matched.snapshot.plugins.get(plugin) else {
            return left(plugin);
        };
        let call = Call::Due(JobCall {
            invocation: self.invocation(work, &id, &User::unknown(""), self.locale),
            name: due.name.clone(),
            due: due.due.clone(),
            payload: due.payload.clone(),
        });
        let recall = self.first_run(loaded, call, true);
        self.carry_out(work, loaded, recall, self.locale, turn).await
    }

    pub(super) async fn hooked(&self, work: &Work, plugin: &str, turn: &mut Turn<Work>) -> Outcome {
        let (EventKind::Hook(hook), Some(id)) = (&work.event.kind, outside_id(&work.event, plugin)) else {
            return misread();
        };
        let Some(loaded) = work.matched.snapshot.plugins.get(plugin) else {
            self.respond(work, plain(503, "the plugin that serves this is not loaded"));
            return left(plugin);
        };
        let call = Call::Hook(HookCall {
            invocation: self.invocation(work, &id, &User::unknown(""), self.locale),
            name: hook.name.clone(),
            method: hook.method.clone(),
            path: hook.path.clone(),
            query: hook.query.clone(),
            headers: hook.headers.clone(),
            body: hook.body.clone(),
        });
        let recall = self.first_run(loaded, call, true);
        let outcome = self.carry_out(work, loaded, recall, self.locale, turn).await;
        if !outcome.is_done() {
            // Whatever ended the call otherwise: nothing happens where an answer was given.
            self.respond(work, plain(500, &format!("the call {id} failed")));
        }
        outcome
    }

    /// Gives the sender what the plugin answers.
    pub(super) fn answer_outside(&self, work: &Work, loaded: &Loaded, answer: HookAnswer) -> Outcome {
        if !(200..=599).contains(&answer.status) {
            let reason = format!(
                "`{}` answered a request from outside with the status {}; it must be from 200 to 599",
                loaded.name, answer.status
            );
            return Outcome::Failed { reason };
        }
        if answer.size() > LARGEST {
            let reason = format!(
                "`{}` answered a request from outside with {} bytes; headers and body may have {LARGEST} together",
                loaded.name,
                answer.size()
            );
            return Outcome::Failed { reason };
        }
        let status = answer.status;
        self.respond(work, answer);
        if status >= 500 {
            // It says itself that it was not done: a delivery of it that comes again is not to be taken for one that was.
            let reason = format!("`{}` answered a request from outside with HTTP {status}", loaded.name);
            return Outcome::Failed { reason };
        }
        Outcome::Done
    }

    /// Gives the sender of a request from outside what follows a failure, as the contract says (`webhooks.serve`).
    pub(super) fn fail_outside(&self, work: &Work, failure: &Failure, id: &str) {
        if !matches!(work.event.kind, EventKind::Hook(_)) {
            return;
        }
        self.respond(
            work,
            match failure {
                Failure::Usage(text) => plain(400, text),
                Failure::Rejected(text) => plain(403, text),
                Failure::Retry(seconds) => HookAnswer {
                    headers: vec![("retry-after".into(), seconds.to_string())],
                    ..plain(503, "not now")
                },
                // What went wrong inside is for the operator.
                Failure::Internal(_) => plain(500, &format!("the call {id} failed")),
            },
        );
    }

    /// Whoever waits gets it, without secrets; nobody does who was answered already, or whose patience is over.
    fn respond(&self, work: &Work, answer: HookAnswer) {
        let Some(held) = &work.held else { return };
        let answer = hidden(&self.allowances.outward.redactor, answer);
        if !held.show(AckAnswer::Response(answer)) {
            tracing::debug!(event = %work.event.identity, "nobody waits for the answer to a request from outside any more");
        }
    }
}

/// An answer without secrets: what a plugin fetched with one may show it.
fn hidden(redactor: &Redactor, mut answer: HookAnswer) -> HookAnswer {
    for (_, value) in &mut answer.headers {
        if let Cow::Owned(hidden) = redactor.text(value) {
            *value = hidden;
        }
    }
    answer.body = redactor.bytes(answer.body);
    answer
}

fn plain(status: u16, text: &str) -> HookAnswer {
    HookAnswer {
        status,
        headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())],
        body: text.as_bytes().to_vec(),
    }
}

/// The plugin was there when it was accepted, and is not now.
fn left(plugin: &str) -> Outcome {
    Outcome::Failed {
        reason: format!("the plugin `{plugin}` is not loaded any more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_leave_with_an_answer() {
        let redactor = Redactor::new([("KEY", "s3cret-of-the-operator")]);
        let mut answer = plain(400, "what is s3cret-of-the-operator?");
        let header = ("location".to_owned(), "/?key=s3cret-of-the-operator".to_owned());
        answer.headers.push(header);
        let answer = hidden(&redactor, answer);
        let said = format!("{:?} {}", answer.headers, String::from_utf8(answer.body).unwrap());
        assert!(!said.contains("s3cret"), "{said}");
        assert!(said.contains("what is ") && said.contains("/?key="), "{said}");
    }
}
