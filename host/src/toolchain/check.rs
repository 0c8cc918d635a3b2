//! What a component is, what it asks for, and whether this host runs it.

use crate::registry::{OneLine, Shown, Stage, hex, is_plugin_file, missing_export};
use anyhow::Context;
use moa_core::config::Grant;
use moa_core::locale::Locale;
use moa_core::manifest::{Command, Manifest, Requests, Shortcut, ShortcutPlace};
use moa_engine::{Engine, Inspection, Limits, MAX_PLUGIN_BYTES};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What there is to say about a file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckReport {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file in hexadecimal: the plugin's version.
    pub sha256: Option<String>,
    /// Whether this host runs it.
    pub runs: bool,
    /// Why it doesn't, and what to do.
    pub problem: Option<Trouble>,
    /// The version of `moa:plugin` that it was made for.
    pub contract: Option<String>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// What it says of itself.
    pub manifest: Option<Manifest>,
    /// What is odd about its manifest.
    pub warnings: Vec<String>,
}

/// Why a component can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Where it failed.
    pub stage: Stage,
    /// Why, and what to do.
    pub reason: String,
}

impl Trouble {
    pub(super) fn new(stage: Stage, reason: impl ToString) -> Self {
        Self {
            stage,
            reason: reason.to_string(),
        }
    }
}

/// A component that this host runs.
pub(super) struct Sound {
    pub(super) manifest: Manifest,
    pub(super) warnings: Vec<String>,
}

/// Goes all the way that the host goes with a plugin, in this process: look, compile, link, ask for the manifest.
///
/// A file that can't be read is a report too, not an error: there is always something to print.
pub async fn check_file(engine: &Engine, path: &Path) -> CheckReport {
    let mut report = CheckReport {
        path: path.to_owned(),
        size: 0,
        sha256: None,
        runs: false,
        problem: None,
        contract: None,
        imports: Vec::new(),
        exports: Vec::new(),
        manifest: None,
        warnings: Vec::new(),
    };
    match look(engine, path, &mut report).await {
        Ok(sound) => {
            report.runs = true;
            report.manifest = Some(sound.manifest);
            report.warnings = sound.warnings;
        }
        Err(trouble) => report.problem = Some(trouble),
    }
    report
}

/// The same for every file that a host would take from a plugin folder, by file name. A folder that is not there is
/// empty.
///
/// # Errors
/// The folder cannot be read.
pub async fn check_folder(engine: &Engine, dir: &Path) -> anyhow::Result<Vec<CheckReport>> {
    let unreadable = || {
        format!(
            "the plugin folder {} cannot be read; set plugins.dir to another one",
            Shown(dir)
        )
    };
    let mut entries = match tokio::fs::read_dir(dir).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(unreadable)?,
    };
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await.with_context(unreadable)? {
        if is_plugin_file(&entry.file_name()) && !entry.path().is_dir() {
            files.push(entry.path());
        }
    }
    files.sort();
    let mut reports = Vec::new();
    for file in &files {
        reports.push(check_file(engine, file).await);
    }
    Ok(reports)
}

async fn look(engine: &Engine, path: &Path, report: &mut CheckReport) -> Result<Sound, Trouble> {
    let unreadable = |error| {
        Trouble::new(
            Stage::Read,
            format!("it cannot be read: {error}; give the path of a component"),
        )
    };
    let metadata = tokio::fs::metadata(path).await.map_err(unreadable)?;
    report.size = metadata.len();
    if !metadata.is_file() {
        return Err(Trouble::new(
            Stage::Read,
            "it is no regular file; give the path of a component",
        ));
    }
    if report.size > MAX_PLUGIN_BYTES {
        let error = moa_engine::LoadError::TooLarge {
            size: report.size,
            limit: MAX_PLUGIN_BYTES,
        };
        return Err(Trouble::new(Stage::Read, error));
    }
    let bytes = tokio::fs::read(path).await.map_err(unreadable)?;
    report.sha256 = Some(hex(&Sha256::digest(&bytes)));
    let file = moa_engine::inspect(&bytes).map_err(|error| Trouble::new(Stage::Inspect, error))?;
    report.contract = Some(file.version.clone());
    report.imports = file.imports.clone();
    report.exports = file.exports.clone();
    examine(engine, Arc::new(bytes), &file).await
}

