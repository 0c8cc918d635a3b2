mod groups;
mod heard;
mod say;

use super::*;
use crate::call::ArgValue;
use crate::event::{Identity, Message, MessageRef, Place, Slash};
use crate::locale::Locale;
use crate::manifest::Manifest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn manifest(json: Value) -> Manifest {
    Manifest::parse(&json.to_string()).unwrap().manifest
}

fn lunch() -> Manifest {
    manifest(
        json!({"name": "lunch", "version": "1.2.0", "summary": {"ko": "점심 팀", "en": "lunch teams"}, "commands": [
            {"name": "점심팀", "aliases": ["lunch"], "summary": {"ko": "팀을 나눕니다", "en": "makes teams"},
             "help": "*Long* help.\nTwo lines.", "examples": ["!점심팀 3 로지,샐리"],
             "args": [{"name": "size", "type": "int", "min": 1}, {"name": "names", "type": "list", "optional": true}]},
            {"name": "초기화", "restricted": true},
            {"name": "삭제", "confirm": "second", "args": [{"name": "what", "type": "rest"}]},
        ]}),
    )
}

fn hello() -> Manifest {
    manifest(json!({"name": "hello", "commands": [
        {"name": "echo", "args": [{"name": "text", "type": "rest"}]},
        {"name": "count"},
        {"name": "서버", "args": [{"name": "name", "type": "string", "optional": true}], "subcommands": [
            {"name": "status", "aliases": ["s", "상태"]},
            {"name": "exception", "aliases": ["e"], "subcommands": [
                {"name": "set", "args": [{"name": "date", "type": "date"}]},
                {"name": "delete", "restricted": true},
            ]},
        ]},
    ]}))
}

fn table_of(manifests: &[Manifest], aliases: &[(&str, &str)]) -> Table {
    let plugins: Vec<(&str, &Manifest)> = manifests.iter().map(|m| (m.name.as_str(), m)).collect();
    Table::build(&plugins, &BTreeMap::new(), &map(aliases)).0
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn table() -> Table {
    table_of(&[hello(), lunch()], &[])
}

fn me() -> Me {
    Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        names: vec!["moabot".into()],
        keywords: Vec::new(),
    }
}

fn message(text: &str, kind: PlaceKind) -> Message {
    Message {
        at: MessageRef {
            place: Place {
                service: "slack".into(),
                conversation: "C1".into(),
                thread: None,
                kind,
            },
            id: "1.0".into(),
        },
        author: "U1".into(),
        text: text.into(),
        raw: text.into(),
        mentions: Vec::new(),
        files: Vec::new(),
        time: "2026-11-20T15:30:00Z".into(),
        edited: false,
    }
}

/// Somebody from whom nothing is hidden, and who is no admin.
fn anybody() -> Reader<'static> {
    static READER: std::sync::LazyLock<(crate::access::Rules, crate::access::Caller)> =
        std::sync::LazyLock::new(|| {
            let caller = crate::access::Caller {
                service: "slack".into(),
                user: Some("U1".into()),
                roles: Default::default(),
                conversation: "C1".into(),
                direct: false,
            };
            let rule = crate::config::Config::parse(Some(("moa.toml", "[[access]]\neffect = \"allow\"")), []);
            (crate::access::Rules(rule.unwrap().access), caller)
        });
    Reader {
        rules: &READER.0,
        caller: &READER.1,
    }
}

fn event(kind: EventKind) -> Event {
    Event {
        identity: Identity::message("slack", "T1", "C1", "1.0"),
        team: "T1".into(),
        redelivered: false,
        kind,
    }
}

fn routed_in(table: &Table, text: &str, kind: PlaceKind) -> Routed {
    let event = event(EventKind::Message(message(text, kind)));
    let settings = Settings {
        timezone: TimeZone::get("Asia/Seoul").unwrap(),
        ..Settings::default()
    };
    route(table, &Hears::default(), &settings, &me(), &event)
}

fn routed(text: &str) -> Routed {
    routed_in(&table(), text, PlaceKind::Channel)
}

