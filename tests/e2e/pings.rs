//! Whatever people type, the bot notifies nobody by repeating it.

use super::support::bot::Plan;
use super::support::guests::hello;
use super::support::record::Record;
use super::support::sim::{Line, Workspace};
use serde_json::Value;

const BEN: &str = "U0000000BEN";
const SALLY: &str = "U00000SALLY";

/// No message of the bot notified anybody, and none asked the service to make mentions of names.
fn assert_silent(record: &Record) {
    for post in record.posts() {
        assert!(post.pings.is_empty(), "{:?} notified {:?}", post.text, post.pings);
    }
    for edit in record.of("edit") {
        assert_eq!(edit["pings"].as_array().map_or(0, Vec::len), 0, "{edit}");
    }
    for call in record
        .of("api")
        .filter(|call| call["method"].as_str().unwrap().starts_with("chat."))
    {
        let args = call["args"].to_string();
        assert!(
            !args.contains("\"link_names\":true") && !args.contains("link_names=true"),
            "{args}"
        );
        assert_ne!(call["args"]["parse"], "full", "{args}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_tokens_come_back_as_readable_text() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    // What is sent, and a word that must still be readable in the answer.
    let table = [
        ("<!channel>", "channel"),
        ("<!here>", "here"),
        ("<!everyone>", "everyone"),
        ("<!channel|channel>", "channel"),
        ("<!here|@here>", "here"),
        ("<!subteam^S0123ABC>", "S0123ABC"),
        ("<!subteam^S0123ABC|@devs>", "devs"),
        ("<@U00000SALLY>", "샐리"),
        ("<@U00000SALLY|sally>", "샐리"),
        ("<@UNOBODY000>", "UNOBODY000"),
        ("&lt;!channel&gt;", "channel"),
        ("&amp;lt;!channel&amp;gt;", "channel"),
        ("&lt;@U00000SALLY&gt;", "SALLY"),
        ("*<!channel>* _<@U00000SALLY>_ ~<!here>~", "channel"),
        ("`<!channel>`", "channel"),
        ("```<!channel> <@U00000SALLY>```", "channel"),
        ("&gt; <!channel>", "channel"),
        ("<https://example.com|<!channel>>", "example"),
        ("<https://example.com|@channel>", "example"),
        ("<https://example.com|&lt;!channel&gt;>", "example"),
        ("<https://example.com/?a=&lt;!channel&gt;>", "example"),
        ("<mailto:a@example.com|<@U00000SALLY>>", "example"),
        ("[x](<!channel>)", "channel"),
        ("[<!channel>](https://example.com)", "channel"),
        ("{@U00000SALLY}", "SALLY"),
        ("{@!channel}", "channel"),
        ("{@<!channel>}", "channel"),
        ("{<@U00000SALLY>}", "샐리"),
        ("{@U00000SALLY} {#C00GENERAL0}", "GENERAL"),
        ("{\u{200b}@U00000SALLY}", "SALLY"),
        ("{@\u{200b}U00000SALLY}", "SALLY"),
        ("{\u{2060}@U00000SALLY}", "SALLY"),
        ("{\u{feff}@U00000SALLY}", "SALLY"),
        ("{&#64;U00000SALLY}", "SALLY"),
        ("{\\@U00000SALLY}", "SALLY"),
        ("[{@U00000SALLY}](https://example.com)", "example"),
        ("[label](https://example.com/{@U00000SALLY})", "example"),
        ("`{@U00000SALLY}`", "SALLY"),
        ("@channel @here @everyone", "everyone"),
        ("\u{ff1c}!channel\u{ff1e}", "channel"),
        ("<!channel", "channel"),
        ("<<!channel>>", "channel"),
        ("<!date^1392734382^{date}|<!channel>>", "channel"),
        ("<#C00GENERAL0|general>", "general"),
        ("\"<!channel>\" “<!here>”", "channel"),
    ];
    for (sent, word) in table {
        let answer = workspace.ask(&Line::new(format!("!echo {sent}")).raw()).await;
        assert!(
            answer.text.contains(word),
            "{sent:?} came back unreadable: {:?}",
            answer.text
        );
        assert!(
            answer.pings.is_empty(),
            "{sent:?} notified {:?} by {:?}",
            answer.pings,
            answer.text
        );
    }
    assert_silent(&workspace.settled().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typed_names_and_words_for_all_notify_nobody() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    for (typed, word) in [
        ("@channel", "channel"),
        ("@here", "here"),
        ("<!channel>", "channel"),
        ("<@U00000SALLY>", "SALLY"),
        ("{@U00000SALLY}", "SALLY"),
        ("@샐리 점심", "샐리"),
        ("@sally", "샐리"),
        ("#lunch", "lunch"),
        ("@moa", "moa"),
        ("`@channel` ```@here```", "here"),
        ("https://example.com/<!channel>", "example"),
    ] {
        for place in ["#general", "@dm"] {
            let answer = workspace.ask(&Line::new(format!("!echo {typed}")).at(place)).await;
            assert!(
                answer.text.contains(word),
                "{typed:?} came back unreadable: {:?}",
                answer.text
            );
        }
        let answer = workspace.ask(&Line::new(format!("/echo {typed}")).slash()).await;
        assert!(
            answer.text.contains(word),
            "{typed:?} came back unreadable: {:?}",
            answer.text
        );
    }
    let record = workspace.settled_for(&[("ben", "#general"), ("ben", "@dm")]).await;
    assert_silent(&record);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hosts_own_sentences_repeat_no_mention_either() {
    let workspace = Workspace::start().await;
    let _bot = Plan::new(&workspace).plugin(hello()).start().await;

    for text in [
        "!count <!channel>",
        "!help <!channel>",
        "!help <@U00000SALLY>",
        "!help {@U00000SALLY}",
        "!ech<!here>",
        "!echp<@U00000SALLY>",
        "!ecko{@U00000SALLY}",
        "!<!channel>",
        "<@U0000000MOA> <!channel>",
        "<@U0000000MOA> ecko <@U00000SALLY>",
    ] {
        for place in ["#general", "@dm"] {
            workspace.send(&Line::new(text).raw().at(place)).await;
        }
    }
    let record = workspace.settled_for(&[("ben", "#general"), ("ben", "@dm")]).await;
    assert!(record.posts().len() > 4, "the host answered nothing of it");
    assert_silent(&record);
    let tokens = |args: &Value| args.to_string().contains("<!") || args.to_string().contains(&format!("<@{SALLY}"));
    let said = record
        .of("api")
        .filter(|call| call["method"].as_str().unwrap().starts_with("chat."));
    for call in said {
        assert!(!tokens(&call["args"]), "a token left the host: {call}");
        // An ephemeral message names its person as an argument, never in the text.
        assert!(
            !call["args"]["text"]
                .as_str()
                .unwrap_or_default()
                .contains(&format!("<@{BEN}")),
            "{call}"
        );
    }
}
