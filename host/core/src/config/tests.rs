use super::*;

fn parse(text: &str) -> Result<Config, Vec<String>> {
    with(text, &[])
}

fn with(text: &str, env: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Some(("etc/moa.toml", text)), env)
        .map_err(|errors| errors.0.iter().map(ToString::to_string).collect())
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = Config::parse(None, []).unwrap();
    assert_eq!(config.bot.name, "moa");
    assert_eq!(config.bot.prefixes, ["!"]);
    assert_eq!(config.bot.data_dir, PathBuf::from("moa-data"));
    assert_eq!(config.plugins.dir, PathBuf::from("moa-data/plugins"));
    assert_eq!(config.slack.connections, 2);
    assert_eq!(config.slack.ping_timeout, Duration::from_secs(10));
    assert_eq!(config.slack.app_token, SecretSource::Env("SLACK_APP_TOKEN".into()));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:7700");
    let audit = super::Audit {
        keep: Duration::from_secs(400 * 86_400),
        commands: super::Recorded::All,
        text: super::Recorded::Restricted,
    };
    assert_eq!(config.audit, audit);
    assert!(matches!(config.store.url, StoreUrl::Redb(path) if path.to_str() == Some("moa-data/moa.redb")));
}

#[test]
fn the_whole_example_is_read() {
    let config = parse(
        r#"
[bot]
name = "모아"
prefixes = ["!", "/"]
locale = "en"
timezone = "Europe/Berlin"
data-dir = "./data"
admins = ["U012ABC"]
unknown = "silent"
[slack]
app-token = { env = "A" }
bot-token = { file = "token" }
api-url = "http://127.0.0.1:8080/api"
connections = 1
ping-timeout = "1s"
[store]
url = "redb:./data/x.redb"
[store.backup]
every = "6h"
keep = 0
[outbox]
per-conversation-per-second = 0
burst = 7
[journal]
max-age = "1h30m"
[rate]
user = "60/1m"
[rate.command]
"lunch:team" = "3/1h"
"서버 exception" = "1/10s"
deploy = ""
[audit]
keep = "90d"
commands = "restricted"
text = "none"
[http]
listen = "127.0.0.1:0"
[admin]
listen = "[::1]:1"
[plugins]
dir = "/srv/plugins"
[secrets]
API_TOKEN = { credential = "api" }
[commands.alias]
"점심" = "lunch:team"
[plugin.lunch.limits]
cpu = "250ms"
memory = "64MiB"
concurrency = 2
[plugin.lunch.grant]
conversations = ["C1"]
shared-brain = true
[plugin.lunch.deny]
broadcast = true
secrets = ["*"]
[plugin.lunch.config]
team-size = 3
nested = { a = [1, 2] }
"#,
    )
    .unwrap();
    assert_eq!(config.bot.data_dir, PathBuf::from("etc/./data"));
    assert_eq!(config.slack.api_url, "http://127.0.0.1:8080/api/");
    assert!(config.slack.loopback);
    assert_eq!(config.slack.bot_token, SecretSource::File("etc/token".into()));
    assert_eq!(config.audit.keep, Duration::from_secs(90 * 86_400));
    assert_eq!(
        (config.audit.commands, config.audit.text),
        (super::Recorded::Restricted, super::Recorded::None)
    );
    assert_eq!(
        config.outbox,
        Outbox {
            per_conversation_per_second: 0.0,
            burst: 7
        }
    );
    assert_eq!(
        config.store.backup,
        Backup {
            every: Duration::from_secs(6 * 3600),
            keep: 0
        }
    );
    let rate = |text| Rate::parse(text).unwrap();
    let commands = [("lunch:team", rate("3/1h")), ("서버 exception", rate("1/10s"))];
    assert_eq!(
        config.rate,
        Rates {
            user: Some(rate("60/1m")),
            commands: commands.map(|(name, rate)| (name.to_owned(), rate)).into(),
        }
    );
    assert_eq!(config.plugins.dir, PathBuf::from("/srv/plugins"));
    assert_eq!(config.secrets["API_TOKEN"], SecretSource::Credential("api".into()));
    assert_eq!(config.aliases["점심"], "lunch:team");
    let lunch = config.plugin("lunch");
    assert_eq!(
        (lunch.limits.cpu, lunch.limits.memory),
        (Duration::from_millis(250), 64 << 20)
    );
    assert_eq!(lunch.limits.queue, 64, "what is not written stays as it was");
    assert_eq!(lunch.grant.conversations, ["C1"]);
    assert!(lunch.grant.shared_brain && !lunch.grant.broadcast);
    assert_eq!(lunch.deny.lines(), ["secrets = [\"*\"]", "broadcast = true"]);
    assert_eq!(
        serde_json::Value::Object(lunch.config),
        serde_json::json!({"team-size": 3, "nested": {"a": [1, 2]}})
    );
}

