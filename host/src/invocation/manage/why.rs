//! Why somebody may run a command, or may not: which rule decides, and what to change.

use super::to_asker;
use crate::invocation::{Invoker, Work};
use moa_core::access::{ADMIN, Asked, Caller, Verdict, Why};
use moa_core::command::shown;
use moa_core::content::Content;
use moa_core::locale::Locale;
use moa_core::router::{Judged, Reader, Routed, Say, read_command};
use moa_core::text::printable_line;

/// How much of a rule is shown, in characters.
const RULE: usize = 300;

impl Invoker {
    /// Explains it, to whoever asked alone.
    pub(super) fn why(&self, work: &Work, user: Option<&str>, command: &str, locale: Locale) -> Content {
        let access = &self.matcher.access;
        let settings = self.matcher.settings_of(&work.event);
        let caller = match user.filter(|user| *user != work.event.author()) {
            Some(user) => access.other(&work.event, user),
            None => access.caller(&work.event),
        };
        let policy = access.policy();
        let reader = policy.reader(&caller);
        let table = &work.matched.snapshot.table;
        let routed = read_command(table, settings, command, work.event.time());
        let judged = match &routed {
            Routed::Command(to) => Some(judge(reader, &table.asked(to))),
            Routed::Say(Say::Usage {
                plugin, command, path, ..
            }) => table.judge(reader, plugin, command, path),
            _ if table.has_plugin(command.trim()) => Some(judge(reader, &Asked::plugin(command.trim()))),
            _ => None,
        };
        match (judged, routed) {
            (Some(judged), _) => to_asker(self.explained(work, &caller, command, &judged, locale)),
            (None, Routed::Manage(_)) => to_asker(locale.pick(
                "봇의 관리자만 쓰는 명령입니다. `bot.admins`에 있거나 `admin` 역할을 받은 사람이 관리자입니다.",
                "This is for the bot's admins: those in `bot.admins`, and those who were given the role `admin`.",
            )),
            (None, Routed::Say(Say::Help { .. } | Say::Plugins)) => {
                to_asker(locale.pick("누구나 쓸 수 있습니다.", "Everybody may use this."))
            }
            (None, Routed::Say(say)) => {
                let own = access.caller(&work.event);
                let own = policy.reader(&own);
                let content = say.for_reader(table, own).render(table, settings, own, locale);
                to_asker(content.text)
            }
            (None, _) => {
                let what = shown(command.trim());
                to_asker(locale.pick(
                    format!("`{what}`: 그런 명령은 없습니다."),
                    format!("There is no command `{what}`."),
                ))
            }
        }
    }

    fn explained(&self, work: &Work, caller: &Caller, command: &str, judged: &Judged, locale: Locale) -> String {
        let Judged {
            verdict,
            depends_on,
            openers,
        } = judged;
        let what = shown(command.trim());
        let who = caller.user.as_ref().map(|user| format!("{{@{user}}}"));
        let mut lines = vec![match (verdict.allowed, who) {
            (true, Some(who)) => locale.pick(
                format!("✅ {who} 님은 여기서 `{what}` 명령을 쓸 수 있습니다."),
                format!("✅ {who} may use `{what}` here."),
            ),
            (false, Some(who)) => locale.pick(
                format!("🚫 {who} 님은 여기서 `{what}` 명령을 쓸 수 없습니다."),
                format!("🚫 {who} may not use `{what}` here."),
            ),
            (true, None) => locale.pick(
                format!("✅ 여기서 `{what}` 명령을 쓸 수 있습니다. 이곳 사람들은 이름만 알 수 있어서 역할이 없습니다."),
                format!("✅ `{what}` may be used here. Of people here only names are known, so nobody has a role."),
            ),
            (false, None) => locale.pick(
                format!("🚫 여기서 `{what}` 명령을 쓸 수 없습니다. 이곳 사람들은 이름만 알 수 있어서 역할이 없습니다."),
                format!("🚫 `{what}` may not be used here. Of people here only names are known, so nobody has a role."),
            ),
        }];
        lines.push(self.reason_of(work, caller, *verdict, locale));
        if !verdict.allowed && !openers.is_empty() {
            let prefix = self.matcher.prefix_of(&work.event);
            let roles: Vec<String> = openers.iter().map(|role| format!("`{}`", shown(role))).collect();
            let (roles, role) = (roles.join(", "), openers.first().map_or(ADMIN, String::as_str));
            lines.push(locale.pick(
                format!("다음 역할 가운데 하나가 있으면 쓸 수 있습니다: {roles}. 관리자가 `{prefix}역할 부여 {role} @사람`으로 줍니다."),
                format!("One of these roles allows it: {roles}. An admin gives it with `{prefix}role grant {role} @person`."),
            ));
        }
        for number in depends_on {
            let rule = self.rule_of(work, *number, locale);
            lines.push(locale.pick(
                format!("인자에 따라서는 먼저 {rule}"),
                format!("If the arguments are such, something else decides first: {rule}"),
            ));
        }
        lines.join("\n")
    }

    fn reason_of(&self, work: &Work, caller: &Caller, verdict: Verdict, locale: Locale) -> String {
        let named = caller
            .user
            .as_deref()
            .is_some_and(|user| self.matcher.access.is_named(user));
        match verdict.why {
            Why::Rule(number) => self.rule_of(work, number, locale),
            Why::Admin if named => locale.pick(
                "맞는 규칙이 없고, 제한된 명령은 관리자가 씁니다: moa.toml의 `bot.admins`에 있습니다.".into(),
                "No rule fits, and restricted commands are for admins: `bot.admins` in moa.toml names them.".into(),
            ),
            Why::Admin => locale.pick(
                "맞는 규칙이 없고, 제한된 명령은 관리자가 씁니다: 채팅에서 `admin` 역할을 받았습니다.".into(),
                "No rule fits, and restricted commands are for admins: they were given the role `admin` in chat.".into(),
            ),
            Why::Restricted => locale.pick(
                "맞는 규칙이 없고, 제한된 명령은 관리자만 씁니다. moa.toml의 `bot.admins`에 넣거나, `admin` 역할을 주거나, `effect = \"allow\"`인 `[[access]]` 규칙을 쓰면 바뀝니다.".into(),
                "No rule fits, and restricted commands are for admins only. `bot.admins` in moa.toml, the role `admin`, or an `[[access]]` rule with `effect = \"allow\"` changes that.".into(),
            ),
            Why::Default => locale.pick(
                "맞는 규칙이 없고, 제한되지 않은 명령은 누구나 씁니다.".into(),
                "No rule fits, and what is not restricted is for everybody.".into(),
            ),
        }
    }

    /// Which rule it is. What stands in it is for admins.
    fn rule_of(&self, work: &Work, number: usize, locale: Locale) -> String {
        let policy = self.matcher.access.policy();
        let Some(rule) = policy.rules.0.get(number) else {
            return String::new();
        };
        let (count, origin) = (number + 1, shown(&rule.origin));
        let mut text = locale.pick(
            format!("{count}번째 `[[access]]` 규칙이 정합니다 (`{origin}`)."),
            format!("`[[access]]` number {count} decides (`{origin}`)."),
        );
        if self.matcher.access.is_admin(&work.event) {
            let rule = printable_line(&rule.shown, RULE).replace('`', "'");
            text.push_str(&format!(" `{rule}`"));
        }
        text
    }
}

fn judge(reader: Reader<'_>, asked: &Asked<'_>) -> Judged {
    Judged {
        verdict: reader.rules.verdict(reader.caller, asked),
        depends_on: Vec::new(),
        openers: reader.rules.openers(reader.caller, asked),
    }
}
