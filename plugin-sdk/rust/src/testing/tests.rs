use super::*;
use crate::HostError;
use crate::argument::{Args, Argument};
use crate::bindings::moa::plugin::types::Value;
use crate::brain::{Brain, BrainError};
use crate::manifest::{ArgSpec, Command, Kind, Literal};
use crate::{chat, system, triggers};

const ARG: ArgSpec = ArgSpec {
    name: "",
    kind: Kind::String,
    optional: false,
    default: None,
    min: None,
    max: None,
    choices: &[],
};

fn of(name: &'static str, kind: Kind) -> ArgSpec {
    ArgSpec { name, kind, ..ARG }
}

fn values(args: Vec<ArgSpec>, typed: &str) -> Result<Vec<Value>, String> {
    let command = Command {
        name: "do",
        args: args.leak(),
        ..Command::BLANK
    };
    let parsed = typed::parse(&command, typed, &mut State::new()).map_err(|error| error.to_string())?;
    Ok(parsed.args.into_iter().map(|arg| arg.value).collect())
}

#[test]
fn typed_text_becomes_values() {
    let text = |text: &str| Value::Text(text.into());
    for (kind, typed, value) in [
        (Kind::String, r#""김밥 두 줄""#, text("김밥 두 줄")),
        (Kind::String, r"a\ b", text("a b")),
        (Kind::Rest, r#"a  "b" c "#, text(r#"a  "b" c"#)),
        (Kind::Int, "-3", Value::Integer(-3)),
        (Kind::Float, "0.5", Value::Number(0.5)),
        (Kind::Bool, "예", Value::Truth(true)),
        (Kind::Duration, "1h30m", Value::Seconds(5_400)),
        (Kind::Date, "2026-11-21", Value::Date("2026-11-21".into())),
        (Kind::Time, "09:50", Value::Time("09:50:00".into())),
        (
            Kind::List,
            "로지, 샐리  앨리",
            Value::Many(vec!["로지".into(), "샐리".into(), "앨리".into()]),
        ),
    ] {
        assert_eq!(values(vec![of("x", kind)], typed), Ok(vec![value]), "{typed}");
    }
    let Ok([Value::User(user), Value::Conversation(at)]) = values(
        vec![of("who", Kind::User), of("at", Kind::Conversation)],
        "@로지 #lunch",
    )
    .as_deref()
    .map(|v| [v[0].clone(), v[1].clone()]) else {
        panic!("a person and a conversation");
    };
    assert_eq!((user.name.as_str(), at.name.as_str()), ("로지", "lunch"));
}

#[test]
fn what_does_not_fit_is_a_usage_error_that_names_the_argument() {
    let few = ArgSpec {
        min: Some(Literal::Int(1)),
        max: Some(Literal::Int(9)),
        ..of("few", Kind::Int)
    };
    let dish = ArgSpec {
        choices: &["Soup"],
        ..of("dish", Kind::Choice)
    };
    assert_eq!(values(vec![dish], "sOUP"), Ok(vec![Value::Text("Soup".into())]));
    for (spec, typed, complaint) in [
        (few, "0", "`few` must be at least 1, but is `0`"),
        (few, "10", "`few` must be at most 9, but is `10`"),
        (few, "x", "`few` must be a whole number, but is `x`"),
        (few, "", "`few` is missing"),
        (few, "1 2", "`2` is one argument too many"),
        (dish, "rice", "`dish` must be one of the choices, but is `rice`"),
    ] {
        assert_eq!(values(vec![spec], typed), Err(complaint.into()), "{typed}");
    }
    let defaulted = ArgSpec {
        default: Some(Literal::Text("90s")),
        ..of("wait", Kind::Duration)
    };
    assert_eq!(values(vec![defaulted], ""), Ok(vec![Value::Seconds(90)]));
}

#[test]
fn subcommands_and_the_arguments_before_them() {
    const SHOW: Command = Command {
        name: "show",
        aliases: &["s"],
        args: &[ArgSpec {
            name: "day",
            kind: Kind::Date,
            ..ARG
        }],
        run: Some(|context, args| {
            let name = String::optional(args, "name")?;
            let day = time_of(args)?;
            Ok(Some(
                format!("{:?} {name:?} {day} {}", context.path(), context.rest()).into(),
            ))
        }),
        ..Command::BLANK
    };
    fn time_of(args: &mut Args) -> Result<crate::time::Date, Error> {
        Argument::required(args, "day")
    }
    struct Server;
    impl CommandFn for Server {
        const COMMAND: Command = Command {
            name: "server",
            args: &[ArgSpec {
                name: "name",
                optional: true,
                ..ARG
            }],
            subcommands: &[SHOW, LIST],
            default: "list",
            ..Command::BLANK
        };
    }
    const LIST: Command = Command {
        name: "list",
        run: Some(|context, args| {
            let name = String::optional(args, "name")?;
            Ok(Some(format!("{:?} {name:?}", context.path()).into()))
        }),
        ..Command::BLANK
    };
    let host = Host::new();
    let run = |typed| host.run::<Server>(typed).map_err(|error| error.to_string());
    assert_eq!(
        run("s 2026-11-21"),
        Ok(Some(r#"["show"] None 2026-11-21 2026-11-21"#.into()))
    );
    assert_eq!(
        run(r#""s" show 2026-11-21"#),
        Ok(Some(r#"["show"] Some("s") 2026-11-21 2026-11-21"#.into()))
    );
    assert_eq!(run("a b"), Err("`server` needs a subcommand".into()));
    assert_eq!(run(""), Ok(Some(r#"["list"] None"#.into())));
    assert_eq!(run("a"), Ok(Some(r#"["list"] Some("a")"#.into())));
    assert_eq!(host.texts().len(), 4);
}

#[test]
fn the_brain_keeps_its_contract() {
    let host = Host::new();
    host.with(|ctx| {
        let brain = ctx.brain();
        assert_eq!(brain.increment("n", 2).unwrap(), 2);
        assert_eq!(brain.get::<i64>("n").unwrap(), Some(2));
        assert_eq!(ctx.user_brain().get::<i64>("n").unwrap(), None, "scopes are apart");
        brain.set_text("t", "x").unwrap();
        assert!(matches!(
            brain.increment("t", 1).unwrap_err(),
            BrainError::Host {
                source: HostError::Invalid(_),
                ..
            }
        ));
        let first = brain.entry::<i64>("n").unwrap().unwrap().version;
        assert!(brain.compare_and_swap("n", &5, None).unwrap_err().is_conflict());
        let second = brain.compare_and_swap("n", &5, Some(&first)).unwrap();
        assert_ne!(first, second);
        assert!(brain.compare_and_swap("n", &6, Some(&first)).unwrap_err().is_conflict());
        assert!(brain.delete("n").unwrap());
        assert!(!brain.delete("n").unwrap());
        assert!(brain.set("", &1).is_err());
        assert!(brain.set_bytes("big", &vec![0; (1 << 20) + 1]).is_err());
        for number in 0..1_001 {
            brain.set(&format!("k{number:04}"), &number).unwrap();
        }
        let keys: Vec<String> = brain.list_keys("k").collect::<Result<_, _>>().unwrap();
        assert_eq!(keys.len(), 1_001, "over the end of a page");
        assert!(keys.is_sorted());
    });
}

#[test]
fn an_expiry_is_kept_by_increment() {
    let host = Host::new();
    host.with(|ctx| ctx.brain().set_with_ttl("n", &1, Duration::from_secs(10)))
        .unwrap();
    host.advance(Duration::from_secs(9));
    host.with(|ctx| ctx.brain().increment("n", 1)).unwrap();
    let entry = host.with(|ctx| ctx.brain().entry::<i64>("n")).unwrap().unwrap();
    assert_eq!(entry.expires.as_deref(), Some("2026-11-20T03:00:10.000Z"));
    host.advance(Duration::from_secs(1));
    assert_eq!(host.with(|ctx| ctx.brain().get::<i64>("n")).unwrap(), None);
    assert_eq!(host.with(|ctx| ctx.brain().list_keys("").count()), 0);
}

#[test]
fn chat_is_recorded_as_it_stands() {
    let host = Host::new().speaker("로지");
    host.with(|ctx| {
        let one = ctx.reply("one").unwrap();
        let two = ctx.reply("two").unwrap();
        chat::edit(&one, "1").unwrap();
        chat::react(&one, "eyes").unwrap();
        chat::react(&two, "eyes").unwrap();
        chat::unreact(&one, "eyes").unwrap();
        chat::delete(&two).unwrap();
        chat::delete(&two).unwrap();
        assert!(matches!(chat::edit(&two, "x"), Err(HostError::NotFound(_))));
        assert!(matches!(
            chat::edit(ctx.message().address(), "x"),
            Err(HostError::AccessDenied(_))
        ));
        assert!(matches!(chat::send(ctx.place(), ""), Err(HostError::Invalid(_))));
    });
    assert_eq!(host.texts(), ["1"]);
    assert_eq!(host.reactions(), []);
}

#[test]
fn taught_patterns_are_heard_where_they_were_taught() {
    struct Taught;
    impl HearFn for Taught {
        const HEAR: crate::manifest::Hear = crate::manifest::Hear {
            id: "taught",
            run: |context| Ok(Some(format!("{} {:?}", context.pattern(), context.capture(0)).into())),
            ..crate::manifest::Hear::BLANK
        };
    }
    use triggers::{Pattern, Scopes};
    let host = Host::new().channel("lunch");
    let here = host.conversation("lunch").id;
    host.with(|_| {
        triggers::hear("guide", &Pattern::keyword("Guide"), Scopes::AMBIENT, None).unwrap();
        triggers::hear("here", &Pattern::regex("gui.e"), Scopes::all(), Some(&here)).unwrap();
        triggers::hear("elsewhere", &Pattern::regex("guide"), Scopes::all(), Some("C9")).unwrap();
        assert!(triggers::hear("bad", &Pattern::regex("("), Scopes::all(), None).is_err());
        assert!(triggers::hear("bad", &Pattern::keyword("x"), Scopes::empty(), None).is_err());
    });
    let heard = |text| host.hear::<Taught>(text).unwrap();
    assert_eq!(
        heard("the guide?"),
        [r#"guide Some("guide")"#.into(), r#"here Some("guide")"#.into()]
    );
    assert_eq!(heard("guided"), [r#"here Some("guide")"#.into()]);
    assert_eq!(heard("@moa guide"), [r#"here Some("guide")"#.into()]);
    assert!(host.with(|_| triggers::forget("here")).unwrap());
    assert_eq!(heard("guided"), []);
}

#[test]
fn without_a_host_nothing_is_pretended() {
    let error = Brain::plugin().get::<u8>("x").unwrap_err();
    assert!(error.to_string().contains("testing::Host"), "{error}");
    // A host that was left, also by a panic, is left.
    let host = Host::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| host.with(|_| panic!("on purpose"))));
    assert!(panicked.is_err());
    assert!(Brain::plugin().get::<u8>("x").is_err());
    assert_ne!(system::random(32), system::random(32));
    assert_eq!(system::random(13).len(), 13);
}
