use super::*;
use crate::argument::Argument;
use crate::bindings::moa::plugin::types::{Arg, Message, MessageRef, Place, PlaceKind, Value};
use crate::reply::IntoReply;

fn twice(context: &Context, args: &mut Args) -> Result<Option<Content>, Error> {
    let text = String::required(args, "text")?;
    format!("{} {text}{text}", context.who().display_name).into_reply()
}

const TWICE: Command = Command {
    name: "두번",
    aliases: &["twice"],
    run: Some(twice),
    ..Command::BLANK
};

const GROUP: Command = Command {
    name: "말",
    subcommands: &[TWICE],
    group: "tests::Say",
    ..Command::BLANK
};

fn call(words: &str, args: Vec<Arg>) -> commands::Call {
    let mut words = words.split(' ').map(String::from);
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
        command: words.next().unwrap_or_default(),
        path: words.collect(),
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

#[test]
fn a_subcommand_is_found_by_its_path() {
    let text = || {
        vec![Arg {
            name: "text".into(),
            value: Value::Text("하".into()),
        }]
    };
    assert_eq!(
        handle(&[GROUP], call("말 두번", text())),
        Ok(Some(Content::text("로지 하하")))
    );
    let error = handle(&[GROUP], call("말", text())).unwrap_err();
    assert!(error.to_string().contains("only with a subcommand"), "{error}");
    let error = handle(&[GROUP], call("말 세번", text())).unwrap_err();
    assert_eq!(error, Error::internal("this plugin has no command `세번`"));
}

#[test]
fn what_was_heard_reaches_its_function() {
    fn told(context: &Context) -> Result<Option<Content>, Error> {
        format!("{}: {:?}", context.pattern(), context.captures()).into_reply()
    }
    fn taught(context: &Context) -> Result<Option<Content>, Error> {
        format!("taught {}", context.pattern()).into_reply()
    }
    let hears = |id: &str, known: &[Hear]| {
        let commands::Call {
            invocation, message, ..
        } = call("x", Vec::new());
        let heard = listener::Heard {
            invocation,
            id: id.into(),
            captures: vec![Some("ab".into()), None],
            message,
        };
        hear(known, heard)
    };
    let own = Hear {
        id: "guide",
        pattern: "a(x)?b",
        run: told,
        ..Hear::BLANK
    };
    let other = Hear {
        id: "learned",
        run: taught,
        ..Hear::BLANK
    };
    let text = |text: &str| Ok(Some(Content::text(text)));
    assert_eq!(hears("guide", &[other, own]), text("guide: [Some(\"ab\"), None]"));
    assert_eq!(hears("link-7", &[other, own]), text("taught link-7"));
    assert_eq!(
        hears("link-7", &[own]),
        Err(Failure::Internal("this plugin has no pattern `link-7`".into()))
    );
}

#[test]
fn a_press_reaches_the_function_that_names_most_of_its_id() {
    use crate::manifest::PressFor;
    use actions::Kind;
    let press = |kind, id: &str| {
        let commands::Call {
            invocation, message, ..
        } = call("x", Vec::new());
        actions::Press {
            invocation,
            kind,
            id: id.into(),
            value: "v".into(),
            state: Vec::new(),
            user: message.author,
            place: message.ref_.place,
            on: None,
            trigger: None,
        }
    };
    fn told(press: &crate::Press) -> Result<PressReply, Error> {
        Ok(PressReply::say(format!("{:?} of {}", press.rest(), press.id())))
    }
    fn wrong(_: &crate::Press) -> Result<PressReply, Error> {
        Err(Error::fields(vec![("size".into(), "too small".into())]))
    }
    let handler = |of, id| Press {
        of,
        id,
        run: told,
        ..Press::BLANK
    };
    let known = [
        handler(PressFor::Action, "order:*"),
        handler(PressFor::Action, "order:big:*"),
        handler(PressFor::Action, "order:big:7"),
        handler(PressFor::Answer, "order"),
        Press {
            run: wrong,
            ..handler(PressFor::Action, "wrong")
        },
    ];
    let done = |kind, id| act(&known, press(kind, id)).map_err(|error| error.to_string());
    let says = |text: &str| Ok(PressReply::say(text));
    assert_eq!(done(Kind::Button, "order:7"), says("\"7\" of order:7"));
    assert_eq!(done(Kind::Select, "order:big:8"), says("\"8\" of order:big:8"));
    assert_eq!(done(Kind::Button, "order:big:7"), says("\"\" of order:big:7"));
    assert_eq!(done(Kind::Timeout, "order"), says("\"\" of order"));
    assert_eq!(
        done(Kind::Button, "order"),
        Err("this plugin has no function for the button `order`".into())
    );
    assert_eq!(
        done(Kind::Modal, "order:7"),
        Err("this plugin has no function for the form `order:7`".into())
    );
    // Nowhere but in a form is there a field to show it at.
    assert_eq!(done(Kind::Button, "wrong"), Err("size: too small".into()));
}

#[test]
fn what_is_due_and_requests_reach_their_functions() {
    let invocation = || call("x", Vec::new()).invocation;
    let due = |name: &str| Due {
        invocation: invocation(),
        name: name.into(),
        due: "2026-11-21T00:50:00.000Z".into(),
        payload: String::new(),
    };
    fn told(due: &Due) -> Result<(), Error> {
        Err(Error::rejected(format!("exactly {}", due.name)))
    }
    fn any(due: &Due) -> Result<(), Error> {
        Err(Error::rejected(format!("any {}", due.name)))
    }
    let job = |id, run| Job { id, run, ..Job::BLANK };
    let known = [job("menu:*", any), job("menu:big:*", told), job("menu:1", told)];
    let done = |name| run(&known, &due(name)).unwrap_err().to_string();
    assert_eq!(done("menu:1"), "exactly menu:1");
    assert_eq!(done("menu:big:1"), "exactly menu:big:1");
    assert_eq!(done("menu:2"), "any menu:2");
    assert_eq!(done("menu"), "this plugin has no job `menu`");

    let request = |name: &str| Request {
        invocation: invocation(),
        name: name.into(),
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        body: b"soup".to_vec(),
    };
    let known = [Webhook {
        name: "dish",
        run: |request| Ok(Response::of(202).text(request.text()?)),
        ..Webhook::BLANK
    }];
    assert_eq!(serve(&known, request("dish")), Ok(Response::of(202).text("soup")));
    let error = serve(&known, request("drink")).unwrap_err();
    assert_eq!(error, Error::internal("this plugin has no webhook `drink`"));
}
