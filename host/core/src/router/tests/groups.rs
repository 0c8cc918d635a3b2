//! Commands with subcommands: what runs where none is typed, and how both are written.

use super::*;

fn watch() -> Manifest {
    manifest(json!({"name": "watch", "commands": [
        {"name": "장애", "aliases": ["watch"], "default": "지금", "subcommands": [
            {"name": "지금", "aliases": ["now"], "summary": {"ko": "지금 상태", "en": "How things are"},
             "args": [{"name": "what", "type": "string", "optional": true}]},
            {"name": "조용히", "aliases": ["mute"], "restricted": true, "args": [{"name": "what", "type": "string"}]},
        ]},
        {"name": "server", "args": [{"name": "name", "type": "string", "optional": true}], "default": "exception",
         "subcommands": [
            {"name": "status"},
            {"name": "exception", "default": "list", "subcommands": [
                {"name": "list", "args": [{"name": "count", "type": "int", "default": 5}]},
                {"name": "add", "args": [{"name": "day", "type": "date"}]},
            ]},
        ]},
        {"name": "group", "subcommands": [{"name": "a"}, {"name": "help"}]},
    ]}))
}

fn answer(text: &str) -> String {
    short(routed_in(
        &table_of(&[watch()], &[("장", "watch:장애")]),
        text,
        PlaceKind::Channel,
    ))
}

fn told(text: &str, locale: Locale) -> String {
    let table = table_of(&[watch()], &[]);
    match routed_in(&table, text, PlaceKind::Channel) {
        Routed::Say(say) => say.render(&table, &Settings::default(), anybody(), locale).text,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_group_alone_runs_its_default() {
    for (typed, expected) in [
        ("!장애", "watch:장애/지금()"),
        ("!ㅈㅇ", "watch:장애/지금()"),
        ("!장", "watch:장애/지금()"),
        ("!watch now shop", "watch:장애/지금(what=shop)"),
        ("!server", "watch:server/exception/list(count=5)"),
        ("!server build-1", "watch:server/exception/list(name=build-1 count=5)"),
        (
            "!server build-1 exception",
            "watch:server/exception/list(name=build-1 count=5)",
        ),
        ("!server exception list 3", "watch:server/exception/list(count=3)"),
        ("!server build-1 status", "watch:server/status(name=build-1)"),
        // What is typed is never taken for an argument of the default.
        (
            "!장애 shop",
            "usage watch:장애  There is no subcommand `shop`. There are: `지금`, `조용히`",
        ),
        (
            "!group",
            "usage watch:group  The subcommand is missing. There are: `a`, `help`",
        ),
    ] {
        assert_eq!(answer(typed), expected, "{typed}");
    }
}

#[test]
fn help_behind_a_group_shows_what_there_is() {
    for (typed, expected) in [
        ("!장애 help", "help watch:장애"),
        ("!장애 --help", "help watch:장애"),
        ("!장애 도움말", "help watch:장애"),
        ("!server help", "help watch:server"),
        ("!server build-1 Help", "help watch:server"),
        ("!server exception help", "help watch:server exception"),
        // Somebody means it: a value in quotes, a subcommand of that name.
        ("!server \"help\"", "watch:server/exception/list(name=help count=5)"),
        ("!group help", "watch:group/help()"),
        ("!group --help", "help watch:group"),
    ] {
        assert_eq!(answer(typed), expected, "{typed}");
    }
    assert_eq!(
        told("!장애 help", Locale::Ko),
        "`!장애 [지금|조용히]`\n• `!장애 지금 [what]` — 지금 상태 (쓰지 않으면 이것)\n• `!장애 조용히 <what>`\n다른 이름: `watch`"
    );
    assert_eq!(
        told("!help server exception", Locale::En),
        "`!server [name] exception [list|add]`\n• `!server [name] exception list [count]` (if none is typed)\n\
         • `!server [name] exception add <day>`"
    );
    assert!(told("!group x", Locale::En).contains("Usage: `!group <a|help>`"));
}

#[test]
fn who_may_not_run_the_default_is_not_told_of_it() {
    let rule = "[[access]]\ncommand = \"watch now\"\neffect = \"deny\"\n[[access]]\neffect = \"allow\"";
    let rules = crate::access::Rules(
        crate::config::Config::parse(Some(("moa.toml", rule)), [])
            .unwrap()
            .access,
    );
    let reader = Reader {
        rules: &rules,
        caller: anybody().caller,
    };
    let table = table_of(&[watch()], &[]);
    let say = Say::Help {
        topic: Some("장애".into()),
    };
    let text = say.render(&table, &Settings::default(), reader, Locale::En).text;
    assert!(
        text.contains("`!watch <mute>`") && !text.contains("none is typed"),
        "{text}"
    );
}

#[test]
fn a_command_that_is_the_keyword_is_written_once() {
    let said = |keyword: &str, text: &str| {
        let settings = Settings {
            prefixes: vec![format!("/{keyword} ")],
            ..Settings::default()
        };
        let me = Me {
            keywords: vec![keyword.into()],
            ..Me::default()
        };
        let slash = Slash {
            command: keyword.into(),
            message: message(text, PlaceKind::Channel),
            response_url: None,
            seen: true,
            awaited: false,
        };
        let event = event(EventKind::Slash(slash));
        match route(&table(), &Hears::default(), &settings, &me, &event) {
            Routed::Say(say) => say.render(&table(), &settings, anybody(), Locale::Ko).text,
            other => panic!("{other:?}"),
        }
    };
    let told = said("점심팀", "많이");
    assert!(
        told.contains("`/점심팀 <size>") && told.contains("`/점심팀 3 로지"),
        "{told}"
    );
    let told = said("도우미", "점심팀 많이");
    assert!(
        told.contains("`/도우미 점심팀 <size>") && told.contains("`/도우미 점심팀 3 로지"),
        "{told}"
    );
}
