//! People press, fill in and change things, and a plugin answers; and what the chat service itself does.

use super::{House, Transcript, accept, failures, house, play};

async fn forms() -> House {
    house(&std::fs::read(moa_test_guests::fixture("forms")).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_from_the_button_to_the_edited_message() {
    let house = forms().await;
    let text = "[#lunch]\n로지: !order\nmoa: 무엇을 드릴까요?\n  [주문] [취소] [소스: 간장, 고추장] [메뉴판]\n\
        로지> click \"주문\"\nmoa- nothing\n\
        로지> submit {\"size\": 9}\nmoa! 로지: size: 다 팔렸습니다\n\
        로지> submit {\"size\": 8}\nmoa! 로지: size: colour: 없습니다\n\
        로지> submit {\"size\": \"3\", \"extras\": [\"밥\", \"soup\"], \"for\": \"@샐리\", \"note\": \"\"}\n\
        moa= 주문했습니다: size=3 extras=rice,soup for=U1 note=\n  []\n\
        샐리: !order\nmoa: 무엇을 드릴까요?\n\
        # What was filled in before is still there, and what was never filled in holds what it held at first.\n\
        샐리> click \"주문\"\n샐리> submit {\"size\": 9, \"for\": \"로지\"}\nmoa! 샐리: size: 다 팔렸습니다\n\
        샐리> submit {\"n\": 2}\nmoa= 주문했습니다: size=2 extras= for=U0 note=빨리\n\
        샐리: !order\nmoa: 무엇을 드릴까요?\n샐리> click \"주문\"\n샐리> submit {\"size\": 7}\nmoa- nothing\n\
        샐리> submit {\"when\": \"지금\"}\nmoa= 주문했습니다: 7 (when=now)\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_and_menus_wherever_they_stand() {
    let house = forms().await;
    let text = "[#lunch]\n로지: !order\nmoa~ /무엇/\n\
        [#lunch > 1]\n샐리: hm\n샐리> click \"간장\"\n[#lunch]\nmoa: chosen sauce=soy []\n\
        로지> click \"고추장\"\nmoa: chosen sauce=hot []\n\
        샐리> click \"취소\"\nmoa= 취소했습니다\n  []\n\
        로지: !whisper\nmoa! 로지: 무엇을 드릴까요?\n로지> click \"취소\"\nmoa= 취소했습니다\n\
        로지: !native\nmoa: 날을 고르세요\n  [more: 지우기] [갑시다] [날짜]\n\
        로지> click \"갑시다\"\nmoa: pressed go=1 [day=2026-01-01]\n\
        로지> click \"날짜\" \"2026-11-21\"\nmoa: chosen day=2026-11-21 []\n\
        로지> click \"갑시다\"\nmoa: pressed go=1 [day=2026-11-21]\n\
        로지> click \"지우기\"\nmoa: chosen more=delete [day=2026-11-21]\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_says_what_could() {
    let house = forms().await;
    for (line, says) in [
        (
            "로지> click \"주문서\"",
            "there is: \"주문\", \"취소\", \"간장\", \"고추장\"",
        ),
        ("로지> click \"메뉴판\"", "leads to https://example.com/menu"),
        ("로지> click \"주문\" \"x\"", "is a button"),
        ("로지> submit {}", "no form is open for 로지"),
        ("로지> shortcut \"없는 것\"", "\"주문에 넣기\", \"새 주문\""),
        ("로지> delete\n로지> delete", "no message of 로지 to delete"),
        ("로지> unreact 👍", "no message that 로지 has reacted to"),
        ("[@로지]\n로지> join", "nobody joins"),
        (
            "[@샐리]\n샐리> click \"주문\"",
            "nothing that 샐리 could click in [@샐리]",
        ),
        ("[#lunch > 3]\n로지> click \"주문\"", "no thread [#lunch > 3]"),
    ] {
        let text = house
            .play(&format!("[#lunch]\n로지: !order\nmoa~ /무/\n{line}\n"))
            .await;
        let stopped = text.lines().rev().nth(1).unwrap_or_default();
        let at = 3 + line.lines().count();
        assert!(stopped.starts_with(&format!("a.chat:{at}: ")), "{line}: {text}");
        assert!(stopped.contains(says), "{line}: {text}");
    }
    for (given, says) in [
        ("{}", "`size` is empty, and the form cannot be sent without it"),
        (
            "{\"colour\": 1}",
            "no field `colour`; it has: `size` (몇 개), `extras` (추가: 밥, 국, may be empty)",
        ),
        ("{\"size\": 0}", "a whole number from 1, not \"0\""),
        ("{\"size\": 1.5}", "a whole number"),
        ("{\"size\": [1, 2]}", "one value"),
        (
            "{\"size\": 1, \"extras\": [\"면\"]}",
            "no choice \"면\"; it has: 밥, 국",
        ),
        ("{\"size\": 1, \"for\": \"누구\"}", "occurs in this file"),
        (
            "{\"size\": 1, \"note\": \"열 자보다 긴 메모입니다\"}",
            "0 to 10 characters",
        ),
        ("{\"size\": true}", "`size` takes \"3\""),
    ] {
        let before = "로지: !order\nmoa~ /무/\n로지> click \"주문\"\n";
        let text = house.play(&format!("{before}로지> submit {given}\n")).await;
        assert!(text.starts_with("a.chat:4: ") && text.contains(says), "{given}: {text}");
    }
    let nothing = house.play("로지> click \"주문\"\n").await;
    assert!(nothing.contains("no message there has a button or a menu"), "{nothing}");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_happens_is_told() {
    let house = forms().await;
    let text = "[#lunch]\n로지: 안녕\n로지> edit \"안녕 @샐리\"\nmoa: 로지: edited 안녕 @샐리\n\
        로지> delete\nmoa: 로지: deleted\n샐리> leave\nmoa: 샐리: left\n샐리> join\nmoa: 샐리: joined\n\
        샐리> topic \"점심 12시\"\nmoa: 샐리: topic 점심 12시\n샐리> react :tada:\nmoa: 샐리: reacted tada\n\
        샐리> unreact 🎉\nmoa: 샐리: unreacted tada\n로지> upload \"list.csv\" \"a,b\\n\" \"!files\"\nmoa: list.csv text/csv 4\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shortcuts_on_a_message_and_from_anywhere() {
    let house = forms().await;
    let text = "[#lunch]\n로지: 김밥 두 줄\n샐리> shortcut \"주문에 넣기\"\nmoa! 샐리: 넣었습니다: 김밥 두 줄\n\
        샐리> shortcut \"Add to the order\"\nmoa~ /김밥/\n샐리> shortcut \"new\"\n샐리> submit {\"size\": 2}\n\
        [@샐리]\nmoa: 주문했습니다: size=2 extras= for= note=빨리\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_or_time_runs_out() {
    let house = forms().await;
    let text = "[#lunch]\n로지: !ask\nmoa: 가시겠어요?\n  [네] [아니요]\n샐리> click \"네\"\nmoa~ /로지/\n\
        로지> click \"네\"\nmoa= coming: yes\n+2h\nmoa- nothing\n\
        로지: !ask\nmoa~ /가/\n+59m\nmoa- nothing\n+1m\nmoa= coming: 답이 없습니다\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_both_ways_and_what_the_bot_takes_back() {
    let house = forms().await;
    let text = "[#lunch]\n로지: !report\nmoa: 보고서입니다\nmoa^ report.csv\n  | name,count\n  | bento,2\n\
        로지: !report\nmoa~ /보고서/\nmoa^ /\\.csv$/\n로지> upload \"list.csv\" \"a,b\\n\" \"!read\"\n\
        moa: list.csv (text/csv): a,b\n로지: !wipe\nmoa: 곧 사라집니다\nmoa=\n로지: !nod\nmoa+ 👍\nmoa- 👍\n\
        로지: !past\nmoa~ /^로지: !past\\n로지: !nod\\n로지: !wipe/\n";
    assert_eq!(house.play(text).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_got_is_written_down_whatever_it_is() {
    let house = forms().await;
    for (text, written) in [
        (
            "로지: !order\n",
            "로지: !order\nmoa: 무엇을 드릴까요?\n  [주문] [취소] [소스: 간장, 고추장] [메뉴판]\n",
        ),
        (
            "로지: !order\nmoa: 무엇을 드릴까요?\n  [주문]\n",
            "로지: !order\nmoa: 무엇을 드릴까요?\n  [주문] [취소] [소스: 간장, 고추장] [메뉴판]\n",
        ),
        (
            "로지: !report\n",
            "로지: !report\nmoa: 보고서입니다\nmoa^ report.csv\n  | name,count\n  | bento,2\n",
        ),
        ("로지: !wipe\n", "로지: !wipe\nmoa: 곧 사라집니다\nmoa=\n"),
        ("로지: !nod\n", "로지: !nod\nmoa+ 👍\nmoa- 👍\n"),
    ] {
        let transcript = Transcript::parse(text).unwrap();
        let played = play(&house.bench, &transcript).await;
        assert_ne!(failures(&transcript, &played), []);
        let new = accept(&transcript, &played, text).unwrap();
        assert_eq!(new, written);
        assert_eq!(house.play(&new).await, "");
    }
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_to_be_confirmed_runs_when_the_right_one_clicks() {
    let house = house(&std::fs::read(moa_test_guests::fixture("clerk")).unwrap()).await;
    let second = "@admin 로지, 앨리\n[#ops]\n샐리: !demolish tower\nmoa~ /관리자/\n로지: !demolish tower\n\
        moa~ /승인이 필요합니다.*@로지.*`demolish`.*• what: `\"tower\"`/\n  [승인] [거절] [철회]\n\
        로지> click \"승인\"\n\
        moa! 로지: 🔐 요청한 사람이 아닌 다른 사람이 승인해야 합니다. 그만두려면 `철회`를 눌러 주세요.\n\
        샐리> click \"승인\"\nmoa! 샐리: 🔐 이 명령을 직접 실행할 수 있는 사람만 결정할 수 있습니다.\n\
        샐리> click \"철회\"\nmoa! 샐리: 🔐 이 요청은 @로지 님만 철회할 수 있습니다.\n\
        앨리> click \"승인\"\nmoa~ /^✅ @앨리 님이 2026-01-01 09:00:00 KST에 승인했습니다\\..*`demolish`.*@로지/\n  []\n\
        moa: demolish tower …\nmoa: demolish tower (n=1, done=1)\n";
    assert_eq!(house.play(second).await, "");
    let again = house.play(&format!("{second}앨리> click \"승인\"\n")).await;
    assert!(again.contains("nothing that 앨리 could click"), "{again}");

    let own = "로지: !launch rocket\nmoa~ /^🔐 \\*확인해 주세요.*`launch`/\n  [실행] [그만두기]\n\
        샐리> click \"실행\"\nmoa! 샐리: 🔐 이 명령은 요청한 @로지 님만 확인할 수 있습니다.\n\
        로지> click \"그만두기\"\nmoa~ /^↩️ @로지 님이/\n  []\n\
        로지: !tally ran:rocket\nmoa: ran:rocket = 0\n\
        로지: !erase tower\nmoa~ /승인이 필요합니다/\n+9m\nmoa- nothing\n+2m\n\
        moa~ /^⌛ 아무도 결정하지 않아 2026-01-01 09:11:00/\n  []\nmoa~ /만료되었습니다/\n";
    assert_eq!(house.play(own).await, "");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_systems_ask_and_are_answered() {
    let house = house(&std::fs::read(moa_test_guests::sdk_fixture("outside")).unwrap()).await;
    let good = "hook github {\"repository\":\n  | {\"full_name\": \"a/b\"}}\n\
        hook= {\"count\":1,\"event\":\"none\",\"repository\":\"a/b\"}\n\
        로지: !counted github/none\nmoa: 1\n\
        hook token GET /7?all=yes\n\
        hook= {\"body\":0,\"headers\":[],\"method\":\"GET\",\"path\":\"/7\",\"query\":\"all=yes\"}\n\
        hook! 403 fail /rejected\nhook= you not\nmoa- nothing\nhook! 418 fail /teapot\n";
    assert_eq!(house.play(good).await, "");
    for (lines, says) in [
        ("hook gitlab", "there is github, slack, token, slow, fail, shut"),
        ("hook github GET", "answers to POST alone"),
        (
            "hook fail /teapot",
            "answered 418 (teapot); a line `hook! 418 fail …` expects that",
        ),
        ("hook! 400 fail /teapot", "answered 418 (teapot); 400 is expected"),
        ("hook slow\nhook= 2", "answered something else: 1"),
        ("hook fail /panic", "answered 500"),
    ] {
        let text = house.play(&format!("{lines}\n")).await;
        assert!(text.contains(says), "{lines}: {text}");
    }
    let astray = Transcript::parse("로지: hi\nhook= x\n").unwrap_err();
    assert!(astray.problem.contains("directly above it"), "{astray}");
    house.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_a_plugin_makes_fire_as_time_passes() {
    let component = std::fs::read(moa_test_guests::fixture("almanac")).unwrap();
    // What it does every second would be done 86,400 times in a day.
    let house = house(&altered(component, b"\"* * * * * *\"", b"\"0 0 9 * * *\"")).await;
    let text = "로지: !remind 10m 차\nmoa: I will\n로지: !remind +24h 물\nmoa: I will\n\
        로지: !remind 2026-01-02T08:59:59+09:00 밥\nmoa: I will\n\
        +9m\nmoa- nothing\n+1m\nmoa: time for 차\n\
        +24h\nmoa: time for 밥\nmoa: time for 물\n+24h\nmoa- nothing\n\
        로지: !often mon-fri 09:50,18:00; sat 11:00\nmoa: I will\n\
        로지: !jobs\nmoa: often=mon,tue,wed,thu,fri 09:50,18:00; sat 11:00; tick=0 0 9 * * *; yearly=daily 00:00\n\
        로지: !remind soon 차\nmoa~ /./\n로지: !often sometimes\nmoa~ /./\n\
        로지: !jobs\nmoa~ /^often=mon.*daily 00:00$/\n";
    assert_eq!(house.play(text).await, "");
    // It would say so.
    let early = house
        .play("로지: !remind 24h 물\nmoa: I will\n+23h\nmoa: time for 물\n")
        .await;
    assert!(early.contains("time for 물"), "{early}");
    house.bench.close().await;
}

/// The same component with other bytes of the same number at one place.
fn altered(mut component: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = component.windows(from.len()).position(|part| part == from).unwrap();
    component.splice(at..at + to.len(), to.iter().copied());
    component
}
