//! What a plugin may touch beyond what is free: asked for in its manifest *and* granted by the operator.
//!
//! Free without any grant: speaking, editing, deleting and reacting where the call came from, that conversation's past,
//! members and files, the people of the event and direct conversations with them, and the plugin's own brain.

use moa_core::call::{CapError, CapResult};
use moa_core::manifest::Requests;
use std::collections::BTreeMap;

/// What the operator grants.
#[derive(Clone, Debug)]
pub enum Grants {
    /// Whatever each plugin asks for (`moa dev`).
    Everything,
    /// What the configuration says, by plugin.
    Configured(BTreeMap<String, moa_core::config::Grant>),
}

impl Grants {
    /// What a plugin with these requests may touch.
    pub fn of(&self, plugin: &str, requests: &Requests) -> Granted {
        let grant = match self {
            Self::Everything => None,
            Self::Configured(grants) => Some(grants.get(plugin).cloned().unwrap_or_default()),
        };
        Granted {
            plugin: plugin.to_owned(),
            requests: requests.clone(),
            grant,
        }
    }
}

/// What one plugin may touch.
#[derive(Clone, Debug)]
pub struct Granted {
    plugin: String,
    requests: Requests,
    /// `None`: everything that is requested.
    grant: Option<moa_core::config::Grant>,
}

impl Granted {
    /// Whether it may speak and look around in a conversation that its call did not come from.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn conversation(&self, id: &str) -> CapResult<()> {
        let lists = |list: &[String]| list.iter().any(|one| one == id || one == "*");
        self.check(
            "use other conversations",
            &format!("conversations = [\"{id}\"]"),
            lists(&self.requests.conversations),
            self.grant.as_ref().is_none_or(|grant| lists(&grant.conversations)),
        )
    }

    /// Whether it may look up and write to people whom its call does not concern.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn users(&self) -> CapResult<()> {
        self.check(
            "look up and write to other people",
            "users = true",
            self.requests.users,
            self.grant.as_ref().is_none_or(|grant| grant.users),
        )
    }

    /// Whether it may use the brain that all plugins share.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn shared_brain(&self) -> CapResult<()> {
        self.check(
            "use the shared brain",
            "shared-brain = true",
            self.requests.shared_brain,
            self.grant.as_ref().is_none_or(|grant| grant.shared_brain),
        )
    }

    fn check(&self, what: &str, line: &str, requested: bool, granted: bool) -> CapResult<()> {
        let plugin = &self.plugin;
        if !requested {
            return Err(CapError::AccessDenied(format!(
                "`{plugin}` did not ask to {what}: its manifest's \"requests\" must say {}",
                line.replace(" = ", ": ")
            )));
        }
        if !granted {
            return Err(CapError::AccessDenied(format!(
                "`{plugin}` may not {what}: the operator grants it by the line `{line}` below [plugin.{plugin}.grant] in moa.toml"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(json: &str) -> Requests {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn request_and_grant_are_both_needed_and_the_denial_names_the_line() {
        let asking = requests(r#"{"conversations": ["C1"], "shared-brain": true}"#);
        let nothing = Grants::Configured(BTreeMap::new());
        let denied = nothing.of("memo", &asking).conversation("C1").unwrap_err().to_string();
        assert!(
            denied.contains("conversations = [\"C1\"]") && denied.contains("[plugin.memo.grant]"),
            "{denied}"
        );

        let mut grant = moa_core::config::Grant::default();
        grant.conversations.push("C1".into());
        let some = Grants::Configured(BTreeMap::from([("memo".to_owned(), grant)]));
        assert_eq!(some.of("memo", &asking).conversation("C1"), Ok(()));
        assert!(some.of("memo", &asking).conversation("C2").is_err());
        assert!(some.of("memo", &asking).shared_brain().is_err());
        let unasked = some
            .of("memo", &Requests::default())
            .conversation("C1")
            .unwrap_err()
            .to_string();
        assert!(unasked.contains("manifest"), "{unasked}");

        assert!(some.of("memo", &requests(r#"{"users": true}"#)).users().is_err());
        let users = Grants::Everything.of("memo", &requests(r#"{"users": true}"#));
        assert_eq!(users.users(), Ok(()));

        assert_eq!(Grants::Everything.of("memo", &asking).shared_brain(), Ok(()));
        assert!(
            Grants::Everything
                .of("memo", &Requests::default())
                .shared_brain()
                .is_err()
        );
    }
}
