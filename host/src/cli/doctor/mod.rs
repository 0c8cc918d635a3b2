//! `moa doctor`: what is wrong, or will be, and what to do about it.

mod host;
mod machine;
mod service;

use super::output::{shown, unless_unread};
use super::{End, Global, log, runtime};
use crate::data::Data;
use crate::service::Given;
use crate::settings;
use moa_core::config::Config;
use serde::Serialize;
use std::io::{self, Write};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is as it should be.
    Good,
    /// Worth knowing.
    Note,
    /// It may go wrong.
    Warning,
    /// It is wrong: the doctor ends with 1.
    Problem,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// All that was found so far.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, level: Level, found: impl Into<String>, remedy: Option<String>) {
        self.0.push(Finding {
            check,
            level,
            found: found.into(),
            remedy,
        });
    }

    fn good(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Level::Good, found, None);
    }

    fn note(&mut self, check: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Level::Note, found, Some(remedy.into()));
    }

    fn warning(&mut self, check: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Level::Warning, found, Some(remedy.into()));
    }

    fn problem(&mut self, check: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Level::Problem, found, Some(remedy.into()));
    }

    fn worst(&self) -> Level {
        self.0.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
    }
}

pub(super) fn main(global: &Global, given: &Given) -> anyhow::Result<End> {
    log::start(global, "error")?;
    let mut findings = Findings::default();
    service::given(given, &mut findings);
    match super::configuration(global, settings::environment()) {
        Ok(config) => {
            findings.good("configuration", "it can be read");
            runtime()?.block_on(examine(&config, &mut findings));
        }
        Err(error) => findings.problem(
            "configuration",
            error.to_string(),
            "mend what is said there; `moa config check` shows it again",
        ),
    }
    let worst = findings.worst();
    unless_unread(print(&findings, global.json).map(|()| End::Done).map_err(Into::into))?;
    Ok(if worst == Level::Problem {
        End::Failed
    } else {
        End::Done
    })
}

async fn examine(config: &Config, findings: &mut Findings) {
    for wrong in Data::problems(config).wrong {
        findings.problem("configuration", wrong, "mend it; `moa config check` shows it again");
    }
    for missing in super::config::missing(config) {
        findings.problem(
            "secrets",
            missing,
            "say in moa.toml where it lies: { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }",
        );
    }
    machine::examine(config, findings);
    service::examine(config, findings).await;
    host::examine(config, findings).await;
}

fn print(findings: &Findings, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let text = serde_json::to_string_pretty(&findings.0).map_err(io::Error::other)?;
        return writeln!(out, "{text}");
    }
    for finding in &findings.0 {
        let mark = match finding.level {
            Level::Good => "ok",
            Level::Note => "note",
            Level::Warning => "WARNING",
            Level::Problem => "PROBLEM",
        };
        let mut lines = finding.found.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{mark:<8} {}: {}", finding.check, shown(first))?;
        for line in lines {
            writeln!(out, "           {}", shown(line))?;
        }
        for line in finding.remedy.iter().flat_map(|remedy| remedy.lines()) {
            writeln!(out, "         → {}", shown(line))?;
        }
    }
    let many = |level: Level| findings.0.iter().filter(|finding| finding.level == level).count();
    writeln!(
        out,
        "{} looked at: {} problems, {} warnings",
        findings.0.len(),
        many(Level::Problem),
        many(Level::Warning)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_all_decides() {
        let mut findings = Findings::default();
        assert_eq!(findings.worst(), Level::Good);
        findings.good("a", "fine");
        findings.note("b", "so", "nothing");
        findings.warning("c", "hm", "look");
        assert_eq!(findings.worst(), Level::Warning);
        findings.problem("d", "oh", "do");
        findings.good("e", "fine");
        assert_eq!(findings.worst(), Level::Problem);
        assert!(
            findings
                .0
                .iter()
                .all(|one| one.level == Level::Good || one.remedy.is_some())
        );
    }
}
