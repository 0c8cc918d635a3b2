//! What goes between the guest and the host arrives whole on the other side.

use crate::support::{Recorder, command, hostile, probe, run, text};
use moa_core::call::{Failure, HeardCall, Value};
use moa_core::content::{Action, Audience, Card, Content, Field, Style};
use moa_core::event::{Conversation, File, Mention, PlaceKind, User};
use moa_core::manifest::Scope;
use moa_core::router::hears::{Taught, What};
use moa_engine::{Fault, Level, Limits};

async fn lines(recorder: &Recorder, name: &str, rest: &str) -> Vec<String> {
    let done = probe()
        .command(command(name, rest), recorder.host(), &Limits::default())
        .await;
    text(done).lines().map(str::to_owned).collect()
}

/// What `probe` sends as its fullest message.
fn everything() -> Content {
    Content {
        text: "*hello*".into(),
        cards: vec![Card {
            pretext: "pre".into(),
            title: "title".into(),
            link: "https://example.com".into(),
            text: "body".into(),
            color: "good".into(),
            fields: vec![Field {
                title: "f".into(),
                value: "v".into(),
                short: true,
            }],
            image: "https://example.com/i.png".into(),
            footer: "foot".into(),
        }],
        actions: vec![
            Action::Button {
                id: "b".into(),
                label: "press".into(),
                value: "1".into(),
                style: Style::Danger,
                confirm: Some("sure?".into()),
            },
            Action::Select {
                id: "s".into(),
                placeholder: "choose".into(),
                choices: vec![("small".into(), "s".into())],
            },
            Action::Link("docs".into(), "https://example.com/docs".into()),
        ],
        audience: Audience::Thread,
        native: Some("{}".into()),
        sender: Some(("me".into(), ":cat:".into())),
    }
}

#[tokio::test]
async fn everything_about_a_command_arrives() {
    let mut call = command("echo", "a  \"b c\"");
    call.path = vec!["exception".into(), "set".into()];
    call.message.author = User {
        id: "U7".into(),
        name: "rosie".into(),
        display_name: "로지".into(),
        locale: Some("ko".into()),
        timezone: Some("Asia/Seoul".into()),
        bot: true,
    };
    call.message.message.mentions = vec![
        Mention::User("U8".into()),
        Mention::Conversation("C8".into()),
        Mention::Group("S8".into()),
        Mention::Everyone("here".into()),
        Mention::Link("https://l.example".into(), "label".into()),
    ];
    call.message.message.files = vec![File {
        id: "F1".into(),
        name: "보고서.pdf".into(),
        mime: "application/pdf".into(),
        size: u32::MAX,
    }];
    call.message.message.edited = true;
    let conversation = Conversation {
        id: "C9".into(),
        name: "lunch".into(),
        kind: PlaceKind::Direct,
        topic: "점심".into(),
    };
    let values = [
        Value::Text("t".into()),
        Value::Integer(i64::MIN),
        Value::Number(1.5),
        Value::Truth(true),
        Value::User(User::unknown("U9")),
        Value::Conversation(conversation),
        Value::Seconds(90),
        Value::Date("2026-11-21".into()),
        Value::Time("09:00:00".into()),
        Value::Many(vec!["x".into(), "y".into()]),
    ];
    call.args = values
        .into_iter()
        .enumerate()
        .map(|(number, value)| (format!("arg{number}"), value))
        .collect();
    let done = probe()
        .command(call, Recorder::default().host(), &Limits::default())
        .await;
    let got = text(done);
    for part in [
        "\"i1\"",
        "attempt: 1",
        "locale: \"ko\"",
        "path: [\"exception\", \"set\"]",
        "\"a  \\\"b c\\\"\"",
        "display-name: \"로지\"",
        "bot: true",
        "Mention::User(\"U8\")",
        "Mention::Conversation(\"C8\")",
        "Mention::Group(\"S8\")",
        "Mention::Everyone(\"here\")",
        "Mention::Link((\"https://l.example\", \"label\"))",
        "보고서.pdf",
        "4294967295",
        "edited: true",
        "name: \"arg9\"",
        "Value::Text(\"t\")",
        "Value::Integer(-9223372036854775808)",
        "Value::Number(1.5)",
        "Value::Truth(true)",
        "Value::Seconds(90)",
        "Value::Date(\"2026-11-21\")",
        "Value::Time(\"09:00:00\")",
        "Value::Many([\"x\", \"y\"])",
        "PlaceKind::Direct",
        "PlaceKind::Channel",
        "thread: Some(\"1.0\")",
        "\"2.0\"",
    ] {
        assert!(got.contains(part), "no {part} in {got}");
    }
}

