//! `moa test`: transcripts and the examples of the help.

use super::{End, Global, log, progress, runtime};
use crate::toolchain::transcript::accept::accept;
use crate::toolchain::transcript::examples::{Tried, try_examples};
use crate::toolchain::transcript::play::play;
use crate::toolchain::transcript::report::{Failure, failures};
use crate::toolchain::transcript::{Bench, Transcript};
use crate::toolchain::{Built, Source, build};
use anyhow::Context;
use clap::Args;
use moa_engine::Engine;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `moa test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folders with plugin sources at or below them
    #[arg(value_name = "DIR", default_value = ".")]
    pub dirs: Vec<PathBuf>,
    /// Write what the bot did into the transcripts, in place of what they expect
    #[arg(long)]
    pub accept: bool,
}

/// How the test of one plugin went.
#[derive(Debug, Serialize)]
struct Tested {
    plugin: String,
    transcripts: Vec<Ran>,
    examples: Vec<Tried>,
    /// Why nothing was tested.
    problem: Option<String>,
}

/// How one transcript went.
#[derive(Debug, Serialize)]
struct Ran {
    file: PathBuf,
    failures: Vec<Failure>,
    /// Whether it was written anew.
    accepted: bool,
}

pub(super) fn main(global: &Global, args: &TestArgs) -> anyhow::Result<End> {
    // What a plugin logs is for its author; what fails is told where it matters.
    log::start(global, "off,plugin=info")?;
    runtime()?.block_on(test(global, args))
}

async fn test(global: &Global, args: &TestArgs) -> anyhow::Result<End> {
    let engine = Engine::new(moa_engine::Options {
        source_lines: true,
        ..Default::default()
    })?;
    let dir = tempfile::Builder::new()
        .prefix("moa-test-")
        .tempdir()
        .context("no folder for the components")?;
    let results = build(&args.dirs, &dir.path().join("built"), &engine, &progress::print).await?;
    let mut tested = Vec::new();
    for result in &results {
        let plugin = match &result.outcome {
            Ok(built) => test_plugin(&engine, dir.path(), &result.source, built, args.accept).await?,
            Err(error) => Tested {
                plugin: result.source.name.clone(),
                transcripts: Vec::new(),
                examples: Vec::new(),
                problem: Some(progress::trouble(error, global.json)),
            },
        };
        if !global.json {
            print!("{}", plugin.text());
        }
        tested.push(plugin);
    }
    if global.json {
        println!("{}", serde_json::to_string_pretty(&tested)?);
    } else {
        println!("{}", summary(&tested));
    }
    Ok(match tested.iter().all(Tested::is_fine) {
        true => End::Done,
        false => End::Failed,
    })
}

async fn test_plugin(
    engine: &Engine,
    dir: &Path,
    source: &Source,
    built: &Built,
    write: bool,
) -> anyhow::Result<Tested> {
    // In a folder of its own: a transcript is about one plugin, whatever others there are.
    let alone = dir.join("alone").join(&source.name);
    std::fs::create_dir_all(&alone)?;
    std::fs::copy(&built.file, alone.join(format!("{}.wasm", source.name)))?;
    let mut tested = Tested {
        plugin: source.name.clone(),
        transcripts: Vec::new(),
        examples: Vec::new(),
        problem: None,
    };
    let bench = match Bench::new(engine, &alone, &dir.join("compiled")).await {
        Ok(bench) => bench,
        Err(error) => {
            tested.problem = Some(error.to_string());
            return Ok(tested);
        }
    };
    for file in transcripts(&source.dir)? {
        tested.transcripts.push(run(&bench, file, write).await?);
    }
    tested.examples = try_examples(&bench).await;
    bench.close().await;
    Ok(tested)
}

async fn run(bench: &Bench, file: PathBuf, write: bool) -> anyhow::Result<Ran> {
    let bytes = std::fs::read(&file).with_context(|| format!("the transcript {} cannot be read", file.display()))?;
    let mut ran = Ran {
        file,
        failures: Vec::new(),
        accepted: false,
    };
    let mut transcript = match Transcript::read(&bytes) {
        Ok(transcript) => transcript,
        Err(error) => {
            ran.failures.push(Failure::unreadable(error, &bytes));
            return Ok(ran);
        }
    };
    transcript.folder = ran.file.parent().map(Path::to_owned).unwrap_or_default();
    let played = play(bench, &transcript).await;
    ran.failures = failures(&transcript, &played);
    if write && let Some(new) = accept(&transcript, &played, &String::from_utf8_lossy(&bytes)) {
        std::fs::write(&ran.file, new).with_context(|| format!("{} cannot be written", ran.file.display()))?;
        ran.accepted = true;
        // What could not be played could not be written down either.
        ran.failures.retain(|failure| failure.diff.is_empty());
    }
    Ok(ran)
}

/// All transcripts in the folder of a plugin, by path.
fn transcripts(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).with_context(|| format!("{} cannot be read", dir.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                if !name.starts_with('.') && !matches!(name.as_str(), "target" | "node_modules") {
                    waiting.push(entry.path());
                }
            } else if name.ends_with(".chat") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

impl Tested {
    fn is_fine(&self) -> bool {
        self.problem.is_none()
            && self.transcripts.iter().all(|ran| ran.failures.is_empty())
            && self.examples.iter().all(|tried| tried.problem.is_none())
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.plugin);
        if let Some(problem) = &self.problem {
            text.push_str(&format!("  FAILED: {problem}\n"));
            return text;
        }
        for ran in &self.transcripts {
            let file = shown(&ran.file);
            let how = match (ran.failures.is_empty(), ran.accepted) {
                (true, false) => "ok     ",
                (true, true) => "written",
                (false, _) => "FAILED ",
            };
            text.push_str(&format!("  {how}  {file}\n"));
            for failure in &ran.failures {
                text.push_str(&failure.text(&file));
            }
            if ran.failures.iter().any(|failure| !failure.diff.is_empty()) {
                text.push_str("    (- is expected, + is what the bot did; `moa test --accept` writes that down)\n");
            }
        }
        for tried in &self.examples {
            match &tried.problem {
                None => text.push_str(&format!("  ok       example {}\n", tried.example)),
                Some(problem) => text.push_str(&format!(
                    "  FAILED   example {} in the help of `{}`: {}\n",
                    tried.example,
                    tried.command,
                    problem.replace('\n', "\n    ")
                )),
            }
        }
        if self.transcripts.is_empty() && self.examples.is_empty() {
            text.push_str("  nothing to test: write a transcript, such as tests/hello.chat\n");
        }
        text
    }
}

/// A path as short as it can be from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let short = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    short.unwrap_or(path).display().to_string()
}

fn summary(tested: &[Tested]) -> String {
    let transcripts: Vec<&Ran> = tested.iter().flat_map(|one| &one.transcripts).collect();
    let examples: Vec<&Tried> = tested.iter().flat_map(|one| &one.examples).collect();
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let all = format!(
        "{}, {}",
        count(transcripts.len(), "transcript"),
        count(examples.len(), "example")
    );
    if tested.iter().all(Tested::is_fine) {
        return format!("{all}: all passed");
    }
    let bad = transcripts.iter().filter(|ran| !ran.failures.is_empty()).count()
        + examples.iter().filter(|tried| tried.problem.is_some()).count()
        + tested.iter().filter(|one| one.problem.is_some()).count();
    format!("{all}: {bad} FAILED")
}