/// All steps after the look at what a file is.
pub(super) async fn examine(engine: &Engine, bytes: Arc<Vec<u8>>, file: &Inspection) -> Result<Sound, Trouble> {
    let loaded = {
        let engine = engine.clone();
        tokio::task::spawn_blocking(move || engine.load_bytes(&bytes)).await
    };
    let plugin = loaded
        .map_err(|error| Trouble::new(Stage::Compile, error))?
        .map_err(|error| Trouble::new(Stage::Compile, error))?;
    let described = plugin
        .describe(&Limits::default())
        .await
        .map_err(|fault| Trouble::new(Stage::Describe, fault))?;
    let parsed = Manifest::parse(&described).map_err(|error| Trouble::new(Stage::Manifest, error))?;
    if let Some(missing) = missing_export(&parsed.manifest, file, plugin.exports()) {
        return Err(Trouble::new(Stage::Manifest, missing));
    }
    Ok(Sound {
        manifest: parsed.manifest,
        warnings: parsed.warnings,
    })
}

/// What a plugin asks for, in the lines that would grant it in `[plugin.NAME.grant]`; none if it asks for nothing.
pub fn grant_lines(requests: &Requests) -> Vec<String> {
    Grant::of(requests).lines()
}

/// A size for people: `512 B`, `75.3 KB`, `18.3 MB`.
pub fn size_text(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes * 10 + unit / 2) / unit;
    let (tenths, unit) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..999_950 => (tenths(1_000), "KB"),
        _ => (tenths(1_000_000), "MB"),
    };
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

impl Display for CheckReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Shown(&self.path))?;
        if let Some(manifest) = &self.manifest {
            write!(f, "  plugin     {}", manifest.name)?;
            if !manifest.version.is_empty() {
                write!(f, " {}", OneLine(&manifest.version))?;
            }
            writeln!(f)?;
            if !manifest.summary.is_empty() {
                writeln!(f, "             {}", OneLine(manifest.summary.get("en")))?;
            }
        }
        match &self.problem {
            None => writeln!(f, "  runs here  yes")?,
            Some(trouble) => writeln!(f, "  runs here  no ({}): {}", trouble.stage, OneLine(&trouble.reason))?,
        }
        writeln!(f, "  size       {}", size_text(self.size))?;
        if let Some(sha256) = &self.sha256 {
            writeln!(f, "  sha256     {sha256}")?;
        }
        if let Some(contract) = &self.contract {
            writeln!(f, "  made for   moa:plugin@{contract}")?;
        }
        listed(f, "exports", self.exports.iter().map(String::as_str))?;
        listed(f, "imports", self.imports.iter().map(String::as_str))?;
        if let Some(manifest) = &self.manifest {
            described(f, manifest)?;
        }
        listed(f, "warning", self.warnings.iter().map(String::as_str))
    }
}

fn described(f: &mut Formatter<'_>, manifest: &Manifest) -> fmt::Result {
    let commands: Vec<String> = manifest.commands.iter().map(command_line).collect();
    listed(f, "commands", commands.iter().map(String::as_str))?;
    listed(f, "hears", manifest.hears.iter().map(|hear| hear.pattern.as_str()))?;
    listed(f, "jobs", manifest.jobs.iter().map(|job| job.id.as_str()))?;
    listed(f, "webhooks", manifest.webhooks.iter().map(|hook| hook.name.as_str()))?;
    let events: Vec<&str> = manifest.events.iter().map(|event| event.as_str()).collect();
    listed(f, "events", events.into_iter())?;
    let shortcuts: Vec<String> = manifest.shortcuts.iter().map(shortcut_line).collect();
    listed(f, "shortcuts", shortcuts.iter().map(String::as_str))?;
    let requests = grant_lines(&manifest.requests);
    if requests.is_empty() {
        return writeln!(f, "  asks for   nothing");
    }
    listed(f, "asks for", requests.iter().map(String::as_str))
}

fn listed<'a>(f: &mut Formatter<'_>, title: &str, lines: impl Iterator<Item = &'a str>) -> fmt::Result {
    let mut title = title;
    for line in lines {
        writeln!(f, "  {title:<9}  {}", OneLine(line))?;
        title = "";
    }
    Ok(())
}

fn command_line(command: &Command) -> String {
    let mut line = format!("!{} {}", command.name, command.hint(Locale::En))
        .trim_end()
        .to_owned();
    if !command.aliases.is_empty() {
        line.push_str(&format!(", also {}", command.aliases.join(", ")));
    }
    line
}

