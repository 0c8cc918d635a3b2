//! How plugins stand between what they ask for and what they have, for the operator, whether a host runs or not.

use super::Approvals;
use super::asking::now_ms;
use crate::capability::Grants;
use crate::registry::{Loaded, Snapshot};
use arc_swap::ArcSwap;
use moa_core::config::{Grant, LineError};
use moa_core::text::distance;
use moa_store::StoreError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a plugin stands between what it asks for and what it has, in lines of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The plugin.
    pub plugin: String,
    /// Whether it is loaded. Of one that is not, only what was approved is known.
    pub loaded: bool,
    /// What its manifest asks for.
    pub requested: Vec<String>,
    /// What was approved beyond the configuration.
    pub approved: Vec<String>,
    /// What it asks for and nobody granted.
    pub missing: Vec<String>,
    /// What it asks for and the configuration denies.
    pub denied: Vec<String>,
    /// What is odd about the lines that were just approved, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Status {
    /// Of a plugin that is not there.
    fn of_none(plugin: &str, approved: Vec<String>) -> Self {
        Self {
            plugin: plugin.to_owned(),
            loaded: false,
            requested: Vec::new(),
            approved,
            missing: Vec::new(),
            denied: Vec::new(),
            hints: Vec::new(),
        }
    }
}

/// Why nothing was granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// No such plugin is loaded.
    #[error("no plugin `{0}` is loaded; `moa plugin list` shows what there is, and why a file is broken")]
    NoPlugin(String),
    /// The line says nothing.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How plugins stand.
#[derive(Clone)]
pub struct Standing {
    plugins: Arc<ArcSwap<Snapshot>>,
    grants: Grants,
    approvals: Arc<Approvals>,
}

impl Standing {
    /// Of these plugins, by what the configuration says and what was approved.
    pub fn new(plugins: Arc<ArcSwap<Snapshot>>, grants: Grants, approvals: Arc<Approvals>) -> Self {
        Self {
            plugins,
            grants,
            approvals,
        }
    }

    /// How a plugin stands, also one that is stopped. One that is gone asks for nothing, and may have been approved of.
    ///
    /// # Errors
    /// [`GrantError::NoPlugin`].
    pub fn status(&self, plugin: &str) -> Result<Status, GrantError> {
        let approved = self.approvals.of(plugin).approved.lines();
        let loaded = match self.loaded(plugin) {
            Ok(loaded) => loaded,
            Err(_) if !approved.is_empty() => return Ok(Status::of_none(plugin, approved)),
            Err(error) => return Err(error),
        };
        let requested = Grant::of(&loaded.manifest.requests);
        let denied = requested.without(&requested.without(&self.grants.denied(plugin)));
        Ok(Status {
            plugin: plugin.to_owned(),
            loaded: true,
            requested: requested.lines(),
            approved,
            missing: self.missing(&loaded).lines(),
            denied: denied.lines(),
            hints: Vec::new(),
        })
    }

    /// The operator approves these lines, or all that the plugin asks for.
    ///
    /// # Errors
    /// [`GrantError`]; nothing is approved then.
    pub async fn approve(&self, plugin: &str, lines: Option<&[String]>) -> Result<Status, GrantError> {
        let loaded = self.loaded(plugin)?;
        let what = match lines {
            None => self.missing(&loaded),
            Some(lines) => lines.iter().try_fold(Grant::default(), |all, line| {
                Grant::of_line(line).map(|one| all.or(&one))
            })?,
        };
        self.approvals.approve(plugin, &what, now_ms()).await?;
        tracing::info!(plugin, granted = what.lines().join(", "), "the operator approved");
        let requested = Grant::of(&loaded.manifest.requests);
        let hints = what.without(&requested).lines();
        Ok(Status {
            hints: hints.iter().map(|line| unasked(plugin, line, &requested)).collect(),
            ..self.status(plugin)?
        })
    }

    /// The operator takes back what was approved, also of a plugin that is gone: another one could come by its name.
    ///
    /// # Errors
    /// [`GrantError`]; what was approved counts on then.
    pub async fn withdraw(&self, plugin: &str) -> Result<Status, GrantError> {
        self.status(plugin)?;
        self.approvals.withdraw(plugin, now_ms()).await?;
        tracing::info!(plugin, "the operator took back what was approved");
        Ok(self
            .status(plugin)
            .unwrap_or_else(|_| Status::of_none(plugin, Vec::new())))
    }

