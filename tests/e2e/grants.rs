//! What a plugin asks for beyond what it is granted: admins are asked once, their press decides, the file stands over it.

use super::support::bot::{Bot, Plan};
use super::support::guests::{altered, errands, hello, put};
use super::support::process::{finish, moa};
use super::support::record::{Post, Record};
use super::support::sim::{Line, Workspace};
use serde_json::json;

const ROSIE: &str = "U00000ROSIE";
const BEN: &str = "U0000000BEN";

fn plan(workspace: &Workspace) -> Plan {
    Plan::new(workspace)
        .plugin(hello())
        .plugin(errands())
        .env("MOA_BOT__ADMINS", ROSIE)
}

fn questions(record: &Record) -> Vec<Post> {
    let asks = |post: &Post| post.text.contains("🔐");
    record.posts().into_iter().filter(asks).collect()
}

/// The question that the admin has got, and the id of its button `approve` or `reject`.
async fn question(workspace: &Workspace, what: &str) -> (Post, String) {
    let found = |record: &Record| {
        let post = questions(record).into_iter().next()?;
        let sent = record
            .of("api")
            .map(|call| call["args"].to_string())
            .find(|args| args.contains("/moa:grant:"))?;
        let from = sent.find("/moa:grant:")?;
        let id = sent[from..].split(['"', '\\']).next()?;
        Some((post, format!("{}:{what}", id.rsplit_once(':')?.0)))
    };
    workspace.until("the question to the admin", found).await
}

/// Writes to Sally, who is no member of #secret.
async fn reach(workspace: &Workspace) -> String {
    let line = Line::new("!direct U00000SALLY").at("#secret");
    workspace.ask(&line).await.text
}

/// A press as anybody could make one who knows the button's id.
async fn forged(workspace: &Workspace, user: &str, channel: &str, on: &Post, id: &str, number: u32) {
    let frame = json!({
        "envelope_id": format!("forged-{number}"), "type": "interactive", "accepts_response_payload": false,
        "payload": {
            "type": "block_actions", "trigger_id": format!("forged.{number}"),
            "user": {"id": user, "team_id": "T0000000MOA"}, "team": {"id": "T0000000MOA"},
            "channel": {"id": channel, "name": "general"}, "message": {"ts": on.ts, "text": on.text},
            "container": {"type": "message", "message_ts": on.ts, "channel_id": channel, "is_ephemeral": false},
            "actions": [{"type": "button", "block_id": "b", "action_id": id, "action_ts": "1.0"}],
        },
    });
    workspace.frame(&frame).await;
}

async fn edits(workspace: &Workspace, count: usize) -> Vec<String> {
    workspace
        .until("the question to show what was decided", |record| {
            let edits = record.edits();
            (edits.len() >= count).then_some(edits)
        })
        .await
}

