//! A command as the operator names it in the configuration.

use crate::manifest::{Command, Manifest};
use crate::text::fold;

/// A command by one of its names, with subcommands behind it: `deploy`, `server exception`, `lunch:team`. It stands for
/// all that is below it, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    plugin: Option<String>,
    words: Vec<String>,
}

impl Named {
    /// Reads a name. Upper and lower case, and how Hangul is composed, make no difference. `None` where nothing is named.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(|word| fold(word).into_owned());
        let first = words.next()?;
        let (plugin, first) = match first.split_once(':') {
            Some((plugin, word)) => (Some(plugin.to_owned()), word.to_owned()),
            None => (None, first),
        };
        let is_named = !first.is_empty() && plugin.as_ref().is_none_or(|plugin| !plugin.is_empty());
        is_named.then(|| Self {
            plugin,
            words: std::iter::once(first).chain(words).collect(),
        })
    }

    /// Whether it names the command `command` of a plugin, or with the subcommands of `path` something below what it
    /// names. Both are the manifest's own names.
    pub fn is(&self, plugin: &str, manifest: &Manifest, command: &str, path: &[String]) -> bool {
        if self.plugin.as_ref().is_some_and(|own| own != plugin) {
            return false;
        }
        let mut level = &manifest.commands;
        let mut below = std::iter::once(command).chain(path.iter().map(String::as_str));
        self.words.iter().all(|word| {
            let name = below.next();
            let Some(spec) = level.iter().find(|spec| name == Some(&spec.name)) else {
                return false;
            };
            level = &spec.subcommands;
            names(spec).any(|name| fold(name) == *word)
        })
    }
}

fn names(spec: &Command) -> impl Iterator<Item = &String> {
    std::iter::once(&spec.name).chain(&spec.aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_by_each_of_its_names_and_stands_for_what_is_below() {
        let manifest = Manifest::parse(
            r#"{"name": "ops", "commands": [
                {"name": "서버", "aliases": ["Server"], "subcommands": [
                    {"name": "exception", "aliases": ["예외"], "subcommands": [{"name": "set"}]},
                    {"name": "list"}]},
                {"name": "deploy"}]}"#,
        )
        .unwrap()
        .manifest;
        let is = |named: &str, typed: &str| {
            let mut typed = typed.split(' ').map(str::to_owned);
            let command = typed.next().unwrap();
            let path: Vec<String> = typed.collect();
            Named::parse(named).unwrap().is("ops", &manifest, &command, &path)
        };
        for named in [
            "서버",
            "server",
            "SERVER",
            "ops:서버",
            " ops:server  exception ",
            "서버 예외",
            "서버 exception set",
        ] {
            assert!(is(named, "서버 exception set"), "{named}");
        }
        for named in [
            "deploy",
            "서버 list",
            "서버 exception set more",
            "other:서버",
            "예외",
            "서버 exception list",
        ] {
            assert!(!is(named, "서버 exception set"), "{named}");
        }
        assert!(is("server", "서버") && !is("server list", "서버"));
        assert!(is("deploy", "deploy"));
        for nothing in ["", "  ", ":deploy", "ops:", ":"] {
            assert_eq!(Named::parse(nothing), None, "{nothing:?}");
        }
    }
}
