use super::*;
use crate::testing::{FakeAdapter, FlakyStore, Stage, message, place};
use moa_core::call::{Arg, ArgValue, CapError};
use moa_core::content::Content;
use moa_core::event::{Identity, Place, PressKind};
use moa_core::locale::{Locale, Standing};
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

const EXPIRES: Duration = Duration::from_secs(10);

fn command(args: Vec<Arg>, rest: &str) -> CommandMatch {
    CommandMatch {
        plugin: "deploy".into(),
        command: "deploy".into(),
        path: vec!["start".into()],
        args,
        rest: rest.into(),
        tokens: Vec::new(),
        restricted: true,
        confirm: Confirm::Second,
    }
}

fn pending(id: &str, asker: &str, confirm: Confirm) -> Pending {
    Pending {
        id: id.into(),
        asked: Box::new(message(asker, "1.0", "!deploy start")),
        command: command(Vec::new(), "start"),
        version: "v1".into(),
        digest: "d".into(),
        shown: Approval {
            asker: asker.into(),
            confirm,
            command: "deploy start".into(),
            typed: "start".into(),
            args: Vec::new(),
            digest: None,
            plugin: "deploy".into(),
            version: "v1".into(),
            until: "12:00".into(),
        },
        on: None,
        until_ms: 10_000,
        decision: None,
    }
}

