//! Roles, given and taken in chat.

use super::to_asker;
use crate::access::{Granted, Holder};
use crate::invocation::{Invoker, Work};
use moa_core::access::ADMIN;
use moa_core::audit::{Entry, What};
use moa_core::content::Content;
use moa_core::locale::{Locale, UserNotice};
use moa_core::router::{Listed, RoleOrder};
use moa_store::StoreError;

/// How many people are shown of a list.
const SHOWN: usize = 50;

impl Invoker {
    /// Does what is wanted of a role. That somebody has another role now is for everybody to see who is there.
    pub(super) async fn role(&self, work: &Work, order: &RoleOrder, locale: Locale) -> Content {
        let done = match order {
            RoleOrder::Grant { role, user } => self.grant_role(work, role, user, locale).await,
            RoleOrder::Revoke { role, user } => self.revoke_role(work, role, user, locale).await,
            RoleOrder::List(what) => Ok(to_asker(self.list_roles(work, what, locale))),
        };
        done.unwrap_or_else(|error| {
            tracing::error!(%error, by = work.event.author(), "a role could not be changed in the store");
            to_asker(UserNotice::NotKept.render(locale))
        })
    }

    async fn grant_role(&self, work: &Work, role: &str, user: &str, locale: Locale) -> Result<Content, StoreError> {
        let is_new = self.decide_role(work, role, user, false).await?;
        if !is_new {
            return Ok(to_asker(locale.pick(
                format!("{{@{user}}} 님은 이미 `{role}` 역할을 가지고 있습니다."),
                format!("{{@{user}}} has the role `{role}` already."),
            )));
        }
        Ok(Content::text(locale.pick(
            format!("✅ {{@{user}}} 님에게 `{role}` 역할을 주었습니다."),
            format!("✅ {{@{user}}} has the role `{role}` now."),
        )))
    }

    async fn revoke_role(&self, work: &Work, role: &str, user: &str, locale: Locale) -> Result<Content, StoreError> {
        let had_it = self.decide_role(work, role, user, true).await?;
        let named = role == ADMIN && self.matcher.access.is_named(user);
        let content = match (had_it, named) {
            (_, true) => to_asker(locale.pick(
                format!("{{@{user}}} 님은 설정 파일의 `bot.admins`에 있어서 관리자로 남습니다. 그 줄을 고치고 설정을 다시 읽게 하면(`systemctl reload`) 바뀝니다."),
                format!("{{@{user}}} stays an admin, for `bot.admins` in the configuration names them. Change that line and have it read again (`systemctl reload`)."),
            )),
            (true, false) => Content::text(locale.pick(
                format!("✅ {{@{user}}} 님의 `{role}` 역할을 거두었습니다."),
                format!("✅ {{@{user}}} does not have the role `{role}` any more."),
            )),
            (false, false) => to_asker(locale.pick(
                format!("{{@{user}}} 님에게는 `{role}` 역할이 없습니다."),
                format!("{{@{user}}} does not have the role `{role}`."),
            )),
        };
        Ok(content)
    }

    /// Gives or takes it, and writes that down for good; whether it is new.
    async fn decide_role(&self, work: &Work, role: &str, user: &str, revoked: bool) -> Result<bool, StoreError> {
        let (by, service) = (work.event.author(), &work.event.place().service);
        let decided = Granted {
            by: by.to_owned(),
            at_ms: work.received_ms,
            revoked,
        };
        let roles = &self.matcher.access.roles;
        let is_new = roles.decide(role, service, user, decided, work.look_first).await?;
        if is_new {
            tracing::info!(role, user, by, revoked, "a role was given or taken");
            let what = if revoked { "revoke" } else { "grant" };
            let entry = Entry::of(What::Manage, &work.event).command("role", &[what]);
            self.audit.note(Entry {
                rule: ADMIN.to_owned(),
                ..entry.arg("role", role).arg("person", user)
            });
        }
        Ok(is_new)
    }

    fn list_roles(&self, work: &Work, what: &Listed, locale: Locale) -> String {
        let service = &work.event.place().service;
        let access = &self.matcher.access;
        let mut held: Vec<(String, String, bool)> = access
            .policy()
            .admins
            .iter()
            .map(|user| (ADMIN.to_owned(), user.clone(), true))
            .collect();
        for Holder { role, user, .. } in access.roles.all().into_iter().filter(|one| one.service == *service) {
            if !(role == ADMIN && access.is_named(&user)) {
                held.push((role, user, false));
            }
        }
        held.retain(|(role, user, _)| match what {
            Listed::All => true,
            Listed::Role(wanted) => role == wanted,
            Listed::Person(wanted) => user == wanted,
        });
        held.sort();
        if held.is_empty() {
            return locale.pick("아무도 없습니다.", "There is nobody.").to_owned();
        }
        let line = |(role, user, named): &(String, String, bool)| match named {
            true => format!("• `{role}` {{@{user}}} (`bot.admins`)"),
            false => format!("• `{role}` {{@{user}}}"),
        };
        let mut lines: Vec<String> = held.iter().take(SHOWN).map(line).collect();
        if held.len() > SHOWN {
            lines.push(format!("• … (+{})", held.len() - SHOWN));
        }
        lines.join("\n")
    }
}
