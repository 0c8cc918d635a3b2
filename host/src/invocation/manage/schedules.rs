//! Which jobs there are, for whoever asks: those of plugins that they may use.

use super::to_asker;
use crate::invocation::{Invoker, Work};
use crate::schedule::{JobState, Row};
use jiff::Timestamp;
use moa_core::content::Content;
use moa_core::locale::Locale;
use moa_core::text::printable_line;

/// So many are shown.
const SHOWN: usize = 30;
/// How much of a name is shown, in characters.
const NAME: usize = 80;

impl Invoker {
    pub(super) fn schedules(&self, work: &Work, locale: Locale) -> Content {
        let matcher = &self.matcher;
        let now = Timestamp::try_from(self.world.now()).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut rows = matcher.schedules.rows(now);
        rows.retain(|row| {
            matcher
                .access
                .barred(&work.event, &matcher.settings, &row.plugin)
                .is_none()
        });
        if rows.is_empty() {
            return to_asker(locale.pick("예약된 일이 없습니다.", "No job is scheduled."));
        }
        // The next one first; what has no next time last.
        rows.sort_by_key(|row| (row.next.is_none(), row.next));
        let mut lines = vec![locale.pick("*예약된 일*", "*Jobs*").to_owned()];
        let is_admin = matcher.access.is_admin(&work.event);
        let shown = rows.iter().take(SHOWN);
        lines.extend(shown.map(|row| self.line(row, is_admin, locale)));
        if let Some(more) = rows.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.push(locale.pick(format!("… 그 밖에 {more}개"), format!("… and {more} more")));
        }
        to_asker(lines.join("\n"))
    }

    /// The name of a job that was made at run time may be of somebody's matters, so it is for the admins alone.
    fn line(&self, row: &Row, is_admin: bool, locale: Locale) -> String {
        let clock = |at: Timestamp| {
            let at = at.to_zoned(self.matcher.settings.timezone.clone());
            at.strftime("%Y-%m-%d %H:%M").to_string()
        };
        let when = match (row.state, row.next) {
            (JobState::Paused, _) => locale.pick("쉬는 중", "paused").to_owned(),
            (JobState::Idle, _) => locale.pick("플러그인이 없거나 멈춤", "its plugin is away").to_owned(),
            (JobState::Broken, _) => locale
                .pick("일정을 읽을 수 없음", "its schedule cannot be read")
                .to_owned(),
            (JobState::Waiting | JobState::Running, Some(next)) => {
                locale.pick(format!("다음 {}", clock(next)), format!("next {}", clock(next)))
            }
            (JobState::Waiting | JobState::Running, None) => locale.pick("더 없음", "no more").to_owned(),
        };
        let failed = row.last.as_ref().is_some_and(|last| last.failed.is_some());
        let failed = if failed {
            locale.pick(" — 지난번 실패", " — failed last time")
        } else {
            ""
        };
        let schedule = match &row.schedule {
            Some(schedule) => format!("`{}` {}", printable_line(schedule, NAME), row.timezone),
            None => locale.pick("한 번", "once").to_owned(),
        };
        let name = match row.made && !is_admin {
            true => locale.pick("(누군가 맡긴 일)", "(made in use)").to_owned(),
            false => printable_line(&row.name, NAME),
        };
        format!("• {}/{name} — {schedule} — {when}{failed}", row.plugin)
    }
}