async fn again(bot: &mut Bot) {
    assert!(bot.stop().await.success());
    bot.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_is_asked_once_and_what_is_approved_works_at_once() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;
    let (asked, button) = question(&workspace, "approve").await;
    assert_eq!(asked.channel, "D00000ROSIE");
    assert!(asked.text.contains("users = true"), "{}", asked.text);
    bot.log()
        .wait_for(0, &["asks for more", "users = true", "moa plugin grant errands --all"])
        .await;
    let denied = reach(&workspace).await;
    assert!(
        denied.starts_with("Error::AccessDenied") && denied.contains("moa plugin grant errands"),
        "{denied}"
    );

    // Who is no admin can know the id, and press what looks like the button.
    forged(&workspace, BEN, "C00GENERAL0", &asked, &button, 1).await;
    workspace
        .until("the stranger to be told", |record| {
            let to_ben = |post: &Post| post.only_for.as_deref() == Some(BEN) && post.text.contains("Only admins");
            record.posts().into_iter().find(to_ben)
        })
        .await;
    assert!(reach(&workspace).await.starts_with("Error::AccessDenied"));

    again(&mut bot).await;
    workspace.press("rosie", &asked, &button, None).await;
    let shown = edits(&workspace, 1).await;
    assert!(shown[0].contains("✅") && shown[0].contains(ROSIE), "{shown:?}");
    assert_eq!(reach(&workspace).await, "whispered in D00000SALLY");

    // The first decision counts, whatever is pressed after it.
    let reject = button.replace(":approve", ":reject");
    forged(&workspace, ROSIE, "D00000ROSIE", &asked, &reject, 2).await;
    let shown = edits(&workspace, 2).await;
    assert!(shown[1].contains("✅"), "{shown:?}");
    again(&mut bot).await;
    assert_eq!(reach(&workspace).await, "whispered in D00000SALLY");
    assert_eq!(questions(&workspace.settled().await).len(), 1);

    // The operator has the last word.
    let operator = async |arguments: &[&str]| {
        let done = finish(moa(bot.home()).args(["plugin"]).args(arguments)).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        done.stdout
    };
    let left = operator(&["deny", "errands"]).await;
    assert!(left.contains("not granted: users = true"), "{left}");
    assert!(reach(&workspace).await.starts_with("Error::AccessDenied"));
    let given = operator(&["grant", "errands", "users = true"]).await;
    assert!(
        given.contains("approved: users = true") && !given.contains("not granted"),
        "{given}"
    );
    assert_eq!(reach(&workspace).await, "whispered in D00000SALLY");
    operator(&["deny", "errands"]).await;
    operator(&["grant", "errands", "--all"]).await;
    assert_eq!(reach(&workspace).await, "whispered in D00000SALLY");
    assert!(operator(&["grant", "errands"]).await.contains("asks for: users = true"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_decides_while_no_host_runs() {
    let workspace = Workspace::start().await;
    let mut bot = plan(&workspace).start().await;
    assert!(reach(&workspace).await.starts_with("Error::AccessDenied"));
    assert!(bot.stop().await.success());
    let home = bot.home().to_owned();
    let operator = async |arguments: &[&str]| finish(moa(&home).args(["plugin"]).args(arguments)).await;
    let asks = operator(&["grant", "errands"]).await;
    assert!(
        asks.code == Some(0) && asks.stdout.contains("not granted: users = true"),
        "{asks:?}"
    );
    let given = operator(&["grant", "errands", "--all"]).await;
    assert!(
        given.code == Some(0) && given.stdout.contains("approved: users = true"),
        "{given:?}"
    );
    let unknown = operator(&["grant", "nothing", "--all"]).await;
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("no plugin `nothing`"),
        "{unknown:?}"
    );
    bot.restart().await;
    assert_eq!(reach(&workspace).await, "whispered in D00000SALLY");

    assert!(bot.stop().await.success());
    let taken = operator(&["deny", "errands"]).await;
    assert!(taken.stdout.contains("not granted: users = true"), "{taken:?}");
    bot.restart().await;
    assert!(reach(&workspace).await.starts_with("Error::AccessDenied"));

    // A store that is only in the host's memory.
    let nowhere = finish(moa(&home).args(["plugin", "grant", "errands"]).envs([
        ("MOA_STORE__URL", "memory:"),
        ("MOA_BOT__SOCKET", "nowhere.sock"),
        ("MOA_BOT__DATA_DIR", "elsewhere"),
    ]))
    .await;
    assert!(
        nowhere.code == Some(1) && nowhere.stderr.contains("moa run"),
        "{nowhere:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_rejected_is_not_asked_for_again() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace).start().await;
    let (asked, button) = question(&workspace, "reject").await;
    workspace.press("rosie", &asked, &button, None).await;
    let shown = edits(&workspace, 1).await;
    assert!(shown[0].contains("🚫"), "{shown:?}");
    let from = bot.lines();
    put(
        &altered(errands(), "a slip of the tongue", "a slip of the pencil"),
        &bot.plugins().join("errands.wasm"),
    );
    bot.log().wait_for(from, &["asks for more", "errands"]).await;
    assert!(reach(&workspace).await.starts_with("Error::AccessDenied"));
    assert_eq!(questions(&workspace.settled().await).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_file_denies_is_denied_and_nobody_is_asked() {
    let workspace = Workspace::start().await;
    let bot = plan(&workspace)
        .config("[plugin.errands.grant]\nusers = true\n[plugin.errands.deny]\nusers = true\n")
        .start()
        .await;
    let denied = reach(&workspace).await;
    assert!(denied.contains("[plugin.errands.deny]"), "{denied}");
    assert!(questions(&workspace.settled().await).is_empty());
    assert!(!bot.log().text().contains("asks for more"));
}
