//! Making a component of JavaScript and TypeScript, by esbuild and an engine inside the component.
//!
//! The work is done by a script of the SDK (`plugin-sdk/javascript/build/build.mjs`), since esbuild and both engines are
//! libraries of Node.js: it checks types, bundles, puts the table of lines into the bundle and makes the component. Here
//! its tools are fetched, and what it finds is read.

use super::sdk::{self, SdkFile};
use super::{Job, Made, process, provide};
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::Diagnostic;
use crate::toolchain::inputs::Inputs;
use crate::toolchain::source::{Language, ScriptEngine};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const ESBUILD: &str = "esbuild@0.28.2";
const QUICKJS: &str = "componentize-qjs@0.4.5";
const SPIDERMONKEY: &str = "@bytecodealliance/componentize-js@0.23.0";
const TYPESCRIPT: &str = "typescript@7.0.2";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../plugin-sdk/javascript/", $path)))),*]
    };
}

/// What of the SDK goes into a project: no tests.
const FILES: &[(&str, &str)] = files![
    "README.md",
    "build/build.mjs",
    "build/forbidden.mjs",
    "build/places.mjs",
    "package.json",
    "register.mjs",
    "src/args.js",
    "src/brain.js",
    "src/calls.js",
    "src/chat.js",
    "src/component.js",
    "src/content.js",
    "src/context.js",
    "src/errors.js",
    "src/form.js",
    "src/host.js",
    "src/index.js",
    "src/inspect.js",
    "src/others.js",
    "src/parts.js",
    "src/prelude.js",
    "src/promise.js",
    "src/rows.js",
    "src/shapes.js",
    "src/testing.js",
    "src/testing/chat.js",
    "src/testing/store.js",
    "src/testing/typed.js",
    "src/text.js",
    "src/trace.js",
    "src/url.js",
    "src/utf8.js",
    "src/warm.js",
    "tsconfig.json",
    "types/globals.d.ts",
    "types/host.d.ts",
    "types/moa.d.ts",
    "types/testing.d.ts",
];

/// The SDK's files, and the contract that components are made against.
pub(super) fn sdk_files() -> Vec<SdkFile> {
    let own = FILES.iter().map(|(path, text)| ((*path).into(), (*text).into()));
    own.chain(sdk::wit()).collect()
}

/// What the script is told.
#[derive(Serialize)]
struct Order<'a> {
    project: &'a Path,
    entry: &'a str,
    name: &'a str,
    engine: &'a str,
    sdk: &'a Path,
    wit: PathBuf,
    /// Folders with packages of npm.
    tools: Vec<PathBuf>,
    out: &'a Path,
    typescript: bool,
}

/// One line of what the script says.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Diagnostic(Diagnostic),
    /// The files that went into the bundle.
    Inputs(Vec<PathBuf>),
}

/// What decides over the outcome besides the sources.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    let node = provide::node().await?;
    let sdk = sdk::digest(job.source.language);
    Ok(format!("node {node}\n{}\nsdk {sdk}", packages(job).join("\n")))
}

/// Sets of packages: each is a folder in the cache, which plugins of other languages and engines share.
fn packages(job: &Job<'_>) -> Vec<&'static str> {
    let engine = match job.source.engine {
        ScriptEngine::QuickJs => QUICKJS,
        ScriptEngine::SpiderMonkey => SPIDERMONKEY,
    };
    let mut packages = vec![ESBUILD, engine];
    if job.source.language == Language::TypeScript {
        packages.push(TYPESCRIPT);
    }
    packages
}

/// Makes the component.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    let io = |path: &Path, source: std::io::Error| BuildError::Io {
        path: path.to_owned(),
        source,
    };
    job.entry()?;
    let mut tools = Vec::new();
    for package in packages(job) {
        tools.push(provide::npm_packages(job, &[package]).await?);
    }
    let project = &job.source.dir;
    let sdk = sdk::unpack(job.source.language, project).map_err(|(path, error)| io(&path, error))?;
    let folder = job.own().join("build");
    std::fs::create_dir_all(&folder).map_err(|error| io(&folder, error))?;
    let out = folder.join("plugin.wasm");
    let order = Order {
        project,
        entry: &job.source.entry,
        name: &job.source.name,
        engine: match job.source.engine {
            ScriptEngine::QuickJs => "quickjs",
            ScriptEngine::SpiderMonkey => "spidermonkey",
        },
        sdk: &sdk,
        wit: sdk.join("wit"),
        tools,
        out: &out,
        typescript: job.source.language == Language::TypeScript,
    };
    let file = folder.join("job.json");
    let text = serde_json::to_vec_pretty(&order).map_err(|error| io(&file, std::io::Error::other(error)))?;
    std::fs::write(&file, text).map_err(|error| io(&file, error))?;

    let mut node = process::command("node", project);
    // Settings for the author's own programs: modules to load first, other places to look for packages.
    node.env_remove("NODE_OPTIONS").env_remove("NODE_PATH");
    node.arg(sdk.join("build/build.mjs")).arg(&file);
    let mut heard = Heard::default();
    let ended = process::run(job, node, |line| heard.line(job, &line))
        .await
        .map_err(|error| BuildError::NoTool {
            tool: "node".into(),
            reason: error.to_string(),
            get: "install Node.js 20 or newer with npm (https://nodejs.org)".into(),
        })?;
    let Heard { diagnostics, inputs } = heard;
    if !ended.success {
        let words = ended.words;
        return Err(BuildError::Compiler { diagnostics, words });
    }
    Ok(Made {
        file: out,
        inputs: Inputs {
            folders: [project.clone()].into(),
            // What lies in the folder counts anyway; packages are skipped there.
            files: inputs.into_iter().filter(|file| counts(project, file)).collect(),
        },
        diagnostics,
    })
}

/// Whether a file is no input already because of the folder that it lies in.
fn counts(project: &Path, file: &Path) -> bool {
    let below = file.strip_prefix(project);
    below.map_or(true, |below| {
        below.components().any(|part| part.as_os_str() == "node_modules")
    })
}

/// What the script said so far.
#[derive(Default)]
struct Heard {
    diagnostics: Vec<Diagnostic>,
    inputs: Vec<PathBuf>,
}

impl Heard {
    fn line(&mut self, job: &Job<'_>, line: &str) {
        match serde_json::from_str(line) {
            Ok(Said::Diagnostic(diagnostic)) => {
                job.found(&diagnostic);
                self.diagnostics.push(diagnostic);
            }
            Ok(Said::Inputs(inputs)) => self.inputs = inputs,
            // A tool's own words.
            Err(_) => job.say(line),
        }
    }
}

#[cfg(test)]
#[path = "javascript_tests.rs"]
mod tests;
