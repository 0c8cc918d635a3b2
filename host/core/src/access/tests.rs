//! Rule kinds × people × places × forms of a command, from the text of the configuration to the verdict.

use super::*;
use crate::config::Config;
use crate::event::{Event, EventKind, Identity, Message, MessageRef, Place, PlaceKind, Slash};
use crate::manifest::{Confirm, Manifest};
use crate::router::{CommandMatch, Hears, Me, Reader, Routed, Say, Settings, Table, route};
use serde_json::json;
use std::collections::BTreeMap;

fn table() -> Table {
    let deploy = json!({"name": "deploy", "commands": [
        {"name": "deploy", "aliases": ["배포"], "args": [
            {"name": "branch", "type": "string"}, {"name": "count", "type": "int", "optional": true}]},
        {"name": "wipe", "restricted": true},
        {"name": "서버", "aliases": ["server"], "args": [{"name": "name", "type": "string", "optional": true}],
         "subcommands": [
            {"name": "status"},
            {"name": "exception", "aliases": ["예외"], "subcommands": [
                {"name": "set", "args": [{"name": "for", "type": "duration"}]},
                {"name": "delete", "restricted": true}]}]},
        {"name": "hosts", "args": [{"name": "names", "type": "list"}]},
        {"name": "ask", "args": [{"name": "whom", "type": "user"}, {"name": "loud", "type": "bool", "optional": true}]},
    ]});
    let lunch = json!({"name": "lunch", "commands": [{"name": "team"}, {"name": "deploy"}]});
    let [deploy, lunch] = [deploy, lunch].map(|json| Manifest::parse(&json.to_string()).unwrap().manifest);
    Table::build(
        &[("deploy", &deploy), ("lunch", &lunch)],
        &BTreeMap::new(),
        &BTreeMap::new(),
    )
    .0
}

fn rules(text: &str) -> Rules {
    Rules(Config::parse(Some(("etc/moa.toml", text)), []).unwrap().access)
}

fn me() -> Me {
    Me {
        user_id: "UBOT".into(),
        bot_id: "BBOT".into(),
        names: vec!["moabot".into()],
        keywords: Vec::new(),
    }
}

/// The roles of these people: what the host knows of them.
fn roles(user: &str) -> BTreeSet<String> {
    let roles: &[&str] = match user {
        "UADMIN" => &["admin"],
        "UDEV" => &["deployer", "admin-of-nothing"],
        _ => &[],
    };
    roles.iter().map(|role| (*role).to_owned()).collect()
}

