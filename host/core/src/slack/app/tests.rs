use super::words::BUILT_IN;
use super::*;
use crate::router::Table;
use serde_json::{Value, json};

fn manifest(json: Value) -> Manifest {
    Manifest::parse(&json.to_string()).unwrap().manifest
}

fn lunch() -> Manifest {
    manifest(json!({"name": "lunch", "commands": [{
        "name": "점심팀", "aliases": ["Lunch"], "summary": {"ko": "점심 팀을 정합니다", "en": "makes lunch teams"},
        "args": [{"name": "size", "type": "int"}, {"name": "names", "type": "list", "optional": true}],
    }]}))
}

fn app_in(locale: Locale, plugins: &[Manifest], slash: &Slashes) -> App {
    let named: Vec<(&str, &Manifest)> = plugins.iter().map(|plugin| (plugin.name.as_str(), plugin)).collect();
    let (table, _) = Table::build(&named, &BTreeMap::new(), &BTreeMap::new());
    App::of(&Wanted {
        title: "moa",
        name: "moa",
        locale,
        plugins: plugins.iter().collect(),
        owners: table.owners(),
        slash,
        senders: false,
    })
}

fn app(plugins: &[Manifest]) -> App {
    app_in(Locale::En, plugins, &Slashes::All)
}

fn bare(name: &str) -> App {
    App::of(&Wanted {
        title: name,
        name,
        locale: Locale::En,
        plugins: Vec::new(),
        owners: &BTreeMap::new(),
        slash: &Slashes::All,
        senders: false,
    })
}

fn words(app: &App) -> Vec<&str> {
    app.slash_commands.iter().map(|command| command.word.as_str()).collect()
}

fn told(app: &App) -> String {
    app.left_out.iter().map(|left| format!("{left}\n")).collect()
}

#[test]
fn the_base() {
    let app = app_in(Locale::Ko, &[], &Slashes::All);
    assert_eq!(app.yaml(), include_str!("base.yaml"));
    assert_eq!(app.left_out(), []);
}

#[test]
fn the_lists_are_sorted() {
    // They are searched, and compared by people.
    assert!(BUILT_IN.is_sorted() && SCOPES.is_sorted() && EVENTS.is_sorted());
}

#[test]
fn a_command_is_offered_in_the_readers_language() {
    let plugins = [lunch()];
    let json = app_in(Locale::Ko, &plugins, &Slashes::All).json();
    assert_eq!(
        json["features"]["slash_commands"][1],
        json!({"command": "/lunch", "description": "점심 팀을 정합니다", "should_escape": true, "usage_hint": "<size> [names…]"})
    );
    let json = app(&plugins).json();
    assert_eq!(
        json["features"]["slash_commands"][1]["description"],
        "makes lunch teams"
    );
    assert_eq!(json["features"].get("shortcuts"), None, "Slack refuses an empty list");
}

#[test]
fn no_more_is_asked_for_than_plugins_want() {
    let scopes = |plugin: Value| {
        let app = app(&[manifest(plugin)]);
        let more = |all: &BTreeSet<&'static str>, base: &[&str]| {
            let more = all.iter().filter(|one| !base.contains(one));
            more.map(|one| (*one).to_owned()).collect::<Vec<_>>()
        };
        (more(&app.scopes, &SCOPES), more(&app.events, &EVENTS))
    };
    let list = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    for (wants, more, events) in [
        (json!({}), &[][..], &[][..]),
        (json!({"events": ["edited", "deleted", "topic"]}), &[], &[]),
        (json!({"events": ["reacted"]}), &["reactions:read"], &["reaction_added"]),
        (
            json!({"events": ["unreacted", "reacted"]}),
            &["reactions:read"],
            &["reaction_added", "reaction_removed"],
        ),
        (
            json!({"events": ["joined", "left"]}),
            &[],
            &["member_joined_channel", "member_left_channel"],
        ),
        (
            json!({"requests": {"conversations": ["#general"]}}),
            &["chat:write.public"],
            &[],
        ),
        (
            json!({"requests": {"users": true, "broadcast": true, "http": ["https://a.example"]}}),
            &[],
            &[],
        ),
    ] {
        let mut plugin = json!({"name": "p"});
        plugin
            .as_object_mut()
            .unwrap()
            .extend(wants.as_object().unwrap().clone());
        assert_eq!(scopes(plugin), (list(more), list(events)), "{wants}");
    }
    let senders = App::of(&Wanted {
        title: "moa",
        name: "moa",
        locale: Locale::En,
        plugins: Vec::new(),
        owners: &BTreeMap::new(),
        slash: &Slashes::All,
        senders: true,
    });
    assert!(senders.scopes.contains("chat:write.customize"));
}

