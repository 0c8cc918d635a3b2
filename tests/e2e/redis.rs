//! The store in a Redis server: counted on over restarts of either, away for a while, over TLS, one host at a time.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::process::{finish, moa};
use super::support::sim::{Line, Workspace};
use super::support::{DEADLINE, GLANCE};
use moa_test_redis::Redis;
use std::time::Instant;

fn store(url: &str) -> String {
    format!("[store]\nurl = \"{url}\"\n")
}

/// What `!count` says as soon as it can count again; until then the person is told politely that it can't.
async fn counts_again(workspace: &Workspace) -> String {
    let begun = Instant::now();
    loop {
        let said = workspace.ask(&Line::new("!count")).await.text;
        if said.starts_with("That was number") {
            return said;
        }
        assert!(said.starts_with("⚠️") && said.contains("hello"), "{said}");
        assert!(begun.elapsed() < DEADLINE, "the store does not come back: {said}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_outlive_kills_of_the_host_and_of_redis() {
    let Some(mut redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).config(&store(&redis.url()));
    let mut bot = plan.start().await;

    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    bot.kill();
    let unheard = workspace.send(&Line::new("!count")).await;
    bot.restart().await;
    let answer = workspace
        .answer(&unheard, "what was asked while the bot was away")
        .await;
    assert_eq!(answer.text, "That was number 2.");

    redis.kill().unwrap();
    let meanwhile = workspace.send(&Line::new("!count")).await;
    redis.start_again().unwrap();
    let answer = workspace.answer(&meanwhile, "what was asked while Redis started").await;
    assert_eq!(answer.text, "That was number 3.", "a short absence is waited for");

    bot.kill();
    redis.kill().unwrap();
    redis.start_again().unwrap();
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 4.");
    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 5.");
    assert_eq!(workspace.settled().await.counted(), [1, 2, 3, 4, 5]);
    let data = bot.plugins().parent().unwrap().join("data");
    assert!(!data.join("moa.redb").exists(), "nothing is kept in a file beside it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_what_needs_it_fails_politely_and_the_rest_goes_on() {
    let Some(mut redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).config(&store(&redis.url()));
    let bot = plan.start().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");

    redis.kill().unwrap();
    let told = workspace.ask(&Line::new("!count")).await.text;
    assert!(
        told.starts_with("⚠️") && told.contains("hello") && !told.contains('\n'),
        "{told}"
    );
    for n in 0..3 {
        let word = format!("still here {n}.");
        assert_eq!(workspace.ask(&Line::new(format!("!echo {word}"))).await.text, word);
    }
    bot.log().wait_for(0, &["ERROR", "stays unacknowledged"]).await;
    bot.log()
        .wait_for(0, &["WARN", "the connection to Redis is lost"])
        .await;

    redis.start_again().unwrap();
    bot.log().wait_for(0, &["Redis is there again"]).await;
    assert_eq!(counts_again(&workspace).await, "That was number 2.");
    // What could not be acknowledged was sent again, and nothing of it was answered or counted a second time.
    let record = workspace.settled().await;
    for n in 0..3 {
        assert_eq!(record.saying(&format!("still here {n}.")).len(), 1, "still here {n}.");
    }
    assert_eq!(record.counted(), [1, 2]);
}

/// Copied while it runs, copied once more when it has stopped, and started on the other store: there and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_moves_from_a_file_to_redis_and_back() {
    let Some(redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace)
        .plugin(hello())
        .config(&store("redb:data/moa.redb"));
    let mut bot = plan.start().await;
    let home = bot.home().to_owned();
    let exported = async || finish(moa(&home).args(["brain", "export"])).await.stdout;
    let copy = async |more: &[&str]| {
        let ended = finish(moa(&home).args(["brain", "copy"]).args(more)).await;
        assert_eq!(ended.code, Some(0), "{more:?}: {ended:?}");
    };
    let (url, file) = (redis.url(), "redb:data/back.redb");
    let mut count = 0;
    for (from, to) in [("redb:data/moa.redb", url.as_str()), (url.as_str(), file)] {
        count += 1;
        let said = workspace.ask(&Line::new("!count")).await.text;
        assert_eq!(said, format!("That was number {count}."));
        copy(&["--to", to]).await;
        count += 1;
        let said = workspace.ask(&Line::new("!count")).await.text;
        assert_eq!(said, format!("That was number {count}."));
        assert!(bot.stop().await.success());
        copy(&["--to", to, "--replace"]).await;
        let before = exported().await;
        assert!(before.contains("hello"), "{before}");
        let config = std::fs::read_to_string(home.join("moa.toml")).unwrap();
        std::fs::write(home.join("moa.toml"), config.replace(from, to)).unwrap();
        assert_eq!(exported().await, before, "byte for byte");
        bot.restart().await;
    }
    let said = workspace.ask(&Line::new("!count")).await.text;
    assert_eq!(said, format!("That was number {}.", count + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_host_on_the_same_redis_says_why_it_ends() {
    let Some(redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).config(&store(&redis.url()));
    let bot = plan.start().await;

    let elsewhere = tempfile::tempdir().unwrap();
    let config = bot.plugins().parent().unwrap().join("moa.toml");
    std::fs::copy(config, elsewhere.path().join("moa.toml")).unwrap();
    std::fs::create_dir(elsewhere.path().join("plugins")).unwrap();
    let (app, token) = workspace.tokens();
    let mut second = moa(elsewhere.path());
    second
        .arg("run")
        .env("SLACK_APP_TOKEN", app)
        .env("SLACK_BOT_TOKEN", token);
    let ended = finish(&mut second).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("in use by another moa (process "), "{ended:?}");
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_another_one_replaced_ends() {
    let Some(redis) = Redis::start_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = Plan::new(&workspace).plugin(hello()).config(&store(&redis.url()));
    let mut bot = plan.start().await;
    // As one does that takes the lease.
    redis.say("HINCRBY moa:{journal}:m epoch 1").unwrap();
    workspace.sim().send(&Line::new("!count")).await;
    let status = bot.process.end().await;
    assert_eq!(status.code(), Some(1));
    let log = bot.log().lines();
    let told = |line: &String| line.contains("another moa has taken over the store");
    assert!(log.iter().any(told), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_over_tls_is_checked_against_the_systems_certificates() {
    let Some((redis, authority)) = Redis::start_secure_or_skip().unwrap() else {
        return;
    };
    let workspace = Workspace::start().await;
    let plan = || Plan::new(&workspace).plugin(hello()).config(&store(&redis.url()));
    let authority = authority.to_str().unwrap();
    let bot = plan().env("SSL_CERT_FILE", authority).start().await;
    assert_eq!(workspace.ask(&Line::new("!count")).await.text, "That was number 1.");
    drop(bot);

    // Whom nobody vouches for is not talked to.
    let stranger = tempfile::tempdir().unwrap();
    std::fs::write(stranger.path().join("moa.toml"), store(&redis.url())).unwrap();
    let (app, token) = workspace.tokens();
    let mut distrustful = moa(stranger.path());
    distrustful
        .arg("run")
        .env("SLACK_APP_TOKEN", app)
        .env("SLACK_BOT_TOKEN", token);
    let ended = finish(&mut distrustful).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("cannot reach Redis") && ended.stderr.contains("certificate"),
        "{ended:?}"
    );
}
