//! Who asks, as far as that authorises anything.

use crate::event::{Event, PlaceKind};
use crate::text::{fold, normalise};
use std::collections::BTreeSet;

/// The role of those who look after the bot: everybody in `bot.admins`, and whom they grant it.
pub const ADMIN: &str = "admin";

/// The longest name of a role, in characters.
const ROLE: usize = 64;

/// Who asks, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The chat service.
    pub service: String,
    /// The person's id; nothing where the service has none that can be trusted.
    pub user: Option<String>,
    /// The person's roles; none for whoever has no id.
    pub roles: BTreeSet<String>,
    /// The id of the conversation.
    pub conversation: String,
    /// Whether it is a direct conversation with the bot.
    pub direct: bool,
}

impl Caller {
    /// Who caused an event. `roles` tells the roles of a person of the event's service by their id, and is not asked
    /// where there is no id to trust.
    pub fn of(event: &Event, roles: impl FnOnce(&str) -> BTreeSet<String>) -> Self {
        let place = event.place();
        let user = Some(event.author()).filter(|id| has_ids(&place.service) && !id.trim().is_empty());
        Self {
            service: place.service.clone(),
            roles: user.map_or_else(BTreeSet::new, roles),
            user: user.map(Into::into),
            conversation: place.conversation.clone(),
            direct: place.kind == PlaceKind::Direct,
        }
    }

    /// Whether the person has a role.
    pub fn has(&self, role: &str) -> bool {
        self.user.is_some() && self.roles.contains(role)
    }
}

/// Whether a service tells who somebody is. JANDI's webhooks tell a name, which everybody can give themselves.
pub fn has_ids(service: &str) -> bool {
    service != "jandi"
}

/// The name of a role as it is kept and compared: in NFC, without the difference of upper and lower case. `None` for what
/// is none: a name is one word of letters, digits, `-`, `_` and `.`.
pub fn role_name(text: &str) -> Option<String> {
    let text = text.trim();
    let normal = normalise(text);
    let name = fold(&normal).into_owned();
    let begins = name.starts_with(char::is_alphanumeric);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    (begins && name.chars().all(fits) && name.chars().count() <= ROLE).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_roles() {
        for (text, name) in [
            ("Deployer", Some("deployer")),
            (" 배포자 ", Some("배포자")),
            ("on-call.2", Some("on-call.2")),
            ("", None),
            ("a b", None),
            ("-x", None),
            ("{@U1}", None),
            ("`x`", None),
        ] {
            assert_eq!(role_name(text).as_deref(), name, "{text:?}");
        }
        assert_eq!(role_name(&"x".repeat(65)), None);
    }
}
