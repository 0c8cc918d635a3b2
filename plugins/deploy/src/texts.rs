//! What people read, in Korean and English.

use crate::ci::{Progress, State};
use crate::deployment::Deployment;
use moa_plugin::text::plain;
use moa_plugin::time::{Instant, Span};

/// How much of a log is shown, in characters.
const LOG: usize = 600;

/// The texts in a language.
pub struct Texts {
    is_korean: bool,
}

impl Texts {
    pub fn of(locale: &str) -> Self {
        Self {
            is_korean: locale.starts_with("ko"),
        }
    }

    fn pick<T>(&self, korean: T, english: T) -> T {
        if self.is_korean { korean } else { english }
    }

    pub fn state(&self, state: State) -> &'static str {
        match state {
            State::Queued => self.pick("기다리는 중", "waiting"),
            State::Building => self.pick("빌드하는 중", "building"),
            State::Deploying => self.pick("배포하는 중", "deploying"),
            State::Succeeded => self.pick("성공", "succeeded"),
            State::Failed => self.pick("실패", "failed"),
        }
    }

    /// The message that follows it.
    pub fn told(&self, deployment: &Deployment, progress: Option<&Progress>, is_given_up: bool) -> String {
        let state = progress.map_or(State::Queued, |progress| progress.state);
        let (icon, bar) = match state {
            State::Succeeded => ("✅", "▰▰▰▰"),
            State::Failed => ("❌", ""),
            _ if is_given_up => ("⌛", ""),
            State::Queued => ("⏳", "▰▱▱▱"),
            State::Building => ("🔨", "▰▰▱▱"),
            State::Deploying => ("🚚", "▰▰▰▱"),
        };
        let (branch, server) = (plain(&deployment.branch), plain(&deployment.server));
        let step = progress.filter(|progress| !progress.step.is_empty() && !state.is_over());
        let step = step
            .map(|progress| format!(": {}", plain(&progress.step)))
            .unwrap_or_default();
        let line = format!("{icon} *{branch}* → *{server}* {bar} {}{step}", self.state(state));
        line.replace("  ", " ")
    }

    /// For who began it.
    pub fn ended(&self, by: &str, progress: Option<&Progress>, is_given_up: bool) -> String {
        let said = |progress: &Progress| {
            if progress.log.trim().is_empty() {
                progress.step.clone()
            } else {
                progress.log.clone()
            }
        };
        let log = progress
            .map(said)
            .map(|log| log.trim().to_owned())
            .filter(|log| !log.is_empty());
        match progress.map(|progress| progress.state) {
            Some(State::Succeeded) => {
                self.pick(format!("{{@{by}}} 배포했습니다."), format!("{{@{by}}} it is deployed."))
            }
            Some(State::Failed) => {
                let text = self.pick(
                    format!("{{@{by}}} 배포하지 못했습니다."),
                    format!("{{@{by}}} it failed."),
                );
                match log {
                    Some(log) => format!("{text}\n```\n{}\n```", last(&log)),
                    None => text,
                }
            }
            _ if is_given_up => self.pick(
                format!("{{@{by}}} 너무 오래 걸려 더 기다리지 않습니다. CI에서 확인해 주세요."),
                format!("{{@{by}}} this takes too long, I stop waiting: look at the CI service."),
            ),
            _ => String::new(),
        }
    }

    pub fn busy(&self, other: &Deployment, now: Instant) -> String {
        let (branch, server, by) = (plain(&other.branch), plain(&other.server), plain(&other.by_name));
        let time = Span(now.since(other.started));
        self.pick(
            format!("{server}에는 {by}님이 {branch} 브랜치를 배포하고 있습니다 ({time}째). 끝난 뒤에 다시 해 주세요."),
            format!("{by} is deploying {branch} to {server} (for {time}): try again when that is over."),
        )
    }

    pub fn servers(&self, known: &[String]) -> String {
        let known = plain(&known.join(", "));
        self.pick(
            format!("그런 서버는 없습니다. 있는 것: {known}"),
            format!("There is no such server. There are: {known}"),
        )
    }

    pub fn refused(&self, branch: &str, why: &str) -> String {
        let (branch, why) = (plain(branch), plain(why));
        self.pick(
            format!("CI가 {branch} 브랜치를 받지 않았습니다: {why}"),
            format!("The CI service does not take {branch}: {why}"),
        )
    }

    pub fn away(&self) -> &'static str {
        self.pick(
            "CI가 답하지 않습니다. 잠시 뒤에 다시 해 주세요.",
            "The CI service does not answer: try again in a moment.",
        )
    }

    pub fn uncertain(&self) -> &'static str {
        self.pick(
            "CI가 들었는지 알 수 없습니다. 다시 하기 전에 CI에서 확인해 주세요.",
            "Perhaps the CI service has begun, perhaps not: look there before you try again.",
        )
    }

    pub fn open(&self) -> &'static str {
        self.pick("CI에서 보기", "Open in CI")
    }

    pub fn columns(&self) -> [&'static str; 4] {
        self.pick(
            ["서버", "브랜치", "상태", "언제"],
            ["server", "branch", "state", "when"],
        )
    }
}

/// The end of a log, in which nothing ends the block of code.
fn last(log: &str) -> String {
    let skip = log.chars().count().saturating_sub(LOG);
    log.chars().skip(skip).collect::<String>().replace('`', "'")
}
