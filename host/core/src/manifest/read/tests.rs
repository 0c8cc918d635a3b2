mod moments;

use super::*;
use serde_json::{Value, json};

fn parse(json: &Value) -> Result<Parsed, String> {
    Manifest::parse(&json.to_string()).map_err(|error| error.to_string())
}

/// A manifest with one command that has these fields besides its name.
fn with_command(fields: Value) -> Value {
    let mut command = json!({"name": "c"});
    command
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"name": "p", "commands": [command]})
}

fn with_arg(fields: Value) -> Value {
    let mut arg = json!({"name": "a", "type": "string"});
    arg.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    with_command(json!({"args": [arg]}))
}

/// A manifest with one shortcut, some of it as given here.
fn shortcut(fields: Value) -> Value {
    let mut shortcut = json!({"id": "x", "on": "message", "name": "X"});
    let fields = fields.as_object().unwrap().clone();
    shortcut.as_object_mut().unwrap().extend(fields);
    with("shortcuts", json!([shortcut]))
}

fn with(key: &str, value: Value) -> Value {
    json!({"name": "p", key: value})
}

#[test]
fn a_whole_manifest() {
    let json = json!({
        "name": "lunch", "version": "1.2.0", "summary": {"ko": "점심 팀을 정합니다", "en": "makes lunch teams"},
        "commands": [{
            "name": "점심팀", "aliases": ["lunch"], "summary": "…", "help": "…", "examples": ["!점심팀 3 로지,샐리"],
            "args": [{"name": "size", "type": "int", "min": 1}, {"name": "names", "type": "list", "optional": true}],
            "subcommands": [], "restricted": false, "confirm": "none"
        }],
        "hears": [{"id": "guide", "pattern": "가이드|guide", "scopes": ["ambient", "mention", "direct-mention", "direct"]}],
        "jobs": [{"id": "daily", "cron": "0 0 * * *", "timezone": "Asia/Seoul", "missed": "once", "jitter": "0s"}],
        "webhooks": [{"name": "build", "methods": ["POST"], "verify": "hmac-sha256"}],
        "events": ["reacted"],
        "shortcuts": [
            {"id": "order.one", "on": "message", "name": {"ko": "주문에 넣기", "en": "Add to order"}, "description": "Orders it"},
            {"id": "menu", "on": "anywhere", "name": "Menu"}
        ],
        "config": {"team-size": {"type": "int", "default": 4}},
        "requests": {"http": ["https://api.example.com"], "conversations": [], "users": false, "sql": ["members"],
            "objects": ["exports"], "secrets": ["API_TOKEN"], "shared-brain": false, "schedule": false, "broadcast": false}
    });
    let parsed = parse(&json).unwrap();
    assert_eq!(parsed.warnings, Vec::<String>::new());
    let manifest = parsed.manifest;
    assert_eq!(manifest.summary.get("ko"), "점심 팀을 정합니다");
    assert_eq!(manifest.commands[0].args[0].min, Some(1.0));
    assert_eq!(manifest.jobs[0].jitter_ms, 0);
    assert!(manifest.jobs[0].rules.is_empty() && manifest.jobs[0].except.is_empty());
    assert_eq!(manifest.webhooks[0].verify, Verify::HmacSha256);
    assert_eq!(manifest.shortcuts[0].name.get("ko"), "주문에 넣기");
    assert_eq!(manifest.shortcuts[1].on, ShortcutPlace::Anywhere);
    assert!(manifest.shortcuts[1].description.is_empty());
    // Written out, it is the same manifest again.
    let written = serde_json::to_string(&manifest).unwrap();
    assert_eq!(
        Manifest::parse(&written).unwrap(),
        Parsed {
            manifest: manifest.clone(),
            warnings: vec![]
        }
    );
    assert_eq!(serde_json::from_str::<Manifest>(&written).unwrap(), manifest);
}

#[test]
fn a_name_is_enough() {
    let manifest = parse(&json!({"name": "a-1"})).unwrap().manifest;
    assert_eq!(
        manifest,
        Manifest {
            name: "a-1".into(),
            ..Manifest::default()
        }
    );
}

