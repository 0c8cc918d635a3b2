//! The audit log: where it ends, and what the operator orders.

use super::http::{self, Body};
use super::{Control, Fault};
use crate::audit::kept::Kept;
use hyper::Response;
use moa_core::audit::{Entry, Outcome};
use std::sync::Arc;

tokio::task_local! {
    /// Who orders, where it is known more exactly than that it is the operator.
    static BY: String;
}

/// Asks in somebody's name: that is how the audit log knows them. Without this it is the operator at the machine itself.
pub async fn asked_by<T>(who: &str, asking: impl Future<Output = T>) -> T {
    BY.scope(who.to_owned(), asking).await
}

/// The same in another task: whoever asks here asks there, too.
pub(super) fn in_the_same_name<T>(asking: impl Future<Output = T>) -> impl Future<Output = T> {
    BY.scope(who(), asking)
}

/// Who orders; empty for the operator.
fn who() -> String {
    BY.try_with(String::clone).unwrap_or_default()
}

/// What is known of the log, or nothing if there never was one.
pub(super) async fn show(control: Arc<Control>) -> Result<Response<Body>, Fault> {
    let mut kept = Kept::read(&*control.store).await?;
    // The one who writes it knows more; where that cannot be brought to the disk, the store has what is there.
    if let Some(audit) = control.audit.get()
        && let Ok(head) = audit.flush().await
    {
        kept.get_or_insert_default().head = head;
    }
    http::json(&kept)
}

impl Control {
    /// Writes down what the operator ordered, and what came of it.
    pub(super) fn ordered<T>(&self, entry: Entry, result: &Result<T, Fault>) {
        self.ordered_by(&who(), entry, result);
    }

    /// The same, ordered by this person.
    pub(super) fn ordered_by<T>(&self, who: &str, mut entry: Entry, result: &Result<T, Fault>) {
        if let Some(audit) = self.audit.get() {
            who.clone_into(&mut entry.who);
            audit.note(match result {
                Ok(_) => entry.ended(Outcome::Done),
                Err(fault) => entry.ended(Outcome::Failed).because(fault.to_string()),
            });
        }
    }
}
