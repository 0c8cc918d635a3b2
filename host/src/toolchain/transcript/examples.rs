//! The examples of a plugin's help, each tried in a conversation of its own.

use super::parse::Act;
use super::room::{Spot, What};
use super::stage::{Bench, Scenery, Stage};
use crate::matching::Todo;
use moa_core::locale::{Approval, Locale};
use moa_core::manifest::{Command, Confirm};
use serde::Serialize;
use serde_json::Map;

/// Who tries them, and who approves what needs somebody else's approval.
const WHO: &str = "로지";
const OTHER: &str = "샐리";

/// How an example went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// What was typed.
    pub example: String,
    /// The command whose help it is from, with the names of its parents.
    pub command: String,
    /// Why it is no good example; `None`: it works.
    pub problem: Option<String>,
}

/// Tries all examples.
pub async fn try_examples(bench: &Bench) -> Vec<Tried> {
    let mut examples = Vec::new();
    for command in &bench.plugin.manifest.commands {
        collect(command, &[], &mut examples);
    }
    let mut tried = Vec::with_capacity(examples.len());
    for (path, example) in examples {
        let problem = try_one(bench, &path, &example).await.err();
        tried.push(Tried {
            example,
            command: path.join(" "),
            problem,
        });
    }
    tried
}

fn collect(command: &Command, parents: &[String], into: &mut Vec<(Vec<String>, String)>) {
    let path: Vec<String> = parents.iter().chain([&command.name]).cloned().collect();
    into.extend(command.examples.iter().map(|example| (path.clone(), example.clone())));
    for below in &command.subcommands {
        collect(below, &path, into);
    }
}

async fn try_one(bench: &Bench, path: &[String], example: &str) -> Result<(), String> {
    let named = |mark: char| {
        let words = example.split([' ', ',', '\t']);
        let names = words.filter_map(|word| word.strip_prefix(mark));
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut people = vec![WHO.to_owned(), OTHER.to_owned()];
    people.extend(named('@'));
    let locale = Locale::default();
    let scenery = Scenery {
        people,
        channels: named('#'),
        config: Map::new(),
        locale,
        // What is for admins only is tried by one.
        admins: vec![WHO.to_owned(), OTHER.to_owned()],
        data: crate::data::in_memory(),
    };
    let stage = Stage::set(bench, scenery).await.map_err(|error| error.to_string())?;
    // Whatever that does: here it may lack its configuration.
    stage.begin().await;
    let spot = Spot::Channel("general".into(), None);
    let event = stage.said(WHO, &spot, example)?;
    let matched = stage.matcher.route(&event).into_iter().next();
    let (got, mut failed) = stage.deliver(event).await;
    // What has to be confirmed is, so that it runs.
    if let Some(Todo::Confirm(command)) = matched.as_ref().map(|matched| &matched.todo) {
        let who = if command.confirm == Confirm::Second { OTHER } else { WHO };
        let (approve, ..) = Approval::labels(command.confirm, locale);
        let press = stage.done(who, &spot, &Act::Click(approve.into(), None))?;
        failed.extend(stage.deliver(press).await.1);
    }
    stage.end();
    let answer = || {
        let said = got.iter().find_map(|one| match &one.what {
            What::Said(text) | What::Told(_, text) => Some(format!("; the bot answers:\n{text}")),
            _ => None,
        });
        said.unwrap_or_default()
    };
    match matched.map(|matched| matched.todo) {
        Some(Todo::Command(command) | Todo::Confirm(command)) => {
            let called: Vec<&String> = [&command.command].into_iter().chain(&command.path).collect();
            if called != path.iter().collect::<Vec<_>>() {
                let called: Vec<&str> = called.into_iter().map(String::as_str).collect();
                return Err(format!("it runs another command, `{}`", called.join(" ")));
            }
        }
        Some(_) => return Err(format!("it runs no command{}", answer())),
        None => return Err("it is no command: an example begins with the prefix, as in `!hello`".into()),
    }
    match failed.into_iter().next() {
        Some(reason) => Err(format!("the call failed: {reason}")),
        None => Ok(()),
    }
}