    fn loaded(&self, plugin: &str) -> Result<Arc<Loaded>, GrantError> {
        let snapshot = self.plugins.load();
        let found = snapshot.plugins.get(plugin).or_else(|| snapshot.stopped.get(plugin));
        found.cloned().ok_or_else(|| GrantError::NoPlugin(plugin.to_owned()))
    }

    pub(super) fn missing(&self, loaded: &Loaded) -> Grant {
        self.grants.missing(&loaded.name, &loaded.manifest.requests)
    }
}

/// Characters of a line that are compared with others.
const COMPARED: usize = 200;

/// What is said of a line that the plugin did not ask for. It may have been meant for one that it did.
fn unasked(plugin: &str, line: &str, requested: &Grant) -> String {
    let lines = requested.lines();
    let letters = |text: &str| text.chars().take(COMPARED).collect::<Vec<char>>();
    let wrong = letters(line);
    let how_far = |asked: &&String| distance(&wrong, &letters(asked), usize::MAX).unwrap_or(usize::MAX);
    let key = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let of_key = lines.iter().filter(|asked| key(asked) == key(line)).min_by_key(how_far);
    let closest = of_key.or_else(|| lines.iter().min_by_key(how_far));
    match closest {
        Some(closest) => format!("{plugin} does not ask for `{line}`; what it asks for and is closest is `{closest}`"),
        None => format!("{plugin} does not ask for `{line}`, nor for anything else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Says;
    use crate::registry::{Order, testing};
    use crate::testing::{FlakyStore, matcher};
    use moa_store::Store;

    #[test]
    fn a_line_that_nobody_asked_for_is_told_with_the_closest_that_somebody_did() {
        let requested = Grant {
            http: vec!["https://api.example.com".into()],
            sql: vec!["members".into()],
            users: true,
            ..Grant::default()
        };
        let hint = |line: &str| unasked("p", line, &requested);
        assert!(hint("http = [\"https://api.exmaple.com\"]").ends_with("`http = [\"https://api.example.com\"]`"));
        assert!(hint("sql = [\"membres\"]").ends_with("`sql = [\"members\"]`"));
        assert!(hint("broadcast = true").ends_with("`users = true`"));
        assert!(unasked("p", "users = true", &Grant::default()).contains("nor for anything else"));
    }

    #[tokio::test]
    async fn what_was_approved_can_be_taken_back_while_a_plugin_is_stopped_and_when_it_is_gone() {
        let store = Arc::<FlakyStore>::default();
        let wants = testing::component(r#"{"name": "p", "requests": {"users": true}}"#);
        let (matcher, _dir) = matcher(&store, &[("p", wants)]);
        let registry = &matcher.registry;
        registry.ready().await;
        let approvals = Approvals::load(Arc::clone(&store) as Arc<dyn Store>).await.unwrap();
        let grants = Grants::Configured(Says {
            approved: approvals.approved(),
            ..Says::default()
        });
        let standing = Standing::new(registry.cell(), grants, approvals);
        let users = || vec!["users = true".to_owned()];

        registry.order(Order::Stop("p".into())).await.unwrap();
        assert_eq!(standing.status("p").unwrap().missing, users());
        let given = standing.approve("p", None).await.unwrap();
        assert_eq!((given.approved, given.missing), (users(), Vec::new()));
        assert_eq!(standing.withdraw("p").await.unwrap().missing, users());

        // What it does not ask for is approved as well, and said.
        let more = ["broadcast = true".to_owned(), "users = true".to_owned()];
        let given = standing.approve("p", Some(&more)).await.unwrap();
        assert_eq!(given.approved.len(), 2);
        assert!(
            given.hints.len() == 1 && given.hints[0].contains("`broadcast = true`"),
            "{given:?}"
        );
        standing.withdraw("p").await.unwrap();

        standing.approve("p", None).await.unwrap();
        registry.order(Order::Delete("p".into())).await.unwrap();
        let gone = standing.status("p").unwrap();
        assert_eq!((gone.approved, gone.loaded), (users(), false));
        standing.approve("p", None).await.unwrap_err();
        assert_eq!(standing.withdraw("p").await.unwrap().approved, Vec::<String>::new());
        for plugin in ["p", "q"] {
            let error = standing.withdraw(plugin).await.unwrap_err();
            assert!(matches!(error, GrantError::NoPlugin(_)), "{error}");
        }
    }
}
