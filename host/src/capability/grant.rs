//! What a plugin may touch beyond what is free: asked for in its manifest *and* granted by the operator.
//!
//! Free without any grant: speaking, editing, deleting and reacting where the call came from, that conversation's past,
//! members and files, the people of the event and direct conversations with them, and the plugin's own brain.

use arc_swap::ArcSwap;
use moa_core::call::{CapError, CapResult};
use moa_core::config::{Grant, lists};
use moa_core::http_rule;
use moa_core::manifest::Requests;
use moa_egress::{Internal, Permit, Refusal, Refused, Vault};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What admins approved, by plugin; it changes while the host runs.
pub type Approved = Arc<ArcSwap<BTreeMap<String, Grant>>>;

/// What the configuration says, by plugin. Copies share it: it changes when the configuration is read again.
#[derive(Clone, Debug, Default)]
pub struct Configured(Arc<ArcSwap<BTreeMap<String, Said>>>);

impl Configured {
    /// It says this from now on.
    pub fn replace(&self, by_plugin: BTreeMap<String, Said>) {
        self.0.store(Arc::new(by_plugin));
    }

    fn of(&self, plugin: &str) -> Said {
        self.0.load().get(plugin).cloned().unwrap_or_default()
    }
}

impl From<BTreeMap<String, Said>> for Configured {
    fn from(by_plugin: BTreeMap<String, Said>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(by_plugin)))
    }
}

/// What the operator grants.
#[derive(Clone, Debug)]
pub enum Grants {
    /// Whatever each plugin asks for (`moa dev`).
    Everything,
    /// What the configuration and the admins say.
    Configured(Says),
}

/// What the configuration and the admins say.
#[derive(Clone, Debug, Default)]
pub struct Says {
    /// The configuration, by plugin.
    pub by_plugin: Configured,
    /// The admins.
    pub approved: Approved,
}

/// What the configuration says of a plugin.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `[plugin.NAME.grant]`
    pub grant: Grant,
    /// `[plugin.NAME.deny]`: stands over the admins.
    pub deny: Grant,
}

impl Grants {
    /// What a plugin with these requests may touch.
    pub fn of(&self, plugin: &str, requests: &Requests) -> Granted {
        let decided = match self {
            Self::Everything => None,
            Self::Configured(says) => Some(says.of(plugin)),
        };
        Granted {
            plugin: plugin.to_owned(),
            requests: requests.clone(),
            decided,
        }
    }

    /// What a plugin with these requests asks for and nobody has granted or denied.
    pub fn missing(&self, plugin: &str, requests: &Requests) -> Grant {
        match self {
            Self::Everything => Grant::default(),
            Self::Configured(says) => {
                let Said { grant, deny } = says.of(plugin);
                Grant::of(requests).without(&grant).without(&deny)
            }
        }
    }

    /// What the configuration denies a plugin.
    pub fn denied(&self, plugin: &str) -> Grant {
        match self {
            Self::Everything => Grant::default(),
            Self::Configured(says) => says.by_plugin.of(plugin).deny,
        }
    }
}

impl Says {
    /// What is granted, by whomever, and what is denied.
    fn of(&self, plugin: &str) -> Said {
        let said = self.by_plugin.of(plugin);
        match self.approved.load().get(plugin) {
            Some(approved) => Said {
                grant: said.grant.or(approved),
                deny: said.deny,
            },
            None => said,
        }
    }
}

/// What one plugin may touch.
#[derive(Clone, Debug)]
pub struct Granted {
    plugin: String,
    requests: Requests,
    /// `None`: everything that is requested.
    decided: Option<Said>,
}