fn at(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

fn on(id: &str, conversation: &str) -> MessageRef {
    MessageRef {
        place: place(conversation),
        id: id.into(),
    }
}

fn press(user: &str, id: &str) -> Press {
    Press {
        kind: PressKind::Button,
        plugin: String::new(),
        id: id.into(),
        value: String::new(),
        state: Vec::new(),
        user: user.into(),
        place: place("C1"),
        on: Some(on("2.0", "C1")),
        trigger: None,
        response_url: None,
        time: "2026-11-21T00:50:00Z".into(),
    }
}

/// `UADMIN` and `UASKER` may run everything.
fn may(user: &str, _: &Pending) -> bool {
    ["UADMIN", "UASKER", "UOTHER"].contains(&user)
}

async fn waiting(store: &Arc<FlakyStore>, confirm: Confirm) -> Pendings {
    let pendings = Pendings::empty(Arc::clone(store) as _, EXPIRES);
    pendings.ask(pending("p1", "UASKER", confirm)).await.unwrap();
    pendings.sent("p1", on("2.0", "C1")).await.unwrap();
    pendings
}

fn what(pendings: &Pendings, press: &Press, now: u64) -> Result<Decided, Option<ApprovalNotice>> {
    match pendings.ruling(press, at(now), may) {
        Some(event) => {
            let ruling = event.ruling().unwrap();
            assert_eq!(event.identity, Identity::other("fake", "T1", "run/p1"));
            assert_eq!((ruling.by.as_str(), ruling.digest.as_str()), (press.user.as_str(), "d"));
            Ok(ruling.what)
        }
        None => Err(pendings.refusal(press, at(now), may, |ms| ms.to_string())),
    }
}

#[tokio::test]
async fn a_second_person_who_may_run_it_decides_and_nobody_else() {
    let asker = || "UASKER".to_owned();
    for (user, button, second, own) in [
        (
            "UADMIN",
            "approve",
            Ok(Decided::Approved),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "UADMIN",
            "reject",
            Ok(Decided::Rejected),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "UADMIN",
            "withdraw",
            Err(ApprovalNotice::NotYoursToWithdraw { asker: asker() }),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "UASKER",
            "approve",
            Err(ApprovalNotice::NeedsAnother),
            Ok(Decided::Approved),
        ),
        ("UASKER", "reject", Ok(Decided::Withdrawn), Ok(Decided::Withdrawn)),
        ("UASKER", "withdraw", Ok(Decided::Withdrawn), Ok(Decided::Withdrawn)),
        (
            "UNOBODY",
            "approve",
            Err(ApprovalNotice::NoRight),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "UNOBODY",
            "reject",
            Err(ApprovalNotice::NoRight),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "UNOBODY",
            "withdraw",
            Err(ApprovalNotice::NotYoursToWithdraw { asker: asker() }),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
        (
            "",
            "approve",
            Err(ApprovalNotice::NoRight),
            Err(ApprovalNotice::NotYours { asker: asker() }),
        ),
    ] {
        for (confirm, expected) in [(Confirm::Second, second), (Confirm::Caller, own)] {
            let pendings = waiting(&Arc::default(), confirm).await;
            let press = press(user, &format!("moa:run:p1:{button}"));
            assert_eq!(
                what(&pendings, &press, 1),
                expected.map_err(Some),
                "{user} {button} {confirm:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_asked_and_lost_the_right_confirms_nothing() {
    let store = Arc::<FlakyStore>::default();
    let pendings = waiting(&store, Confirm::Caller).await;
    let press = press("UASKER", "moa:run:p1:approve");
    assert!(pendings.ruling(&press, at(1), |_, _| false).is_none());
    let told = pendings.refusal(&press, at(1), |_, _| false, |_| String::new());
    assert_eq!(told, Some(ApprovalNotice::NoRight));
}

#[tokio::test]
async fn forged_and_foreign_buttons_decide_nothing() {
    let pendings = waiting(&Arc::default(), Confirm::Second).await;
    for id in [
        "moa:run:p2:approve",
        "moa:run:p1:run",
        "moa:run:p1:",
        "moa:run:p1",
        "moa:run:",
        "moa:run::approve",
    ] {
        assert_eq!(
            what(&pendings, &press("UADMIN", id), 1),
            Err(Some(ApprovalNotice::Over)),
            "{id}"
        );
    }
    let approve = press("UADMIN", "moa:run:p1:approve");
    let elsewhere = |on| Press { on, ..approve.clone() };
    for strange in [None, Some(on("3.0", "C1")), Some(on("2.0", "C2"))] {
        assert_eq!(what(&pendings, &elsewhere(strange), 1), Err(Some(ApprovalNotice::Over)));
    }
    let other_service = Press {
        place: Place {
            service: "jandi".into(),
            ..place("C1")
        },
        ..approve.clone()
    };
    assert_eq!(what(&pendings, &other_service, 1), Err(Some(ApprovalNotice::Over)));
    // A plugin's own button, whatever it is called; and those of other things of the host.
    for (plugin, id) in [
        ("evil", "moa:run:p1:approve"),
        ("", "moa:grant:p1:approve"),
        ("", "moa:ask:p1:approve"),
    ] {
        let press = Press {
            plugin: plugin.into(),
            ..press("UADMIN", id)
        };
        assert_eq!(what(&pendings, &press, 1), Err(None), "{plugin} {id}");
    }
}

#[tokio::test]
async fn the_time_runs_out_once_and_in_the_same_event_as_any_press() {
    let store = Arc::<FlakyStore>::default();
    let pendings = waiting(&store, Confirm::Second).await;
    let approve = press("UADMIN", "moa:run:p1:approve");
    assert_eq!(what(&pendings, &approve, 9_999), Ok(Decided::Approved));
    assert_eq!(what(&pendings, &approve, 10_000), Err(Some(ApprovalNotice::Late)));
    assert!(pendings.due(at(9_999)).is_empty());
    let due = pendings.due(at(10_000));
    assert_eq!(due.len(), 1);
    let ruling = due[0].ruling().unwrap();
    assert_eq!(
        (ruling.what, ruling.by.as_str(), &ruling.on),
        (Decided::Expired, "", &Some(on("2.0", "C1")))
    );
    assert_eq!(
        Some(&due[0].identity),
        pendings
            .ruling(&approve, at(1), may)
            .map(|event| event.identity)
            .as_ref()
    );
    assert!(pendings.due(at(20_000)).is_empty(), "it was told");
    assert_eq!(pendings.due(at(40_000)).len(), 1, "and is told again if nobody took it");
    pendings.decide("p1", Decision::from(ruling)).await.unwrap();
    assert!(pendings.due(at(90_000)).is_empty());
}

#[tokio::test]
async fn the_first_decision_stays_and_is_told_also_after_a_restart() {
    let store = Arc::<FlakyStore>::default();
    let pendings = waiting(&store, Confirm::Second).await;
    let reject = press("UADMIN", "moa:run:p1:reject");
    let decision = |what, by: &str| Decision {
        what,
        by: by.into(),
        at_ms: 5,
    };
    pendings
        .decide("p1", decision(Decided::Approved, "UADMIN"))
        .await
        .unwrap();
    let kept = pendings
        .decide("p1", decision(Decided::Rejected, "UOTHER"))
        .await
        .unwrap();
    let first = decision(Decided::Approved, "UADMIN");
    assert_eq!(kept.unwrap().decision, Some(first.clone()));
    let again = Pendings::load(Arc::clone(&store) as _, EXPIRES).await.unwrap();
    let told = Some(ApprovalNotice::Decided {
        what: Decided::Approved,
        by: "UADMIN".into(),
        at: "5".into(),
    });
    for pendings in [&pendings, &again] {
        assert_eq!(what(pendings, &reject, 6), Err(told.clone()));
        // Also when its time is over, and by whom it is none of their business.
        assert_eq!(
            what(pendings, &press("UNOBODY", "moa:run:p1:approve"), 99_999),
            Err(told.clone())
        );
        assert!(pendings.due(at(20_000)).is_empty());
    }
    // Asked again after a crash: it is known.
    let (known, sent) = again.ask(pending("p1", "UASKER", Confirm::Second)).await.unwrap();
    assert_eq!((known.decision, sent), (Some(first), true));
    // A day later nobody remembers.
    assert!(again.due(at(25 * 3600 * 1000)).is_empty());
    assert_eq!(what(&again, &reject, 25 * 3600 * 1000), Err(Some(ApprovalNotice::Over)));
}

#[tokio::test]
async fn what_nobody_has_seen_yet_is_asked_again_with_its_whole_time() {
    let store = Arc::<FlakyStore>::default();
    let pendings = Pendings::empty(Arc::clone(&store) as _, EXPIRES);
    let (_, known) = pendings.ask(pending("p1", "UASKER", Confirm::Second)).await.unwrap();
    assert!(!known);
    // The host ends before the message is known to be sent; another one comes much later.
    let again = Pendings::load(Arc::clone(&store) as _, EXPIRES).await.unwrap();
    assert!(again.due(at(60_000)).is_empty(), "nobody could decide");
    let later = Pending {
        until_ms: 70_000,
        ..pending("p1", "UASKER", Confirm::Second)
    };
    let (asked, known) = again.ask(later).await.unwrap();
    assert_eq!((asked.until_ms, known), (70_000, true));
    // A press that comes before the message's address does: it stands where it should.
    let approve = press("UADMIN", "moa:run:p1:approve");
    assert_eq!(what(&again, &approve, 60_001), Ok(Decided::Approved));
    again.sent("p1", on("2.0", "C1")).await.unwrap();
    assert_eq!(again.due(at(70_000)).len(), 1);
    // What could never be sent does not wait for ever, and what was given up does not wait at all.
    again.ask(pending("p2", "UASKER", Confirm::Second)).await.unwrap();
    assert_eq!(again.due(at(10_000 + 900_000)).len(), 2);
    again.give_up("p2").await.unwrap();
    assert!(
        Pendings::load(Arc::clone(&store) as _, EXPIRES)
            .await
            .unwrap()
            .get("p2")
            .is_none()
    );
}

#[tokio::test]
async fn what_may_have_been_sent_already_never_stands_for_anything_else() {
    let store = Arc::<FlakyStore>::default();
    let pendings = Pendings::empty(Arc::clone(&store) as _, EXPIRES);
    pendings.ask(pending("p1", "UASKER", Confirm::Second)).await.unwrap();
    // The host ends here, perhaps behind the message; when it is back, the plugin has another version.
    let again = Pendings::load(Arc::clone(&store) as _, EXPIRES).await.unwrap();
    let newer = Pending {
        digest: "other".into(),
        version: "v2".into(),
        until_ms: 70_000,
        ..pending("p1", "UASKER", Confirm::Second)
    };
    let (asked, known) = again.ask(newer).await.unwrap();
    let is_as_before = (asked.digest.as_str(), asked.version.as_str()) == ("d", "v1");
    assert!(known && is_as_before && asked.until_ms == 70_000, "{asked:?}");
    // So what is approved is what the message shows, which is found not to be what would run.
    let approve = press("UADMIN", "moa:run:p1:approve");
    assert_eq!(what(&again, &approve, 60_001), Ok(Decided::Approved));
}

#[tokio::test]
async fn no_plugin_changes_or_deletes_the_message_that_people_decide_by() {
    let stage = Stage::of(message("U1", "1.0", "!x")).await;
    let pendings = &stage.pendings;
    pendings.ask(pending("p1", "UASKER", Confirm::Second)).await.unwrap();
    pendings.sent("p1", on("2.0", "C1")).await.unwrap();
    let tries = async || {
        let chat = crate::capability::host(stage.scene(false).await).chat;
        let content = || Content::text("Approved by everybody");
        let edited = chat.edit(on("2.0", "C1"), content()).await;
        let deleted = chat.delete(on("2.0", "C1")).await;
        // Anything else stands as it did.
        chat.edit(on("3.0", "C1"), content()).await.unwrap();
        chat.delete(on("3.0", "C1")).await.unwrap();
        [edited, deleted]
    };
    let decision = Decision {
        what: Decided::Rejected,
        by: "UADMIN".into(),
        at_ms: 5,
    };
    for _ in 0..2 {
        for refused in tries().await {
            assert!(matches!(refused, Err(CapError::AccessDenied(_))), "{refused:?}");
        }
        // Nor do they once it is decided.
        pendings.decide("p1", decision.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn so_many_wait_and_no_more_and_nothing_waits_that_is_not_kept() {
    let store = Arc::<FlakyStore>::default();
    let pendings = Pendings::empty(Arc::clone(&store) as _, EXPIRES);
    for n in 0..MAX_WAITING {
        let one = pending(&format!("x{n}"), &format!("U{}", n % 20), Confirm::Caller);
        lock(&pendings.book).all.insert(one.id.clone(), one);
    }
    let more = || pending("more", "UASKER", Confirm::Caller);
    assert!(matches!(pendings.ask(more()).await, Err(WaitError::Full)));
    pendings.give_up("x0").await.unwrap();
    store.full.store(true, Ordering::SeqCst);
    assert!(matches!(pendings.ask(more()).await, Err(WaitError::Store(_))));
    assert!(pendings.get("more").is_none());
    store.full.store(false, Ordering::SeqCst);
    pendings.ask(more()).await.unwrap();
    // One person has a share of it.
    let pendings = Pendings::empty(Arc::clone(&store) as _, EXPIRES);
    for n in 0..MAX_OF_ONE {
        pendings
            .ask(pending(&n.to_string(), "UASKER", Confirm::Caller))
            .await
            .unwrap();
    }
    assert!(matches!(pendings.ask(more()).await, Err(WaitError::Full)));
    pendings.ask(pending("other", "UADMIN", Confirm::Caller)).await.unwrap();
    // What is decided waits no more.
    let decision = Decision {
        what: Decided::Withdrawn,
        by: "UASKER".into(),
        at_ms: 1,
    };
    pendings.decide("0", decision).await.unwrap();
    pendings.ask(more()).await.unwrap();
}

async fn loaded() -> (Arc<FlakyStore>, Arc<crate::registry::Loaded>, tempfile::TempDir) {
    let store = Arc::<FlakyStore>::default();
    let component =
        crate::registry::testing::component(&crate::registry::testing::manifest("deploy", "1", &["deploy"]));
    let (matcher, dir) = crate::testing::matcher(&store, &[("deploy", component)]);
    matcher.registry.ready().await;
    let loaded = Arc::clone(&matcher.registry.current().plugins["deploy"]);
    (store, loaded, dir)
}

fn text(name: &str, value: &str) -> Arg {
    Arg {
        name: name.into(),
        value: ArgValue::Text(value.into()),
    }
}

#[tokio::test]
async fn all_of_a_command_is_shown_or_its_digest() {
    let (_store, loaded, _dir) = loaded().await;
    let adapter = FakeAdapter::default();
    let show = async |command: &CommandMatch| {
        let shown = Shown::default();
        shown
            .approval("UASKER", &loaded, command, "12:00".into(), &adapter)
            .await
    };
    let args = vec![
        text("target", "prod`*x*`\u{202e}{@UADMIN}\n"),
        Arg {
            name: "who".into(),
            value: ArgValue::User("U7".into()),
        },
        Arg {
            name: "hosts".into(),
            value: ArgValue::Many(vec!["a".into(), "b, \"c\"".into()]),
        },
        Arg {
            name: "force".into(),
            value: ArgValue::Truth(true),
        },
    ];
    let short = show(&command(args, "prod --force")).await;
    let args: Vec<_> = short
        .args
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        args,
        [
            "target=\"prod\\u{60}*x*\\u{60}\\u{202e}{@UADMIN}\\n\"",
            "who=@name of U7 (U7)",
            "hosts=\"a\", \"b, \\\"c\\\"\"",
            "force=true"
        ]
    );
    assert_eq!(
        (short.command.as_str(), short.typed.as_str()),
        ("deploy start", "prod --force")
    );
    assert_eq!(short.digest, None);
    let said = looks(&pending("p1", "UASKER", Confirm::Second), &Standing::Waits, Locale::En);
    assert_eq!(said.actions.len(), 3);

    // Long ones differ in what nobody can read, and in the digest.
    let long = |end: &str| text("what", &format!("{}{end}", "x".repeat(5_000)));
    let (one, other) = (command(vec![long("a")], ""), command(vec![long("b")], ""));
    let (shown, shown_other) = (show(&one).await, show(&other).await);
    assert_eq!(shown.args, shown_other.args);
    assert!(shown.digest.is_some() && shown.digest != shown_other.digest);
    let many = Arg {
        name: "many".into(),
        value: ArgValue::Many(vec!["y".repeat(250); 5_000]),
    };
    let crowd = command(vec![many, text("last", "z")], &"r".repeat(10_000));
    let shown = show(&crowd).await;
    let rendered = shown.render(&Standing::Waits, Locale::Ko);
    assert!(rendered.chars().count() < 3_000 && shown.digest.is_some(), "{rendered}");

    // What is written long to be seen takes no more room than anything else.
    let unseen = "\u{e0041}".repeat(1_000);
    let odd = command((0..10).map(|n| text(&format!("a{n}"), &unseen)).collect(), &unseen);
    let shown = show(&odd).await;
    let rendered = shown.render(&Standing::Waits, Locale::Ko);
    assert!(rendered.chars().count() < 3_000 && shown.digest.is_some(), "{rendered}");

    // Whatever else would run has another digest.
    let base = command(vec![text("target", "prod")], "prod");
    let same = digest(&loaded, &base);
    for other in [
        command(vec![text("target", "prod ")], "prod"),
        command(vec![text("other", "prod")], "prod"),
        command(vec![text("target", "prod")], "prod "),
        CommandMatch {
            path: Vec::new(),
            ..base.clone()
        },
        CommandMatch {
            command: "deploy2".into(),
            ..base.clone()
        },
        CommandMatch {
            plugin: "deploy2".into(),
            ..base.clone()
        },
    ] {
        assert_ne!(digest(&loaded, &other), same, "{other:?}");
    }
    assert_eq!(digest(&loaded, &base.clone()), same);
}
