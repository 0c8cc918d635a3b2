//! A call that is cut off goes on where it was: with what it was given, on the version that began it.

use super::support::bot::{Bot, Plan};
use super::support::guests::{altered, dice, hello, put};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};

/// Asks for a roll and kills the bot as soon as the number was said, which is long before the answer.
async fn cut_off(workspace: &Workspace, bot: &mut Bot) -> String {
    workspace.send(&Line::new("!roll")).await;
    let said = workspace
        .until("the number", |record| with(record, "rolled").first().cloned())
        .await;
    bot.kill();
    number(&said, "rolled ")
}

/// What the bot said with this in it.
fn with(record: &Record, word: &str) -> Vec<Post> {
    let posts = record.posts();
    posts.into_iter().filter(|post| post.text.contains(word)).collect()
}

fn number(post: &Post, after: &str) -> String {
    let (_, rest) = post.text.split_once(after).unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_drawn_before_the_kill_is_what_is_answered_after_it() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(dice()).start().await;
    let drawn = cut_off(&workspace, &mut bot).await;
    bot.restart().await;
    let answer = workspace
        .until("the answer", |record| with(record, "kept").first().cloned())
        .await;
    assert_eq!(number(&answer, "kept "), drawn);
    assert!(answer.text.contains("roll 1 "), "{}", answer.text);
    let record = workspace.settled().await;
    assert_eq!((with(&record, "rolled").len(), with(&record, "kept").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_was_replaced_meanwhile_ends_what_it_began_as_it_was() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(dice()).start().await;
    let drawn = cut_off(&workspace, &mut bot).await;
    put(
        &altered(dice(), "edition-one", "edition-two"),
        &bot.plugins().join("dice.wasm"),
    );
    bot.restart().await;
    let answer = workspace
        .until("the answer", |record| with(record, "kept").first().cloned())
        .await;
    assert_eq!(number(&answer, "kept "), drawn);
    assert!(answer.text.contains("in edition-one"), "{}", answer.text);
    // What is new is for the new one.
    let next = workspace.ask(&Line::new("!roll")).await;
    assert!(next.text.contains("in edition-two"), "{}", next.text);
    let record = workspace.settled().await;
    assert_eq!(with(&record, &format!("rolled {drawn}")).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_version_is_gone_the_person_is_told_and_nothing_is_guessed() {
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace).plugin(hello()).plugin(dice()).start().await;
    let drawn = cut_off(&workspace, &mut bot).await;
    put(
        &altered(dice(), "edition-one", "edition-two"),
        &bot.plugins().join("dice.wasm"),
    );
    std::fs::remove_dir_all(bot.home().join("data/compiled/versions")).unwrap();
    bot.restart().await;
    let told = workspace
        .until("a word", |record| with(record, "⚠️").first().cloned())
        .await;
    assert!(told.text.contains("`dice`"), "{}", told.text);
    bot.log().wait_for(0, &["diverged", "dice"]).await;
    let record = workspace.settled().await;
    assert_eq!((with(&record, "rolled").len(), with(&record, "kept").len()), (1, 0));
    assert_eq!(with(&record, &drawn).len(), 1);
    // It is over: another start does not begin anew.
    bot.kill();
    bot.restart().await;
    assert_eq!(with(&workspace.settled().await, "⚠️").len(), 1);
}
