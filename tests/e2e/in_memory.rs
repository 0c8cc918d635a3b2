//! `store.url = "memory:"`: it works, nothing is kept, and the operator is told so.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_forgets_with_the_process_and_says_so_at_the_start() {
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace)
        .plugin(hello())
        .config("[store]\nurl = \"memory:\"\n");
    let mut bot = plan.start().await;
    bot.log().wait_for(0, &["WARN", "nothing survives"]).await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 2.");

    // While it runs it can be looked into; it is nowhere else.
    let seen = finish(moa(bot.home()).args(["brain", "get", "hello", "count"])).await;
    assert_eq!(seen.stdout.trim_end(), "2", "{seen:?}");
    let copied = finish(moa(bot.home()).args(["brain", "copy", "--to", "memory:"])).await;
    assert_eq!(copied.code, Some(2), "{copied:?}");

    assert!(bot.stop().await.success());
    let alone = finish(moa(bot.home()).args(["brain", "list", "hello"])).await;
    assert!(
        alone.code != Some(0) && alone.stderr.contains("only in the process"),
        "{alone:?}"
    );
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
}
