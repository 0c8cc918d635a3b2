use super::*;
use crate::content::{Audience, Content};
use crate::locale::Locale;

fn said(text: &str, locale: Locale) -> Content {
    let Routed::Say(say) = routed(text) else {
        panic!("{text} says nothing")
    };
    say.render(&table(), &Settings::default(), anybody(), locale)
}

#[test]
fn usage_shows_what_is_wrong_the_form_and_an_example() {
    let content = said("!점심팀 x", Locale::Ko);
    assert_eq!(
        content.text,
        "`size`에는 정수(예: 3)가 필요한데, `x`라고 쓰셨습니다.\n사용법: `!점심팀 <size> [names…]`\n예) `!점심팀 3 로지,샐리`"
    );
    assert_eq!(content.audience, Audience::Everyone);
    assert_eq!(
        said("!lunch 0", Locale::En).text,
        "`size` must be at least 1, but you wrote `0`.\nUsage: `!lunch <size> [names…]`\nExample: `!점심팀 3 로지,샐리`"
    );
    assert_eq!(
        said("!서버 web e set", Locale::En).text,
        "`date` is missing.\nUsage: `!서버 [name] exception set <date>`"
    );
    assert_eq!(
        said("!echo", Locale::En).text,
        "`text` is missing.\nUsage: `!echo <text…>`"
    );
}

#[test]
fn usage_shows_what_can_be_chosen() {
    let sizes = json!(["a", "b", "c", "d", "e", "f"]);
    let plugin = manifest(json!({"name": "order", "commands": [{"name": "order", "args": [
        {"name": "size", "type": "choice", "choices": sizes},
        {"name": "show", "type": "choice", "choices": ["목록", "list"], "optional": true},
    ]}]}));
    assert_eq!(plugin.commands[0].hint(Locale::En), "<a|b|c|d|e|…> [목록|list]");
}

#[test]
fn usage_told_by_the_plugin_itself() {
    let Routed::Command(command) = routed("!서버 web e set 오늘") else {
        panic!()
    };
    let say = Say::usage_of(&table(), &command, "not on Sundays");
    let text = say.render(&table(), &Settings::default(), anybody(), Locale::En).text;
    assert_eq!(text, "not on Sundays\nUsage: `!서버 [name] exception set <date>`");
    // The plugin is gone meanwhile.
    let say = Say::usage_of(&Table::default(), &command, "not on Sundays");
    assert_eq!(
        say.render(&Table::default(), &Settings::default(), anybody(), Locale::En)
            .text,
        "not on Sundays"
    );
}

#[test]
fn help_is_short_and_by_plugin() {
    let content = said("!help", Locale::En);
    assert_eq!(
        content.text,
        "This is what I can do. `!help COMMAND` tells more.\n\
         *hello*\n• `!echo <text…>`\n• `!count`\n• `!서버 [name] <status|exception>`\n\
         *lunch* — lunch teams\n• `!lunch <size> [names…]` — makes teams\n• `!초기화` 🔒\n• `!삭제 <what…>`"
    );
    assert_eq!(content.audience, Audience::Everyone);
    assert!(said("!help", Locale::Ko).text.contains("팀을 나눕니다"));
    let many = manifest(
        json!({"name": "many", "commands": (0..20).map(|n| json!({"name": format!("c{n}")})).collect::<Vec<_>>()}),
    );
    let say = Say::Help { topic: None };
    let content = say.render(&table_of(&[many], &[]), &Settings::default(), anybody(), Locale::En);
    assert_eq!(
        content.audience,
        Audience::Thread,
        "long help must not flood the channel"
    );
    assert!(
        say.render(&Table::default(), &Settings::default(), anybody(), Locale::Ko)
            .text
            .contains("아직 명령이 없습니다")
    );
}