#[tokio::test]
async fn everything_about_an_answer_arrives() {
    let limits = Limits::default();
    let content = run(probe(), "content", "", &limits).await.result;
    assert_eq!(content, Ok(Ok(Some(everything()))));
    assert_eq!(run(probe(), "nothing", "", &limits).await.result, Ok(Ok(None)));
    for (name, failure) in [
        ("usage", Failure::Usage("why".into())),
        ("rejected", Failure::Rejected("why".into())),
        ("retry", Failure::Retry(30)),
        ("internal", Failure::Internal("why".into())),
    ] {
        assert_eq!(run(probe(), name, "why", &limits).await.result, Ok(Err(failure)));
    }
}

#[tokio::test]
async fn the_brain_goes_both_ways() {
    let recorder = Recorder::default();
    let got = lines(&recorder, "brain", "").await;
    let expected = [
        "Ok(None)",
        "Ok(\"v0\")",
        "Ok(\"v1\")",
        "Ok(Some(Entry { value: [49], version: \"v0\", expires: None }))",
        "Ok(Some(Entry { value: [50], version: \"v1\", expires: Some(\"in 60\") }))",
        "Ok(-5)",
        "Err(Error::Conflict(\"it is newer\"))",
        "Ok(())",
        "Ok([Some(Entry { value: [], version: \"v2\", expires: None }), None])",
        "Ok(KeyPage { keys: [\"x\"], next: Some(\"more\") })",
        "Ok(true)",
        "Ok(false)",
    ];
    assert_eq!(got, expected);
    let asked = recorder.records().asked.lock().unwrap();
    assert!(asked.contains(&"increment Conversation(\"C1\") n -5".to_owned()));
    assert!(asked.contains(&"list Shared \"\" None 1".to_owned()));
    assert!(
        asked
            .iter()
            .any(|line| line.contains("User(\"U1\") Write") && line.contains("Some(60)"))
    );
}

#[tokio::test]
async fn keys_and_values_are_held_to_their_limits_before_the_host_is_asked() {
    let recorder = Recorder::default();
    let got = lines(&recorder, "keys", &((1 << 20) + 1).to_string()).await;
    let starts = [
        "Err(Error::Invalid(",
        "Err(Error::OverLimit(",
        "Err(Error::OverLimit(",
        "Err(Error::Invalid(",
        "Err(Error::OverLimit(",
        "Err(Error::Invalid(",
    ];
    assert_eq!(got.len(), starts.len());
    for (line, start) in got.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert!(recorder.records().asked.lock().unwrap().is_empty());
    let got = lines(&recorder, "keys", &(1 << 20).to_string()).await;
    assert_eq!(got[2], "Ok(\"v0\")");
}

#[tokio::test]
async fn chat_goes_both_ways() {
    let recorder = Recorder::default();
    let got = lines(&recorder, "chat", "").await;
    assert!(
        got[0].starts_with("Ok(MessageRef") && got[0].contains("\"3.0\""),
        "{}",
        got[0]
    );
    // An ephemeral message has a place and no id.
    assert!(
        got[1].starts_with("Ok(MessageRef") && got[1].contains("id: \"\""),
        "{}",
        got[1]
    );
    assert_eq!(got[2], "Ok(())");
    assert_eq!(got[3], "Ok(())");
    assert_eq!(got[4], "Err(Error::NotFound(\"that message\"))");
    assert!(got[5].starts_with("Err(Error::Invalid("), "{}", got[5]);
    for line in &got[6..8] {
        assert!(line.starts_with("Err(Error::Unsupported("), "{line}");
    }
    let records = recorder.records();
    let sent = records.sent.lock().unwrap();
    assert_eq!(sent[0].0, command("x", "").message.message.at.place);
    assert_eq!(sent[0].1, Content::text("one"));
    assert_eq!(sent[1].1.audience, Audience::Asker);
    let asked = records.asked.lock().unwrap();
    assert_eq!(asked[0], format!("edit 2.0 {:?}", everything()));
    assert_eq!(asked[1], "react 2.0 👍");
}