#[test]
fn unknown_and_double_keys_warn() {
    let json = r#"{"name": "p", "colour": 1, "commnads": [], "version": "1", "version": "2",
        "commands": [{"name": "c", "helpp": "x", "args": [{"name": "a", "type": "int", "Min": 1}]}], "requests": {"htp": []}}"#;
    let parsed = Manifest::parse(json).unwrap();
    assert_eq!(
        parsed.warnings,
        [
            "`commands[0].args[0].Min` is unknown and ignored; did you mean `min`?",
            "`commands[0].helpp` is unknown and ignored; did you mean `help`?",
            "`requests.htp` is unknown and ignored; did you mean `http`?",
            "`colour` is unknown and ignored",
            "`commnads` is unknown and ignored; did you mean `commands`?",
            "`version` is there twice; the last one counts",
        ]
    );
    assert_eq!(parsed.manifest.version, "2");
}

#[test]
fn wrong_types_name_path_expectation_and_what_is_there() {
    for (json, expected) in [
        (with("name", json!(3)), "`name` must be a text, but is the number 3"),
        (
            with("version", json!(1.2)),
            "`version` must be a text, but is the number 1.2",
        ),
        (
            with("summary", json!(["x"])),
            "`summary` must be a text, or an object of texts by language",
        ),
        (
            with("summary", json!({"ko": 1})),
            "`summary.ko` must be a text, but is the number 1",
        ),
        (
            with("commands", json!({})),
            "`commands` must be a list, but is an object",
        ),
        (
            with("commands", json!(["x"])),
            "`commands[0]` must be an object, but is the text \"x\"",
        ),
        (
            with_command(json!({"aliases": "x"})),
            "`commands[0].aliases` must be a list, but is the text \"x\"",
        ),
        (
            with_command(json!({"restricted": "yes"})),
            "`commands[0].restricted` must be `true` or `false`, but is the text \"yes\"",
        ),
        (
            with_command(json!({"confirm": null})),
            "`commands[0].confirm` must be \"none\", \"self\" or \"second\", but is null",
        ),
        (
            with_arg(json!({"type": "integer"})),
            "`commands[0].args[0].type` must be \"string\", \"int\"",
        ),
        (
            with_arg(json!({"min": "1"})),
            "`commands[0].args[0].min` must be a number",
        ),
        (with("events", json!(["exploded"])), "`events[0]` must be \"reacted\""),
        (
            with("shortcuts", json!([{"id": "x", "on": "monday", "name": "X"}])),
            "`shortcuts[0].on` must be \"message\" or \"anywhere\", but is the text \"monday\"",
        ),
        (
            with("shortcuts", json!([{"id": "x", "on": "message", "name": 3}])),
            "`shortcuts[0].name` must be a text",
        ),
        (
            with("config", json!({"a": 3})),
            "`config.a` must be an object, but is the number 3",
        ),
        (
            with("requests", json!({"users": ["U1"]})),
            "`requests.users` must be `true` or `false`, but is a list",
        ),
        (
            with("requests", json!({"http": ["https://a.example/path?x"]})),
            "`requests.http[0]` must be an origin",
        ),
        (
            with("requests", json!({"http": ["https://user@a.example"]})),
            "`requests.http[0]` must be an origin",
        ),
    ] {
        let error = parse(&json).unwrap_err();
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (json, expected) in [
        (json!({}), "the manifest lacks `name`"),
        (with("commands", json!([{}])), "the manifest lacks `commands[0].name`"),
        (
            with_command(json!({"args": [{"name": "a"}]})),
            "the manifest lacks `commands[0].args[0].type`",
        ),
        (
            with("hears", json!([{"id": "x"}])),
            "the manifest lacks `hears[0].pattern`",
        ),
        (
            with("webhooks", json!([{"name": "x"}])),
            "the manifest lacks `webhooks[0].verify`",
        ),
        (
            with("shortcuts", json!([{"id": "x", "name": "X"}])),
            "the manifest lacks `shortcuts[0].on`",
        ),
        (
            with("shortcuts", json!([{"id": "x", "on": "message"}])),
            "the manifest lacks `shortcuts[0].name`",
        ),
        (with("config", json!({"a": {}})), "the manifest lacks `config.a.type`"),
    ] {
        let error = parse(&json).unwrap_err();
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

#[test]
fn rules() {
    let long = "x".repeat(65);
    let deep = (0..6).fold(
        json!({"name": "x"}),
        |inner, _| json!({"name": "x", "subcommands": [inner]}),
    );
    let arg = |name: &str, more: Value| {
        let mut arg = json!({"name": name, "type": "string"});
        arg.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arg
    };
    let args = |args: Vec<Value>| with_command(json!({"args": args}));
    for (json, expected) in [
        (
            with("name", json!("Lunch")),
            "`name` is the text \"Lunch\"; use 1 to 64 lower-case letters",
        ),
        (with("name", json!("")), "`name` is"),
        (with("name", json!(long)), "`name` is"),
        (
            with_command(json!({"name": "two words"})),
            "a name cannot hold white space",
        ),
        (with_command(json!({"name": ""})), "`commands[0].name` is empty"),
        (
            with_command(json!({"name": long})),
            "has 65 characters; at most 64 are allowed",
        ),
        (with_command(json!({"name": "a:b"})), "contains a colon"),
        (with_command(json!({"name": "a\u{7}"})), "control characters"),
        (
            with_command(json!({"aliases": ["a\u{202e}b"]})),
            "`commands[0].aliases[0]` holds control characters, direction marks",
        ),
        (
            with_command(json!({"name": "a\u{200b}"})),
            "characters that nobody sees",
        ),
        (
            with_command(json!({"aliases": ["c"]})),
            "uses the word \"c\" a second time",
        ),
        (
            with("commands", json!([{"name": "a"}, {"name": "b", "aliases": ["a"]}])),
            "`commands[1]` uses the word \"a\"",
        ),
        (
            with("commands", json!(vec![json!({"name": "x"}); 201])),
            "has 201 entries; at most 200",
        ),
        (
            with(
                "commands",
                json!([{"name": "a", "subcommands": (0..120).map(|n| json!({"name": format!("{n}")})).collect::<Vec<_>>()},
            {"name": "b", "subcommands": (0..120).map(|n| json!({"name": format!("{n}")})).collect::<Vec<_>>()}]),
            ),
            "is one too many",
        ),
        (with("commands", json!([deep])), "is too deep"),
        (
            with_command(json!({"summary": "x".repeat(201)})),
            "has 201 characters; at most 200",
        ),
        (
            with_command(json!({"help": "x".repeat(10_241)})),
            "has 10241 bytes; at most 10240",
        ),
        (
            with("summary", json!({"Korean": "x"})),
            "`summary.Korean` is under no language",
        ),
        (with("summary", json!({})), "must hold at least one language"),
        (
            args(vec![arg("a", json!({"type": "rest"})), arg("b", json!({}))]),
            "must be the last argument",
        ),
        (
            args(vec![arg("a", json!({"optional": true})), arg("b", json!({}))]),
            "`commands[0].args[1]` is required, but comes after",
        ),
        (
            args(vec![arg("a", json!({"default": "x"})), arg("b", json!({}))]),
            "is required, but comes after",
        ),
        (
            args(vec![arg("a", json!({})), arg("a", json!({}))]),
            "has the name of another argument",
        ),
        (
            with_command(json!({"args": [{"name": "a", "type": "list"}], "subcommands": [{"name": "s"}]})),
            "no subcommand could come behind",
        ),
        (
            with_arg(json!({"type": "int", "min": 3, "max": 2})),
            "a `min` of 3 above its `max` of 2",
        ),
        (with_arg(json!({"type": "int", "min": 1.5})), "must be whole numbers"),
        (with_arg(json!({"min": 1})), "which only an `int` or `float` has"),
        (with_arg(json!({"type": "choice"})), "is a `choice` without `choices`"),
        (
            with_arg(json!({"type": "choice", "choices": []})),
            "is a `choice` without `choices`",
        ),
        (
            with_arg(json!({"type": "choice", "choices": ["a", "a"]})),
            "is there twice",
        ),
        (with_arg(json!({"choices": ["a"]})), "which only a `choice` has"),
        (
            with_arg(json!({"type": "int", "default": "3"})),
            "`commands[0].args[0].default` must be a whole number",
        ),
        (
            with_arg(json!({"type": "int", "default": 9, "max": 3})),
            "is 9, outside of `min` and `max`",
        ),
        (
            with_arg(json!({"type": "duration", "default": "soon"})),
            "must be a length of time",
        ),
        (
            with_arg(json!({"type": "date", "default": "2026-02-30"})),
            "must be a date",
        ),
        (
            with_arg(json!({"type": "choice", "choices": ["a"], "default": "b"})),
            "must be one of `choices`",
        ),
        (
            with_arg(json!({"type": "list", "default": "a"})),
            "must be a list of texts",
        ),
        (
            with("hears", json!([{"id": "x", "pattern": "("}])),
            "is no regular expression that this host takes",
        ),
        (
            with("hears", json!([{"id": "x", "pattern": "a{1000}{1000}"}])),
            "is no regular expression that this host takes",
        ),
        (
            with("hears", json!([{"id": "x", "pattern": "x".repeat(10_241)}])),
            "has 10241 bytes",
        ),
        (
            with(
                "hears",
                json!([{"id": "x", "pattern": "a"}, {"id": "x", "pattern": "b"}]),
            ),
            "`hears[1].id` is \"x\", which is taken",
        ),
        (
            with("hears", json!([{"id": "x", "pattern": "a", "scopes": []}])),
            "is empty",
        ),
        (with("jobs", json!([{"id": "x", "cron": "* * *"}])), "has 3 fields"),
        (with("jobs", json!([{"id": "x"}])), "says not when it is due"),
        (
            with("jobs", json!([{"id": "x", "cron": "@daily", "rules": ["9:00"]}])),
            "`jobs[0].rules` stands beside `cron`",
        ),
        (
            with("jobs", json!([{"id": "x", "rules": ["moonday 9:00"]}])),
            "`moonday` is no weekday",
        ),
        (with("jobs", json!([{"id": "x", "rules": []}])), "there are 0 rules"),
        (
            with("jobs", json!([{"id": "x", "cron": "0 0 31 2 *"}])),
            "`0 0 31 2 *` never comes due",
        ),
        (
            with("jobs", json!([{"id": "x", "cron": "0 0 1 1 *", "except": ["01-01"]}])),
            "never comes due",
        ),
        (
            with("jobs", json!([{"id": "x", "cron": "@daily", "except": ["christmas"]}])),
            "`christmas` is no day to leave out",
        ),
        (
            with(
                "jobs",
                json!([{"id": "x", "cron": "0 0 * * *", "timezone": "Mars/Olympus"}]),
            ),
            "which is no time zone",
        ),
        (
            with("jobs", json!([{"id": "x", "cron": "0 0 * * *", "jitter": "1 day"}])),
            "must be a length of time",
        ),
        (
            with("webhooks", json!([{"name": "x", "verify": "none", "methods": []}])),
            "is empty",
        ),
        (
            shortcut(json!({"id": "Order"})),
            "`shortcuts[0].id` is the text \"Order\"; use 1 to 64 lower-case letters",
        ),
        (shortcut(json!({"id": "a/b"})), "`shortcuts[0].id` is"),
        (shortcut(json!({"id": long})), "`shortcuts[0].id` is"),
        (
            shortcut(json!({"name": "x".repeat(25)})),
            "`shortcuts[0].name` has 25 characters; at most 24",
        ),
        (
            shortcut(json!({"name": {"ko": "주문", "en": " "}})),
            "`shortcuts[0].name` is empty",
        ),
        (shortcut(json!({"name": "a\nb"})), "`shortcuts[0].name` holds line ends"),
        (
            shortcut(json!({"description": {"en": "x".repeat(151)}})),
            "`shortcuts[0].description.en` has 151 characters; at most 150",
        ),
        (
            with(
                "shortcuts",
                json!([{"id": "x", "on": "message", "name": "A"}, {"id": "x", "on": "anywhere", "name": "B"}]),
            ),
            "`shortcuts[1].id` is \"x\", which is taken",
        ),
        (
            with("events", json!(["edited", "edited"])),
            "`events[1]` is there twice",
        ),
        (with("config", json!({"a b": {"type": "int"}})), "has a bad name"),
        (
            with("config", json!({"a": {"type": "int", "default": "x"}})),
            "`config.a.default` does not fit the setting: must be a whole number",
        ),
    ] {
        let error = parse(&json).unwrap_err();
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

#[test]
fn good_defaults_are_taken() {
    for fields in [
        json!({"type": "int", "default": -3}),
        json!({"type": "float", "default": 3}),
        json!({"type": "bool", "default": true}),
        json!({"type": "duration", "default": "1시간 30분"}),
        json!({"type": "date", "default": "내일"}),
        json!({"type": "time", "default": "오후 3시"}),
        json!({"type": "user", "default": "U1"}),
        json!({"type": "list", "default": ["a", "b"]}),
        json!({"type": "rest", "default": "a  b"}),
        json!({"type": "choice", "choices": ["a"], "default": "a"}),
    ] {
        assert!(parse(&with_arg(fields.clone())).is_ok(), "{fields}");
    }
}

#[test]
fn more_shortcuts_than_are_offered_warn() {
    let shortcuts = |count: usize| {
        let all = (0..count).map(|n| json!({"id": format!("s{n}"), "on": "message", "name": "S"}));
        parse(&with("shortcuts", all.collect())).unwrap().warnings
    };
    assert_eq!(shortcuts(10), [""; 0]);
    let [warning] = &shortcuts(11)[..] else {
        panic!("one warning")
    };
    assert!(
        warning.contains("11") && warning.contains("Slack offers 10"),
        "{warning}"
    );
}

#[test]
fn what_is_no_manifest_at_all() {
    for (text, expected) in [
        ("", "the manifest is not JSON"),
        ("[]", "the manifest is not JSON: it is a list"),
        ("{\"name\": \"p\",}", "line 1"),
        ("{\"name\": \"p\"} x", "the manifest is not JSON"),
        ("null", "it is null"),
    ] {
        let error = Manifest::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?} gave {error}");
    }
    let large = format!("{{\"name\": \"p\", \"x\": \"{}\"}}", "x".repeat(MAX_BYTES));
    assert!(matches!(Manifest::parse(&large), Err(ManifestError::TooLarge { .. })));
    // Deep nesting ends in an error, not in an overflow.
    let deep = format!(
        "{{\"name\": \"p\", \"x\": {}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(Manifest::parse(&deep).is_err());
    let many: Vec<String> = (0..1_000).map(|n| format!("\"k{n}\": 1")).collect();
    let parsed = Manifest::parse(&format!("{{\"name\": \"p\", {}}}", many.join(","))).unwrap();
    assert!(parsed.warnings.len() <= 50);
}

#[test]
fn names_are_kept_in_the_form_in_which_they_are_compared() {
    let manifest = parse(&with_command(json!({"name": "\u{1112}\u{1161}\u{11ab}"})))
        .unwrap()
        .manifest;
    assert_eq!(manifest.commands[0].name, "한");
}

#[test]
fn a_job_by_rules_comes_back_as_it_was() {
    let job = json!({"id": "menu", "rules": ["mon-fri 09:50", "sat 11:00"], "except": ["12-25", "2026-10-09"],
        "timezone": "Asia/Seoul", "missed": "skip", "jitter": "30s"});
    let manifest = Manifest::parse(&with("jobs", json!([job])).to_string())
        .unwrap()
        .manifest;
    let text = serde_json::to_string(&manifest.jobs[0]).unwrap();
    assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), manifest.jobs[0]);
    assert!(!text.contains("cron"), "{text}");
}
