//! `moa new`, `moa build`, `moa test`, and the file in a running bot's folder; then the plugin that the language's guide shows.

use super::alone;
use super::guides;
use super::suite::{BUILD, cargo_target, lacks_tools, skip};
use crate::support::bot::Plan;
use crate::support::guests::put;
use crate::support::process::{Ended, finish_within, moa};
use crate::support::sim::{Line, Workspace};
use moa::toolchain::Language;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long the host may compile it.
const COMPILE: Duration = Duration::from_secs(300);

pub async fn run(dir: &Path, args: &[&str]) -> Ended {
    let mut command = moa(dir);
    command.args(args).env("CARGO_TARGET_DIR", cargo_target());
    finish_within(&mut command, BUILD).await
}

/// A project of this language, three commands later.
pub async fn lives(language: Language) {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("demo");
    let component = {
        let _alone = alone().await;
        let made = run(home.path(), &["new", "demo", "--lang", language.name()]).await;
        if made.code != Some(0) && !super::conformance().join(language.name()).is_dir() {
            return skip(language, "there are no projects of it yet");
        }
        assert_eq!(made.code, Some(0), "{made:?}");
        let built = run(&project, &["build"]).await;
        if lacks_tools(&format!("{}{}", built.stdout, built.stderr)) {
            return skip(language, &built.stderr);
        }
        assert_eq!(built.code, Some(0), "{}{}", built.stdout, built.stderr);
        assert!(built.stdout.contains("demo"), "{}", built.stdout);
        // Otherwise calls of Python take longer than they are promised to.
        let is_known = !built.stderr.contains("objects are not found in this component");
        assert!(is_known, "{}", built.stderr);
        let tested = run(&project, &["test"]).await;
        assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
        let said = format!("{}{}", tested.stdout, tested.stderr);
        assert!(
            said.contains("tests/hello.chat") && said.contains("all passed"),
            "{said}"
        );
        let component = fs::read(project.join("dist/demo.wasm")).unwrap();
        guides::holds(language, &project).await;
        component
    };
    let workspace = Workspace::start().await;
    let bot = Plan::new(&workspace).start().await;
    let from = bot.lines();
    put(&component, &bot.plugins().join("demo.wasm"));
    bot.log().wait_long_for(from, &["loaded", "demo"], COMPILE).await;
    let said = workspace.ask(&Line::new("!hi")).await.text;
    assert_eq!(said, "Hello, Ben! (number 1)");
    let korean = workspace.ask(&Line::new("!안녕 샐리").by("rosie")).await.text;
    assert_eq!(korean, "샐리님, 안녕하세요! (1번째)");
}
