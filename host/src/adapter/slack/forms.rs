//! Opening forms.

use super::web::{Call, CallError, Doubt};
use super::{Done, Slack};
use crate::adapter::{Form, SendError};
use moa_core::slack::render::form;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A trigger is good for three seconds.
const PATIENCE: Duration = Duration::from_millis(2_500);

impl Slack {
    pub(super) async fn open_view(&self, form: Form<'_>) -> Result<(), SendError> {
        let view = form::view(form.view, form.plugin, form.place, form.on)?;
        let arguments = json!({"trigger_id": form.trigger, "view": view});
        let call = Call {
            patience: PATIENCE,
            ..Call::write("views.open", "", &arguments)
        };
        let unclear = AtomicBool::new(false);
        let look = || {
            unclear.store(true, Ordering::Relaxed);
            // A trigger works once, so a second attempt tells.
            Box::pin(async { Doubt::NotDone }) as _
        };
        match self.web.call_or_look::<Done>(&call, look).await {
            Err(CallError::Api { code, .. }) if is_used(&code) && unclear.load(Ordering::Relaxed) => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }
}

/// Slack's pages know two spellings.
fn is_used(code: &str) -> bool {
    matches!(code, "exchanged_trigger_id" | "trigger_exchanged")
}
