use super::*;
use crate::adapter::webhook::Address;
use crate::adapter::webhook::testing::Recorder;
use crate::adapter::{Fatal, Intake};
use moa_core::content::Style;
use moa_core::event::Event;
use serde_json::{Value, json};
use std::sync::Mutex as StdMutex;
use std::time::Instant;

const TOKEN: &str = "YE1ronbbuoZkq7h3J5KMI4Tn";

/// Gives what is delivered to the test.
#[derive(Default)]
struct Desk(StdMutex<Vec<Delivery>>);

impl Intake for Desk {
    fn deliver(&self, delivery: Delivery) {
        self.0.lock().unwrap().push(delivery);
    }
    fn connected(&self, _connections: usize) {}
    fn fatal(&self, _why: Fatal) {}
}

impl Desk {
    async fn next(&self) -> Delivery {
        loop {
            if let Some(delivery) = self.0.lock().unwrap().pop() {
                return delivery;
            }
            tokio::task::yield_now().await;
        }
    }
}

struct House {
    jandi: Jandi,
    desk: Desk,
}

fn house(incoming: Option<Address>) -> House {
    let poster = Arc::new(Poster::new(&incoming).unwrap());
    let hook = Hook {
        keyword: "모아".into(),
        token: SecretValue::new(TOKEN),
        incoming: incoming.map(Target::new),
    };
    House {
        jandi: Jandi::new(BTreeMap::from([("lunch".to_owned(), hook)]), poster, Locale::Ko),
        desk: Desk::default(),
    }
}

fn post(text: &str, token: &str) -> Value {
    json!({
        "token": token, "teamName": "Toss Lab, Inc.", "roomName": "토스랩 코리아", "writerName": "Gloria",
        "text": text, "keyword": "모아", "createdAt": "2017-07-19T14:49:11.266Z",
    })
}

impl House {
    async fn receive(&self, post: &Value) -> Response {
        self.jandi
            .receive("lunch", post.to_string().as_bytes(), &self.desk)
            .await
    }

    async fn say(&self, event: &Event, content: &Content, plugin: &str) -> Result<Sent, SendError> {
        let stamp = Stamp {
            plugin: plugin.into(),
            invocation: "i1".into(),
            ordinal: 0,
        };
        let message = Outgoing {
            to: event.place(),
            answers: None,
            asker: Some(event.author()),
            content,
            stamp: &stamp,
            response_url: event.response_url(),
        };
        self.jandi.send(message).await
    }

    async fn text(&self, event: &Event, text: &str) -> Result<Sent, SendError> {
        self.say(event, &Content::text(text), "lunch").await
    }
}

fn said(response: &Response) -> Value {
    assert_eq!(response.status, 200);
    serde_json::from_slice(&response.body).unwrap()
}

#[tokio::test]
async fn the_answer_is_the_response_and_the_rest_goes_through_the_incoming_webhook() {
    let recorder = Recorder::start().await;
    let house = house(Some(recorder.address("connect-api/webhook/1/secret")));
    let work = async {
        let Delivery { event, ack } = house.desk.next().await;
        house.text(&event, "하나 {@jandi:name:x}").await.unwrap();
        house.text(&event, "둘").await.unwrap();
        let mention = format!("{{@{}}} 셋", event.author());
        house.text(&event, &mention).await.unwrap();
        ack.done();
        event
    };
    let command = post("/모아 점심팀 3", TOKEN);
    let (response, event) = tokio::join!(house.receive(&command), work);
    assert_eq!(said(&response), json!({"body": "하나 @jandi:name:x"}));
    let posted = recorder.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].header("accept"), "application/vnd.tosslab.jandi-v2+json");
    assert_eq!(posted[0].header("content-type"), "application/json");
    assert_eq!(posted[0].json(), json!({"body": "둘"}));
    assert_eq!(posted[1].json(), json!({"body": "@Gloria 셋"}));
    let user = house.jandi.find_user(event.author()).await.unwrap().unwrap();
    assert_eq!(user.display_name, "Gloria");
    let room = house.jandi.find_conversation("jandi:lunch").await.unwrap().unwrap();
    assert_eq!((room.name.as_str(), room.kind), ("토스랩 코리아", PlaceKind::Channel));
}

#[tokio::test]
async fn without_an_incoming_webhook_all_of_it_is_the_response() {
    let house = house(None);
    let work = async {
        let Delivery { event, ack } = house.desk.next().await;
        house.text(&event, "하나").await.unwrap();
        house.text(&event, "둘").await.unwrap();
        ack.done();
        house.text(&event, "늦은 말").await.unwrap_err()
    };
    let command = post("/모아", TOKEN);
    let (response, late) = tokio::join!(house.receive(&command), work);
    assert_eq!(said(&response), json!({"body": "하나\n둘"}));
    assert!(late.to_string().contains("add `incoming`"), "{late}");
}

