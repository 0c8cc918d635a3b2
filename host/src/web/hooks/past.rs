//! Deliveries whose answer is not known any more: of an earlier run of the host, or of a while ago.

use crate::intake::Intake;
use moa_core::event::Identity;
use moa_store::{Store, StoreError, Which};
use std::sync::Arc;

/// How many failed records are looked through, the newest first.
const LOOKED_THROUGH: u32 = 2_000;
/// So many at a time.
const PAGE: u32 = 100;

/// What is known of deliveries of before.
pub struct Past {
    /// Which ones there were.
    pub intake: Arc<Intake>,
    /// What came of them.
    pub store: Arc<dyn Store>,
}

impl Past {
    /// How often a delivery failed of which only the journal knows what came of it; 0 where it did not fail, or somebody
    /// still knows. `first` is what its first attempt is known by, `coming` what the coming one would be.
    pub(super) async fn failed(&self, first: &Identity, coming: &Identity) -> Result<u32, StoreError> {
        if !self.intake.is_forgotten(coming) {
            return Ok(0);
        }
        let (mut before, mut looked, mut failed) = (None, 0, 0);
        while looked < LOOKED_THROUGH {
            let page = self.store.records(Which::Failed, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.record.seq);
            let attempts = page.iter().filter_map(|one| attempt(&one.record.identity, first));
            failed = attempts.fold(failed, u32::max);
            looked += PAGE;
        }
        Ok(failed)
    }
}

/// What an attempt is known by, beside the first.
pub(super) fn numbered(id: &str, attempt: u32) -> String {
    match attempt {
        1 => id.to_owned(),
        again => format!("{id}#{again}"),
    }
}

/// Which attempt of the delivery whose first is `first` this is.
fn attempt(identity: &str, first: &Identity) -> Option<u32> {
    match identity.strip_prefix(first.as_str())? {
        "" => Some(1),
        again => again.strip_prefix('#')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_known_by_their_number() {
        let first = Identity("moa///hook/ci/build/0a".into());
        for (id, attempt) in [
            ("0a", Some(1)),
            ("0a#2", Some(2)),
            ("0a#12", Some(12)),
            ("0ab", None),
            ("0", None),
        ] {
            let identity = format!("moa///hook/ci/build/{id}");
            assert_eq!(super::attempt(&identity, &first), attempt, "{id}");
        }
        assert_eq!((numbered("0a", 1), numbered("0a", 2)), ("0a".into(), "0a#2".into()));
    }
}
