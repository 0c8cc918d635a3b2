//! What follows a press.

use super::answer::{own_audience, unsent};
use super::{Invoker, Work};
use crate::adapter::{AckAnswer, Form, SendError, Stamp};
use crate::capability::Scene;
use moa_core::call::Reply;
use moa_core::content::Content;
use moa_core::event::EventKind;
use moa_core::locale::Locale;
use moa_store::Outcome;

impl Invoker {
    /// Does what a plugin says to a press. A form that waits is closed or shown something; one that could not wait any
    /// longer is closed already, and its person is told in a message.
    pub(super) async fn replied(&self, work: &Work, scene: &Scene, reply: Reply, locale: Locale) -> Outcome {
        let waiting = |what| work.held.as_ref().is_some_and(|form| form.show(what));
        match reply {
            Reply::Done => Outcome::Done,
            Reply::Say(content) => {
                self.close_form(work);
                self.said(work, scene, &content, locale).await
            }
            Reply::Update(content) => {
                self.close_form(work);
                self.update(work, scene, &content, locale).await
            }
            Reply::Errors(errors) => {
                if waiting(AckAnswer::Errors(errors.clone())) {
                    return Outcome::Done;
                }
                let lines: Vec<String> = errors
                    .into_iter()
                    .map(|(field, why)| format!("{field}: {why}"))
                    .collect();
                let content = Content {
                    audience: own_audience(&work.event),
                    ..Content::text(lines.join("\n"))
                };
                self.said(work, scene, &content, locale).await
            }
            Reply::View(view) => {
                if waiting(AckAnswer::View(view.clone())) {
                    return Outcome::Done;
                }
                self.open_form(work, scene, &view, locale).await
            }
        }
    }

    fn close_form(&self, work: &Work) {
        if let Some(form) = &work.held {
            form.close();
        }
    }

    /// New content for the message that carried what was pressed; without one it is said.
    async fn update(&self, work: &Work, scene: &Scene, content: &Content, locale: Locale) -> Outcome {
        let EventKind::Press(press) = &work.event.kind else {
            return self.said(work, scene, content, locale).await;
        };
        let stamp = Stamp {
            plugin: scene.plugin.clone(),
            invocation: scene.effects.clone(),
            ordinal: scene.ordinals.next(),
        };
        if self.is_hushed(work) {
            return Outcome::Done;
        }
        let done = match (&press.on, &press.response_url) {
            (Some(on), _) if !on.id.is_empty() => self.outbox.edit(on, content, &stamp).await,
            // Only its person sees the message, and only this address leads to it.
            (Some(_), Some(url)) => self.outbox.replace(url, content, &stamp).await,
            (Some(_), None) | (None, _) => return self.said(work, scene, content, locale).await,
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(error @ SendError::Refused { .. }) => self.not_shown(work, scene, &error, locale).await,
            Err(error) => unsent(error),
        }
    }

    async fn open_form(&self, work: &Work, scene: &Scene, view: &str, locale: Locale) -> Outcome {
        let EventKind::Press(press) = &work.event.kind else {
            return Outcome::Done;
        };
        let Some(trigger) = &press.trigger else {
            let error = SendError::Refused {
                code: "no_trigger".into(),
                explanation: "nothing was pressed that could open a form".into(),
            };
            return self.not_shown(work, scene, &error, locale).await;
        };
        let form = Form {
            trigger,
            view,
            plugin: &scene.plugin,
            place: &press.place,
            on: press.on.as_ref(),
        };
        match self.adapter.open_form(form).await {
            Ok(()) => Outcome::Done,
            Err(error) => self.not_shown(work, scene, &error, locale).await,
        }
    }
}

#[cfg(test)]
mod tests;