/// What a message comes to, in a form that is easy to write down.
fn short(routed: Routed) -> String {
    match routed {
        Routed::Nothing => "-".into(),
        Routed::Command(c) => {
            let path: String = c.path.iter().map(|sub| format!("/{sub}")).collect();
            let args: Vec<String> = c
                .args
                .iter()
                .map(|arg| format!("{}={}", arg.name, value(&arg.value)))
                .collect();
            format!("{}:{}{path}({})", c.plugin, c.command, args.join(" "))
        }
        Routed::Heard(heard) => heard.iter().map(|one| format!("[{}:{}]", one.plugin, one.id)).collect(),
        Routed::Say(Say::Help { topic }) => format!("help {}", topic.unwrap_or_default()).trim_end().into(),
        Routed::Say(Say::Plugins) => "plugins".into(),
        Routed::Say(Say::Usage {
            plugin,
            command,
            path,
            error,
        }) => {
            format!(
                "usage {plugin}:{command} {} {}",
                path.join("/"),
                error.render(Locale::En)
            )
        }
        Routed::Say(Say::Suggest { similar, .. }) => format!("suggest {}", similar.join(" ")).trim_end().into(),
        Routed::Say(Say::WhichOne { candidates, .. }) => format!("which {}", candidates.join(" ")),
        Routed::Manage(manage) => format!("{manage:?}"),
    }
}

