//! Why a file was not loaded, and what the registry tells about its doings.

use super::snapshot::{Loaded, short};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How far a file got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reading the file.
    Read,
    /// Looking at what it is, before any of it is compiled.
    Inspect,
    /// Making machine code of it.
    Compile,
    /// Linking it with the host.
    Load,
    /// Asking it for its manifest.
    Describe,
    /// Reading the manifest.
    Manifest,
    /// Giving it its name, which another file has.
    Name,
    /// Comparing it with what the operator pinned it to.
    Pin,
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Inspect => "inspect",
            Self::Compile => "compile",
            Self::Load => "load",
            Self::Describe => "describe",
            Self::Manifest => "manifest",
            Self::Name => "name",
            Self::Pin => "pin",
        })
    }
}

/// A file that could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// Where it failed.
    pub stage: Stage,
    /// Why, and what to do.
    pub reason: String,
    /// The version from this file that serves on.
    pub serving: Option<String>,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not loaded ({}): {}",
            Shown(&self.path),
            self.stage,
            OneLine(&self.reason)
        )?;
        if let Some(version) = &self.serving {
            write!(f, "; version {} serves on", short(version))?;
        }
        Ok(())
    }
}

/// Something that the registry did or met. Its text is one line.
#[derive(Clone, Debug)]
pub enum Report {
    /// A plugin is new here.
    Loaded {
        /// The plugin.
        plugin: Arc<Loaded>,
        /// From reading the file to being live.
        took: Duration,
    },
    /// A plugin has another version.
    Replaced {
        /// The plugin as it is now.
        plugin: Arc<Loaded>,
        /// The version before.
        before: String,
        /// From reading the file to being live.
        took: Duration,
    },
    /// A plugin's file was renamed; nothing else changed.
    Moved {
        /// The plugin as it is now.
        plugin: Arc<Loaded>,
        /// The path before.
        from: PathBuf,
    },
    /// A plugin's file is gone, or has become another plugin.
    Removed {
        /// The name.
        name: String,
        /// The version.
        version: String,
        /// The file.
        path: PathBuf,
    },
    /// A file could not be loaded; whatever served before serves on.
    Failed(Problem),
    /// A file is right again: what it holds is the version that serves.
    Mended {
        /// The plugin.
        plugin: Arc<Loaded>,
    },
    /// The operator stopped a plugin, or it was stopped before and is loaded without serving.
    Stopped {
        /// The plugin.
        plugin: Arc<Loaded>,
    },
    /// The operator started a plugin that was stopped.
    Started {
        /// The plugin.
        plugin: Arc<Loaded>,
    },
    /// A word is claimed by more than one plugin.
    Conflict {
        /// The word.
        word: String,
        /// The plugin that has it.
        kept: String,
        /// The plugin that doesn't get it.
        refused: String,
    },
    /// Two files have the same plugin name.
    DuplicateName {
        /// The name.
        name: String,
        /// The file that has it.
        kept: PathBuf,
        /// The file that is not loaded.
        refused: PathBuf,
    },
    /// The plugin folder can't be read; what is loaded serves on.
    FolderGone {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The plugin folder can be read again, and what is in it counts.
    FolderBack {
        /// The folder.
        dir: PathBuf,
    },
}

impl Report {
    /// Whether somebody should look after it.
    pub fn is_problem(&self) -> bool {
        matches!(
            self,
            Self::Failed(_) | Self::Conflict { .. } | Self::DuplicateName { .. } | Self::FolderGone { .. }
        )
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { plugin, took } => {
                write!(f, "loaded {}", Named(plugin))?;
                tail(f, plugin, *took)
            }
            Self::Replaced { plugin, before, took } => {
                write!(f, "replaced {}, before {}", Named(plugin), short(before))?;
                tail(f, plugin, *took)
            }
            Self::Moved { plugin, from } => {
                write!(f, "{} was {} before", Named(plugin), Shown(from))
            }
            Self::Removed { name, version, path } => {
                write!(f, "removed {name} {} ({})", short(version), Shown(path))
            }
            Self::Failed(problem) => problem.fmt(f),
            Self::Mended { plugin } => write!(f, "{} is right again", Named(plugin)),
            Self::Stopped { plugin } => write!(
                f,
                "{} is stopped; `moa plugin start {}` lets it serve",
                Named(plugin),
                plugin.name
            ),
            Self::Started { plugin } => write!(f, "started {}", Named(plugin)),
            Self::Conflict { word, kept, refused } => write!(
                f,
                "`{}` stays with {kept}; in {refused} it is `{refused}:{}` (`[commands.alias]` can decide otherwise)",
                OneLine(word),
                OneLine(word)
            ),
            Self::DuplicateName { name, kept, refused } => write!(
                f,
                "{} is not loaded: {} is the plugin {name} already; remove one of the two files",
                Shown(refused),
                Shown(kept)
            ),
            Self::FolderGone { dir, reason } => write!(
                f,
                "the plugin folder {} cannot be read ({}); what is loaded serves on until it is back",
                Shown(dir),
                OneLine(reason)
            ),
            Self::FolderBack { dir } => write!(f, "the plugin folder {} is back", Shown(dir)),
        }
    }
}

fn tail(f: &mut Formatter<'_>, plugin: &Loaded, took: Duration) -> fmt::Result {
    write!(f, " in {} ms", took.as_millis())?;
    for warning in &plugin.warnings {
        write!(f, "; warning: {}", OneLine(warning))?;
    }
    Ok(())
}

struct Named<'a>(&'a Loaded);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({})",
            self.0.name,
            self.0.short_version(),
            Shown(&self.0.path)
        )
    }
}

/// A path in a line: whoever may put files into the folder must not be able to forge lines of the log.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        OneLine(&self.0.to_string_lossy()).fmt(f)
    }
}

/// Text from a plugin or the system in a line: control characters and text direction marks are written as escapes, line
/// ends as `; `.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.lines().filter(|line| !line.trim().is_empty());
        if let Some(first) = lines.next() {
            escaped(f, first)?;
        }
        for line in lines {
            f.write_str("; ")?;
            escaped(f, line.trim())?;
        }
        Ok(())
    }
}

/// Whether a character changes the direction of a text, or ends a line without being a line end.
pub(crate) fn steers(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

fn escaped(f: &mut Formatter<'_>, line: &str) -> fmt::Result {
    use std::fmt::Write;
    for c in line.chars() {
        if c.is_control() || steers(c) {
            write!(f, "{}", c.escape_unicode())?
        } else {
            f.write_char(c)?
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_whatever_the_file_is_called() {
        let report = Report::Failed(Problem {
            path: "plugins/a\nERROR forged\u{202e}.wasm".into(),
            stage: Stage::Inspect,
            reason: "first\n\n  second\u{7}".into(),
            serving: Some("0123456789abcdef".into()),
        });
        assert_eq!(
            report.to_string(),
            "plugins/a; ERROR forged\\u{202e}.wasm is not loaded (inspect): first; second\\u{7}; version 0123456789ab serves on"
        );
        assert!(report.is_problem());
    }

    #[test]
    fn two_files_of_one_name_are_both_told() {
        let text = Report::DuplicateName {
            name: "echo".into(),
            kept: "p/a.wasm".into(),
            refused: "p/b.wasm".into(),
        }
        .to_string();
        assert!(
            text.contains("p/a.wasm") && text.contains("p/b.wasm") && text.contains("echo"),
            "{text}"
        );
    }
}
