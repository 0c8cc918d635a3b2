//! The pieces of `moa.toml` that lie beside the plugins, as one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What lies beside a plugin's source.
const FILE: &str = "demo.toml";

/// Why the demo has no settings.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file or folder cannot be read.
    #[error("the demo's settings in {path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no TOML.
    #[error("{path} is not TOML: {source}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// Two files say different things.
    #[error("{path} says `{key}`, which another plugin's {FILE} says as well; only one of them can")]
    Twice {
        /// The second one.
        path: PathBuf,
        /// The key, with dots.
        key: String,
    },
    /// There is none.
    #[error(
        "no plugin in {0} has a {FILE}, so there is nothing to show; `moa dev --demo` is for Moa's bundled plugins: run it where they are"
    )]
    Nothing(PathBuf),
}

/// All pieces in the folders of this one, as one piece of configuration. In them `{outside}` stands for the address of the
/// outside world and `{data}` for the data directory.
///
/// # Errors
/// See [`Fault`].
pub fn gather(plugins: &Path, outside: &str, data: &Path) -> Result<String, Fault> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Fault::Unreadable { path, source }
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(plugins).map_err(unreadable(plugins))? {
        let file = entry.map_err(unreadable(plugins))?.path().join(FILE);
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Fault::Nothing(plugins.to_owned()));
    }
    let mut all = Table::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let mut piece: Table = text.parse().map_err(|source| Fault::Malformed {
            path: path.clone(),
            source,
        })?;
        let data = data.to_string_lossy();
        piece.iter_mut().for_each(|(_, value)| put_in(value, outside, &data));
        merge(&mut all, piece, "").map_err(|key| Fault::Twice { path, key })?;
    }
    Ok(all.to_string())
}

/// The values are put in after reading: what they are cannot break the file.
fn put_in(value: &mut Value, outside: &str, data: &str) {
    match value {
        Value::String(text) => *text = text.replace("{outside}", outside).replace("{data}", data),
        Value::Array(all) => all.iter_mut().for_each(|one| put_in(one, outside, data)),
        Value::Table(table) => table.iter_mut().for_each(|(_, one)| put_in(one, outside, data)),
        _ => {}
    }
}

/// Tables are joined, lists put behind one another; anything else may be said once, or the same.
fn merge(into: &mut Table, piece: Table, above: &str) -> Result<(), String> {
    for (key, value) in piece {
        let whole = format!("{above}{key}");
        match (into.get_mut(&key), value) {
            (None, value) => {
                into.insert(key, value);
            }
            (Some(Value::Table(known)), Value::Table(more)) => merge(known, more, &format!("{whole}."))?,
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (Some(known), value) if *known == value => {}
            _ => return Err(whole),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugins(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (plugin, text) in files {
            fs::create_dir(dir.path().join(plugin)).unwrap();
            fs::write(dir.path().join(plugin).join(FILE), text).unwrap();
        }
        dir
    }

    #[test]
    fn pieces_become_one_with_their_places_filled_in() {
        let dir = plugins(&[
            (
                "a",
                "[secrets]\nA = { file = '{data}/a' }\n[[jandi.hook]]\nname = 'a'\n[http]\nbody = '1MB'\n",
            ),
            (
                "b",
                "[secrets]\nB = { file = '{data}/b' }\n[[jandi.hook]]\nname = 'b'\n[http]\nbody = '1MB'\n[plugin.b.config]\nurl = '{outside}/x'\n",
            ),
        ]);
        let text = gather(dir.path(), "http://127.0.0.1:1", Path::new("/d \"q\"")).unwrap();
        let all: Table = text.parse().unwrap();
        assert_eq!(all["secrets"]["A"]["file"].as_str(), Some("/d \"q\"/a"));
        assert_eq!(all["secrets"]["B"]["file"].as_str(), Some("/d \"q\"/b"));
        assert_eq!(all["jandi"]["hook"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            all["plugin"]["b"]["config"]["url"].as_str(),
            Some("http://127.0.0.1:1/x")
        );
    }

    #[test]
    fn what_cannot_be_one_is_told_with_file_and_key() {
        let dir = plugins(&[("a", "[bot]\nname = 'a'\n"), ("b", "[bot]\nname = 'b'\n")]);
        let fault = gather(dir.path(), "", Path::new("/")).unwrap_err().to_string();
        assert!(fault.contains("b/demo.toml") && fault.contains("bot.name"), "{fault}");
        let dir = plugins(&[("a", "[bot\n")]);
        let fault = gather(dir.path(), "", Path::new("/")).unwrap_err().to_string();
        assert!(fault.contains("a/demo.toml"), "{fault}");
        let fault = gather(plugins(&[]).path(), "", Path::new("/")).unwrap_err().to_string();
        assert!(fault.contains("nothing to show"), "{fault}");
    }
}
