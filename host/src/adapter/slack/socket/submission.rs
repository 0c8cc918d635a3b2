//! The acknowledgement of a form, which is where Slack takes the answer to it.

use crate::adapter::AckAnswer;
use moa_core::event::{Event, EventKind, MessageRef, Place};
use moa_core::slack::decode::{Fields, Form};
use moa_core::slack::render::form;
use serde_json::{Value, json};

/// Slack drops acknowledgements of this many bytes or more without a word, and the person sees an error.
const TOO_LONG: usize = 20_480;

/// A form that was sent, as far as its acknowledgement needs it.
pub struct SentForm {
    plugin: String,
    place: Place,
    on: Option<MessageRef>,
    fields: Fields,
    answerable: bool,
}

impl SentForm {
    /// The event, and what is kept of the form.
    pub fn of(form: Form) -> (Event, Self) {
        let Form {
            event,
            fields,
            answerable,
        } = form;
        let (plugin, on) = match &event.kind {
            EventKind::Press(press) => (press.plugin.clone(), press.on.clone()),
            // A form is a press.
            _ => (String::new(), None),
        };
        let sent = Self {
            plugin,
            place: event.place().clone(),
            on,
            fields,
            answerable,
        };
        (event, sent)
    }

    /// The acknowledgement, and whether it shows the answer. Where it cannot, it closes the form.
    pub fn acknowledgement(&self, envelope: &str, answer: Option<AckAnswer>) -> (String, bool) {
        let closes = || json!({"envelope_id": envelope}).to_string();
        let Some(answer) = answer else {
            return (closes(), false);
        };
        let shown = match self.payload(&answer) {
            Ok(payload) => json!({"envelope_id": envelope, "payload": payload}).to_string(),
            Err(why) => {
                tracing::warn!(
                    plugin = self.plugin,
                    "a form cannot show what the plugin says and is closed: {why}"
                );
                return (closes(), false);
            }
        };
        if shown.len() >= TOO_LONG {
            tracing::warn!(
                plugin = self.plugin,
                bytes = shown.len(),
                "a form is closed, for Slack takes no answer of {TOO_LONG} bytes or more with it"
            );
            return (closes(), false);
        }
        (shown, true)
    }

    fn payload(&self, answer: &AckAnswer) -> Result<Value, String> {
        if !self.answerable {
            return Err("Slack takes no answer with this envelope".into());
        }
        match answer {
            AckAnswer::Errors(errors) => match self.fields.errors(errors) {
                Some(errors) => Ok(json!({"response_action": "errors", "errors": errors})),
                None => Err("it has no field, or nothing is wrong".into()),
            },
            AckAnswer::View(view) => match form::view(view, &self.plugin, &self.place, self.on.as_ref()) {
                Ok(view) => Ok(json!({"response_action": "update", "view": view})),
                Err(refused) => Err(refused.to_string()),
            },
            AckAnswer::Response(_) => Err("it was not asked from outside".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SentForm;
    use crate::adapter::AckAnswer;
    use moa_core::event::Me;
    use moa_core::slack::decode::{Context, Form, Frame, What, frame};
    use moa_core::slack::render::form;
    use serde_json::{Value, json};

    /// A submission of the form that the host made of the plugin's.
    fn sent(answerable: bool) -> SentForm {
        let place = serde_json::from_value(
            json!({"service": "slack", "conversation": "C1", "thread": "1.000100", "kind": "channel"}),
        );
        let input = |id: &str, block: Option<&str>| {
            let mut input = json!({"type": "input", "label": {"type": "plain_text", "text": "?"},
                "element": {"type": "plain_text_input", "action_id": id}});
            if let Some(block) = block {
                input["block_id"] = block.into();
            }
            input
        };
        let own = json!({"type": "modal", "callback_id": "order", "title": {"type": "plain_text", "text": "Order"},
            "submit": {"type": "plain_text", "text": "OK"},
            "blocks": [{"type": "divider"}, input("dish", None), input("text", Some("note"))]});
        let mut view = form::view(&own.to_string(), "orders", &place.unwrap(), None).unwrap();
        view["state"] = json!({"values": {
            "note": {"orders/text": {"type": "plain_text_input", "value": "hot {@U1}"}},
            "dish": {"orders/dish": {"type": "plain_text_input", "value": null}}}});
        let frame_json = json!({"type": "interactive", "envelope_id": "e1", "accepts_response_payload": answerable,
            "payload": {"type": "view_submission", "user": {"id": "U1"}, "team": {"id": "T1"}, "trigger_id": "1.2",
                "view": view}});
        let me = Me {
            user_id: "UBOT".into(),
            bot_id: "BBOT".into(),
            team: "T1".into(),
            name: "moa".into(),
        };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let Some(Frame::Envelope {
            what: What::Form(form), ..
        }) = frame(&frame_json.to_string(), Context { me: &me, now })
        else {
            panic!()
        };
        let (event, sent) = SentForm::of(Form::clone(&form));
        assert_eq!(event.place().thread.as_deref(), Some("1.000100"));
        assert!(event.is_answered_at_once());
        sent
    }

    fn answered(answer: Option<AckAnswer>) -> (Value, bool) {
        let (ack, shown) = sent(true).acknowledgement("e\"1", answer);
        let ack: Value = serde_json::from_str(&ack).unwrap();
        assert_eq!(ack["envelope_id"], "e\"1");
        (ack["payload"].clone(), shown)
    }

    fn errors(list: &[(&str, &str)]) -> Option<AckAnswer> {
        let list = list.iter().map(|(field, why)| ((*field).into(), (*why).into()));
        Some(AckAnswer::Errors(list.collect()))
    }

    #[test]
    fn without_an_answer_the_form_closes() {
        assert_eq!(answered(None), (Value::Null, false));
    }

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let (payload, shown) = answered(errors(&[
            ("dish", "what?"),
            ("text", "too hot"),
            ("spoon", "none left"),
        ]));
        assert!(shown);
        assert_eq!(
            payload,
            json!({"response_action": "errors", "errors": {"dish": "what? spoon: none left", "note": "too hot"}})
        );
        let (payload, _) = answered(errors(&[("note", "a"), ("orders/text", "b")]));
        assert_eq!(payload["errors"], json!({"note": "a b"}));
    }

    #[test]
    fn another_form_takes_its_place_and_leads_back_as_well() {
        let own = json!({"type": "modal", "callback_id": "sure", "title": {"type": "plain_text", "text": "Sure?"}, "blocks": []});
        let (payload, shown) = answered(Some(AckAnswer::View(own.to_string())));
        assert!(shown);
        assert_eq!(payload["response_action"], "update");
        assert_eq!(payload["view"]["callback_id"], "orders/sure");
        let (place, ..) = form::opened(payload["view"]["private_metadata"].as_str().unwrap()).unwrap();
        assert_eq!(place.conversation, "C1");
    }

    #[test]
    fn what_slack_would_not_take_closes_the_form() {
        for answer in [
            errors(&[]),
            Some(AckAnswer::View("{}".into())),
            errors(&[("dish", &"x".repeat(20_400))]),
        ] {
            assert_eq!(answered(answer), (Value::Null, false));
        }
        assert!(answered(errors(&[("dish", &"x".repeat(20_000))])).1);
        let (ack, shown) = sent(false).acknowledgement("e1", errors(&[("dish", "what?")]));
        assert_eq!((ack.as_str(), shown), (r#"{"envelope_id":"e1"}"#, false));
    }
}
