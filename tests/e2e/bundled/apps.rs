//! The folder of apps in hongmoa's form: a plugin source like any other, also on a machine that lacks Python.

use super::super::support::bot::Plan;
use super::super::support::process::{finish_within, moa};
use super::super::support::sim::{Line, Workspace};
use super::super::support::{alone, required};
use std::path::Path;
use std::time::Duration;

/// How long a build may take, with its tools to be fetched first.
const BUILD: Duration = Duration::from_secs(900);

fn source() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/apps")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_are_built_and_tested_as_every_plugin_and_answer() {
    // It outlives the test, so that what has not changed is not built again.
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundled-apps");
    std::fs::create_dir_all(&out).unwrap();
    let built = {
        let _alone = alone().await;
        let mut command = moa(&out);
        command.arg("build").arg(source()).arg("--out").arg(&out);
        finish_within(&mut command, BUILD).await
    };
    let told = format!("{}{}", built.stdout, built.stderr);
    if told.contains("left out") {
        assert!(!required(), "{told}");
        println!("skipped: {told}");
        return;
    }
    assert_eq!(built.code, Some(0), "{told}");

    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace);
    let from = 0;
    let mut bot = plan.start().await;
    std::fs::copy(out.join("apps.wasm"), bot.plugins().join("apps.wasm")).unwrap();
    bot.log()
        .wait_long_for(from, &["loaded", "apps"], Duration::from_secs(300))
        .await;
    let say = async |text: &str| workspace.ask(&Line::new(text).by("rosie")).await.text;
    assert_eq!(say("!당번 로지 샐리").await, "차례를 정했어요: 로지, 샐리");
    assert_eq!(say("!ㄷㅂ").await, "오늘은 로지, 다음은 샐리");
    bot.kill();
    bot.start_again();
    assert_eq!(say("!turn").await, "오늘은 샐리, 다음은 로지");
    assert_eq!(say("!뽑기 김밥 김밥").await, "김밥!");
    assert_eq!(say("!카드 \"오늘의 메뉴\" 김밥").await, "오늘의 메뉴");
    let help = say("!help 뽑기").await;
    assert!(help.contains("여럿 가운데 하나를 뽑습니다"), "{help}");
}

#[tokio::test]
async fn without_python_it_is_left_out_in_one_line_and_the_others_go_on() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("plugins");
    for (name, language) in [("apps", "hongmoa"), ("broken", "rust")] {
        let dir = folder.join(name);
        std::fs::create_dir_all(dir.join("apps")).unwrap();
        std::fs::write(
            dir.join("plugin.toml"),
            format!("name = \"{name}\"\nlanguage = \"{language}\"\n"),
        )
        .unwrap();
        std::fs::write(dir.join("apps/a.py"), "").unwrap();
    }
    let mut command = moa(home.path());
    // A machine with no programs at all.
    command.arg("build").arg(&folder).env("PATH", home.path());
    let ended = finish_within(&mut command, BUILD).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("apps: ")).collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    assert!(
        lines[0].starts_with("apps: left out: python3 cannot be used") && lines[0].contains("install Python"),
        "{ended:?}"
    );
    assert!(
        ended.stdout.lines().any(|line| line.starts_with("broken: ")),
        "the others are looked at: {ended:?}"
    );
}