fn shortcut_line(shortcut: &Shortcut) -> String {
    let place = match shortcut.on {
        ShortcutPlace::Message => "on messages",
        ShortcutPlace::Anywhere => "anywhere",
    };
    format!("{} ({}), {place}", shortcut.name.get("en"), shortcut.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{component, deaf_component, engine};

    async fn check(content: &[u8]) -> CheckReport {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wasm");
        std::fs::write(&path, content).unwrap();
        check_file(&engine(), &path).await
    }

    #[tokio::test]
    async fn a_plugin_is_told_with_all_it_asks_for() {
        let manifest = r#"{"name": "lunch", "version": "1.2.0", "summary": {"ko": "점심", "en": "lunch teams"}, "surplus": 1,
            "commands": [{"name": "점심팀", "aliases": ["lunch"], "args": [{"name": "size", "type": "int"}, {"name": "names", "type": "list", "optional": true}]}],
            "requests": {"http": ["https://api.example.com"], "users": true}}"#;
        let report = check(&component(manifest)).await;
        assert!(report.runs, "{report:?}");
        let text = report.to_string();
        for says in [
            "plugin     lunch 1.2.0",
            "lunch teams",
            "runs here  yes",
            "made for   moa:plugin@0.1.0",
            "!점심팀 <size> [names…], also lunch",
            "asks for   http = [\"https://api.example.com\"]",
            "           users = true",
            "surplus",
        ] {
            assert!(text.contains(says), "{says} is missing in:\n{text}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["manifest"]["commands"][0]["name"], "점심팀");
        assert_eq!(json["runs"], true);
    }

    #[tokio::test]
    async fn what_does_not_run_says_why_and_what_to_do() {
        for (content, stage, says) in [
            (b"#!/bin/sh".to_vec(), Stage::Inspect, "moa build"),
            (
                wat::parse_str("(module)").unwrap(),
                Stage::Inspect,
                "core WebAssembly module",
            ),
            (
                wat::parse_str("(component)").unwrap(),
                Stage::Inspect,
                "moa:plugin/guest",
            ),
            (component("{\"name\": \"Bad Name\"}"), Stage::Manifest, "name"),
            (component("no json"), Stage::Manifest, "JSON"),
            (
                component(r#"{"name": "a", "hears": [{"id": "x", "pattern": "x"}]}"#),
                Stage::Manifest,
                "moa:plugin/listener",
            ),
            (
                component(r#"{"name": "a", "events": ["edited"]}"#),
                Stage::Manifest,
                "moa:plugin/events",
            ),
            (
                component(r#"{"name": "a", "shortcuts": [{"id": "x", "on": "message", "name": "X"}]}"#),
                Stage::Manifest,
                "moa:plugin/actions",
            ),
            (
                deaf_component(r#"{"name": "a"}"#),
                Stage::Manifest,
                "moa:plugin/triggers",
            ),
        ] {
            let report = check(&content).await;
            let trouble = report.problem.clone().unwrap();
            assert!(
                !report.runs && trouble.stage == stage && trouble.reason.contains(says),
                "{says}: {trouble:?}"
            );
            assert!(report.to_string().contains("runs here  no"), "{report}");
        }
        let report = check_file(&engine(), Path::new("/nowhere/x.wasm")).await;
        assert_eq!(report.problem.unwrap().stage, Stage::Read);
    }

    #[tokio::test]
    async fn events_and_shortcuts_are_told() {
        let manifest = r#"{"name": "a", "events": ["reacted", "left"],
            "shortcuts": [{"id": "add", "on": "message", "name": {"ko": "넣기", "en": "Add it"}}, {"id": "menu", "on": "anywhere", "name": "Menu"}]}"#;
        let manifest = Manifest::parse(manifest).unwrap().manifest;
        let mut report = check(&component(r#"{"name": "a"}"#)).await;
        report.manifest = Some(manifest);
        let text = report.to_string();
        for says in [
            "  events     reacted\n",
            "             left\n",
            "  shortcuts  Add it (add), on messages\n",
            "Menu (menu), anywhere",
        ] {
            assert!(text.contains(says), "{says:?} is missing in:\n{text}");
        }
    }

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 KB"),
            (75_349, "75.3 KB"),
            (999_950, "1.0 MB"),
            (18_300_000, "18.3 MB"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