impl Granted {
    /// Whether it may speak and look around in a conversation that its call did not come from.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn conversation(&self, id: &str) -> CapResult<()> {
        let line = Grant {
            conversations: vec![id.to_owned()],
            ..Grant::default()
        };
        self.check(
            "use other conversations",
            (&line.lines().concat(), json!([id])),
            lists(&self.requests.conversations, id),
            |grant| lists(&grant.conversations, id),
        )
    }

    /// Whether it may look up and write to people whom its call does not concern.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn users(&self) -> CapResult<()> {
        self.check(
            "look up and write to other people",
            ("users = true", json!(true)),
            self.requests.users,
            |grant| grant.users,
        )
    }

    /// Whether it may use the brain that all plugins share.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn shared_brain(&self) -> CapResult<()> {
        self.check(
            "use the shared brain",
            ("shared-brain = true", json!(true)),
            self.requests.shared_brain,
            |grant| grant.shared_brain,
        )
    }

    /// What it may send where.
    pub fn permit(&self, internal: &Internal) -> Permit {
        let (granted, denied) = match &self.decided {
            Some(Said { grant, deny }) => (Some(grant.http.as_slice()), deny.http.as_slice()),
            None => (None, &[][..]),
        };
        Permit::new(&self.requests.http, granted, denied, internal.clone())
    }

    /// The secrets that may go with it.
    pub fn vault(&self, all: &Arc<BTreeMap<String, String>>) -> Vault {
        let may = |name: &&String| self.secret(name).is_ok();
        let names = all.keys().chain(&self.requests.secrets);
        Vault::new(Arc::clone(all), names.filter(may).cloned())
    }

    /// Why a request is not sent.
    pub fn no_http(&self, refusal: &Refusal) -> CapError {
        let origin = http_rule::origin(&refusal.url);
        let what = format!("send {} requests to {origin}", refusal.method);
        let line = Grant {
            http: vec![origin.clone()],
            ..Grant::default()
        };
        match &refusal.why {
            Refused::NotRequested => self.unrequested(&what, &line.lines().concat(), &json!([origin])),
            Refused::Denied => self.denied(&what),
            Refused::NotGranted => self.ungranted(&what, &line.lines().concat()),
            Refused::Internal { .. } | Refused::Nowhere { .. } => CapError::AccessDenied(refusal.why.to_string()),
        }
    }

    /// Why a secret does not go with a request.
    pub fn no_secret(&self, name: &str) -> CapError {
        let gone = || CapError::AccessDenied(format!("the secret `{name}` was not granted"));
        self.secret(name).err().unwrap_or_else(gone)
    }

    /// Whether it may use this database.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn sql(&self, name: &str) -> CapResult<()> {
        let line = Grant {
            sql: vec![name.to_owned()],
            ..Grant::default()
        };
        self.check(
            "use this database",
            (&line.lines().concat(), json!([name])),
            lists(&self.requests.sql, name),
            |grant| lists(&grant.sql, name),
        )
    }

    /// Whether it may use this bucket.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn objects(&self, name: &str) -> CapResult<()> {
        let line = Grant {
            objects: vec![name.to_owned()],
            ..Grant::default()
        };
        self.check(
            "use this bucket",
            (&line.lines().concat(), json!([name])),
            lists(&self.requests.objects, name),
            |grant| lists(&grant.objects, name),
        )
    }

    fn secret(&self, name: &str) -> CapResult<()> {
        let line = Grant {
            secrets: vec![name.to_owned()],
            ..Grant::default()
        };
        self.check(
            "use this secret",
            (&line.lines().concat(), json!([name])),
            lists(&self.requests.secrets, name),
            |grant| lists(&grant.secrets, name),
        )
    }

    /// Whether it may make jobs at run time.
    ///
    /// # Errors
    /// [`CapError::AccessDenied`] with the line to add.
    pub fn schedule(&self) -> CapResult<()> {
        self.check(
            "make jobs at run time",
            ("schedule = true", json!(true)),
            self.requests.schedule,
            |grant| grant.schedule,
        )
    }

    /// `line` grants it in the configuration, `value` asks for it in the manifest; `has`: whether what was granted, or denied, has it.
    fn check(
        &self,
        what: &str,
        (line, value): (&str, serde_json::Value),
        requested: bool,
        has: impl Fn(&Grant) -> bool,
    ) -> CapResult<()> {
        if !requested {
            return Err(self.unrequested(what, line, &value));
        }
        let Some(Said { grant, deny }) = &self.decided else {
            return Ok(());
        };
        if has(deny) {
            return Err(self.denied(what));
        }
        if !has(grant) {
            return Err(self.ungranted(what, line));
        }
        Ok(())
    }

    fn unrequested(&self, what: &str, line: &str, value: &serde_json::Value) -> CapError {
        let plugin = &self.plugin;
        // The same as JSON has it.
        let (key, _) = line.split_once(" = ").unwrap_or((line, ""));
        CapError::AccessDenied(format!(
            "`{plugin}` did not ask to {what}: its manifest's \"requests\" must say \"{key}\": {value}"
        ))
    }

    fn denied(&self, what: &str) -> CapError {
        let plugin = &self.plugin;
        CapError::AccessDenied(format!(
            "`{plugin}` may not {what}: the operator denies it below [plugin.{plugin}.deny] in moa.toml"
        ))
    }

    fn ungranted(&self, what: &str, line: &str) -> CapError {
        let plugin = &self.plugin;
        CapError::AccessDenied(format!(
            "`{plugin}` may not {what}: the operator grants it by the line `{line}` below [plugin.{plugin}.grant] in moa.toml, or by `moa plugin grant {plugin}`"
        ))
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
        let nothing = Grants::Configured(Says::default());
        let denied = nothing.of("memo", &asking).conversation("C1").unwrap_err().to_string();
        assert!(
            denied.contains("conversations = [\"C1\"]") && denied.contains("[plugin.memo.grant]"),
            "{denied}"
        );

        let line = |line: &str| Grant::of_line(line).unwrap();
        let said = Said {
            grant: line("conversations = ['C1']"),
            deny: Grant::default(),
        };
        let some = Grants::Configured(Says {
            by_plugin: BTreeMap::from([("memo".to_owned(), said)]).into(),
            approved: Approved::default(),
        });
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

    #[test]
    fn the_line_in_a_denial_is_the_very_line_whatever_the_id() {
        let asking = requests(r#"{"conversations": ["*"]}"#);
        let nothing = Grants::Configured(Says::default());
        for id in ["C1", "x\"]\nusers = true #", "\u{202e}\u{1b}[2J\\"] {
            let denied = nothing.of("memo", &asking).conversation(id).unwrap_err().to_string();
            assert!(!denied.contains(['\n', '\u{1b}', '\u{202e}']), "{denied}");
            let (_, rest) = denied.split_once("by the line `").unwrap();
            let (line, _) = rest.split_once("` below [plugin.memo.grant]").unwrap();
            let only = Grant {
                conversations: vec![id.to_owned()],
                ..Grant::default()
            };
            assert_eq!(Grant::of_line(line).unwrap(), only);
            let unasked = nothing.of("memo", &Requests::default()).conversation(id).unwrap_err();
            let unasked = unasked.to_string();
            assert!(
                unasked.contains("must say \"conversations\": [\"") && !unasked.contains('\n'),
                "{unasked}"
            );
        }
    }

    #[test]
    fn what_is_approved_counts_at_once_unless_the_file_denies_it() {
        let asking = requests(r#"{"conversations": ["C1", "C2"], "shared-brain": true, "users": true}"#);
        let line = |line: &str| Grant::of_line(line).unwrap();
        let says = Says {
            by_plugin: BTreeMap::from([(
                "memo".to_owned(),
                Said {
                    grant: line("conversations = ['*']"),
                    deny: line("users = true").or(&line("conversations = ['C2']")),
                },
            )])
            .into(),
            approved: Approved::default(),
        };
        let approved = Arc::clone(&says.approved);
        let grants = Grants::Configured(says);
        assert_eq!(grants.missing("memo", &asking).lines(), ["shared-brain = true"]);
        assert!(grants.of("memo", &asking).shared_brain().is_err());
        let all = BTreeMap::from([("memo".to_owned(), Grant::of(&asking))]);
        approved.store(Arc::new(all));
        let granted = grants.of("memo", &asking);
        assert_eq!((granted.shared_brain(), granted.conversation("C1")), (Ok(()), Ok(())));
        for denied in [granted.users(), granted.conversation("C2")] {
            let denied = denied.unwrap_err().to_string();
            assert!(denied.contains("[plugin.memo.deny]"), "{denied}");
        }
        assert!(grants.missing("memo", &asking).is_empty());
        // An approval is no request.
        assert!(grants.of("memo", &Requests::default()).shared_brain().is_err());
        assert!(grants.of("other", &asking).shared_brain().is_err());
    }
}
