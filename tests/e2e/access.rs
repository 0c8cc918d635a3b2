//! Who may do what: rules, roles, what is hidden and what is told.

use super::support::bot::{Bot, Plan};
use super::support::guests::{altered, clerk, ears, hello, hostile, put};
use super::support::process::{finish, moa};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Sent, Workspace};

const ROSIE: &str = "U00000ROSIE";
const BEN: &str = "U0000000BEN";
const SALLY: &str = "U00000SALLY";
const VINCENT: &str = "U000VINCENT";

const RULES: &str = r#"
[[access]]
command = "ears:teach"
argument = { word = ["lunch*"] }
role = "teacher"
effect = "allow"

[[access]]
command = "ears:teach"
effect = "deny"

[[access]]
plugin = ["clerk", "ears"]
user = "U00000SALLY"
effect = "deny"

[[access]]
command = "hostile:ok"
role = "tester"
effect = "allow"

[[access]]
command = ["hostile:ok", "hostile:gone"]
effect = "deny"

[plugin.hostile.limits]
concurrency = 1
"#;

/// With a command that is restricted, in the place of one of the same length.
async fn open(workspace: &Workspace) -> Bot {
    let from = "{\"name\": \"forget\", \"args\": [{\"name\": \"word\", \"type\": \"rest\"}]}],\n            \"hears\"";
    let to = r#"{"name":"forget","args":[{"name":"word","type":"rest"}],"restricted":true}],"hears""#;
    let to = format!("{to}{}", " ".repeat(from.len() - to.len()));
    let plan = Plan::new(workspace)
        .plugin(hello())
        .plugin(clerk())
        .plugin(hostile())
        .config(RULES)
        .env("MOA_BOT__ADMINS", ROSIE);
    put(&altered(ears(), from, &to), &plan.home().join("plugins/ears.wasm"));
    plan.start().await
}

/// The line of the file with the rule of this number, from 1.
fn line_of(bot: &Bot, number: usize) -> usize {
    let file = std::fs::read_to_string(bot.home().join("moa.toml")).unwrap();
    let mut rules = file.lines().enumerate().filter(|(_, line)| *line == "[[access]]");
    rules.nth(number - 1).unwrap().0 + 1
}

/// What the person alone is told to something they typed.
async fn told(workspace: &Workspace, user: &str, id: &str, text: &str) -> String {
    let sent = workspace.send(&Line::new(text).by(user)).await;
    workspace
        .until(text, |record| {
            let to_them = |post: &Post| post.only_for.as_deref() == Some(id);
            workspace.answers(record, &sent).into_iter().find(to_them)
        })
        .await
        .text
}

/// What everybody sees.
async fn said(workspace: &Workspace, user: &str, text: &str) -> String {
    let sent = workspace.send(&Line::new(text).by(user)).await;
    let post = workspace.answer(&sent, text).await;
    assert_eq!(post.only_for, None, "{}", post.text);
    post.text
}

fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_told_so_alone_and_help_shows_only_what_one_may() {
    let workspace = Workspace::start().await;
    let bot = open(&workspace).await;

    // Restricted: admins, unless a rule says otherwise.
    let denied = told(&workspace, "ben", BEN, "!forget lunch").await;
    has(
        &denied,
        &["🔒 `!forget lunch`", "for admins only", "`!why forget lunch`"],
    );
    let denied = told(&workspace, "vincent", VINCENT, "!forget lunch").await;
    has(&denied, &["🔒 `!forget lunch`", "관리자만", "`!이유 forget lunch`"]);
    assert_eq!(said(&workspace, "rosie", "!forget lunch").await, "known: false");
    // How it is written is for those who may, too.
    has(
        &told(&workspace, "ben", BEN, "!teach").await,
        &["🔒 `!teach`", "`teacher`"],
    );
    has(
        &told(&workspace, "ben", BEN, "!teach lunch").await,
        &["for the role `teacher`."],
    );
    has(
        &told(&workspace, "ben", BEN, "!teach dinner").await,
        &["A rule of the operator forbids it."],
    );

    let help = said(&workspace, "ben", "!help").await;
    has(&help, &["`!echo", "`!panel`", "`!loop"]);
    for hidden in ["teach", "forget", "`!ok", "role grant"] {
        assert!(!help.contains(hidden), "{hidden} in: {help}");
    }
    let help = said(&workspace, "sally", "!help").await;
    assert!(help.contains("`!echo") && !help.contains("`!panel`"), "{help}");
    let help = said(&workspace, "rosie", "!help").await;
    has(&help, &["`!forget", "🔒", "역할 부여"]);
    assert!(!help.contains("teach"), "a denial is for admins too: {help}");
    let none = told(&workspace, "ben", BEN, "!help forget").await;
    has(&none, &["There is no command `forget`"]);
    assert!(!none.contains("`!forget`"), "{none}");

    // Why, and what to change.
    let (first, second) = (line_of(&bot, 1), line_of(&bot, 2));
    let why = told(&workspace, "ben", BEN, "!why teach lunch").await;
    let decides = format!("`[[access]]` number 2 decides (`moa.toml:{second}`).");
    has(&why, &["🚫", "may not use `teach lunch`", &decides, "`teacher`"]);
    assert!(!why.contains("effect"), "what stands in rules is for admins: {why}");
    let why = told(&workspace, "rosie", ROSIE, "!이유 @ben !teach").await;
    has(
        &why,
        &["2번째 `[[access]]`", &format!("moa.toml:{second}"), "effect = \"deny\""],
    );
    let why = told(&workspace, "ben", BEN, "!why forget x").await;
    has(&why, &["🚫", "bot.admins", "role grant admin"]);
    has(
        &told(&workspace, "rosie", ROSIE, "!why forget x").await,
        &["✅", "bot.admins"],
    );
    has(
        &told(&workspace, "ben", BEN, "!why echo").await,
        &["✅", "No rule fits"],
    );
    has(&told(&workspace, "sally", SALLY, "!why clerk").await, &["🚫", "3번째"]);
    has(
        &told(&workspace, "ben", BEN, "!why nonsense").await,
        &["There is no command"],
    );
    has(
        &told(&workspace, "ben", BEN, "!why @rosie forget").await,
        &["for the bot's admins only"],
    );
    assert!(first < second);
    bot.log()
        .wait_for(0, &["a rule names what no loaded plugin has", "hostile:gone"])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_given_and_taken_in_chat_and_outlive_the_bot() {
    let workspace = Workspace::start().await;
    let mut bot = open(&workspace).await;

    has(
        &told(&workspace, "ben", BEN, "!role grant admin @ben").await,
        &["for the bot's admins only"],
    );
    has(
        &told(&workspace, "rosie", ROSIE, "!role grant teacher Ben").await,
        &["역할 부여"],
    );
    has(&told(&workspace, "ben", BEN, "!teach lunch").await, &["🔒"]);
    let given = said(&workspace, "rosie", "!역할 부여 Teacher @ben").await;
    has(&given, &["✅", BEN, "`teacher`"]);
    has(
        &told(&workspace, "rosie", ROSIE, "!role grant teacher @ben").await,
        &["이미"],
    );
    assert_eq!(
        said(&workspace, "ben", "!teach lunchtime").await,
        "I listen for lunchtime"
    );
    has(&told(&workspace, "ben", BEN, "!teach dinner").await, &["🔒"]);
    has(&said(&workspace, "ben", "!help teach").await, &["`!teach "]);

    assert!(bot.stop().await.success());
    bot.restart().await;
    assert_eq!(said(&workspace, "ben", "!teach lunches").await, "I listen for lunches");
    let why = told(&workspace, "rosie", ROSIE, "!why @ben teach lunch").await;
    has(&why, &["✅", "1번째", &format!("moa.toml:{}", line_of(&bot, 1))]);
    let all = told(&workspace, "rosie", ROSIE, "!role list").await;
    has(&all, &["`admin`", ROSIE, "`bot.admins`", "`teacher`", BEN]);
    let of_ben = told(&workspace, "rosie", ROSIE, "!role list @ben").await;
    assert!(of_ben.contains("`teacher`") && !of_ben.contains("admin"), "{of_ben}");

    // Whoever was made an admin in chat is one; whoever the file names stays one.
    has(&said(&workspace, "rosie", "!role grant admin @ben").await, &["✅"]);
    assert_eq!(said(&workspace, "ben", "!forget nothing").await, "known: false");
    has(
        &told(&workspace, "ben", BEN, "!role revoke admin @rosie").await,
        &["bot.admins"],
    );
    assert_eq!(said(&workspace, "rosie", "!forget nothing").await, "known: false");
    has(&said(&workspace, "rosie", "!role revoke admin @ben").await, &["✅"]);
    has(&told(&workspace, "ben", BEN, "!forget nothing").await, &["🔒"]);
    has(&said(&workspace, "rosie", "!역할 회수 teacher @ben").await, &["✅"]);
    has(&told(&workspace, "ben", BEN, "!teach lunch").await, &["🔒"]);
    assert!(bot.stop().await.success());
    // Who made whom what stays on record.
    let log = std::fs::read_dir(bot.home().join("data/audit")).unwrap();
    let log: String = log
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for (what, role) in [
        ("grant", "teacher"),
        ("grant", "admin"),
        ("revoke", "admin"),
        ("revoke", "teacher"),
    ] {
        let role = format!("\"role\":\"{role}\"");
        let lines = log.lines().filter(|line| {
            [what, &role, ROSIE, BEN, "\"role\""]
                .iter()
                .all(|word| line.contains(word))
        });
        assert_eq!(lines.count(), 1, "{what} {role} in {log}");
    }
    bot.restart().await;
    has(&told(&workspace, "ben", BEN, "!teach lunch").await, &["🔒"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_use_a_plugin_cannot_press_its_buttons_and_is_not_heard() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    let panel = workspace.ask(&Line::new("!panel")).await;

    workspace.press("sally", &panel, "clerk/say", None).await;
    let refused = workspace
        .until("the refusal", |record| {
            let to_sally = |post: &Post| post.only_for.as_deref() == Some(SALLY);
            record.posts().into_iter().find(to_sally)
        })
        .await;
    has(&refused.text, &["🔒", "clerk"]);
    workspace.press("ben", &panel, "clerk/say", None).await;
    workspace
        .until("what Ben pressed", |record| {
            record.saying("Ben said value of say (n=1)").first().cloned()
        })
        .await;

    workspace.send(&Line::new("안녕 sally").by("sally")).await;
    assert_eq!(said(&workspace, "ben", "안녕 ben").await, "greeted ben");
    let record = workspace
        .settled_for(&[("sally", "#general"), ("ben", "#general")])
        .await;
    assert!(record.saying("greeted sally").is_empty());
    workspace.acknowledged().await;
    let said_by_sally = |record: &Record| {
        record
            .posts()
            .iter()
            .filter(|post| post.text.contains("Sally said"))
            .count()
    };
    assert_eq!(said_by_sally(&record), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_right_while_a_command_waits_does_not_get_it() {
    let workspace = Workspace::start().await;
    let _bot = open(&workspace).await;
    has(&said(&workspace, "rosie", "!role grant tester @ben").await, &["✅"]);
    assert_eq!(said(&workspace, "ben", "!ok first").await, "ok first");

    // Its only place is taken.
    let held: Sent = workspace
        .send(&Line::new("!hold 1 6000").by("vincent").at("#lunch"))
        .await;
    workspace.acknowledged().await;
    let waits = workspace.send(&Line::new("!ok second")).await;
    has(&said(&workspace, "rosie", "!role revoke tester @ben").await, &["✅"]);
    assert!(
        workspace.answers(&workspace.record().await, &held).is_empty(),
        "this came too late to show anything"
    );
    let answer = workspace
        .until("the answer to what waited", |record| {
            let to_ben = |post: &Post| post.only_for.as_deref() == Some(BEN);
            workspace.answers(record, &waits).into_iter().find(to_ben)
        })
        .await;
    has(&answer.text, &["🔒 `!ok second`"]);
    assert!(workspace.settled().await.saying("ok second").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_rule_is_told_with_its_number_its_key_and_the_remedy() {
    let good = "[[access]]\ncommand = \"deploy\"\neffect = \"allow\"\n";
    for (wrong, words) in [
        (
            "[[access]]\ncommand = \"x\"\n",
            &["moa.toml:4", "number 2, effect", "effect = \"allow\""][..],
        ),
        (
            "[[access]]\nusr = \"U1\"\neffect = \"deny\"\n",
            &["moa.toml:5", "number 2, usr", "Did you mean `user`?"],
        ),
        (
            "[[access]]\nuser = \"@rosie\"\neffect = \"deny\"\n",
            &[
                "moa.toml:5",
                "number 2, user",
                "a name can be taken by anybody",
                "U012ABC",
            ],
        ),
        (
            "[[access]]\nconversation = [\"C1\", \"#ops\"]\neffect = \"deny\"\n",
            &["moa.toml:5", "number 2, conversation", "can be taken over", "C012ABC"],
        ),
        (
            "[[access]]\nrole = 3\neffect = \"deny\"\n",
            &["moa.toml:5", "number 2, role = 3", "a text or a list"],
        ),
        ("[access]\neffect = \"deny\"\n", &["moa.toml", "access", "[[access]]"]),
    ] {
        let good = if wrong.starts_with("[access]") { "" } else { good };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("moa.toml"), format!("{good}{wrong}")).unwrap();
        let ended = finish(moa(dir.path()).args(["config", "check"])).await;
        assert_ne!(ended.code, Some(0), "`moa config check` likes {wrong}");
        has(&ended.stderr, words);
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("moa.toml"), good).unwrap();
    let tokens = [("SLACK_APP_TOKEN", "xapp-1"), ("SLACK_BOT_TOKEN", "xoxb-1")];
    let shown = finish(moa(dir.path()).args(["config", "show"]).envs(tokens)).await;
    has(
        &shown.stdout,
        &["[[access]]\ncommand = \"deploy\"  # ", "effect = \"allow\""],
    );
}
