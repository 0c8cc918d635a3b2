//! The configuration from where it lies: file, environment, secrets.

use moa_core::config::{Config, ConfigErrors, SecretSource};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that is read when none is named.
pub(crate) const DEFAULT_FILE: &str = "moa.toml";

/// Why there is no configuration. Wrong use, all of it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {source}; name another with --config")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it, or in the environment, is wrong.
    #[error(transparent)]
    Wrong(#[from] ConfigErrors),
}

/// Reads the configuration that file and environment make together. `file`: `moa.toml` in the working folder where none
/// is named and that one is there. `data_dir` stands over both.
///
/// # Errors
/// Every mistake at once, each with file, key and remedy.
pub fn load(
    file: Option<&Path>,
    data_dir: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, LoadError> {
    let path = file.or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()));
    let text = match path {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        })?),
    };
    let shown = path.map(Path::to_string_lossy);
    let file = shown.as_deref().zip(text.as_deref());
    let overrides = data_dir.map(|dir| {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        ("MOA_BOT__DATA_DIR".to_owned(), dir.to_string_lossy().into_owned())
    });
    Ok(Config::parse(file, environment.into_iter().chain(overrides))?)
}

/// How long something takes or waits: `usual`, or what tests say that want to see the end of it. They can only shorten it.
pub(crate) fn shortened(variable: &str, usual: Duration) -> Duration {
    let seconds = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    seconds.map_or(usual, |seconds| usual.min(Duration::from_secs(seconds)))
}

/// The environment of this process, as far as it is text.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Whether the bot is to be in JANDI alone: it has hooks there, and nothing is said about Slack.
pub fn is_without_slack(config: &Config) -> bool {
    let unset = |source: &SecretSource, name: &str| {
        *source == SecretSource::Env(name.to_owned()) && std::env::var_os(name).is_none_or(|value| value.is_empty())
    };
    !config.jandi.is_empty()
        && unset(&config.slack.app_token, "SLACK_APP_TOKEN")
        && unset(&config.slack.bot_token, "SLACK_BOT_TOKEN")
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("{key}: the environment variable {name} is not set")]
    NoVariable {
        /// The configuration's key.
        key: &'static str,
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("{key}: {path} cannot be read: {source}")]
    NoFile {
        /// The configuration's key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There are no service credentials.
    #[error(
        "{key}: there is no credential {name}: CREDENTIALS_DIRECTORY is not set; a service gets it by LoadCredential= of its unit, and at a terminal they are looked for in the folder `credentials` beside the configuration, or where you say: CREDENTIALS_DIRECTORY=/etc/moa/credentials"
    )]
    NoCredentials {
        /// The configuration's key.
        key: &'static str,
        /// The credential.
        name: String,
    },
    /// It is there and empty.
    #[error("{key}: it is empty ({place})")]
    Empty {
        /// The configuration's key.
        key: &'static str,
        /// Where it was looked for.
        place: String,
    },
}

/// The secret behind a source. White space around it is dropped: files end with a line end.
///
/// # Errors
/// It is not there, cannot be read, or is empty.
pub fn secret(key: &'static str, source: &SecretSource) -> Result<String, SecretError> {
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(source) => Err(SecretError::NoFile { key, path, source }),
    };
    let text = match source {
        SecretSource::Env(name) => std::env::var(name).map_err(|_| SecretError::NoVariable {
            key,
            name: name.clone(),
        })?,
        SecretSource::File(path) => read(path.clone())?,
        SecretSource::Credential(name) => {
            let dir = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| SecretError::NoCredentials {
                key,
                name: name.clone(),
            })?;
            read(PathBuf::from(dir).join(name))?
        }
        SecretSource::Value(value) => value.expose().to_owned(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(SecretError::Empty {
            key,
            place: source.to_string(),
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "xoxb-1\n").unwrap();
        assert_eq!(
            secret("slack.bot-token", &SecretSource::File(path.clone())).unwrap(),
            "xoxb-1"
        );
        std::fs::write(&path, " \n").unwrap();
        let empty = secret("slack.bot-token", &SecretSource::File(path))
            .unwrap_err()
            .to_string();
        assert!(empty.contains("slack.bot-token") && empty.contains("empty"), "{empty}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = secret("slack.app-token", &SecretSource::Env("MOA_TEST_NOT_SET".into())).unwrap_err();
        assert!(missing.to_string().contains("MOA_TEST_NOT_SET"));
    }
}
