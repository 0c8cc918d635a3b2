//! `@sql members = members.sql`: a database in memory, made by a script. Buckets are in memory without a word.

use super::Transcript;
use crate::data::{Data, Unnamed};
use moa_core::manifest::is_plain_name;
use std::collections::BTreeMap;

/// The name of a database and the file that makes it.
pub(super) fn database(rest: &str) -> Result<(String, String), String> {
    let wrong = "@sql takes a name and a file with the statements that make the database: @sql members = members.sql";
    let (name, file) = rest.split_once('=').ok_or(wrong)?;
    let (name, file) = (name.trim(), file.trim());
    let file = file
        .strip_prefix('"')
        .and_then(|file| file.strip_suffix('"'))
        .unwrap_or(file);
    match is_plain_name(name) && !file.is_empty() {
        true => Ok((name.to_owned(), file.to_owned())),
        false => Err(wrong.to_owned()),
    }
}

impl Transcript {
    /// The databases and buckets that it is played with.
    ///
    /// # Errors
    /// The line that names a file which cannot be read or which the database refuses, and why.
    pub(in super::super) async fn data(&self) -> Result<Data, (usize, String)> {
        let mut scripts = BTreeMap::new();
        for (name, (line, file)) in &self.databases {
            let path = self.folder.join(file);
            let script = std::fs::read_to_string(&path);
            let script = script.map_err(|error| (*line, format!("{} cannot be read: {error}", path.display())))?;
            scripts.insert(name.clone(), script);
        }
        let first = self.databases.values().map(|(line, _)| *line).min().unwrap_or(1);
        Data::scripted(&scripts, Unnamed::Memory)
            .await
            .map_err(|why| (first, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_a_name_and_a_file() {
        let read = |rest: &str| database(rest).ok();
        let members = Some(("members".to_owned(), "members.sql".to_owned()));
        assert_eq!(read("members = members.sql"), members);
        assert_eq!(read("members=\"members.sql\""), members);
        for wrong in ["members", "Members = a.sql", "members =", "= a.sql"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_made_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let play = async |text: &str| {
            let mut transcript = Transcript::parse(text).unwrap();
            transcript.folder = folder.path().into();
            transcript.data().await
        };
        let text = "# one\n@sql m = m.sql\n로지: !x\n";
        assert_eq!(play(text).await.unwrap_err().0, 2);
        std::fs::write(
            folder.path().join("m.sql"),
            "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);",
        )
        .unwrap();
        let data = play(text).await.unwrap();
        let rows = data
            .connection("m")
            .unwrap()
            .query("SELECT a FROM t", vec![])
            .await
            .unwrap();
        assert_eq!(rows.rows.len(), 2);
        std::fs::write(folder.path().join("m.sql"), "CREATE").unwrap();
        let (line, why) = play(text).await.unwrap_err();
        assert!(line == 2 && why.starts_with("@sql m: "), "{why}");
    }
}
