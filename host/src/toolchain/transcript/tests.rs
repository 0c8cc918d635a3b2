//! Reading, playing, judging, telling and accepting.

mod acts;

use super::accept::accept;
use super::examples::try_examples;
use super::judge::judge;
use super::parse::{Deed, Expect, Named, Transcript};
use super::play::{Played, Turn, play};
use super::report::failures;
use super::room::{Happening, Spot, What};
use super::stage::Bench;
use crate::registry::testing::{component, engine};

fn lunch() -> Spot {
    Spot::Channel("lunch".into(), None)
}

fn said(text: &str) -> Happening {
    Happening {
        spot: lunch(),
        what: What::Said(text.into()),
        below: String::new(),
    }
}

fn did(what: What) -> Happening {
    Happening {
        spot: lunch(),
        what,
        below: String::new(),
    }
}

/// A transcript of one turn in `[#lunch]`, as if the bot had done this.
fn played(text: &str, got: Vec<Happening>) -> (Transcript, Played) {
    let transcript = Transcript::parse(text).unwrap();
    let mut spot = Transcript::first_spot();
    let mut turn = Turn {
        cause: None,
        spot: spot.clone(),
        expected: Vec::new(),
        got,
        failed: Vec::new(),
    };
    for (number, step) in transcript.steps.iter().enumerate() {
        match &step.deed {
            Deed::Goes(to) => spot = to.clone(),
            Deed::Expects(_) => turn.expected.push((spot.clone(), number)),
            _ => (turn.cause, turn.spot) = (Some(number), spot.clone()),
        }
    }
    let played = Played {
        turns: vec![turn],
        stopped: None,
    };
    (transcript, played)
}

/// What is printed where the bot did something else than `expected` says.
fn told(expected: &str, got: Vec<Happening>) -> String {
    let (transcript, played) = played(&format!("[#lunch]\n로지: !점심\n{expected}"), got);
    let failures = failures(&transcript, &played);
    failures.iter().map(|failure| failure.text("a.chat")).collect()
}

#[test]
fn every_form_of_the_format_is_read() {
    let text = "# a comment\n@config team-size = 3\n@seed 7\n@now 2026-11-20T12:00:00+09:00\n[#lunch]\n\
        로지: !점심팀 2 로지,샐리,앨리,빈센트\nmoa: 1팀: 로지, 앨리\n  | 2팀: 샐리, 빈센트\n로지: !점심팀 x\n\
        moa~ /사용법.*점심팀/\n샐리: 안녕\nmoa- nothing\n+24h\nmoa+ 👍\n로지> click \"주문\"\n로지> submit {\"size\": \"3\"}\n\
        moa! 로지: only you see this\nmoa= the edited text\nmoa^ report.csv\nhook build {\"status\": \"ok\"}\n[@로지]\n[#lunch > 1]\n\
        @http GET https://a.example/ 200 hi\nmoa-lee: hi\n로지> click \"날짜\" \"2026-11-21\"\n로지> react 👍\n로지> unreact 👍\n로지> edit \"new\"\n로지> delete\n\
        로지> join\n로지> leave\n로지> topic \"\"\n로지> shortcut \"주문에 넣기\"\n로지> upload \"a.csv\" \"a,b\" \"!read\"\n\
        moa=\nmoa- 👍\nmoa^ /csv$/\n  | a,b\nmoa: pick\n  | one\n  [주문] [취소]\n  [크기: 1, 2]\n";
    let read = Transcript::parse(text).unwrap();
    assert_eq!(read.config["team-size"], 3);
    assert_eq!(read.people(), ["로지", "샐리", "moa-lee"]);
    assert_eq!(read.channels(), ["lunch"]);
    let two_lines = read.steps.iter().find(|step| step.line == 7).unwrap();
    assert_eq!(two_lines.height, 2);
    assert!(
        matches!(&two_lines.deed, Deed::Expects(Expect::Says(text)) if text == "1팀: 로지, 앨리\n2팀: 샐리, 빈센트"),
        "{two_lines:?}"
    );
    assert_eq!(read.steps.len(), 35);
    let last = read.steps.last().unwrap();
    assert_eq!(
        (last.height, last.below.as_deref()),
        (4, Some("[주문] [취소] [크기: 1, 2]"))
    );
    let file = &read.steps[33];
    assert!(
        matches!(&file.deed, Deed::Expects(Expect::Sends(Named::Matching(_), content)) if *content == ["a,b"]),
        "{file:?}"
    );
}

