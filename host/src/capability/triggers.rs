//! `triggers`: patterns taught at run time. Every plugin may have its own without asking.

use super::Scene;
use super::record::{NotDone, refused};
use crate::lessons::LessonError;
use crate::recall::print::{Function, Print};
use async_trait::async_trait;
use moa_core::call::{CapError, CapResult};
use moa_core::router::hears::{Pattern, Taught};
use moa_store::{Refusal, WriteOutcome};
use std::sync::Arc;

pub(super) struct Triggers(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Triggers for Triggers {
    async fn hear(&self, id: String, what: Taught) -> CapResult<()> {
        let print = Print::of(Function::Hear).text(&id).json(&what).done();
        self.change(print, &id, Some(what)).await.map(drop)
    }

    async fn forget(&self, id: String) -> CapResult<bool> {
        let print = Print::of(Function::Forget).text(&id).done();
        self.change(print, &id, None).await
    }
}

impl Triggers {
    fn allowed(&self, id: &str, what: &Taught) -> CapResult<()> {
        if let Err(error) = Pattern::new(&what.what).and_then(Pattern::check) {
            return Err(CapError::Invalid(error.to_string()));
        }
        if self.0.manifest.hears.iter().any(|own| own.id == id) {
            let reason = format!("the manifest has a pattern with the id `{id}`; teach under another one");
            return Err(CapError::Invalid(reason));
        }
        Ok(())
    }

    async fn change(&self, print: Print, id: &str, what: Option<Taught>) -> CapResult<bool> {
        let scene = &self.0;
        let known = |said: Result<Vec<WriteOutcome>, Refusal>| match said {
            Ok(outcomes) => Ok(matches!(outcomes.as_slice(), [WriteOutcome::Deleted { existed: true }])),
            Err(no) => Err(refused(no.into())),
        };
        let live = |effect| async {
            if let Some(what) = &what {
                self.allowed(id, what)?;
            }
            let changed = scene.lessons.change(&scene.plugin, id, what, Some(effect)).await;
            changed.map_err(|error| match error {
                LessonError::Full(_) => CapError::OverLimit(error.to_string()).into(),
                LessonError::Store(error) => NotDone::Store(error),
            })
        };
        scene.write(print, known, live).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Stage, message};
    use moa_core::manifest::{Manifest, Scope};
    use moa_core::router::hears::What;
    use moa_engine::Triggers as _;
    use moa_store::Store as _;

    fn what(what: What) -> Taught {
        Taught {
            what,
            scopes: vec![Scope::Ambient],
            conversation: None,
        }
    }

    #[tokio::test]
    async fn what_is_taught_is_heard_and_a_rerun_does_not_teach_twice() {
        let stage = Stage::of(message("U1", "1.0", "!teach")).await;
        let scene = stage.scene(false).await;
        let triggers = Triggers(Arc::clone(&scene));
        let guide = what(What::Keyword("guide".into()));
        triggers.hear("a".into(), guide.clone()).await.unwrap();
        assert_eq!(triggers.forget("a".into()).await, Ok(true));
        let taught = async || {
            let space = moa_store::Space::new("moa:taught", moa_store::Scope::Plugin);
            stage.store.keys(&space, "", None, 10).await.unwrap().keys
        };
        assert_eq!(taught().await, [] as [String; 0]);
        // The same call again, as after a crash.
        let again = Triggers(stage.scene(true).await);
        again.hear("a".into(), guide).await.unwrap();
        assert_eq!(taught().await, [] as [String; 0], "it was forgotten since");
        assert_eq!(again.forget("a".into()).await, Ok(true), "as the first time");
        assert_eq!(again.forget("a".into()).await, Ok(false));
    }

    #[tokio::test]
    async fn what_is_no_pattern_and_what_has_an_id_of_the_manifest_is_invalid() {
        let stage = Stage::of(message("U1", "1.0", "!teach")).await;
        let manifest = r#"{"name": "memo", "hears": [{"id": "own", "pattern": "memo"}]}"#;
        let manifest = Manifest::parse(manifest).unwrap().manifest;
        let scene = Scene {
            manifest: Arc::new(manifest),
            ..Arc::into_inner(stage.scene(false).await).unwrap()
        };
        let triggers = Triggers(Arc::new(scene));
        let own = triggers.hear("own".into(), what(What::Keyword("memo".into()))).await;
        assert!(
            matches!(&own, Err(CapError::Invalid(reason)) if reason.contains("`own`")),
            "{own:?}"
        );
        for bad in [What::Regex("(".into()), What::Keyword(" ".into())] {
            let refused = triggers.hear("a".into(), what(bad)).await;
            assert!(matches!(refused, Err(CapError::Invalid(_))), "{refused:?}");
        }
    }
}
