//! Plugin sources: folders with a `plugin.toml`.
//!
//! ```toml
//! name = "hello"        # the plugin's name, the same as in its manifest
//! language = "rust"
//! entry = "main.py"     # optional: the file it begins with, where the language has one (plugin.py, plugin.ts, …); the folder of
//!                       # the apps for hongmoa (apps)
//! engine = "quickjs"    # optional, JavaScript and TypeScript: quickjs (small and quick) or spidermonkey (all Web APIs)
//! ```

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// The file that makes a folder a plugin source.
pub const MARK: &str = "plugin.toml";

/// A language that `moa build` builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Rust, by cargo.
    Rust,
    /// Python, by componentize-py.
    Python,
    /// JavaScript, by esbuild and an engine in the component.
    #[serde(rename = "javascript")]
    JavaScript,
    /// TypeScript, checked, then as JavaScript.
    #[serde(rename = "typescript")]
    TypeScript,
    /// Go, by its own compiler.
    Go,
    /// C, by Zig's compiler.
    C,
    /// A folder of apps for the chat bot hongmoa, as Python.
    Hongmoa,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Go,
        Self::C,
        Self::Hongmoa,
    ];

    /// The name in `plugin.toml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Go => "go",
            Self::C => "c",
            Self::Hongmoa => "hongmoa",
        }
    }

    /// The file that a plugin begins with where its `plugin.toml` names none; of apps for hongmoa it is their folder.
    pub fn entry(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "plugin.py",
            Self::JavaScript => "plugin.js",
            Self::TypeScript => "plugin.ts",
            Self::Go => "plugin.go",
            Self::C => "plugin.c",
            Self::Hongmoa => "apps",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What runs JavaScript inside a component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScriptEngine {
    /// Small and quick to start; the language alone.
    #[default]
    QuickJs,
    /// Large; all Web APIs.
    SpiderMonkey,
}

/// A plugin that can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The folder.
    pub dir: PathBuf,
    /// The plugin's name.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The file it begins with, within the folder.
    pub entry: String,
    /// What runs it, if it is JavaScript or TypeScript.
    pub engine: ScriptEngine,
}

/// Why a folder's plugins can't be found.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or a `plugin.toml` can't be read.
    #[error("cannot read {path}: {source}; give a folder with plugin sources in it")]
    Read {
        /// What can't be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A `plugin.toml` is not what it should be.
    #[error("{path}: {reason}; it should read like: name = \"hello\", language = \"rust\", a line each")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Two sources want the same name, and so the same component.
    #[error("{first} and {second} are both named `{name}`; give one of them another name in its {MARK}")]
    SameName {
        /// The name.
        name: String,
        /// One folder.
        first: PathBuf,
        /// The other folder.
        second: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginToml {
    name: String,
    language: Language,
    entry: Option<String>,
    engine: Option<ScriptEngine>,
}

/// Every plugin source at or below `dir`, by path.
///
/// Hidden folders, `target`, `node_modules` and what symbolic links lead to are not searched; below a plugin source
/// there are no further ones.
///
/// # Errors
/// When a folder can't be read, a `plugin.toml` is malformed, or two plugins have the same name.
pub fn find_sources(dir: &Path) -> Result<Vec<Source>, SourceError> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        let mark = dir.join(MARK);
        if mark.is_file() {
            found.push(read(&mark, dir)?);
            continue;
        }
        let failed = |source| SourceError::Read {
            path: dir.clone(),
            source,
        };
        for entry in std::fs::read_dir(&dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() && !is_skipped(&entry.file_name().to_string_lossy()) {
                waiting.push(entry.path());
            }
        }
    }
    found.sort_by(|a, b| a.dir.cmp(&b.dir));
    unique(&found)?;
    Ok(found)
}

/// Every plugin source at or below any of the folders, each once.
///
/// # Errors
/// As [`find_sources`].
pub fn find_all(dirs: &[PathBuf]) -> Result<Vec<Source>, SourceError> {
    let mut found = Vec::new();
    for dir in dirs {
        for source in find_sources(dir)? {
            let same = |other: &Source| same_folder(&other.dir, &source.dir);
            if !found.iter().any(same) {
                found.push(source);
            }
        }
    }
    unique(&found)?;
    Ok(found)
}

/// Whether a folder of this name holds what tools made, not what people wrote.
pub(crate) fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "target" | "node_modules" | "__pycache__")
}