#[test]
fn a_line_that_is_wrong_says_how_it_would_be_right() {
    for (text, line, says) in [
        ("로지 !hello", 1, "name: text"),
        ("\n[lunch]", 2, "[#lunch]"),
        ("[#lunch > 0]", 1, "[#lunch > 1]"),
        ("+soon", 1, "+24h"),
        ("+-3h", 1, "+24h"),
        ("moa~ hello", 1, "between slashes"),
        ("moa~ /(/", 1, "regular expression"),
        ("moa- something", 1, "moa- nothing"),
        ("moa! hello", 1, "moa! 로지: text"),
        ("moa+", 1, "moa+ 👍"),
        ("  | more", 1, "directly above"),
        ("로지: a\n\n  | more", 3, "directly above"),
        ("로지: a\n@config x = 1", 2, "before the first"),
        ("@config x", 1, "@config team-size = 3"),
        ("@now yesterday", 1, "+09:00"),
        ("@sed 7", 1, "@seed"),
        ("로지> press \"x\"", 1, "click"),
        ("로지> click x", 1, "in quotes"),
        ("로지> submit 3", 1, "JSON object"),
        ("로지:", 1, "says nothing"),
        ("로지> click", 1, "in quotes"),
        ("로지> click \"a\" \"b\" \"c\"", 1, "in quotes"),
        ("로지> react", 1, "react 👍"),
        ("로지> unreact a b", 1, "unreact 👍"),
        ("로지> edit new", 1, "in quotes"),
        ("로지> delete it", 1, "nothing stands behind"),
        ("로지> topic", 1, "in quotes"),
        ("로지> shortcut x", 1, "in quotes"),
        ("로지> upload \"a.csv\"", 1, "what is in it"),
        ("moa- nothing\n  [a]", 2, "directly above"),
        ("moa: a\n  [a", 2, "no `]`"),
        ("moa: a\n  [a]\n  | b", 3, "directly above"),
        ("moa^", 1, "moa^ report.csv"),
        ("moa^ /(/", 1, "regular expression"),
    ] {
        let error = Transcript::parse(text).unwrap_err();
        assert!(error.line == line && error.problem.contains(says), "{text:?}: {error}");
    }
}

#[test]
fn another_text_is_shown_line_by_line() {
    assert_eq!(
        told("moa: 1팀: 로지\n  | 2팀: 샐리\n", vec![said("1팀: 로지\n2팀: 앨리")]),
        "a.chat:3: the bot said something else\n      로지: !점심\n      moa: 1팀: 로지\n    -   | 2팀: 샐리\n    +   | 2팀: 앨리\n"
    );
    let blanks = told("moa: 1팀:  로지\n", vec![said("1팀: 로지")]);
    assert!(
        blanks.ends_with("    note: they differ only in blanks or line ends\n"),
        "{blanks}"
    );
    assert_eq!(told("moa: same  \n", vec![said("same\n")]), "");
}

