use super::*;
use crate::manifest::Manifest;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

fn command(args: Value) -> Command {
    let json = json!({"name": "p", "commands": [{"name": "c", "args": args}]});
    Manifest::parse(&json.to_string()).unwrap().manifest.commands.remove(0)
}

fn read_args(args: Value, text: &str) -> Result<Vec<ArgValue>, ArgError> {
    let clock = Clock {
        written: "2026-11-20T15:30:00Z",
        timezone: &TimeZone::get("Asia/Seoul").unwrap(),
    };
    let matched = read(&command(args), &Tokens::new(text), clock).map_err(|wrong| wrong.error)?;
    Ok(matched.args.into_iter().map(|arg| arg.value).collect())
}

fn one_arg(kind: &str, text: &str) -> Option<ArgValue> {
    let mut arg = json!({"name": "a", "type": kind});
    if kind == "choice" {
        arg["choices"] = json!(["Small", "large"]);
    }
    read_args(json!([arg]), text).ok().map(|mut args| args.remove(0))
}

#[test]
fn every_type() {
    use ArgValue::*;
    let text = |t: &str| Some(Text(t.into()));
    let many = |items: &[&str]| Some(Many(items.iter().map(|i| (*i).to_owned()).collect()));
    for (kind, typed, expected) in [
        ("string", "a", text("a")),
        ("string", "\"a b\"", text("a b")),
        ("string", "\"\"", text("")),
        ("string", "a b", None),
        ("int", "3", Some(Integer(3))),
        ("int", "1,000", Some(Integer(1000))),
        ("int", "3.5", None),
        ("int", "세", None),
        ("float", "3.5", Some(Number(3.5))),
        ("float", "nan", None),
        ("bool", "예", Some(Truth(true))),
        ("bool", "OFF", Some(Truth(false))),
        ("bool", "perhaps", None),
        ("user", "{@U1}", Some(User("U1".into()))),
        ("user", "rosie", None),
        ("user", "@rosie", None),
        ("user", "{\u{2060}@U1}", None),
        ("conversation", "{#C1}", Some(Conversation("C1".into()))),
        ("conversation", "{@U1}", None),
        ("duration", "10m", Some(Seconds(600))),
        ("duration", "1시간 30분", Some(Seconds(5400))),
        ("duration", "\"1시간 30분\"", Some(Seconds(5400))),
        ("duration", "1시간 30", None),
        ("duration", "10", None),
        ("date", "2026-11-21", Some(Date("2026-11-21".into()))),
        ("date", "오늘", Some(Date("2026-11-21".into()))),
        ("date", "tomorrow", Some(Date("2026-11-22".into()))),
        ("date", "2026-02-30", None),
        ("time", "9:30", Some(Time("09:30:00".into()))),
        ("time", "오후 3시", Some(Time("15:00:00".into()))),
        ("time", "오후 3시 5분", Some(Time("15:05:00".into()))),
        ("time", "25:00", None),
        ("choice", "large", text("large")),
        ("choice", "SMALL", text("Small")),
        ("choice", "medium", None),
        ("list", "로지, 샐리 \"앨리 김\"", many(&["로지", "샐리", "앨리 김"])),
        ("list", ", ,", None),
        ("rest", "a  \"b\"\n c ", text("a  \"b\"\n c")),
    ] {
        assert_eq!(one_arg(kind, typed), expected, "{kind} {typed:?}");
        assert_eq!(one_arg(kind, ""), None, "{kind}");
    }
}

#[test]
fn optional_ones_and_defaults() {
    use ArgValue::*;
    let args = json!([
        {"name": "size", "type": "int", "default": 4, "min": 1, "max": 9},
        {"name": "when", "type": "date", "default": "오늘"},
        {"name": "pause", "type": "duration", "optional": true},
        {"name": "names", "type": "list", "default": ["a", "b"]},
    ]);
    let today = || Date("2026-11-21".into());
    let names = || Many(vec!["a".into(), "b".into()]);
    assert_eq!(read_args(args.clone(), ""), Ok(vec![Integer(4), today(), names()]));
    assert_eq!(read_args(args.clone(), "2"), Ok(vec![Integer(2), today(), names()]));
    assert_eq!(
        read_args(args.clone(), "2 오늘 1시간 30분 x,y"),
        Ok(vec![
            Integer(2),
            today(),
            Seconds(5400),
            Many(vec!["x".into(), "y".into()])
        ])
    );
    for (text, min, max) in [("0", Some(1.0), Some(9.0)), ("10", Some(1.0), Some(9.0))] {
        let error = ArgError::Range {
            arg: "size".into(),
            got: text.into(),
            min,
            max,
        };
        assert_eq!(read_args(args.clone(), text), Err(error));
    }
    // The largest number of a machine is told only to whom it concerns.
    let machine = json!([{"name": "size", "type": "int", "min": 2, "max": 4_294_967_295_u32}]);
    for (text, max) in [("1", None), ("4294967296", Some(4_294_967_295.0))] {
        let error = ArgError::Range {
            arg: "size".into(),
            got: text.into(),
            min: Some(2.0),
            max,
        };
        assert_eq!(read_args(machine.clone(), text), Err(error));
    }
}

#[test]
fn too_many_and_too_few() {
    let args = json!([{"name": "a", "type": "string"}, {"name": "b", "type": "int"}]);
    assert_eq!(read_args(args.clone(), "x"), Err(ArgError::Missing { arg: "b".into() }));
    assert_eq!(
        read_args(args.clone(), "x 1 y z"),
        Err(ArgError::TooMany { extra: "y".into() })
    );
    assert_eq!(read_args(json!([]), "x"), Err(ArgError::TooMany { extra: "x".into() }));
    assert_eq!(read_args(json!([]), "  "), Ok(vec![]));
}

#[test]
fn a_sentence_for_every_mistake() {
    for (args, text) in [
        (json!([{"name": "a", "type": "string"}]), ""),
        (json!([]), "x`*{@U1}"),
        (
            json!([{"name": "a", "type": "choice", "choices": ["b", "c"]}]),
            "x`*{@U1}",
        ),
        (json!([{"name": "a", "type": "int", "max": 3}]), "4"),
        (json!([{"name": "a", "type": "user"}]), "`"),
        (json!([{"name": "a", "type": "time"}]), "x\u{202e}"),
    ] {
        let error = read_args(args, text).unwrap_err();
        let (ko, en) = (
            error.render(crate::locale::Locale::Ko),
            error.render(crate::locale::Locale::En),
        );
        assert_ne!(ko, en);
        for text in [ko, en] {
            let spans = format!("{:?}", crate::text::markup::parse(&text));
            assert!(!spans.contains("User(") && !spans.contains("Bold("), "{spans}");
            assert!(!text.contains(['\n', '\u{202e}']), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
    }
}
