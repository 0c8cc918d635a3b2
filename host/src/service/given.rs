//! What a service is given by its unit, for whoever asks at a terminal about the same configuration.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The variable in which systemd says where a service's credentials lie.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The credentials and the environment of the service that has a configuration, where
/// [`install`](super::install::install) and the package put them.
#[derive(Debug, Default)]
pub struct Given {
    variables: Vec<(String, String)>,
    taken: Vec<PathBuf>,
    unread: Option<(PathBuf, io::Error)>,
}

impl Given {
    /// What there is beside this configuration: `credentials`, and `environment` if a unit names it.
    pub fn beside(config: &Path) -> Self {
        Self::found(config, &units())
    }

    fn found(config: &Path, units: &[PathBuf]) -> Self {
        let mut given = Self::default();
        let config = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
        let Some(folder) = config.parent() else {
            return given;
        };
        let file = folder.join("environment");
        if is_named(&file, units) {
            match std::fs::read_to_string(&file) {
                Ok(text) => {
                    given.variables = variables(&text);
                    given.taken.push(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => given.unread = Some((file, error)),
            }
        }
        let credentials = folder.join("credentials");
        if let Some(path) = credentials.to_str().filter(|_| credentials.is_dir()) {
            given.variables.push((CREDENTIALS.to_owned(), path.to_owned()));
            given.taken.push(credentials);
        }
        given
    }

    /// The files and folders that it is taken from.
    pub fn taken(&self) -> &[PathBuf] {
        &self.taken
    }

    /// The environment's file where it cannot be read, and why.
    pub fn unread(&self) -> Option<&(PathBuf, io::Error)> {
        self.unread.as_ref()
    }

    /// Makes it this process's environment, but for what that has already.
    ///
    /// # Safety
    /// No other thread runs.
    pub unsafe fn adopt(&self) {
        for (name, value) in &self.variables {
            if std::env::var_os(name).is_none() {
                // SAFETY: as the caller promises, nobody else reads or writes the environment.
                unsafe { std::env::set_var(name, value) };
            }
        }
    }
}

/// The units of this machine and of this person.
fn units() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let configs = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let own = configs.or_else(|| Some(home?.join(".config")));
    let folders = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"].map(PathBuf::from);
    let folders = folders.into_iter().chain(own.map(|own| own.join("systemd/user")));
    let files = folders
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let files = files.map(|file| file.path());
    files
        .filter(|path| path.extension() == Some(OsStr::new("service")))
        .collect()
}

/// Whether one of these units has this file for its environment: any other of that name is somebody else's.
fn is_named(file: &Path, units: &[PathBuf]) -> bool {
    let file = file.to_string_lossy().replace('%', "%%");
    let names = |line: &str| {
        line.strip_prefix("EnvironmentFile=")
            .is_some_and(|named| named.strip_prefix('-').unwrap_or(named) == file)
    };
    let texts = units.iter().filter_map(|unit| std::fs::read_to_string(unit).ok());
    texts.into_iter().any(|text| text.lines().any(names))
}

/// The variables of a file, as systemd reads it (systemd.exec(5), `EnvironmentFile=`).
fn variables(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.by_ref().find(|c| !c.is_whitespace()) {
        if matches!(first, '#' | ';') {
            rest.by_ref().find(|c| *c == '\n');
            continue;
        }
        let mut name = String::from(first);
        let end = rest.by_ref().find(|c| {
            let ends = matches!(c, '=' | '\n');
            name.extend((!ends).then_some(*c));
            ends
        });
        if end != Some('=') {
            continue;
        }
        let value = value(&mut rest);
        let name = name.trim_end();
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_plain && !name.starts_with(|c: char| c.is_ascii_digit()) && !value.contains('\0') {
            all.push((name.to_owned(), value));
        }
    }
    all
}

/// A value up to the end of its line, without its quotes.
fn value(rest: &mut impl Iterator<Item = char>) -> String {
    let (mut value, mut kept) = (String::new(), 0);
    let mut quote = None;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, '\n') => break,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => {
                quote = None;
                kept = value.len();
            }
            (Some('\''), _) => value.push(c),
            (_, '\\') => {
                match rest.next() {
                    None | Some('\n') => {}
                    Some(next) => {
                        // Between quotes only these have to be told from what they mean.
                        if quote.is_some() && !matches!(next, '"' | '\\' | '`' | '$') {
                            value.push('\\');
                        }
                        value.push(next);
                    }
                }
                kept = value.len();
            }
            (None, _) if c.is_whitespace() && value.is_empty() => {}
            _ => value.push(c),
        }
    }
    // White space before the end of the line is nobody's.
    let bare = value.trim_end().len();
    value.truncate(bare.max(kept));
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_the_configuration_is_the_services() {
        let dir = tempfile::tempdir().unwrap();
        let (config, unit) = (dir.path().join("moa.toml"), dir.path().join("moa.service"));
        let units = [unit.clone()];
        assert!(Given::found(&config, &units).taken().is_empty());
        let credentials = dir.path().join("credentials");
        std::fs::create_dir(&credentials).unwrap();
        let file = dir.path().join("environment");
        std::fs::write(&file, "A=1\n").unwrap();
        let of_credentials = (CREDENTIALS.to_owned(), credentials.to_str().unwrap().to_owned());
        // A file that no unit names is no service's.
        let given = Given::found(&config, &units);
        assert_eq!(given.variables, std::slice::from_ref(&of_credentials));
        std::fs::write(&unit, format!("[Service]\nEnvironmentFile=-{}\n", file.display())).unwrap();
        let given = Given::found(&config, &units);
        assert_eq!(given.variables, [("A".to_owned(), "1".to_owned()), of_credentials]);
        assert_eq!(given.taken(), [file.clone(), credentials]);
        // It need not be there; if it is, it has to be readable.
        std::fs::remove_file(&file).unwrap();
        assert!(Given::found(&config, &units).unread().is_none());
        std::fs::create_dir(&file).unwrap();
        assert_eq!(Given::found(&config, &units).unread().unwrap().0, file);
    }

    #[test]
    fn an_environment_is_read_as_systemd_reads_it() {
        let text = "# a comment = no\n; nor this=1\nA=1\n\n B = two words \t\nC=\"quoted \\\" \\x \"\nD='as \\ it is '\nE=a\\\nb\nnothing\n\
                    1F=x\nG-H=x\nI=\nJ=it\\'s\\ \nK=\"a\"'b'\nL=x # y";
        let read = variables(text);
        let read: Vec<_> = read
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            read,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "quoted \" \\x "),
                ("D", "as \\ it is "),
                ("E", "ab"),
                ("I", ""),
                ("J", "it's "),
                ("K", "ab"),
                ("L", "x # y"),
            ]
        );
    }
}