#[test]
fn mistakes_are_told_all_at_once_with_line_and_remedy() {
    let errors = parse(
        "[bot]\nlocle = \"ko\"\nname = 3\nlocale = \"fr\"\n[slack]\nconnections = 9\nbot-token = \"xoxb-secret\"\n\
         api-url = \"http://example.com/\"\n[nothing]\nlike = \"this\"\n[plugin.a.limits]\ncpuu = \"1s\"\nwall = \"0s\"",
    )
    .unwrap_err();
    let all = errors.join("\n");
    for part in [
        "etc/moa.toml:3: bot.name = 3: this cannot be used. It must be a word",
        "etc/moa.toml:4: bot.locale = \"fr\": this cannot be used. It must be \"ko\" or \"en\"",
        "etc/moa.toml:2: bot.locle: there is no such key. Did you mean `bot.locale`?",
        "etc/moa.toml:6: slack.connections = 9: this cannot be used. It must be a whole number from 1 to 8",
        "etc/moa.toml:7: slack.bot-token: a secret does not belong into this file. Say where it lies: { env",
        "etc/moa.toml:8: slack.api-url = \"http://example.com/\"",
        "etc/moa.toml:10: nothing.like: there is no such key",
        "etc/moa.toml:12: plugin.a.limits.cpuu: there is no such key. Did you mean `plugin.a.limits.cpu`?",
        "etc/moa.toml:13: plugin.a.limits.wall",
    ] {
        assert!(all.contains(part), "{part}\nis not in\n{all}");
    }
    assert_eq!(errors.len(), 9, "{all}");
    assert!(!all.contains("xoxb-secret"));
}

#[test]
fn a_file_that_is_no_toml_names_its_line() {
    let errors = parse("[bot]\nname = moa\n").unwrap_err();
    assert!(errors[0].starts_with("etc/moa.toml:2: this is not TOML"), "{errors:?}");
}

