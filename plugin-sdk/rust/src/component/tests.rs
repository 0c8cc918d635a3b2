use super::*;
use crate::argument::Argument;
use crate::bindings::moa::plugin::types::{Arg, Message, MessageRef, Place, PlaceKind, Value};
use crate::manifest::{Confirm, Text};
use crate::reply::IntoReply;

fn twice(context: &Context, args: &mut Args) -> Result<Option<Content>, Error> {
    let text = String::required(args, "text")?;
    format!("{} {text}{text}", context.who().display_name).into_reply()
}

const TWICE: Command = Command {
    name: "두번",
    aliases: &["twice"],
    summary: Text::Any("says it twice"),
    help: Text::Any(""),
    examples: &[],
    args: &[],
    restricted: false,
    confirm: Confirm::None,
    run: twice,
};

fn call(command: &str, args: Vec<Arg>) -> commands::Call {
    let rosie = User {
        id: "U1".into(),
        name: "rosie".into(),
        display_name: "로지".into(),
        locale: None,
        timezone: None,
        bot: false,
    };
    let place = Place {
        service: "slack".into(),
        conversation: "C1".into(),
        thread: None,
        kind: PlaceKind::Channel,
    };
    commands::Call {
        invocation: Invocation {
            id: "i1".into(),
            time: "2026-11-21T00:50:00.000Z".into(),
            attempt: 1,
            locale: "ko".into(),
            timezone: "Asia/Seoul".into(),
        },
        command: command.into(),
        path: Vec::new(),
        args,
        rest: String::new(),
        tokens: Vec::new(),
        message: Message {
            ref_: MessageRef {
                place,
                id: "1.1".into(),
            },
            author: rosie,
            text: "!두번 하".into(),
            raw: "!두번 하".into(),
            mentions: Vec::new(),
            files: Vec::new(),
            time: "2026-11-21T00:50:00.000Z".into(),
            edited: false,
        },
    }
}

#[test]
fn a_call_reaches_its_function() {
    let text = Arg {
        name: "text".into(),
        value: Value::Text("하".into()),
    };
    assert_eq!(
        handle(&[TWICE], call("두번", vec![text])),
        Ok(Some(Content::text("로지 하하")))
    );
}

#[test]
fn what_the_manifest_does_not_name_is_a_failure() {
    let error = handle(&[TWICE], call("twice", Vec::new())).unwrap_err();
    assert_eq!(error, Error::internal("this plugin has no command `twice`"));
    let error = handle(&[TWICE], call("두번", Vec::new())).unwrap_err();
    assert!(error.to_string().contains("`text`"), "{error}");
}