fn message(service: &str, conversation: &str, kind: PlaceKind, author: &str, text: &str) -> Message {
    Message {
        at: MessageRef {
            place: Place {
                service: service.into(),
                conversation: conversation.into(),
                thread: None,
                kind,
            },
            id: "1.0".into(),
        },
        author: author.into(),
        text: text.into(),
        raw: text.into(),
        mentions: Vec::new(),
        files: Vec::new(),
        time: "2026-11-20T15:30:00Z".into(),
        edited: false,
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

/// The same command in all the shapes in which it can arrive at a place.
fn shapes(place: &str, who: &str, command: &str) -> Vec<Event> {
    let said = |service: &str, conversation: &str, kind, text: String| {
        event(EventKind::Message(message(service, conversation, kind, who, &text)))
    };
    match place.split_once(':') {
        Some(("jandi", room)) => vec![said("jandi", room, PlaceKind::Channel, format!("!{command}"))],
        Some(("slack", "direct")) => vec![
            said("slack", "D1", PlaceKind::Direct, command.to_owned()),
            said("slack", "D1", PlaceKind::Direct, format!("!{command}")),
        ],
        Some(("slack", conversation)) => {
            let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
            let slash = |word: &str, rest: &str| {
                event(EventKind::Slash(Slash {
                    command: word.into(),
                    message: message("slack", conversation, PlaceKind::Channel, who, rest),
                    response_url: None,
                    seen: false,
                    awaited: false,
                }))
            };
            let mut shapes: Vec<Event> = [
                format!("!{command}"),
                format!("！{command}"),
                format!("{{@UBOT}} {command}"),
            ]
            .into_iter()
            .map(|text| said("slack", conversation, PlaceKind::Channel, text))
            .collect();
            shapes.push(said(
                "slack",
                conversation,
                PlaceKind::Group,
                format!("moabot: {command}"),
            ));
            shapes.push(slash(word, rest));
            shapes.push(slash("moa", command));
            shapes
        }
        _ => panic!("{place}"),
    }
}

fn verdict(rules: &Rules, table: &Table, event: &Event) -> Verdict {
    let Routed::Command(command) = route(table, &Hears::default(), &Settings::default(), &me(), event) else {
        panic!("{event:?} is no command");
    };
    rules.verdict(&Caller::of(event, roles), &table.asked(&command))
}

/// `yes` or `no`, and what decided.
fn short(verdict: Verdict) -> String {
    let allowed = if verdict.allowed { "yes" } else { "no" };
    match verdict.why {
        Why::Rule(number) => format!("{allowed} {}", number + 1),
        why => format!("{allowed} {why:?}").to_lowercase(),
    }
}

#[test]
fn who_may_do_what_and_what_decides_it() {
    let table = table();
    // Rules, then of each case: who, where, what, and what comes of it.
    type Case = (&'static str, &'static str, &'static str, &'static str);
    let cases: &[(&str, &[Case])] = &[
        (
            "",
            &[
                ("U1", "slack:C1", "deploy main", "yes default"),
                ("U1", "slack:C1", "wipe", "no restricted"),
                ("UADMIN", "slack:C1", "wipe", "yes admin"),
                ("UADMIN", "slack:direct", "wipe", "yes admin"),
                ("UDEV", "slack:C1", "wipe", "no restricted"),
                ("U1", "slack:C1", "서버 a exception delete", "no restricted"),
                ("U1", "slack:C1", "서버 a exception set 10m", "yes default"),
                // A name in JANDI is no id, whatever somebody calls themselves.
                ("UADMIN", "jandi:ops/1", "wipe", "no restricted"),
                ("", "jandi:ops/1", "deploy main", "yes default"),
            ],
        ),
        (
            "[[access]]\nuser = \"U1\"\nrole = \"deployer\"\neffect = \"deny\"\n[[access]]\nuser = [\"U1\", \"U2\"]\neffect = \"deny\"",
            &[
                // All conditions of a rule must hold.
                ("U1", "slack:C1", "deploy main", "no 2"),
                ("UDEV", "slack:C1", "deploy main", "yes default"),
                ("U2", "slack:direct", "team", "no 2"),
                ("U1", "jandi:ops/1", "team", "yes default"),
            ],
        ),
        (
            "[[access]]\ncommand = \"wipe\"\nrole = [\"Deployer\"]\neffect = \"allow\"\n[[access]]\nplugin = \"deploy\"\nrole = \"deployer\"\neffect = \"allow\"\n[[access]]\nplugin = \"deploy\"\neffect = \"deny\"",
            &[
                ("UDEV", "slack:C1", "wipe", "yes 1"),
                ("UDEV", "slack:C1", "deploy main", "yes 2"),
                ("UADMIN", "slack:C1", "wipe", "no 3"),
                ("U1", "slack:C1", "deploy main", "no 3"),
                ("UDEV", "jandi:ops/1", "deploy main", "no 3"),
                ("U1", "slack:C1", "team", "yes default"),
                ("U1", "slack:C1", "lunch:deploy", "yes default"),
            ],
        ),
        (
            "[[access]]\ncommand = [\"deploy\", \"server 예외\", \"Lunch:TEAM\"]\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "deploy main", "no 1"),
                ("U1", "slack:C1", "배포 main", "no 1"),
                ("U1", "slack:C1", "DEPLOY main", "no 1"),
                // A name without a plugin is anybody's.
                ("U1", "slack:C1", "lunch:deploy", "no 1"),
                ("U1", "slack:C1", "deploy:deploy main", "no 1"),
                ("U1", "slack:C1", "서버 status", "yes default"),
                ("U1", "slack:C1", "서버 a exception set 10m", "no 1"),
                ("UADMIN", "slack:C1", "서버 exception delete", "no 1"),
                ("U1", "slack:C1", "team", "no 1"),
            ],
        ),
        (
            "[[access]]\nconversation = [\"C1\", \"ops/*\"]\ncommand = \"wipe\"\neffect = \"allow\"\n[[access]]\nconversation = \"direct\"\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "wipe", "yes 1"),
                ("U1", "slack:C12", "wipe", "no restricted"),
                ("U1", "slack:direct", "team", "no 2"),
                ("UADMIN", "slack:direct", "wipe", "no 2"),
                ("", "jandi:ops/1", "wipe", "yes 1"),
                ("", "jandi:dev/1", "wipe", "no restricted"),
            ],
        ),
        (
            "[[access]]\nservice = \"jandi\"\neffect = \"deny\"\n[[access]]\nservice = [\"slack\"]\ncommand = \"wipe\"\neffect = \"allow\"",
            &[
                ("", "jandi:ops/1", "deploy main", "no 1"),
                ("U1", "slack:C1", "wipe", "yes 2"),
                ("U1", "slack:C1", "deploy main", "yes default"),
            ],
        ),
        (
            "[[access]]\nargument = { branch = [\"Main\", \"릴리스/*\"] }\neffect = \"allow\"\n[[access]]\ncommand = \"deploy\"\nargument = { count = [3, \"9*\"] }\neffect = \"allow\"\n[[access]]\ncommand = \"deploy:deploy\"\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "deploy main", "yes 1"),
                ("U1", "slack:C1", "deploy MAIN 7", "yes 1"),
                ("U1", "slack:C1", "deploy \"릴리스/1 2\"", "yes 1"),
                // The same letters in another form.
                ("U1", "slack:C1", "deploy 릴리스/x", "yes 1"),
                ("U1", "slack:C1", "deploy main2", "no 3"),
                ("U1", "slack:C1", "deploy dev", "no 3"),
                ("U1", "slack:C1", "deploy dev 3", "yes 2"),
                ("U1", "slack:C1", "deploy dev 33", "no 3"),
                ("U1", "slack:C1", "deploy dev 95", "yes 2"),
                ("U1", "jandi:ops/1", "deploy main", "yes 1"),
                // An argument that was left out, or that there is not, is not such a value.
                ("U1", "slack:C1", "team", "yes default"),
            ],
        ),
        (
            "[[access]]\nargument = { names = \"web*\" }\neffect = \"allow\"\n[[access]]\ncommand = \"hosts\"\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "hosts web1,web2", "yes 1"),
                // What stands beside it is not allowed with it.
                ("U1", "slack:C1", "hosts web1,db1", "no 2"),
            ],
        ),
        (
            "[[access]]\nargument = { names = [\"db*\"] }\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "hosts web1,web2", "yes default"),
                ("U1", "slack:C1", "hosts web1,DB1", "no 1"),
            ],
        ),
        (
            "[[access]]\nargument = { whom = \"U2\", loud = true }\neffect = \"deny\"\n[[access]]\nargument = { for = [\"10m\", \"1시간\"] }\neffect = \"deny\"",
            &[
                ("U1", "slack:C1", "ask {@U2} 네", "no 1"),
                ("U1", "slack:C1", "ask {@U2} no", "yes default"),
                ("U1", "slack:C1", "ask {@U2}", "yes default"),
                ("U1", "slack:C1", "ask {@U3} yes", "yes default"),
                ("U1", "slack:C1", "서버 exception set 600초", "no 2"),
                ("U1", "slack:C1", "서버 exception set 60m", "no 2"),
                ("U1", "slack:C1", "서버 exception set 11m", "yes default"),
            ],
        ),
    ];
    for (text, cases) in cases {
        let rules = rules(text);
        for (who, place, command, expected) in *cases {
            for event in shapes(place, who, command) {
                let got = short(verdict(&rules, &table, &event));
                assert_eq!(
                    got, *expected,
                    "{text}\n{who:?} in {place}: {command}\n{:?}",
                    event.kind
                );
            }
        }
    }
}

