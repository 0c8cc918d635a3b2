//! What somebody is told who may not do what they want to.

use super::Locale;
use crate::access::ADMIN;
use crate::command::shown;

/// How many roles are named.
const ROLES: usize = 3;

/// What was not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    /// The command, as it is typed without its prefix, or the plugin.
    pub what: String,
    /// What commands begin with.
    pub prefix: String,
    /// Whether it can be asked there why: not where nothing but this command can be typed.
    pub can_ask: bool,
    /// With which role, one of them, they may.
    pub roles: Vec<String>,
    /// What decided, for the operator.
    pub rule: String,
}

impl Denied {
    pub(super) fn render(&self, locale: Locale) -> String {
        let what = shown(&format!("{}{}", self.prefix, self.what));
        let why = shown(&format!("{}{} {}", self.prefix, locale.pick("이유", "why"), self.what));
        let who = self.who(locale);
        let more = match self.can_ask {
            true => locale.pick(format!(" 까닭: `{why}`"), format!(" More: `{why}`")),
            false => String::new(),
        };
        locale.pick(
            format!("🔒 `{what}`: 쓰실 수 없습니다. {who}{more}"),
            format!("🔒 `{what}`: you may not use this. {who}{more}"),
        )
    }

    /// Who can. Not by name: that would call them.
    fn who(&self, locale: Locale) -> String {
        let roles: Vec<String> = self
            .roles
            .iter()
            .filter(|role| *role != ADMIN)
            .map(|role| format!("`{}`", shown(role)))
            .collect();
        let admins = self.roles.iter().any(|role| role == ADMIN);
        let mut some = roles.iter().take(ROLES).cloned().collect::<Vec<_>>().join(", ");
        if roles.len() > ROLES {
            some.push('…');
        }
        match (roles.is_empty(), admins) {
            (true, true) => locale.pick("관리자만 쓸 수 있습니다.".into(), "It is for admins only.".into()),
            (true, false) => locale.pick(
                "운영자가 정한 규칙 때문입니다.".into(),
                "A rule of the operator forbids it.".into(),
            ),
            (false, true) => locale.pick(
                format!("{some} 역할이 있는 사람이나 관리자가 쓸 수 있습니다."),
                format!("It is for the role {some} and for admins."),
            ),
            (false, false) => locale.pick(
                format!("{some} 역할이 있는 사람이 쓸 수 있습니다."),
                format!("It is for the role {some}."),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_denied_is_told_who_can_and_how_to_learn_why() {
        let denied = |roles: &[&str]| Denied {
            can_ask: true,
            what: "deploy `<!channel>`\n{@U1}".into(),
            prefix: "!".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            rule: "secret".into(),
        };
        for (roles, ko, en) in [
            (&[][..], "운영자가 정한 규칙", "A rule of the operator"),
            (&["admin"], "관리자만", "for admins only"),
            (
                &["deployer"],
                "`deployer` 역할이 있는 사람이 쓸",
                "for the role `deployer`.",
            ),
            (
                &["admin", "a", "b", "c", "d"],
                "`a`, `b`, `c`… 역할",
                "`a`, `b`, `c`… and for admins",
            ),
        ] {
            for (locale, expected) in [(Locale::Ko, ko), (Locale::En, en)] {
                let text = denied(roles).render(locale);
                assert!(
                    text.contains(expected) && !text.contains("secret") && !text.contains('\n'),
                    "{text}"
                );
                assert!(text.contains(locale.pick("`!이유 deploy", "`!why deploy")), "{text}");
                let native = crate::slack::render::mrkdwn(&text);
                assert!(!native.contains("<!channel>") && !native.contains("<@"), "{native}");
            }
        }
    }
}