#[test]
fn every_other_failing_form_says_what_it_is() {
    let gone = |what: What| vec![did(what)];
    for (expected, got, why, diff) in [
        (
            "moa~ /^a+$/\n",
            vec![said("b")],
            "does not match the regular expression",
            "- moa~ /^a+$/\n    + moa: b",
        ),
        ("moa: a\n", vec![], "did not answer", "- moa: a\n    + moa- nothing"),
        (
            "moa: a\nmoa: b\n",
            vec![said("a")],
            "did less",
            "  moa: a\n    - moa: b\n",
        ),
        (
            "moa: a\n",
            vec![said("a"), said("b")],
            "did more",
            "  moa: a\n    + moa: b",
        ),
        ("", vec![said("a")], "no line expects", "+ moa: a"),
        (
            "moa- nothing\n",
            vec![said("a")],
            "was to do nothing",
            "- moa- nothing\n    + moa: a",
        ),
        (
            "moa: a\n",
            gone(What::Told("로지".into(), "a".into())),
            "to 로지 alone",
            "- moa: a\n    + moa! 로지: a",
        ),
        (
            "moa! 로지: a\n",
            vec![said("a")],
            "to everybody",
            "- moa! 로지: a\n    + moa: a",
        ),
        (
            "moa! 샐리: a\n",
            gone(What::Told("로지".into(), "a".into())),
            "to 로지 alone, not to 샐리",
            "+ moa! 로지: a",
        ),
        (
            "moa! 로지: a\n",
            gone(What::Told("로지".into(), "b".into())),
            "something else",
            "+ moa! 로지: b",
        ),
        (
            "moa= a\n",
            gone(What::Edited("b".into())),
            "changed its message",
            "- moa= a\n    + moa= b",
        ),
        ("moa= a\n", vec![said("a")], "instead of changing", "+ moa: a"),
        (
            "moa: a\n",
            gone(What::Edited("a".into())),
            "changed an earlier",
            "+ moa= a",
        ),
        (
            "moa+ 👍\n",
            gone(What::Reacted("tada".into())),
            "another emoji",
            "- moa+ 👍\n    + moa+ 🎉",
        ),
        (
            "moa+ 👍\n",
            vec![said("a")],
            "wrote a message",
            "- moa+ 👍\n    + moa: a",
        ),
        ("moa: a\n", gone(What::Reacted("tada".into())), "`moa+ 🎉`", "+ moa+ 🎉"),
        (
            "moa- 👍\n",
            gone(What::Unreacted("tada".into())),
            "another reaction back",
            "+ moa- 🎉",
        ),
        (
            "moa+ 👍\n",
            gone(What::Unreacted("+1".into())),
            "`moa- 👍`",
            "+ moa- 👍",
        ),
        (
            "moa= a\n",
            gone(What::Deleted("a".into())),
            "deleted a message",
            "- moa= a\n    + moa=\n",
        ),
        (
            "moa=\n",
            gone(What::Edited("a".into())),
            "to something else",
            "+ moa= a",
        ),
        (
            "moa^ b.csv\n",
            gone(What::Sent("a.csv".into(), b"a,b\n".to_vec())),
            "another name",
            "- moa^ b.csv\n    + moa^ a.csv\n    +   | a,b\n",
        ),
        (
            "moa^ a.csv\n  | x\n",
            gone(What::Sent("a.csv".into(), "\u{feff}a,b\n".into())),
            "something else is in the file",
            "  moa^ a.csv\n    -   | x\n    +   | a,b\n",
        ),
        (
            "moa^ a.csv\n  | x\n",
            gone(What::Sent("a.csv".into(), vec![255])),
            "is no text",
            "-   | x\n",
        ),
        (
            "moa: a\n",
            gone(What::Sent("a.csv".into(), Vec::new())),
            "`moa^ a.csv`",
            "+ moa^ a.csv",
        ),
        ("moa^ a.csv\n", vec![said("a")], "wrote a message", "+ moa: a"),
        (
            "moa: a\n  [주문]\n",
            vec![said("a")],
            "something else can be pressed",
            "  moa: a\n    -   [주문]\n",
        ),
    ] {
        let text = told(expected, got);
        assert!(text.contains(why) && text.contains(diff), "{expected:?}:\n{text}");
    }
    assert_eq!(
        told("moa+ 👍\n", gone(What::Reacted("+1".into()))),
        "",
        "names and pictures are the same"
    );
    let thread = Happening {
        spot: Spot::Channel("lunch".into(), Some(1)),
        what: What::Said("a".into()),
        below: String::new(),
    };
    let elsewhere = told("moa: a\n", vec![thread.clone()]);
    assert!(elsewhere.contains("in [#lunch > 1], not in [#lunch]"), "{elsewhere}");
    assert!(elsewhere.contains("+ [#lunch > 1]\n"), "{elsewhere}");
    assert_eq!(told("[#lunch > 1]\nmoa: a\n", vec![thread]), "");
}