#[test]
fn help_about_one_thing_says_everything() {
    assert_eq!(
        said("!help 점심팀", Locale::En).text,
        "`!lunch <size> [names…]` — makes teams\n• `size` (whole number, 1 or more)\n• `names` (list, may be left out)\n\
         Other names: `점심팀`\nExample: `!점심팀 3 로지,샐리`\n*Long* help.\nTwo lines."
    );
    // A command and a plugin of one name, with the prefix typed again.
    let both = said("!help !lunch", Locale::Ko).text;
    assert!(
        both.contains("다른 이름: `lunch`") && both.contains("*lunch* — 점심 팀"),
        "{both}"
    );
    for (text, part) in [
        ("!help hello", "• `!count`"),
        ("!help ㅈㅅㅌ", "makes teams"),
        ("!help 서버", "• `!서버 [name] status`"),
        ("!help 서버 exception set", "`!서버 [name] exception set <date>`"),
        ("!help 서버 e delete", "🔒 Not for everybody."),
        ("!help 삭제", "Another person is asked"),
        ("!help help", "This is what I can do."),
        ("!help ecoh", "Did you mean `!echo`?"),
        ("!help xyzxyz", "There is no command `xyzxyz`."),
        ("!plugins", "*lunch* — lunch teams 1.2.0 (commands: 3)"),
    ] {
        let got = said(text, Locale::En).text;
        assert!(got.contains(part), "{text} gave {got}");
    }
}

#[test]
fn words_are_in_the_readers_script_where_they_can_be() {
    let team = manifest(json!({"name": "team", "commands": [{
        "name": "점심팀", "aliases": ["ㅈ", "lunch", "l"],
        "args": [{"name": "size", "type": "int", "min": 2, "max": 4_294_967_295_u32, "optional": true}],
        "examples": ["!lunch 3", "!점심팀 3"],
        "subcommands": [{"name": "지우기", "aliases": ["forget"]}, {"name": "undo", "aliases": ["되돌리기"]}],
    }]}));
    let other = manifest(json!({"name": "other", "commands": [{"name": "밥", "aliases": ["lunch"]}]}));
    let table = table_of(&[team, other], &[]);
    let help = |topic: &str, locale| {
        let topic = Some(topic.to_owned()).filter(|topic| !topic.is_empty());
        Say::Help { topic }
            .render(&table, &Settings::default(), anybody(), locale)
            .text
    };
    assert_eq!(
        help("점심팀", Locale::En),
        "`!lunch [size] <forget|undo>`\n• `size` (whole number, 2 or more, may be left out)\n\
         • `!lunch [size] forget`\n• `!lunch [size] undo`\nOther names: `점심팀`, `ㅈ`, `l`\nExample: `!lunch 3`"
    );
    assert_eq!(
        help("lunch", Locale::Ko),
        "`!점심팀 [size] <지우기|되돌리기>`\n• `size` (정수, 2 이상, 생략 가능)\n\
         • `!점심팀 [size] 지우기`\n• `!점심팀 [size] 되돌리기`\n다른 이름: `ㅈ`, `lunch`, `l`\n예) `!점심팀 3`"
    );
    let undo = help("점심팀 undo", Locale::Ko);
    assert!(
        undo.starts_with("`!점심팀 [size] 되돌리기`\n다른 이름: `undo`"),
        "{undo}"
    );
    // Another plugin has the Latin word.
    assert!(help("", Locale::En).contains("*other*\n• `!밥`"));
}

#[test]
fn suggestions_are_for_the_person_who_asked() {
    let content = said("!hepl", Locale::Ko);
    assert_eq!(content.text, "`hepl`라는 명령은 없습니다. 혹시 이것인가요? `!help`");
    assert_eq!(content.audience, Audience::Asker);
    let closed = said("!점심탐", Locale::Ko).text;
    assert_eq!(closed, "`점심탐`이라는 명령은 없습니다. 혹시 이것인가요? `!점심팀`");
    let content = said("!help ecoh", Locale::Ko);
    assert_eq!(content.audience, Audience::Asker);
}

