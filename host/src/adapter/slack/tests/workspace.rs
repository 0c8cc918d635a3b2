//! The adapter in a whole simulated workspace: what it does is seen there by people.

use crate::adapter::slack::{Secret, Slack, SlackOptions};
use crate::adapter::{Adapter, Form, SendError, Upload};
use moa_core::event::{Place, PlaceKind};
use moa_playground::{Options, Playground};
use serde_json::{Value, json};
use std::time::Duration;

struct Workspace {
    playground: Playground,
    http: reqwest::Client,
    slack: Slack,
}

impl Workspace {
    async fn start() -> Self {
        let playground = Playground::start(Options::default()).await.unwrap();
        let options = SlackOptions {
            api_url: playground.api_url(),
            app_token: Secret::new(playground.app_token()),
            bot_token: Secret::new(playground.bot_token()),
            connections: 1,
            ping_timeout: Duration::from_secs(10),
        };
        // The adapter brings its own TLS; this client speaks HTTP alone, but asks for one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            slack: Slack::sign_in(&options).await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            playground,
        }
    }

    /// What people do; `path` is below `/sim/`.
    async fn people(&self, path: &str, body: impl Into<reqwest::Body>) -> Value {
        let request = self.http.post(format!("{}sim/{path}", self.playground.page_url()));
        let request = request.header("Content-Type", "application/json").body(body);
        let answer: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        assert_eq!(answer["ok"], true, "{path}: {answer}");
        answer
    }

    /// Ben says it in #general; the id of the message.
    async fn say(&self, text: &str, more: Value) -> String {
        let mut body = json!({"user": "ben", "channel": "#general", "text": text});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = self.people("send", body.to_string()).await;
        said["ts"].as_str().unwrap().to_owned()
    }
}

fn general(thread: Option<&str>) -> Place {
    Place {
        service: "slack".into(),
        conversation: "C00GENERAL0".into(),
        thread: thread.map(Into::into),
        kind: PlaceKind::Channel,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, SendError>) -> String {
    match result {
        Err(SendError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_goes_up_once_and_comes_down_as_it_was() {
    let workspace = Workspace::start().await;
    let slack = &workspace.slack;
    let root = workspace.say("files, please", json!({})).await;
    let to = general(Some(&root));
    let data: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let file = Upload {
        to: &to,
        name: "data.bin",
        data: &data,
        comment: "as *asked* & wanted",
    };
    // It is carried out, and answered with an error.
    let fault = json!({"kind": "error500", "method": "files.completeUploadExternal", "after": true, "count": 1});
    workspace.people("fault", fault.to_string()).await;
    let id = slack.upload(file).await.unwrap();

    let thread = slack.history(&to, None, 50).await.unwrap();
    let shown: Vec<_> = thread.iter().filter(|message| !message.files.is_empty()).collect();
    assert_eq!(shown.len(), 1, "{thread:?}");
    assert_eq!(shown[0].author, slack.me().user_id);
    assert_eq!(shown[0].text, "as *asked* & wanted");
    assert_eq!((&shown[0].files[0].id, shown[0].files[0].size), (&id, 100_000));
    assert_eq!(slack.find_file(&id).await, Ok(Some(vec!["C00GENERAL0".into()])));
    assert_eq!(slack.download(&id, data.len()).await, Ok(Some(data.clone())));
    assert_eq!(code(slack.download(&id, data.len() - 1).await), "too_large");
    assert_eq!(slack.download("F404", 1).await, Ok(None));
    let nowhere = Place {
        conversation: "C000RANDOM0".into(),
        ..general(None)
    };
    assert_eq!(
        code(slack.upload(Upload { to: &nowhere, ..file }).await),
        "not_in_channel"
    );
}

#[tokio::test]
async fn what_people_drop_in_can_be_fetched() {
    let workspace = Workspace::start().await;
    let dropped = workspace.people("upload?user=ben&name=lunch.csv", "rice,1").await;
    let id = dropped["file"].as_str().unwrap();
    workspace.say("this", json!({"files": [id]})).await;
    assert_eq!(workspace.slack.download(id, 100).await, Ok(Some(b"rice,1".to_vec())));
}

#[tokio::test]
async fn the_past_is_read_back_in_pages_of_any_length() {
    let workspace = Workspace::start().await;
    let slack = &workspace.slack;
    let mut said = Vec::new();
    for number in 0..5 {
        said.push(workspace.say(&format!("number {number}"), json!({})).await);
    }
    let replies = json!({"thread_ts": said[2]});
    let first = workspace.say("first reply", replies.clone()).await;
    let second = workspace.say("second reply", replies).await;
    for fault in ["clear", "short-pages"] {
        workspace.people("fault", json!({"kind": fault}).to_string()).await;
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = slack.history(&general(None), before.as_deref(), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.at.id.clone());
            read.extend(page.into_iter().map(|message| message.at.id));
        }
        let newest: Vec<&String> = said.iter().rev().collect();
        assert_eq!(read.iter().take(5).collect::<Vec<_>>(), newest, "{fault}");
        let thread = slack.history(&general(Some(&said[2])), None, 50).await.unwrap();
        let ids: Vec<&str> = thread.iter().map(|message| message.at.id.as_str()).collect();
        assert_eq!(ids, [second.as_str(), first.as_str(), said[2].as_str()], "{fault}");
        let older = slack.history(&general(Some(&said[2])), Some(&second), 1).await.unwrap();
        assert_eq!(older[0].at.id, first, "{fault}");

        // The members, too, whatever the pages are like.
        let (mut members, mut cursor) = (Vec::new(), None);
        loop {
            let page = slack
                .find_members("C00GENERAL0", cursor.as_deref())
                .await
                .unwrap()
                .unwrap();
            members.extend(page.ids);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(members.len(), 6, "{fault}");
    }
}

#[tokio::test]
async fn a_direct_conversation_is_opened_and_a_form_once() {
    let workspace = Workspace::start().await;
    let slack = &workspace.slack;
    let direct = slack.open_direct("U0000000BEN").await.unwrap();
    assert_eq!(
        (direct.conversation.as_str(), direct.kind),
        ("D0000000BEN", PlaceKind::Direct)
    );
    assert_eq!(slack.open_direct("U0000000BEN").await.unwrap(), direct);
    assert_eq!(code(slack.open_direct("U404").await), "user_not_found");

    // Somebody has to listen, or nothing is pressed.
    let (intake, _heard) = super::fake::Log::new();
    let _listener = slack.listen(intake);
    let pressed = loop {
        let body = json!({"user": "ben", "callback_id": "orders/new"}).to_string();
        let answer = workspace.people("shortcut", body).await;
        match answer["trigger_id"].as_str() {
            Some(trigger) => break trigger.to_owned(),
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    let view = json!({"type": "modal", "callback_id": "order", "title": {"type": "plain_text", "text": "Order"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]})
    .to_string();
    let form = Form {
        trigger: &pressed,
        view: &view,
        plugin: "orders",
        place: &direct,
        on: None,
    };
    slack.open_form(form).await.unwrap();
    let state = workspace
        .http
        .get(format!("{}sim/state", workspace.playground.page_url()));
    let state: String = state.send().await.unwrap().text().await.unwrap();
    assert!(state.contains("orders/order"), "{state}");
    let again = code(slack.open_form(form).await);
    assert!(again.contains("exchanged"), "{again}");
}
