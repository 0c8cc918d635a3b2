//! Buckets: a plugin keeps files through a bot that runs.

use super::support::bot::Plan;
use super::support::guests::archive;
use super::support::sim::{Line, Workspace};

async fn say(workspace: &Workspace, line: &str) -> String {
    workspace.ask(&Line::new(line)).await.text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_keeps_files_where_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = format!(
        "[objects.files]\nurl = \"file:{}\"\n",
        folder.path().join("kept").display()
    );
    let grant = "[plugin.archive.grant]\nobjects = [\"files\"]\n";
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(archive()).config(&bucket).start().await;
    let told = say(&workspace, "!keep a/menu.txt soup").await;
    assert!(told.contains("AccessDenied") && told.contains("objects = "), "{told}");
    bot.stop().await;

    let mut bot = Plan::new(&workspace)
        .plugin(archive())
        .config(&format!("{bucket}{grant}"))
        .start()
        .await;
    assert_eq!(say(&workspace, "!keep a/menu.txt soup").await, "kept");
    assert_eq!(std::fs::read(folder.path().join("kept/a/menu.txt")).unwrap(), b"soup");
    assert_eq!(say(&workspace, "!show a/menu.txt").await, "soup");
    assert_eq!(say(&workspace, "!files").await, "files: a/menu.txt 4");
    let told = say(&workspace, "!link a/menu.txt").await;
    assert!(told.contains("Unsupported") && told.contains("folder"), "{told}");
    let told = say(&workspace, "!show ../../secret").await;
    assert!(told.contains("Invalid"), "{told}");
    assert_eq!(say(&workspace, "!drop a/menu.txt").await, "dropped");
    let told = say(&workspace, "!show a/menu.txt").await;
    assert!(told.contains("NotFound"), "{told}");
    bot.stop().await;
    workspace.acknowledged().await;
}