#[tokio::test]
async fn what_is_late_comes_later_or_the_person_is_told() {
    let recorder = Recorder::start().await;
    for (incoming, told) in [(true, None), (false, Some("`incoming`"))] {
        let house = house(incoming.then(|| recorder.address("x")));
        let begun = Instant::now();
        let ((response, answered), sent) = tokio::join!(
            async { (house.receive(&post("/모아 느린것", TOKEN)).await, begun.elapsed()) },
            async {
                let Delivery { event, ack } = house.desk.next().await;
                tokio::time::sleep(PATIENCE + Duration::from_millis(200)).await;
                let sent = house.text(&event, "드디어").await;
                ack.done();
                sent
            }
        );
        assert!(answered < Duration::from_millis(2_550), "{answered:?}");
        match told {
            None => {
                assert_eq!(response, Response::quiet());
                assert_eq!(recorder.posted().pop().unwrap().json(), json!({"body": "드디어"}));
                assert_eq!(sent, Ok(None));
            }
            Some(told) => {
                let body = said(&response)["body"].as_str().unwrap().to_owned();
                assert!(body.contains(told), "{body}");
                assert!(sent.is_err());
            }
        }
    }
}

#[tokio::test]
async fn who_does_not_know_the_token_learns_nothing() {
    let house = house(None);
    let good = post("/모아", TOKEN).to_string();
    let wrong = house.receive(&post("/모아", "wrong")).await;
    let mut tokenless = post("/모아", "");
    tokenless.as_object_mut().unwrap().remove("token");
    assert_eq!(house.receive(&tokenless).await, wrong);
    assert_eq!(house.jandi.receive("nobody", good.as_bytes(), &house.desk).await, wrong);
    assert_eq!(house.jandi.receive("lunch", b"{", &house.desk).await, wrong);
    let nameless = json!({"token": NOBODY, "text": "/x", "writerName": "x"}).to_string();
    assert_eq!(
        house.jandi.receive("nobody", nameless.as_bytes(), &house.desk).await,
        wrong
    );
    assert_eq!(wrong, Response::unknown());
    assert!(house.desk.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_comes_twice_waits_once_and_what_is_lost_is_told() {
    let house = house(None);
    let command = post("/모아 점심팀", TOKEN);
    let work = async {
        let Delivery { event, ack } = house.desk.next().await;
        assert_eq!(
            house.receive(&command).await,
            Response::quiet(),
            "a second delivery while the first is worked on"
        );
        house.text(&event, "하나").await.unwrap();
        ack.done();
    };
    let (response, ()) = tokio::join!(house.receive(&command), work);
    assert_eq!(said(&response), json!({"body": "하나"}));
    // A third is the journal's to know; nothing is said to it.
    let (response, ()) = tokio::join!(house.receive(&command), async { house.desk.next().await.ack.done() });
    assert_eq!(response, Response::quiet());
    let (response, ()) = tokio::join!(house.receive(&command), async { drop(house.desk.next().await) });
    assert!(
        said(&response)["body"].as_str().unwrap().contains("다시"),
        "the journal did not take it"
    );
}

#[tokio::test]
async fn what_jandi_cannot_show_is_not_shown() {
    let house = house(None);
    let button = Action::Button {
        id: "moa:yes".into(),
        label: "예".into(),
        value: String::new(),
        style: Style::Normal,
        confirm: None,
    };
    let asks = Content {
        actions: vec![button],
        ..Content::text("정말요?")
    };
    let private = Content {
        audience: Audience::Asker,
        ..Content::text("비밀")
    };
    let work = async {
        let Delivery { event, ack } = house.desk.next().await;
        let error = house.say(&event, &asks, "").await.unwrap_err();
        assert!(
            error.to_string().contains("buttons"),
            "the host asks nothing that cannot be answered: {error}"
        );
        house.say(&event, &asks, "lunch").await.unwrap();
        house.say(&event, &private, "lunch").await.unwrap();
        house.say(&event, &private, "").await.unwrap();
        ack.done();
    };
    let command = post("/모아", TOKEN);
    let (response, ()) = tokio::join!(house.receive(&command), work);
    let body = said(&response)["body"].as_str().unwrap().to_owned();
    assert!(body.starts_with("정말요?\n") && body.contains("예"), "{body}");
    assert!(body.contains("나와의 대화") && body.ends_with("\n비밀"), "{body}");
    assert_eq!(body.matches("비밀").count(), 1, "{body}");
}

#[tokio::test]
async fn a_team_webhook_answers_the_person_by_their_address() {
    let recorder = Recorder::start().await;
    let house = house(Some(recorder.address("team")));
    let mut command = post("/모아", TOKEN);
    command["writer"] = json!({"id": 7, "name": "Gloria", "email": "Gloria+x@toss.im"});
    let work = async {
        let Delivery { event, ack } = house.desk.next().await;
        assert_eq!(event.place().kind, PlaceKind::Direct);
        let private = Content {
            audience: Audience::Asker,
            ..Content::text("하나")
        };
        house.say(&event, &private, "lunch").await.unwrap();
        house.text(&event, "둘").await.unwrap();
        ack.done();
    };
    let (response, ()) = tokio::join!(house.receive(&command), work);
    assert_eq!(said(&response), json!({"body": "하나"}));
    assert_eq!(
        recorder.posted()[0].json(),
        json!({"email": "gloria+x@toss.im", "body": "둘"})
    );
}