#[test]
fn presses_and_patterns_are_judged_by_rules_about_plugins_only() {
    let event = shapes("slack:C1", "U1", "x").remove(0);
    let caller = Caller::of(&event, roles);
    for (text, expected) in [
        ("", "yes default"),
        ("[[access]]\nplugin = \"deploy\"\neffect = \"deny\"", "no 1"),
        ("[[access]]\nuser = \"U1\"\neffect = \"deny\"", "no 1"),
        ("[[access]]\nplugin = \"lunch\"\neffect = \"deny\"", "yes default"),
        ("[[access]]\ncommand = \"deploy\"\neffect = \"deny\"", "yes default"),
        (
            "[[access]]\nargument = { branch = \"*\" }\neffect = \"deny\"",
            "yes default",
        ),
        (
            "[[access]]\ncommand = \"wipe\"\neffect = \"deny\"\n[[access]]\nplugin = \"deploy\"\nconversation = \"C1\"\neffect = \"allow\"\n[[access]]\neffect = \"deny\"",
            "yes 2",
        ),
    ] {
        assert_eq!(
            short(rules(text).verdict(&caller, &Asked::plugin("deploy"))),
            expected,
            "{text}"
        );
    }
}

#[test]
fn help_shows_what_its_reader_may_run_or_perhaps_may() {
    let table = table();
    let text = "[[access]]\ncommand = \"team\"\nuser = \"U1\"\neffect = \"deny\"\n[[access]]\nargument = { branch = \"main\" }\nuser = \"U1\"\neffect = \"allow\"\n[[access]]\ncommand = \"deploy:deploy\"\neffect = \"deny\"\n[[access]]\nargument = { names = \"x\" }\neffect = \"deny\"";
    let rules = rules(text);
    let shown = |who: &str, topic: Option<&str>| {
        let event = shapes("slack:C1", who, "x").remove(0);
        let caller = Caller::of(&event, roles);
        let reader = Reader {
            rules: &rules,
            caller: &caller,
        };
        let say = Say::Help {
            topic: topic.map(Into::into),
        };
        say.render(&table, &Settings::default(), reader, crate::locale::Locale::En)
            .text
    };
    let has = |text: &str, word: &str| text.contains(&format!("`!{word}"));
    for (who, sees, not) in [
        // What depends on arguments is perhaps allowed; a denial that does is perhaps none.
        (
            "U1",
            vec!["deploy <branch", "hosts", "server"],
            vec!["team", "wipe", "role"],
        ),
        (
            "U2",
            vec!["team", "hosts", "server"],
            vec!["deploy <branch", "wipe", "role"],
        ),
        ("UADMIN", vec!["team", "wipe", "role grant"], vec!["deploy <branch"]),
    ] {
        let text = shown(who, None);
        for word in sees {
            assert!(has(&text, word), "{who} is to see {word} in {text}");
        }
        for word in not {
            assert!(!has(&text, word), "{who} is not to see {word} in {text}");
        }
    }
    assert!(shown("U2", Some("wipe")).contains("There is no command `wipe`"));
    assert!(shown("UADMIN", Some("wipe")).contains("`!wipe`"));
    let below = shown("U2", Some("server exception"));
    assert!(below.contains("set") && !below.contains("delete"), "{below}");
    assert!(shown("UADMIN", Some("server exception")).contains("delete"));
    assert!(!shown("U1", Some("lunch")).contains("team"));
    // No suggestion gives away what is hidden, and the second best takes its place.
    let word = || Say::Suggest {
        word: "wipee".into(),
        similar: vec!["wipe".into()],
    };
    let suggested = |who: &str| {
        let event = shapes("slack:C1", who, "x").remove(0);
        let caller = Caller::of(&event, roles);
        let reader = Reader {
            rules: &rules,
            caller: &caller,
        };
        word().for_reader(&table, reader)
    };
    assert_eq!(suggested("UADMIN"), word());
    assert_eq!(
        suggested("U2"),
        Say::Suggest {
            word: "wipee".into(),
            similar: Vec::new()
        }
    );
}