#[test]
fn the_environment_stands_over_the_file() {
    let config = with(
        "[bot]\nname = \"a\"\nprefixes = [\"?\"]",
        &[
            ("MOA_BOT__NAME", "b"),
            ("MOA_BOT__PREFIXES", "!, ."),
            ("MOA_SLACK__API_URL", "http://localhost:9/api/"),
            ("MOA_SLACK__BOT_TOKEN", "xoxb-1"),
            ("MOA_OUTBOX__PER_CONVERSATION_PER_SECOND", "2.5"),
            ("MOA_PLUGIN__TEAM_LUNCH__LIMITS__CPU", "2s"),
            ("MOA_SECRETS__API_TOKEN", "secret"),
            ("MOA_CONFIG", "x"),
            ("MOA_TEST__ANYTHING", "x"),
            ("MOA_LOG", "debug"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.bot.name, "b");
    assert_eq!(config.bot.prefixes, ["!", "."]);
    assert_eq!(config.outbox.per_conversation_per_second, 2.5);
    assert_eq!(config.plugin("team-lunch").limits.cpu, Duration::from_secs(2));
    assert!(matches!(&config.slack.bot_token, SecretSource::Value(value) if value.expose() == "xoxb-1"));
    assert!(config.secrets.contains_key("API_TOKEN"));
    assert!(
        !format!("{config:?}{}", config.show()).contains("xoxb-1"),
        "a secret is never printed"
    );
}

#[test]
fn a_variable_that_means_nothing_is_a_mistake() {
    let errors = with(
        "",
        &[("MOA_SLACK__API_ULR", "http://localhost/"), ("MOA_BOT__LOCALE", "xx")],
    )
    .unwrap_err();
    let all = errors.join("\n");
    assert!(
        all.contains("MOA_SLACK__API_ULR: slack.api-ulr: there is no such key. Did you mean `slack.api-url`?"),
        "{all}"
    );
    assert!(all.contains("MOA_BOT__LOCALE: bot.locale = \"xx\""), "{all}");
}

#[test]
fn the_file_has_types() {
    for line in [
        "[slack]\nconnections = \"2\"",
        "[outbox]\nper-conversation-per-second = \"1\"",
        "[bot]\nadmins = \"U1\"",
        "[bot]\nadmins = [\"rosie\"]",
        "[bot]\nadmins = [\"@U1\"]",
        "[bot]\nprefixes = []",
        "[bot]\nprefixes = [\"a b\"]",
        "[plugin.a.grant]\nusers = \"true\"",
        "[commands.alias]\n\"two words\" = \"echo\"",
        "[journal]\nmax-age = 600",
        "[slack]\nping-timeout = \"500ms\"",
        "[slack]\nping-timeout = \"1h\"",
        "[rate]\nuser = 60",
        "[rate]\nuser = \"60\"",
        "[rate]\nusers = \"60/1m\"",
        "[rate.command]\ndeploy = \"0/1m\"",
        "[rate.command]\n\":deploy\" = \"1/1m\"",
        "[bott]",
        "[http.tls]",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
    for line in [
        "[bot]",
        "[secrets]",
        "[commands]",
        "[commands.alias]",
        "[rate]",
        "[rate.command]",
        "[rate]\nuser = \"\"",
        "[plugin]",
        "[plugin.a]",
        "[plugin.a.config]",
        "[plugin.a.limits]",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
fn a_plugins_own_table_can_be_overridden() {
    let config = with(
        "[plugin.lunch.config]\nteam-size = 3\ncode = \"7\"\nrate = 1.5",
        &[
            ("MOA_PLUGIN__LUNCH__CONFIG__TEAM_SIZE", "4"),
            ("MOA_PLUGIN__LUNCH__CONFIG__CODE", "8"),
            ("MOA_PLUGIN__LUNCH__CONFIG__LOUD", "true"),
            ("MOA_PLUGIN__LUNCH__CONFIG__NAME", "inf"),
        ],
    )
    .unwrap();
    let expected = serde_json::json!({"team-size": 4, "code": "8", "rate": 1.5, "loud": true, "name": "inf"});
    assert_eq!(serde_json::Value::Object(config.plugin("lunch").config), expected);
    assert!(
        config
            .show()
            .contains("team-size = 4  # MOA_PLUGIN__LUNCH__CONFIG__TEAM_SIZE"),
        "{}",
        config.show()
    );
    assert!(with("", &[("MOA_PLUGIN__LUNCH__CONFIG__A__B", "1")]).is_err());
}

#[test]
fn a_password_in_an_address_is_never_shown() {
    let config = parse("[store]\nurl = \"rediss://moa:pa@ss@db.example:6379/0\"").unwrap();
    let shown = format!("{config:?}{}", config.show());
    assert!(
        !shown.contains("pa@ss") && shown.contains("rediss://[secret]@db.example:6379/0"),
        "{shown}"
    );
    let errors = parse("[store]\nurl = \"redsi://moa:pa@ss@db.example\"").unwrap_err();
    assert!(
        !errors[0].contains("pa@ss") && errors[0].contains("db.example"),
        "{errors:?}"
    );
}

#[test]
fn a_store_in_memory_is_asked_for_by_name_and_has_no_backups_of_itself() {
    let store = |text: &str| parse(&format!("[store]\n{text}")).map(|config| config.store);
    let memory = store("url = \"memory:\"").unwrap();
    assert_eq!((memory.url, memory.backup.keep), (StoreUrl::Memory, 0));
    assert_eq!(store("").unwrap().backup.keep, 7);
    let asked = store("url = \"memory:\"\n[store.backup]\nkeep = 2").unwrap();
    assert_eq!(asked.backup.keep, 2, "who asks for backups gets them");
    let shown = parse("[store]\nurl = \"memory:\"").unwrap().show();
    assert!(shown.contains("url = \"memory:\"  # etc/moa.toml:2"), "{shown}");
    for mistake in ["memory", "memory://", "memory:x", "Memory:"] {
        let errors = store(&format!("url = \"{mistake}\"")).unwrap_err();
        assert!(errors[0].contains("\"memory:\", which keeps nothing"), "{errors:?}");
    }
}

#[test]
fn tokens_go_to_https_or_loopback_only() {
    for (url, good) in [
        ("https://slack.example/api/", true),
        ("http://127.0.0.1:1/api/", true),
        ("http://[::1]:1/api/", true),
        ("http://localhost/api", true),
        ("http://127.0.0.1.example.com/api/", false),
        ("http://127.0.0.1@example.com/", false),
        ("ftp://localhost/", false),
        ("https://", false),
        ("localhost/api", false),
        ("https://slack.example/api/?x=1", false),
    ] {
        let read = parse(&format!("[slack]\napi-url = \"{url}\""));
        assert_eq!(read.is_ok(), good, "{url}");
    }
}

#[test]
fn what_is_shown_reads_the_same_again() {
    let text = "[bot]\nname = \"b\\\"x\"\n[plugin.lunch.config]\na = \"b\"\n[plugin.lunch.limits]\ncpu = \"2s\"\n";
    let shown = parse(text).unwrap().show();
    assert!(shown.contains("name = 'b\"x'  # etc/moa.toml:2"), "{shown}");
    assert!(shown.contains("locale = \"ko\"\n"), "{shown}");
    let again = Config::parse(Some(("moa.toml", &shown)), []).unwrap();
    assert_eq!(again.bot.name, "b\"x");
    assert_eq!(again.plugin("lunch"), parse(text).unwrap().plugin("lunch"));
}

#[test]
fn rules_are_read_in_their_order_with_their_lines() {
    let config = parse(
        "[bot]\nname = \"x\"\n[[access]]\ncommand = [\"Deploy\", \"서버  exception\", \"lunch:team\"]\nuser = \"U1\"\nrole = \"Ops\"\n\
         conversation = [\"direct\", \"ops/*\"]\nargument = { Branch = [\"Main\", 3, 1.0, true] }\neffect = \"deny\"\n\n[[access]]\neffect = \"allow\"\n",
    )
    .unwrap();
    let [first, second] = config.access.as_slice() else {
        panic!("{:?}", config.access);
    };
    assert_eq!(
        (first.origin.as_str(), second.origin.as_str()),
        ("moa.toml:3", "moa.toml:11")
    );
    let words: Vec<String> = first.commands.iter().map(|name| name.words.join(" ")).collect();
    assert_eq!(words, ["deploy", "서버 exception", "team"]);
    assert_eq!(first.commands[2].plugin.as_deref(), Some("lunch"));
    assert_eq!(first.roles, ["ops"]);
    assert_eq!(first.conversations[0], crate::access::Where::Direct);
    assert_eq!(
        first.arguments["branch"],
        ["main", "3", "1", "true"].map(crate::access::Pattern::new)
    );
    assert!(first.shown.starts_with("command = [\"Deploy\"") && first.shown.ends_with("effect = \"deny\""));
    assert!(second.users.is_empty() && second.effect == crate::access::Effect::Allow);
    let shown = config.show();
    assert!(shown.contains("[[access]]\ncommand = ["), "{shown}");
    assert_eq!(parse(&shown).unwrap().access.len(), 2, "what is shown says the same");
}

#[test]
fn mistakes_in_rules_are_told_all_at_once() {
    let told = parse(
        "[[access]]\nuser = [\"로지\", \"U1\", \"@ben\"]\nrole = []\neffect = \"maybe\"\n\
         [[access]]\ncommand = \"!deploy\"\nplugin = \"\"\nconversation = [\"\", \"C*1\", \"#ops\"]\nservice = \"irc\"\nargument = \"main\"\neffect = \"deny\"\n\
         [[access]]\nservice = \"jandi\"\nrole = \"admin\"\neffect = \"allow\"\n[[access]]\nargument = { a = [] }\nconversaton = \"C1\"\nwho = 1\n",
    )
    .unwrap_err();
    let all = told.join("\n");
    for words in [
        &["etc/moa.toml:2: [[access]] number 1, user", "\"로지\""][..],
        &["etc/moa.toml:3: [[access]] number 1, role = []"],
        &[
            "etc/moa.toml:4: [[access]] number 1, effect = \"maybe\"",
            "effect = \"allow\"",
        ],
        &[
            "etc/moa.toml:6: [[access]] number 2, command = \"!deploy\"",
            "without its prefix",
        ],
        &["etc/moa.toml:7: [[access]] number 2, plugin"],
        &["etc/moa.toml:8: [[access]] number 2, conversation", "taken over"],
        &["etc/moa.toml:9: [[access]] number 2, service", "slack"],
        &["etc/moa.toml:10: [[access]] number 2, argument", "{ branch ="],
        &[
            "[[access]] number 3, service",
            "names that everybody can give themselves",
        ],
        &["[[access]] number 4, argument"],
        &["[[access]] number 4, conversaton", "Did you mean `conversation`?"],
        &["[[access]] number 4, who", "A rule has command"],
        &["[[access]] number 4, effect", "does not say"],
    ] {
        let one = told.iter().find(|line| words.iter().all(|word| line.contains(word)));
        assert!(one.is_some(), "{words:?} in\n{all}");
    }
    assert_eq!(told.len(), 16, "{all}");
    for (text, words) in [
        ("access = 3", "access = 3"),
        ("[access]\nuser = \"U1\"", "with two brackets"),
        ("[[access]]\neffect = \"deny\"\n[[access.user]]\nx = 1", "[[access]]"),
    ] {
        let told = parse(text).unwrap_err();
        assert!(told.len() == 1 && told[0].contains(words), "{told:?}");
    }
    assert!(
        with("", &[("MOA_ACCESS__USER", "U1")]).is_err(),
        "no rule comes from a variable"
    );
}
