//! `chat.ask`: a question is recorded, then sent. Where it cannot be sent it is forgotten.

use super::Chat;
use crate::capability::record::NotDone;
use crate::questions::{AskError, Question, RESERVED, marked, milliseconds};
use crate::recall::print::{Function, Print};
use moa_core::call::{CapError, CapResult};
use moa_core::content::{Action, Content};
use moa_core::event::{MessageRef, Place};
use moa_store::{Refusal, WriteOutcome};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The longest id of a question, in bytes.
const ID: usize = 255;

impl Chat {
    pub(super) async fn question(
        &self,
        to: Place,
        who: String,
        id: String,
        what: Content,
        wait_seconds: u32,
    ) -> CapResult<MessageRef> {
        let scene = &self.0;
        // The same on a rerun: it comes to the same number.
        let uid = uid(&scene.effects, scene.ordinals.coming());
        let print = Print::of(Function::ChatAsk).json(&to).text(&who).text(&id).json(&what);
        let print = print.text(&wait_seconds.to_string()).done();
        let given = to.clone();
        let to = self.named(to);
        let known = |said: Result<Vec<WriteOutcome>, Refusal>| match said {
            Ok(_) => Ok(()),
            Err(no) => Err(crate::capability::record::refused(no.into())),
        };
        let live = |effect| async {
            self.may_ask(&to, &who, &id, &what, wait_seconds).await?;
            let wait_ms = i64::from(wait_seconds).saturating_mul(1000);
            let question = Question {
                uid: uid.clone(),
                plugin: scene.plugin.clone(),
                id: id.clone(),
                who: who.clone(),
                team: scene.event.team.clone(),
                place: to.clone(),
                on: None,
                until_ms: milliseconds(scene.world.now()).saturating_add(wait_ms),
            };
            scene
                .questions
                .ask(question, effect)
                .await
                .map_err(|error| match error {
                    AskError::Full(_) => CapError::OverLimit(error.to_string()).into(),
                    AskError::Store(error) => NotDone::Store(error),
                })
        };
        scene.write(print, known, live).await?;
        let sent = match self
            .send_as(Function::ChatAsked, given, &who, &marked(&uid, &what))
            .await
        {
            Ok(sent) => sent,
            Err(CapError::Stopped) => return Err(CapError::Stopped),
            Err(error) => {
                // An uncertain one may stand there, and its buttons then say that it is over.
                if let Err(error) = scene.questions.close(&uid).await {
                    tracing::warn!(invocation = %scene.invocation, %error, "a question that was not sent stays open until its time is over");
                }
                return Err(error);
            }
        };
        let on = sent.unwrap_or_else(|| MessageRef {
            place: to,
            id: String::new(),
        });
        if let Err(error) = scene.questions.sent(&scene.plugin, &uid, on.clone()).await {
            tracing::warn!(invocation = %scene.invocation, %error, "where a question stands could not be recorded; should nobody answer, its plugin is not told which message it was");
        }
        Ok(on)
    }

    async fn may_ask(&self, to: &Place, who: &str, id: &str, what: &Content, wait_seconds: u32) -> CapResult<()> {
        self.may_write(to)?;
        let invalid = |why: &str| Err(CapError::Invalid(why.into()));
        if id.is_empty() || id.len() > ID {
            return invalid("a question's id has 1 to 255 bytes");
        }
        if id.starts_with(RESERVED) {
            return invalid("ids that begin with `moa:` are the host's own");
        }
        if wait_seconds == 0 {
            return invalid("`wait-seconds` is 0; give the person some time");
        }
        let asks = |action: &Action| matches!(action, Action::Button { .. } | Action::Select { .. });
        if !what.actions.iter().any(asks) {
            return invalid("a question needs a button or a menu to answer it with");
        }
        if !self.concerns(who).await? {
            self.0.granted.users()?;
        }
        Ok(())
    }
}

fn uid(effects: &str, ordinal: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(effects);
    hash.update(ordinal.to_le_bytes());
    let digest = hash.finalize();
    digest
        .iter()
        .take(10)
        .fold(String::with_capacity(20), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