#[test]
fn what_slack_refuses_is_left_out_and_told() {
    let commands = json!([
        {"name": "점심"}, {"name": "status"}, {"name": "away", "aliases": ["absent"]}, {"name": "moa"}, {"name": "a.b"},
        {"name": "x".repeat(32)}, {"name": "deploy"}, {"name": "배포", "aliases": ["Deploy"]}, {"name": "-x"},
    ]);
    let app = app(&[manifest(json!({"name": "p", "commands": commands}))]);
    assert_eq!(words(&app), ["moa", "absent", "deploy"]);
    let told = told(&app);
    let lines: Vec<&str> = told.lines().collect();
    for (line, says) in [
        "점심 has no slash command of its own: Slack takes at most 31 of a-z, 0-9, - and _; give it such an alias, or type \
         /moa 점심",
        "status has no slash command of its own: Slack has /status itself; type /moa status",
        "moa has no slash command of its own: /moa is another's",
        "a.b has no slash command",
        "xxx",
        "배포 has no slash command of its own: /deploy is another's; type /moa 배포",
        "-x has no slash command",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(lines[line].starts_with(says), "{says} is not line {line} of\n{told}");
    }
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_word_of_two_plugins_is_its_owners() {
    let first = manifest(json!({"name": "first", "commands": [{"name": "go", "summary": "of the first"}]}));
    let second = manifest(json!({"name": "second", "commands": [{"name": "go"}, {"name": "help"}]}));
    let app = app(&[first, second]);
    assert_eq!(words(&app), ["moa", "go"]);
    assert_eq!(app.slash_commands[1].description, "of the first");
    assert_eq!(told(&app), "", "conflicts are told where plugins are loaded");
}

#[test]
fn there_is_room_for_fifty_commands_and_ten_shortcuts() {
    let commands: Vec<Value> = (0..60).map(|n| json!({"name": format!("c{n}")})).collect();
    let shortcuts = |count: usize| {
        let all = (0..count).map(|n| json!({"id": format!("s{n}"), "on": "message", "name": "S"}));
        all.collect::<Vec<Value>>()
    };
    let a = manifest(json!({"name": "a", "commands": commands, "shortcuts": shortcuts(8)}));
    let b = manifest(json!({"name": "b", "shortcuts": shortcuts(4)}));
    let app = app(&[a, b]);
    assert_eq!((app.slash_commands.len(), app.shortcuts.len()), (50, 10));
    let told = told(&app);
    assert_eq!(told.lines().count(), 11 + 2, "{told}");
    assert!(
        told.contains("c49 has no slash command of its own: Slack takes 50"),
        "{told}"
    );
    assert!(told.contains("the shortcut s3 of b is left out"), "{told}");
}

#[test]
fn only_what_is_wanted_becomes_a_slash_command() {
    let plugins = [
        lunch(),
        manifest(json!({"name": "memo", "commands": [{"name": "memo"}]})),
    ];
    let only = |words: &[&str]| Slashes::Only(words.iter().map(|word| (*word).to_owned()).collect());
    let app = |slash: &Slashes| app_in(Locale::En, &plugins, slash);
    assert_eq!(words(&app(&Slashes::None)), ["moa"]);
    assert_eq!(words(&app(&Slashes::All)), ["moa", "lunch", "memo"]);
    assert_eq!(words(&app(&only(&["점심팀"]))), ["moa", "lunch"]);
    let some = app(&only(&["memo", "mmeo"]));
    assert_eq!(words(&some), ["moa", "memo"]);
    assert_eq!(
        told(&some),
        "no plugin has a command mmeo, so there is no slash command for it\n"
    );
}

#[test]
fn a_shortcut_is_its_plugins() {
    let plugin = manifest(json!({"name": "order", "shortcuts": [
        {"id": "add.one", "on": "message", "name": {"ko": "주문에 넣기", "en": "Add to order"}, "description": "adds it"},
        {"id": "menu", "on": "anywhere", "name": "Menu"},
    ]}));
    assert_eq!(
        app_in(Locale::Ko, &[plugin], &Slashes::All).json()["features"]["shortcuts"],
        json!([
            {"type": "message", "callback_id": "order/add.one", "name": "주문에 넣기", "description": "adds it"},
            {"type": "global", "callback_id": "order/menu", "name": "Menu", "description": "Menu"},
        ])
    );
}

#[test]
fn the_bots_name() {
    let long = "x".repeat(50);
    for (name, slash, display) in [
        ("moa", "moa", "moa"),
        ("Moa", "moa", "Moa"),
        ("My Bot", "moa", "My Bot"),
        ("모아", "moa", "moa"),
        ("status", "moa", "status"),
        ("moa_2", "moa_2", "moa_2"),
        (&long, "moa", "moa"),
    ] {
        let app = bare(name);
        assert_eq!(app.own_slash(), slash, "{name}");
        assert_eq!(own_slash(name), slash, "{name}");
        let json = app.json();
        let shown = json["features"]["bot_user"]["display_name"].as_str().unwrap();
        assert_eq!(shown, display, "{name}");
        let shown = json["display_information"]["name"].as_str().unwrap();
        assert!(shown.chars().count() <= MAX_NAME, "{shown}");
    }
}