#[tokio::test]
async fn a_call_sends_no_more_than_its_messages() {
    let limits = Limits {
        messages: 3,
        ..Limits::default()
    };
    let recorder = Recorder::default();
    let done = probe()
        .command(command("messages", "5"), recorder.host(), &limits)
        .await;
    let got = text(done);
    assert!(got.starts_with("3 Error::OverLimit("), "{got}");
    assert_eq!(recorder.records().sent.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn the_system_is_the_hosts() {
    let got = lines(&Recorder::default(), "system", "").await;
    let expected = [
        r#""{\"size\":3}""#,
        "\"1970-01-01T00:16:40.000Z\"",
        "Ok(\"2026-11-21T09:50:00+09:00[Asia/Seoul]\")",
    ];
    assert_eq!(got[..3], expected);
    assert!(got[3].starts_with("Err(") && got[3].contains("Nowhere"), "{}", got[3]);
    assert_eq!(got[4], "[7, 7, 7, 7]");
}

#[tokio::test]
async fn all_that_a_plugin_says_is_in_its_log() {
    let recorder = Recorder::default();
    assert_eq!(lines(&recorder, "log", "").await, ["logged"]);
    let logged = recorder.records().logged.lock().unwrap();
    let expected = [
        (Level::Trace, "traced"),
        (Level::Warn, "warned"),
        (Level::Info, "to standard output"),
        (Level::Error, "to standard error"),
        (Level::Info, "without an end"),
    ];
    assert_eq!(*logged, expected.map(|(level, text)| (level, text.to_owned())));
}

#[tokio::test]
async fn wasi_has_no_environment_no_files_no_network_and_the_hosts_clock() {
    let got = lines(&Recorder::default(), "wasi", "").await;
    assert_eq!(got, ["0", "0", "true", "true", "true", "true", "Ok(1000)"]);
}

#[tokio::test]
async fn what_is_heard_arrives_and_is_answered() {
    let hear = async |id: &str| {
        let command = command("x", "y");
        let call = HeardCall {
            invocation: command.invocation,
            id: id.into(),
            captures: vec![Some("가이드".into()), None],
            message: command.message,
        };
        probe().hear(call, Recorder::default().host(), &Limits::default()).await
    };
    let got = text(hear("guide").await);
    for part in ["\"guide\"", "[Some(\"가이드\"), None]", "\"i1\"", "\"!x y\"", "\"2.0\""] {
        assert!(got.contains(part), "no {part} in {got}");
    }
    assert_eq!(hear("nothing").await.result, Ok(Ok(None)));
    assert_eq!(hear("rejected").await.result, Ok(Err(Failure::Rejected("!x y".into()))));
    let deaf = hostile()
        .hear(
            HeardCall {
                invocation: command("", "").invocation,
                id: "x".into(),
                captures: Vec::new(),
                message: command("", "").message,
            },
            Recorder::default().host(),
            &Limits::default(),
        )
        .await;
    assert_eq!(deaf.result, Err(Fault::MissingExport("moa:plugin/listener")));
}

#[tokio::test]
async fn patterns_are_taught_and_forgotten() {
    let recorder = Recorder::default();
    let got = lines(&recorder, "teach", "가이드").await;
    assert_eq!((got[0].as_str(), got[1].as_str()), ("Ok(())", "Ok(())"));
    for line in &got[2..4] {
        assert!(line.starts_with("Err(Error::Invalid("), "{line}");
    }
    assert_eq!((got[4].as_str(), got[5].as_str()), ("Ok(true)", "Ok(false)"));
    let word = Taught {
        what: What::Keyword("가이드".into()),
        scopes: vec![Scope::Direct, Scope::DirectMention, Scope::Mention, Scope::Ambient],
        conversation: None,
    };
    let expression = Taught {
        what: What::Regex("^a".into()),
        scopes: vec![Scope::DirectMention, Scope::Ambient],
        conversation: Some("C1".into()),
    };
    let asked = recorder.records().asked.lock().unwrap();
    let expected = [
        format!("hear word {word:?}"),
        format!("hear expression {expression:?}"),
        "forget word".into(),
    ];
    assert_eq!(*asked, expected);
}