#[test]
fn the_first_prefix_is_shown() {
    let settings = Settings {
        prefixes: vec!["?".into(), "!".into()],
        ..Settings::default()
    };
    let say = Say::Help {
        topic: Some("점심팀".into()),
    };
    let text = say.render(&table(), &settings, anybody(), Locale::En).text;
    assert!(
        text.contains("`?lunch <size> [names…]`") && text.contains("Example: `?점심팀 3 로지,샐리`"),
        "{text}"
    );
}

#[test]
fn a_hostile_manifest_cannot_break_help() {
    let evil = "x\n*admin* — `!rm`\u{202e}\u{7} {@U1} <!channel> ```\n• `!fake`";
    let hostile = manifest(
        json!({"name": "evil", "version": "`1`\n*2*", "summary": evil, "commands": [
            {"name": "a`b*c{@U1}", "aliases": ["``"], "summary": evil, "help": evil, "examples": [evil],
             "args": [{"name": "n`{@U1}", "type": "choice", "choices": ["`c`\n"], "summary": evil},
                      {"name": "d", "type": "string", "default": evil}]},
            {"name": "safe", "summary": "good"},
        ]}),
    );
    let table = table_of(&[hostile], &[]);
    for locale in [Locale::Ko, Locale::En] {
        for topic in [None, Some("evil"), Some("evil:a`b*c{@U1}"), Some("{@U1}` *x*")] {
            let say = Say::Help {
                topic: topic.map(str::to_owned),
            };
            let text = say.render(&table, &Settings::default(), anybody(), locale).text;
            assert!(!text.contains(['\u{202e}', '\u{7}']), "{text}");
            let flat = format!("{:?}", markup(&text));
            assert!(!flat.contains("User("), "{flat}");
            if topic.is_none() {
                // Its lines are its own: heading and two commands below the introduction.
                assert_eq!(text.lines().count(), 4, "{text}");
                assert!(text.lines().last().unwrap().ends_with("`!safe` — good"), "{text}");
                assert!(
                    !flat.contains("CodeBlock") && !flat.contains("Code(\"!rm\")") && !flat.contains("Code(\"!fake\")"),
                    "{flat}"
                );
            }
        }
        let text = Say::Plugins
            .render(&table, &Settings::default(), anybody(), locale)
            .text;
        assert_eq!(text.lines().count(), 1);
    }
    // What was typed is shown, and harmless.
    let say = Say::Suggest {
        word: "`{@U1}`\n*x*".into(),
        similar: vec!["{@U1}".into()],
    };
    let text = say.render(&table, &Settings::default(), anybody(), Locale::En).text;
    assert!(!format!("{:?}", markup(&text)).contains("User("), "{text}");
}

fn markup(text: &str) -> Vec<crate::text::markup::Span> {
    crate::text::markup::parse(text)
}

#[test]
fn what_is_stopped_is_not_offered_and_keeps_its_words() {
    let mut table = table();
    table.hush(|plugin| plugin == "lunch");
    let say = |say: Say| say.render(&table, &Settings::default(), anybody(), Locale::En).text;
    let help = say(Say::Help { topic: None });
    assert!(help.contains("!echo") && !help.contains("lunch"), "{help}");
    let plugins = say(Say::Plugins);
    assert!(
        plugins.contains("stopped)") && plugins.matches("stopped").count() == 1,
        "{plugins}"
    );
    assert_eq!(
        short(routed_in(&table, "!점심팀 3", PlaceKind::Channel)),
        short(routed("!점심팀 3"))
    );
}

#[test]
fn a_prefix_may_end_with_a_blank() {
    let settings = Settings {
        prefixes: vec!["/모아 ".into()],
        ..Settings::default()
    };
    for (text, shows) in [
        ("!help", "`/모아 help 명령`"),
        ("!점심팀 x", "`/모아 점심팀 <size> [names…]`"),
        ("!점심팀 x", "`/모아 점심팀 3 로지,샐리`"),
    ] {
        let Routed::Say(say) = routed(text) else {
            panic!("{text} says nothing")
        };
        let said = say.render(&table(), &settings, anybody(), Locale::Ko).text;
        assert!(said.contains(shows), "{said}");
    }
}