#[test]
fn who_was_denied_is_told_what_role_would_do() {
    let table = table();
    let rules = rules(
        "[[access]]\ncommand = \"deploy\"\nrole = [\"deployer\", \"ops\"]\nargument = { branch = \"main\" }\neffect = \"allow\"\n[[access]]\ncommand = \"deploy\"\neffect = \"deny\"",
    );
    let openers = |place: &str, command: &str| {
        let event = shapes(place, "U1", command).remove(0);
        let Routed::Command(to) = route(&table, &Hears::default(), &Settings::default(), &me(), &event) else {
            panic!("{command}");
        };
        rules.openers(&Caller::of(&event, roles), &table.asked(&to))
    };
    assert_eq!(openers("slack:C1", "deploy main"), ["deployer", "ops"]);
    assert!(openers("slack:C1", "deploy dev").is_empty());
    assert_eq!(openers("slack:C1", "wipe"), ["admin"]);
    assert!(
        openers("jandi:ops/1", "wipe").is_empty(),
        "nobody there can have a role"
    );
}

#[test]
fn names_that_no_plugin_has_are_found() {
    let rules = rules(
        "[[access]]\nplugin = [\"deploy\", \"gone\"]\neffect = \"deny\"\n[[access]]\ncommand = [\"서버 예외\", \"server gone\", \"lunch:wipe\"]\neffect = \"deny\"\n[[access]]\nargument = { Branch = \"x\", gone = 1 }\neffect = \"deny\"\n[[access]]\ncommand = \"배포\"\neffect = \"deny\"",
    );
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        table().unknown_names(&rules),
        [
            (0, of(&["gone"])),
            (1, of(&["server gone", "lunch:wipe"])),
            (2, of(&["gone"]))
        ]
    );
}

