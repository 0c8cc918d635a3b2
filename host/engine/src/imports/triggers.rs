//! `triggers`: patterns taught at run time.

use super::{Answer, invalid};
use crate::bindings::moa::plugin::triggers::{Host, Pattern, Scopes};
use crate::state::State;
use moa_core::manifest::Scope;
use moa_core::router::hears::{Taught, What};

impl Host for State {
    async fn hear(&mut self, id: String, what: Pattern, at: Scopes, conversation: Option<String>) -> Answer<()> {
        self.enter()?;
        let limit = self.limits.key;
        if id.is_empty() || id.len() > limit {
            return Ok(invalid(format!("an id of {} bytes; give 1 to {limit}", id.len())));
        }
        let scopes = scopes(at);
        if scopes.is_empty() {
            return Ok(invalid("there is no scope, so the pattern would never be looked for"));
        }
        let what = match what {
            Pattern::Keyword(words) => What::Keyword(words),
            Pattern::Regex(source) => What::Regex(source),
        };
        let taught = Taught {
            what,
            scopes,
            conversation,
        };
        self.on_host(self.host.triggers.hear(id, taught)).await
    }

    async fn forget(&mut self, id: String) -> Answer<bool> {
        self.enter()?;
        if id.is_empty() || id.len() > self.limits.key {
            // Nothing can have been taught under it.
            return Ok(Ok(false));
        }
        self.on_host(self.host.triggers.forget(id)).await
    }
}

fn scopes(flags: Scopes) -> Vec<Scope> {
    let all = [
        (Scopes::DIRECT, Scope::Direct),
        (Scopes::DIRECT_MENTION, Scope::DirectMention),
        (Scopes::MENTION, Scope::Mention),
        (Scopes::AMBIENT, Scope::Ambient),
    ];
    all.into_iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, scope)| scope)
        .collect()
}