#[test]
fn what_is_met_around_a_difference_is_left_out_of_it() {
    let (transcript, played) = played(
        "[#lunch]\n로지: !점심\nmoa~ /a/\nmoa: old\nmoa~ /c/\n",
        vec![said("a"), said("new"), said("c")],
    );
    let mismatch = judge(&transcript, &played.turns[0]).unwrap();
    assert_eq!((mismatch.before, mismatch.after), (1, 1));
    let failures = failures(&transcript, &played);
    assert_eq!(
        failures[0].diff,
        ["  로지: !점심", "  moa~ /a/", "- moa: old", "+ moa: new", "  moa~ /c/"]
    );
}

#[test]
fn accepting_keeps_comments_and_what_is_met() {
    let accepted = |expected: &str, got: Vec<Happening>| {
        let text = format!("# top\n[#lunch]\n로지: !점심\n{expected}");
        let (transcript, played) = played(&text, got.clone());
        let new = accept(&transcript, &played, &text)?;
        let (transcript, played) = self::played(&new, got);
        assert_eq!(
            failures(&transcript, &played),
            [],
            "what was written down passes:\n{new}"
        );
        Some(new.strip_prefix("# top\n[#lunch]\n로지: !점심\n").unwrap().to_owned())
    };
    assert_eq!(accepted("moa: a\n", vec![said("a")]), None);
    assert_eq!(
        accepted(
            "# why\nmoa~ /a/\n# and this\nmoa: old\n  | two\nmoa~ /c/\n",
            vec![said("a"), said("new"), said("c")]
        )
        .unwrap(),
        "# why\nmoa~ /a/\n# and this\nmoa: new\nmoa~ /c/\n"
    );
    assert_eq!(accepted("", vec![said("a\nb")]).unwrap(), "moa: a\n  | b\n");
    assert_eq!(
        accepted("moa: a\n\n# end\n", vec![]).unwrap(),
        "moa- nothing\n\n# end\n"
    );
    assert_eq!(accepted("moa- nothing\n", vec![said("a")]).unwrap(), "moa: a\n");
    assert_eq!(accepted("moa: a\nmoa: b\n", vec![said("a")]).unwrap(), "moa: a\n");
    let thread = Happening {
        spot: Spot::Channel("lunch".into(), Some(1)),
        what: What::Said("b".into()),
        below: String::new(),
    };
    assert_eq!(
        accepted("moa: x\nmoa: c\n", vec![thread, said("c")]).unwrap(),
        "[#lunch > 1]\nmoa: b\n[#lunch]\nmoa: c\n"
    );
    let file = What::Sent("a.csv".into(), "\u{feff}a,b\nc\n".into());
    let odd = What::Sent("/a".into(), vec![0, 255]);
    let all = [
        file,
        odd,
        What::Deleted("x".into()),
        What::Unreacted("+1".into()),
        What::Unreacted("moa".into()),
    ];
    assert_eq!(
        accepted("moa: x\n", all.into_iter().map(did).collect()).unwrap(),
        "moa^ a.csv\n  | a,b\n  | c\nmoa^ /^/a$/\nmoa=\nmoa- 👍\nmoa- :moa:\n"
    );
    let (transcript, played) = played("로지: a\r\nmoa: x\r\n", vec![]);
    assert_eq!(
        accept(&transcript, &played, "로지: a\r\nmoa: x\r\n").unwrap(),
        "로지: a\r\nmoa- nothing\r\n"
    );
}

struct House {
    bench: Bench,
    _dir: tempfile::TempDir,
}

/// A plugin, loaded.
async fn house(component: &[u8]) -> House {
    let dir = tempfile::tempdir().unwrap();
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::write(plugins.join("a.wasm"), component).unwrap();
    let bench = Bench::new(&engine(), &plugins, &dir.path().join("cache"))
        .await
        .unwrap();
    House { bench, _dir: dir }
}

impl House {
    async fn play(&self, text: &str) -> String {
        let transcript = Transcript::parse(text).unwrap();
        let played = play(&self.bench, &transcript).await;
        let failures = failures(&transcript, &played);
        failures.iter().map(|failure| failure.text("a.chat")).collect()
    }
}

