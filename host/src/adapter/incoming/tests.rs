use super::*;
use crate::adapter::webhook::testing::Recorder;
use moa_core::content::{Card, Field};
use moa_core::event::Place;
use serde_json::json;

struct House {
    recorder: Recorder,
    incoming: Incoming,
}

async fn house() -> House {
    let recorder = Recorder::start().await;
    let slack = |path: &str, encoding| Webhook::Slack {
        address: recorder.address(path),
        sender: Sender {
            name: "빵집".into(),
            icon: ":bread:".into(),
        },
        encoding,
    };
    let webhooks = BTreeMap::from([
        ("ops".to_owned(), slack("services/T/B/secret", IncomingEncoding::Json)),
        ("old".to_owned(), slack("services/T/B/old", IncomingEncoding::Form)),
        (
            "field".to_owned(),
            Webhook::Jandi {
                target: Target::new(recorder.address("connect-api/team-webhook/1/secret")),
                email: vec!["a@x.io".into(), "b@x.io".into()],
            },
        ),
    ]);
    let poster = Arc::new(Poster::new(webhooks.values().map(Webhook::address)).unwrap());
    House {
        incoming: Incoming::new(webhooks, poster, Locale::Ko),
        recorder,
    }
}

impl House {
    async fn say(&self, to: &str, content: &Content) -> Result<Sent, SendError> {
        let to = Place {
            service: SERVICE.into(),
            conversation: to.into(),
            thread: None,
            kind: PlaceKind::Channel,
        };
        let stamp = Stamp {
            plugin: "orders".into(),
            invocation: "i1".into(),
            ordinal: 0,
        };
        let message = Outgoing {
            to: &to,
            answers: None,
            asker: None,
            content,
            stamp: &stamp,
            response_url: None,
        };
        self.incoming.send(message).await
    }
}

fn order() -> Content {
    let field = Field {
        title: "Topping".into(),
        value: "Pepperoni".into(),
        short: true,
    };
    let card = Card {
        title: "Pizza".into(),
        color: "good".into(),
        fields: vec![field],
        ..Card::default()
    };
    Content {
        cards: vec![card],
        ..Content::text("*New* order")
    }
}

#[tokio::test]
async fn a_message_arrives_in_each_form() {
    let house = house().await;
    for to in ["incoming:ops", "incoming:old", "incoming:field"] {
        assert_eq!(house.say(to, &order()).await, Ok(None), "{to}");
    }
    let posted = house.recorder.posted();
    let [ops, old, field] = posted.as_slice() else {
        panic!("{posted:?}")
    };
    assert_eq!(
        (ops.path.as_str(), ops.header("content-type")),
        ("/services/T/B/secret", "application/json")
    );
    assert_eq!(ops.header("accept"), "*/*");
    let said = ops.json();
    assert_eq!(
        (&said["text"], &said["username"]),
        (&json!("*New* order"), &json!("빵집"))
    );
    assert_eq!(said["icon_emoji"], ":bread:");
    assert_eq!(said["attachments"][0]["fields"][0]["short"], true);
    assert_eq!(said.get("metadata"), None);
    assert_eq!(old.header("content-type"), "application/x-www-form-urlencoded");
    let payload = form_urlencoded::parse(old.body.as_bytes())
        .find(|(name, _)| name == "payload")
        .unwrap()
        .1;
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap(), said);
    assert_eq!(field.header("accept"), "application/vnd.tosslab.jandi-v2+json");
    assert_eq!(field.header("content-type"), "application/json");
    let said = field.json();
    assert_eq!(
        (&said["body"], &said["email"]),
        (&json!("**New** order"), &json!("a@x.io,b@x.io"))
    );
    assert_eq!(
        said["connectInfo"][1],
        json!({"title": "Topping", "description": "Pepperoni"})
    );
}

#[tokio::test]
async fn what_a_webhook_answers_is_told_and_its_address_is_not() {
    let house = house().await;
    let say = async || house.say("incoming:ops", &order()).await.unwrap_err();
    for (status, body, says) in [
        (400, "invalid_payload", "native JSON"),
        (410, "channel_is_archived", "archived"),
        (404, "no_service", "make a new one"),
    ] {
        house.recorder.answers((status, None, body));
        let error = say().await;
        assert!(matches!(error, SendError::Refused { .. }), "{error:?}");
        let told = format!("{error} {error:?}");
        assert!(
            told.contains(says) && told.contains(body) && !told.contains("secret"),
            "{told}"
        );
    }
    house.recorder.answers((429, Some("7"), ""));
    let retry_after = Duration::from_secs(7);
    assert_eq!(say().await, SendError::RateLimited { retry_after });
    house.recorder.answers((500, None, "rollup_error"));
    assert!(matches!(say().await, SendError::Temporary { .. }));
}

#[tokio::test]
async fn only_what_is_configured_is_a_place() {
    let house = house().await;
    for to in ["incoming:nobody", "ops", "incoming:", "C1"] {
        let error = house.say(to, &order()).await.unwrap_err().to_string();
        assert!(
            error.contains("channel_not_found") && error.contains("[incoming.NAME]"),
            "{error}"
        );
        assert_eq!(house.incoming.find_conversation(to).await, Ok(None));
    }
    let found = house.incoming.find_conversation("incoming:ops").await.unwrap().unwrap();
    assert_eq!(found.name, "ops");
    assert!(house.recorder.posted().is_empty());
}