fn same_folder(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn unique(sources: &[Source]) -> Result<(), SourceError> {
    let mut names: BTreeMap<&str, &Source> = BTreeMap::new();
    for source in sources {
        if let Some(first) = names.insert(&source.name, source) {
            return Err(SourceError::SameName {
                name: source.name.clone(),
                first: first.dir.clone(),
                second: source.dir.clone(),
            });
        }
    }
    Ok(())
}

fn read(mark: &Path, dir: PathBuf) -> Result<Source, SourceError> {
    let text = std::fs::read_to_string(mark).map_err(|source| SourceError::Read {
        path: mark.into(),
        source,
    })?;
    let malformed = |reason: String| SourceError::Malformed {
        path: mark.into(),
        reason,
    };
    let PluginToml {
        name,
        language,
        entry,
        engine,
    } = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count()
        });
        malformed(format!("line {line}: {}", error.message()))
    })?;
    if !is_name(&name) {
        return Err(malformed(format!(
            "`{name}` is no name for a plugin: use a to z, 0 to 9 and `-`, at most 64 characters"
        )));
    }
    if engine.is_some() && !matches!(language, Language::JavaScript | Language::TypeScript) {
        return Err(malformed(format!(
            "`engine` is for javascript and typescript, not for {language}"
        )));
    }
    let entry = match entry {
        None => language.entry().to_owned(),
        Some(_) if matches!(language, Language::Rust | Language::Go) => {
            return Err(malformed(format!(
                "`entry` is not for {language}: its own tools know where a program begins"
            )));
        }
        Some(entry) if !is_within(&entry) => {
            return Err(malformed(format!(
                "`entry` is `{entry}`; it must be a file within the folder, written relative to it"
            )));
        }
        Some(entry) => entry,
    };
    Ok(Source {
        dir,
        name,
        language,
        entry,
        engine: engine.unwrap_or_default(),
    })
}

fn is_within(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, path: &str, text: &str) {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    const HELLO: &str = "name = \"hello\"\nlanguage = \"rust\"\n";

    #[test]
    fn sources_are_found_and_what_tools_made_is_not_searched() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "b/hello/plugin.toml", HELLO);
        write(dir.path(), "b/hello/inner/plugin.toml", HELLO);
        write(dir.path(), "a/plugin.toml", "name = \"a\"\nlanguage = \"rust\"\n");
        for tool in ["target/x", "node_modules/x", ".git/x"] {
            write(dir.path(), &format!("{tool}/plugin.toml"), "junk");
        }
        let found = find_sources(dir.path()).unwrap();
        assert_eq!(
            found.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["a", "hello"]
        );
        assert_eq!(find_sources(&dir.path().join("a")).unwrap().len(), 1);
        let twice = find_all(&[dir.path().into(), dir.path().join("b/.."), dir.path().join("a")]).unwrap();
        assert_eq!(twice.len(), 2);
    }

    #[test]
    fn errors_name_file_line_and_the_right_form() {
        for (text, says) in [
            ("name = \"hello\"\n", "language"),
            ("name = \"hello\"\nlanguage = \"cobol\"\n", "line 2"),
            (
                "name = \"Hello World\"\nlanguage = \"rust\"\n",
                "`Hello World` is no name",
            ),
            ("name = \"../up\"\nlanguage = \"rust\"\n", "no name"),
            ("name = \"a\"\nlanguage = \"rust\"\nlangauge = 1\n", "line 3"),
            (
                "name = \"a\"\nlanguage = \"python\"\nengine = \"quickjs\"\n",
                "not for python",
            ),
            ("name = \"a\"\nlanguage = \"go\"\nentry = \"x.go\"\n", "not for go"),
            ("name = \"a\"\nlanguage = \"python\"\nentry = \"../x.py\"\n", "within"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), "x/plugin.toml", text);
            let error = find_sources(dir.path()).unwrap_err().to_string();
            assert!(
                error.contains(says) && error.contains("x/plugin.toml"),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn every_language_is_written_as_it_is_named_and_has_an_entry() {
        for language in Language::ALL {
            let dir = tempfile::tempdir().unwrap();
            write(
                dir.path(),
                "plugin.toml",
                &format!("name = \"a\"\nlanguage = \"{language}\"\n"),
            );
            let found = find_sources(dir.path()).unwrap();
            assert_eq!(
                (found[0].language, found[0].entry.as_str()),
                (language, language.entry())
            );
        }
        let dir = tempfile::tempdir().unwrap();
        let text = "name = \"a\"\nlanguage = \"typescript\"\nentry = \"src/main.ts\"\nengine = \"spidermonkey\"\n";
        write(dir.path(), "plugin.toml", text);
        let found = find_sources(dir.path()).unwrap();
        assert_eq!(
            (found[0].entry.as_str(), found[0].engine),
            ("src/main.ts", ScriptEngine::SpiderMonkey)
        );
    }

    #[test]
    fn one_name_is_one_plugin() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a/plugin.toml", HELLO);
        write(dir.path(), "b/plugin.toml", HELLO);
        let error = find_sources(dir.path()).unwrap_err();
        assert!(matches!(error, SourceError::SameName { .. }), "{error}");
        assert!(find_sources(&dir.path().join("nowhere")).is_err());
    }
}
