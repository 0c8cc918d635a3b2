//! A plugin's first files.

mod c;
mod go;
mod javascript;
mod python;
mod rust;
mod typescript;

use super::lang::sdk::unpack;
use super::source::{Language, is_name};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The project's own repository.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
/// The Rust SDK within a checkout of it.
const RUST_SDK: &str = "plugin-sdk/rust";

/// Files that a plugin begins with: path and text, in which `{{name}}` is the plugin's name.
type Template = &'static [(&'static str, &'static str)];

fn template(language: Language) -> Template {
    match language {
        Language::Rust => rust::FILES,
        Language::Python => python::FILES,
        Language::JavaScript => javascript::FILES,
        Language::TypeScript => typescript::FILES,
        Language::Go => go::FILES,
        Language::C => c::FILES,
        // Nobody begins one: there are such folders, or a plugin in Python is begun.
        Language::Hongmoa => &[],
    }
}

/// Where the SDK of a Rust plugin comes from; those of other languages are part of moa.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The project's repository.
    Git,
    /// A folder.
    Path(PathBuf),
}

impl Sdk {
    /// That of the checkout which the executable lies in, or else `built_from`, the folder of this crate when it was
    /// built: so that both are of one version. Otherwise the repository's.
    pub fn beside(executable: &Path, built_from: &Path) -> Self {
        let found = executable
            .ancestors()
            .chain(built_from.parent())
            .map(|folder| folder.join(RUST_SDK))
            .find(|sdk| is_rust_sdk(sdk));
        found.map_or(Self::Git, Self::Path)
    }
}

impl fmt::Display for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git => f.write_str(REPOSITORY),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// Why there is no new plugin.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The name is none.
    #[error("`{0}` is no name for a plugin: use a to z, 0 to 9 and `-`, at most 64 characters")]
    Name(String),
    /// cargo would not take it.
    #[error("`{0}` cannot be the name of a Rust package: begin with a letter, and take no word of the language")]
    Package(String),
    /// Something is there already.
    #[error("{0} is there already; take another name, or remove it")]
    Exists(PathBuf),
    /// The SDK is not where it should be.
    #[error("there is no Rust SDK in {0}; give the folder plugin-sdk/rust of a checkout, or --sdk git")]
    NoSdk(PathBuf),
    /// A file can't be written.
    #[error("{path} cannot be written: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Makes the folder of a new plugin; its last part is the plugin's name. The files that were made.
///
/// # Errors
/// A name that cannot be used, a folder that is there already, or no room for it. What was begun stays.
pub fn create(folder: &Path, language: Language, sdk: &Sdk) -> Result<Vec<PathBuf>, NewError> {
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    if !is_name(&name) {
        return Err(NewError::Name(name.into_owned()));
    }
    let dependency = match language {
        Language::Rust => dependency(&name, sdk)?,
        _ => String::new(),
    };
    if folder.exists() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    let mut made = Vec::new();
    for (path, text) in template(language) {
        let path = folder.join(path);
        let text = text.replace("{{name}}", &name).replace("{{sdk}}", &dependency);
        let failed = |source| NewError::Io {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
        made.push(path);
    }
    unpack(language, folder).map_err(|(path, source)| NewError::Io { path, source })?;
    Ok(made)
}

/// How the package of a Rust plugin names the SDK.
fn dependency(name: &str, sdk: &Sdk) -> Result<String, NewError> {
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || rust::is_taken(name) {
        return Err(NewError::Package(name.to_owned()));
    }
    match sdk {
        Sdk::Git => Ok(format!("git = {}", quoted(REPOSITORY))),
        Sdk::Path(path) if is_rust_sdk(path) => {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            Ok(format!("path = {}", quoted(&path.to_string_lossy())))
        }
        Sdk::Path(path) => Err(NewError::NoSdk(path.clone())),
    }
}

fn is_rust_sdk(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    manifest.contains("name = \"moa-plugin\"")
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::find_sources;
    use crate::toolchain::transcript::Transcript;

    #[test]
    fn a_new_plugin_is_a_source_with_a_transcript() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("demo");
        let made = create(&folder, Language::Rust, &Sdk::Git).unwrap();
        assert_eq!(made.len(), rust::FILES.len());
        let sources = find_sources(dir.path()).unwrap();
        assert_eq!(sources.first().map(|source| source.name.as_str()), Some("demo"));
        for file in &made {
            let text = fs::read_to_string(file).unwrap();
            assert!(!text.contains("{{"), "{}: {text}", file.display());
        }
        let cargo: toml::Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        assert_eq!(cargo["dependencies"]["moa-plugin"]["git"].as_str(), Some(REPOSITORY));
        Transcript::parse(&fs::read_to_string(folder.join("tests/hello.chat")).unwrap()).unwrap();
        let again = create(&folder, Language::Rust, &Sdk::Git).unwrap_err().to_string();
        assert!(again.contains("there already"), "{again}");
    }

    #[test]
    fn names_that_cannot_be_are_refused_before_anything_is_made() {
        let dir = tempfile::tempdir().unwrap();
        for (name, says) in [
            ("My Plugin", "no name"),
            ("점심", "no name"),
            ("fn", "Rust package"),
            ("1st", "letter"),
        ] {
            let error = create(&dir.path().join(name), Language::Rust, &Sdk::Git)
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{name}: {error}");
        }
        let nowhere = Sdk::Path(dir.path().join("sdk"));
        let error = create(&dir.path().join("demo"), Language::Rust, &nowhere)
            .unwrap_err()
            .to_string();
        assert!(error.contains("--sdk git"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_executable_in_a_checkout_takes_the_sdk_from_there() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("target/debug/moa");
        let installed = Path::new("/nowhere/bin/moa");
        let built_from = dir.path().join("host");
        assert_eq!(Sdk::beside(&own, &built_from), Sdk::Git);
        let sdk = dir.path().join(RUST_SDK);
        fs::create_dir_all(&sdk).unwrap();
        fs::write(sdk.join("Cargo.toml"), "[package]\nname = \"moa-plugin\"\n").unwrap();
        assert_eq!(Sdk::beside(&own, Path::new("/nowhere/host")), Sdk::Path(sdk.clone()));
        // Installed elsewhere, and built there.
        assert_eq!(Sdk::beside(installed, &built_from), Sdk::Path(sdk));
        assert_eq!(Sdk::beside(installed, Path::new("/nowhere/host")), Sdk::Git);
    }
}