fn hello() -> Vec<u8> {
    std::fs::read(moa_test_guests::plugin("hello")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_the_way_of_the_real_host() {
    let house = house(&hello()).await;
    let text = "[#lunch]\n로지: !echo 안녕 @샐리 in #lunch\nmoa: 안녕 @샐리 in #lunch\n로지: @moa count\nmoa: 1번째입니다.\n\
        샐리: moa, count\nmoa: 2번째입니다.\n샐리: count\nmoa- nothing\n[@샐리]\n샐리: count\nmoa: 3번째입니다.\n\
        [#lunch > 1]\n로지: !hello\nmoa: 로지님, 안녕하세요! 👋\n+1d\n[#lunch]\n샐리: !ech hi\nmoa~ /echo/\n";
    assert_eq!(house.play(text).await, "");
    // Every play has a memory of its own.
    assert_eq!(
        house.play("@locale en\n로지: !count\nmoa: That was number 1.\n").await,
        ""
    );
    let roles = "로지: !role list\nmoa! 로지: • `admin` @로지 (`bot.admins`)\n";
    assert_eq!(house.play(&format!("@admin 로지\n{roles}")).await, "");
    assert!(house.play(roles).await.contains("관리자만"));
    let wrong = house.play("로지: !count\nmoa: 2번째입니다.\n").await;
    assert_eq!(
        wrong,
        "a.chat:2: the bot said something else\n      로지: !count\n    - moa: 2번째입니다.\n    + moa: 1번째입니다.\n"
    );
    for tried in try_examples(&house.bench).await {
        assert_eq!(tried.problem, None, "{tried:?}");
    }
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_happen_is_one_clear_line() {
    let house = house(&hello()).await;
    let text = house.play("로지: !count\nmoa: 1번째입니다.\nhook build {}\n").await;
    assert_eq!(text, "a.chat:3: the plugin has no webhooks\n      hook build {}\n");
    let nowhere = house.play("[#lunch > 2]\n로지: !count\n").await;
    assert!(nowhere.contains("no thread [#lunch > 2] yet"), "{nowhere}");
    let unknown = house.play("@config team-size = 3\n로지: !count\n").await;
    assert!(
        unknown.starts_with("a.chat:1: ") && unknown.contains("team-size"),
        "{unknown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_that_do_not_work_say_why() {
    // Its `handle` has another type than the contract's, so that every call fails.
    let broken = house(&component(
        r#"{"name": "b", "commands": [{"name": "go", "examples": ["!go", "!goo", "go", "!other"]}, {"name": "other"},
            {"name": "sure", "confirm": "self", "examples": ["!sure"]},
            {"name": "both", "confirm": "second", "restricted": true, "examples": ["!both"]}]}"#,
    ))
    .await;
    let tried = try_examples(&broken.bench).await;
    let problems: Vec<String> = tried.into_iter().map(|one| one.problem.unwrap_or_default()).collect();
    assert!(problems[0].contains("the call failed"), "{problems:?}");
    assert!(
        problems[1].contains("runs no command") && problems[1].contains("go"),
        "{problems:?}"
    );
    assert!(problems[2].contains("begins with the prefix"), "{problems:?}");
    assert!(problems[3].contains("another command, `other`"), "{problems:?}");
    // They are confirmed, or the plugin would not have been called.
    for confirmed in &problems[4..] {
        assert!(confirmed.contains("the call failed"), "{problems:?}");
    }
    assert_eq!(problems.len(), 6);
    let fault = broken.play("로지: !go\nmoa: x\n").await;
    assert!(fault.contains("    note: "), "{fault}");
}

#[test]
fn admins_are_named_before_anything_happens() {
    let transcript = Transcript::parse("@admin 로지, 앨리\n@admin Ben\n샐리: !help").unwrap();
    assert_eq!(transcript.admins, ["로지", "앨리", "Ben"]);
    assert_eq!(transcript.people(), ["샐리", "로지", "앨리", "Ben"]);
    for wrong in [
        "@admin\n샐리: !help",
        "@admin moa\n샐리: !help",
        "샐리: !help\n@admin 로지",
    ] {
        let error = Transcript::parse(wrong).unwrap_err().to_string();
        assert!(error.contains("@admin"), "{wrong}: {error}");
    }
}