fn value(value: &ArgValue) -> String {
    match value {
        ArgValue::Text(text) | ArgValue::Date(text) => text.clone(),
        ArgValue::Integer(number) => number.to_string(),
        ArgValue::Many(items) => items.join("|"),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_command_word_is_found_in_four_steps() {
    for (text, expected) in [
        // As typed, then folded.
        ("!점심팀 3", "lunch:점심팀(size=3)"),
        ("!lunch 3", "lunch:점심팀(size=3)"),
        ("！LUNCH 3", "lunch:점심팀(size=3)"),
        ("!HELP", "help"),
        ("!도움말 lunch", "help lunch"),
        ("!도움", "help"),
        ("!plugins", "plugins"),
        // Initial consonants.
        ("!ㅈㅅㅌ 3 로지,샐리", "lunch:점심팀(size=3 names=로지|샐리)"),
        ("!ㄷㅇㅁ", "help"),
        // The other layout.
        ("!ㅗ디ㅔ", "help"),
        ("!wjatlaxla 3", "lunch:점심팀(size=3)"),
        ("!WJATLAXLA 3", "lunch:점심팀(size=3)"),
        ("!ㅣㅕㅜ초 3", "lunch:점심팀(size=3)"),
        ("!ㄷ초ㅐ hi", "hello:echo(text=hi)"),
        ("!ehdnaakf", "help"),
        // The other layout, then initial consonants.
        ("!wtx 3", "lunch:점심팀(size=3)"),
        ("!WTX 3", "lunch:점심팀(size=3)"),
        // Two keys are too few for that: `tq` would be 서버.
        ("!tq", "-"),
        ("!ㅅㅂ s", "hello:서버/status()"),
        // By plugin.
        ("!lunch:점심팀 3", "lunch:점심팀(size=3)"),
        ("!Lunch:LUNCH 3", "lunch:점심팀(size=3)"),
        ("!lunch:echo 3", "-"),
        ("!nobody:echo 3", "-"),
    ] {
        assert_eq!(short(routed(text)), expected, "{text}");
    }
}

#[test]
fn restricted_and_confirmed_commands_are_found_by_their_exact_name_only() {
    for (text, expected) in [
        ("!초기화", "lunch:초기화()"),
        ("!lunch:초기화", "lunch:초기화()"),
        ("!ㅊㄱㅎ", "-"),
        // A slip only leads to a suggestion.
        ("!chrlghk", "suggest 초기화"),
        ("!삭제 전부", "lunch:삭제(what=전부)"),
        ("!ㅅㅈ", "-"),
        ("!tkrwp x", "suggest 삭제"),
        ("!서버 exception delete", "hello:서버/exception/delete()"),
        (
            "!서버 exception ㅇ딛ㅅㄷ",
            "usage hello:서버 exception There is no subcommand `ㅇ딛ㅅㄷ`. There are: `set`, `delete`",
        ),
    ] {
        assert_eq!(short(routed(text)), expected, "{text}");
    }
    let Routed::Command(command) = routed("!서버 exception delete") else {
        panic!()
    };
    assert!(command.restricted);
    let Routed::Command(command) = routed("!삭제 x") else {
        panic!()
    };
    assert_eq!(command.confirm, Confirm::Second);
}

#[test]
fn subcommands_come_behind_the_arguments_of_their_command() {
    for (text, expected) in [
        ("!서버 status", "hello:서버/status()"),
        ("!서버 web s", "hello:서버/status(name=web)"),
        (
            "!서버 web e set 내일",
            "hello:서버/exception/set(name=web date=2026-11-22)",
        ),
        ("!서버 \"status\" status", "hello:서버/status(name=status)"),
        (
            "!서버 web 상ㅌ",
            "usage hello:서버  There is no subcommand `상ㅌ`. There are: `status`, `exception`",
        ),
        ("!서버 web ㄴㅅㅁ셔ㄴ", "hello:서버/status(name=web)"),
        // The initial consonants of 상태.
        ("!서버 web ㅅㅌ", "hello:서버/status(name=web)"),
        (
            "!서버 web",
            "usage hello:서버  The subcommand is missing. There are: `status`, `exception`",
        ),
        (
            "!서버 status now",
            "usage hello:서버 status There is nothing to do with `now`. Put quotes around a value with blanks in it.",
        ),
    ] {
        assert_eq!(short(routed(text)), expected, "{text}");
    }
}

#[test]
fn what_addresses_nobody_is_nobodys() {
    for text in [
        "",
        " ",
        "안녕",
        "help",
        "!",
        "!!",
        "!!!",
        "!?",
        "!!!wow",
        "! help",
        "!\nhelp",
        "！",
        "!…",
        "!!help",
        "moa",
        "moa is great",
        "moa, 안녕",
        "I like moa help",
        "{@U2} help",
        "{@U2} {@UBOT} help",
        "{@UBOT} 안녕하세요",
        "!없는명령어입니다",
        "http://x.io",
        "echo hi",
    ] {
        assert_eq!(short(routed(text)), "-", "{text:?}");
    }
    let mut own = message("!help", PlaceKind::Channel);
    own.author = "UBOT".into();
    let own = event(EventKind::Message(own));
    assert_eq!(
        route(&table(), &Hears::default(), &Settings::default(), &me(), &own),
        Routed::Nothing
    );
}

#[test]
fn the_bot_is_addressed_in_several_ways() {
    for (text, expected) in [
        ("{@UBOT} echo hi", "hello:echo(text=hi)"),
        ("{@BBOT}: !echo hi", "hello:echo(text=hi)"),
        ("{@UBOT}", "help"),
        ("{@UBOT} help echo", "help echo"),
        ("moa: echo hi", "hello:echo(text=hi)"),
        ("Moa echo hi", "hello:echo(text=hi)"),
        ("moabot, 점심팀 2", "lunch:점심팀(size=2)"),
        ("{@UBOT} ecoh hi", "suggest echo"),
        ("moa ecoh hi", "-"),
    ] {
        assert_eq!(short(routed(text)), expected, "{text}");
    }
    for (text, expected) in [
        ("echo hi", "hello:echo(text=hi)"),
        ("!echo hi", "hello:echo(text=hi)"),
        ("ecoh hi", "suggest echo"),
        ("안녕하세요 모아", "suggest"),
        ("moa 안녕", "suggest"),
        ("👍", "-"),
        ("!", "-"),
        ("", "-"),
    ] {
        assert_eq!(short(routed_in(&table(), text, PlaceKind::Direct)), expected, "{text}");
    }
}

#[test]
fn slash_commands() {
    for (command, text, expected) in [
        ("moa", "help", "help"),
        ("moa", "", "help"),
        ("Moa", "!echo  a  b ", "hello:echo(text=a  b)"),
        ("echo", "hi", "hello:echo(text=hi)"),
        ("점심팀", "2", "lunch:점심팀(size=2)"),
        ("ecco", "hi", "suggest echo"),
        ("nothing", "", "suggest"),
        ("count", "", "hello:count()"),
    ] {
        let slash = Slash {
            command: command.into(),
            message: message(text, PlaceKind::Channel),
            response_url: None,
            seen: false,
            awaited: false,
        };
        let got = route(
            &table(),
            &Hears::default(),
            &Settings::default(),
            &me(),
            &event(EventKind::Slash(slash)),
        );
        assert_eq!(short(got), expected, "/{command} {text}");
    }
}

#[test]
fn a_bot_whose_name_is_no_slash_command_has_one_nevertheless() {
    let settings = Settings {
        names: vec!["모아".into()],
        ..Settings::default()
    };
    let moa =
        manifest(json!({"name": "other", "commands": [{"name": "moa", "args": [{"name": "text", "type": "rest"}]}]}));
    for (table, expected) in [
        (table(), "hello:echo(text=hi)"),
        (table_of(&[moa], &[]), "other:moa(text=echo hi)"),
    ] {
        let slash = Slash {
            command: "moa".into(),
            message: message("echo hi", PlaceKind::Channel),
            response_url: None,
            seen: false,
            awaited: false,
        };
        let nobody = Me::default();
        let event = event(EventKind::Slash(slash));
        let got = route(&table, &Hears::default(), &settings, &nobody, &event);
        assert_eq!(short(got), expected);
    }
}

#[test]
fn the_raw_rest_and_the_tokens_are_kept() {
    let Routed::Command(command) = routed("!echo  \"a  b\"   c\n d ") else {
        panic!()
    };
    assert_eq!(command.rest, "\"a  b\"   c\n d");
    assert_eq!(command.tokens, ["a  b", "c", "d"]);
    assert_eq!(command.args[0].value, ArgValue::Text("\"a  b\"   c\n d".into()));
}

#[test]
fn several_that_fit_are_asked_about() {
    let other = manifest(json!({"name": "other", "commands": [{"name": "조사탕"}, {"name": "Lunch"}, {"name": "해"}]}));
    let third = manifest(json!({"name": "third", "commands": [{"name": "하이"}, {"name": "ㅎㅇ"}]}));
    let table = table_of(&[lunch(), other, third], &[]);
    for (text, expected) in [
        ("!ㅈㅅㅌ", "which 점심팀 조사탕"),
        ("!wtx", "which 점심팀 조사탕"),
        ("!lunch 1", "lunch:점심팀(size=1)"),
        ("!Lunch", "other:Lunch()"),
        ("!LUNCH", "which 점심팀 Lunch"),
        // An exact name comes before the initial consonants of another, and both before a slip.
        ("!ㅎㅇ", "third:ㅎㅇ()"),
        ("!gd", "third:ㅎㅇ()"),
    ] {
        assert_eq!(short(routed_in(&table, text, PlaceKind::Channel)), expected, "{text}");
    }
}

#[test]
fn suggestions_know_the_layouts() {
    for (text, expected) in [
        ("!hepl", "suggest help"),
        ("!hel", "suggest help"),
        // hlep, typed with the Korean layout on.
        ("!ㅗㅣㄷㅔ", "suggest help"),
        ("!점십팀", "suggest 점심팀"),
        ("!점심팀장", "suggest 점심팀"),
        ("!conut", "suggest count"),
        ("!xyz", "-"),
        ("!ab", "-"),
    ] {
        assert_eq!(short(routed(text)), expected, "{text}");
    }
    let silent = Settings {
        unknown: Unknown::Silent,
        ..Settings::default()
    };
    for (text, kind) in [("!hepl", PlaceKind::Channel), ("hepl", PlaceKind::Direct)] {
        let event = event(EventKind::Message(message(text, kind)));
        assert_eq!(
            route(&table(), &Hears::default(), &silent, &me(), &event),
            Routed::Nothing
        );
    }
}

#[test]
fn words_stay_with_their_incumbent() {
    let a = manifest(json!({"name": "a", "commands": [{"name": "tea", "aliases": ["차"]}, {"name": "help"}]}));
    let b = manifest(json!({"name": "b", "commands": [{"name": "tea"}]}));
    let both = [("a", &a), ("b", &b)];
    let (table, conflicts) = Table::build(&both, &map(&[]), &map(&[]));
    let conflict = |word: &str, kept: &str, refused: &str| Conflict {
        word: word.into(),
        kept: kept.into(),
        refused: refused.into(),
    };
    assert_eq!(conflicts, [conflict("help", "moa", "a"), conflict("tea", "a", "b")]);
    assert_eq!(*table.owners(), map(&[("tea", "a"), ("차", "a")]));
    assert_eq!(short(routed_in(&table, "!b:tea", PlaceKind::Channel)), "b:tea()");
    assert_eq!(short(routed_in(&table, "!a:help", PlaceKind::Channel)), "a:help()");

    let (table, conflicts) = Table::build(&both, &map(&[("tea", "b"), ("차", "gone")]), &map(&[]));
    assert_eq!(conflicts, [conflict("help", "moa", "a"), conflict("tea", "b", "a")]);
    assert_eq!(*table.owners(), map(&[("tea", "b"), ("차", "a")]));
    assert_eq!(short(routed_in(&table, "!tea", PlaceKind::Channel)), "b:tea()");

    // What the operator decides is no conflict.
    let (table, conflicts) = Table::build(&both, &map(&[]), &map(&[("tea", "b:tea"), ("help", "a:tea")]));
    assert_eq!(conflicts, []);
    assert_eq!(short(routed_in(&table, "!tea", PlaceKind::Channel)), "b:tea()");
    assert_eq!(short(routed_in(&table, "!help", PlaceKind::Channel)), "help");
    assert_eq!(short(routed_in(&table, "!차", PlaceKind::Channel)), "a:tea()");
}

#[test]
fn aliases_stand_for_commands_with_words() {
    let aliases = [
        ("팀", "lunch:점심팀 3"),
        ("say", "echo hello"),
        ("loop", "loop"),
        ("나쁨", "nobody:x"),
        ("비움", "초기화"),
    ];
    let table = table_of(&[hello(), lunch()], &aliases);
    for (text, expected) in [
        ("!팀 로지,샐리", "lunch:점심팀(size=3 names=로지|샐리)"),
        ("!xla", "lunch:점심팀(size=3)"),
        ("!say world", "hello:echo(text=hello world)"),
        ("!SAY", "hello:echo(text=hello)"),
        ("!loop", "-"),
        ("!나쁨", "-"),
        ("!비움", "lunch:초기화()"),
        // An alias for a restricted command is found by its exact name only, too.
        ("!ㅂㅇ", "-"),
    ] {
        assert_eq!(short(routed_in(&table, text, PlaceKind::Channel)), expected, "{text}");
    }
}

#[test]
fn a_thousand_plugins_are_no_trouble() {
    let manifests: Vec<Manifest> = (0..1_000)
        .map(|n| {
            let commands: Vec<Value> = (0..5)
                .map(|c| json!({"name": format!("명령{n}-{c}"), "aliases": [format!("cmd{n}-{c}")]}))
                .collect();
            manifest(json!({"name": format!("p{n}"), "commands": commands}))
        })
        .collect();
    let table = table_of(&manifests, &[]);
    assert_eq!(table.owners().len(), 10_000);
    assert_eq!(
        short(routed_in(&table, "!cmd999-4", PlaceKind::Channel)),
        "p999:명령999-4()"
    );
    assert_eq!(
        short(routed_in(&table, "!ㅁㄹ7-3", PlaceKind::Channel)),
        "suggest 명령7-3"
    );
    assert!(short(routed_in(&table, "!cmd999-44", PlaceKind::Channel)).starts_with("suggest cmd999-4"));
}

#[test]
fn a_keyword_is_the_bot_unless_a_command_has_that_name() {
    let me = Me {
        keywords: vec!["도우미".into(), "점심팀".into()],
        ..Me::default()
    };
    for (command, text, expected) in [
        ("도우미", "점심팀 3", "lunch:점심팀(size=3)"),
        ("도우미", "!echo hi", "hello:echo(text=hi)"),
        ("도우미", "", "help"),
        ("점심팀", "2", "lunch:점심팀(size=2)"),
        ("모르는말", "점심팀 3", "suggest"),
    ] {
        let slash = Slash {
            command: command.into(),
            message: message(text, PlaceKind::Channel),
            response_url: None,
            seen: true,
            awaited: false,
        };
        let event = event(EventKind::Slash(slash));
        let got = route(&table(), &Hears::default(), &Settings::default(), &me, &event);
        assert_eq!(short(got), expected, "/{command} {text}");
    }
}