#[test]
fn a_command_is_named_by_each_of_its_names_and_stands_for_what_is_below() {
    let table = table();
    let is = |named: &str, typed: &[&str]| {
        let mut typed = typed.iter().map(|word| (*word).to_owned());
        let to = CommandMatch {
            plugin: "deploy".into(),
            command: typed.next().unwrap(),
            path: typed.collect(),
            args: Vec::new(),
            rest: String::new(),
            tokens: Vec::new(),
            restricted: false,
            confirm: Confirm::None,
        };
        let asked = table.asked(&to);
        CommandName::new(named).unwrap().fits(asked.plugin, &asked.names)
    };
    let set = ["서버", "exception", "set"];
    for named in [
        "서버",
        "server",
        "SERVER",
        "deploy:서버",
        " Deploy:server  exception ",
        "서버 예외",
        "서버 exception set",
    ] {
        assert!(is(named, &set), "{named}");
    }
    for named in [
        "deploy",
        "서버 status",
        "서버 exception set more",
        "lunch:서버",
        "예외",
        "서버 exception delete",
    ] {
        assert!(!is(named, &set), "{named}");
    }
    assert!(is("server", &["서버"]) && !is("server status", &["서버"]));
    assert!(is("배포", &["deploy"]));
    for nothing in ["", "  ", ":deploy", "ops:", ":"] {
        assert_eq!(CommandName::new(nothing), None, "{nothing:?}");
    }
}

#[test]
fn who_may_with_some_arguments_is_told_the_roles_that_do_not_need_them() {
    let table = table();
    let rules = rules(
        r#"
        [[access]]
        command = "deploy:deploy"
        role = "deployer"
        effect = "allow"
        [[access]]
        command = "deploy:deploy"
        argument = { branch = "test" }
        effect = "allow"
        [[access]]
        command = "deploy:deploy"
        effect = "deny"
        "#,
    );
    let event = shapes("slack:C1", "UDEV", "deploy").remove(0);
    let caller = Caller::of(&event, |_| BTreeSet::new());
    let reader = Reader {
        rules: &rules,
        caller: &caller,
    };
    let judged = table.judge(reader, "deploy", "deploy", &[]).unwrap();
    assert_eq!(judged.verdict.why, Why::Rule(2));
    assert_eq!(judged.depends_on, [1]);
    assert_eq!(judged.openers, ["deployer"], "`admin` opens nothing here");
}
