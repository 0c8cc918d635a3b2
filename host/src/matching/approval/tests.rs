use super::*;
use crate::access::Granted;
use crate::registry::testing::component;
use crate::testing::{FlakyStore, matcher, message};
use moa_core::event::Place;
use std::sync::Arc;

const DEPLOY: &str = r#"{"name": "deploy", "version": "1", "commands": [
    {"name": "deploy", "confirm": "second", "restricted": true, "args": [{"name": "what", "type": "string"}]},
    {"name": "clean", "confirm": "self"}, {"name": "look"}]}"#;

async fn deploy() -> (Arc<Matcher>, tempfile::TempDir) {
    let store = Arc::<FlakyStore>::default();
    let (matcher, dir) = matcher(&store, &[("deploy", component(DEPLOY))]);
    matcher.registry.ready().await;
    (matcher, dir)
}

fn told(matcher: &Matcher, event: &Event) -> ApprovalNotice {
    match matcher.route(event).remove(0).todo {
        Todo::Tell(UserNotice::Approval(notice)) => notice,
        other => panic!("{other:?}"),
    }
}

fn at(event: &Event, change: impl Fn(&mut Place)) -> Event {
    let mut event = event.clone();
    if let EventKind::Message(message) = &mut event.kind {
        change(&mut message.at.place);
    }
    event
}

#[tokio::test]
async fn what_has_to_be_confirmed_waits_where_somebody_can_confirm_it() {
    let (matcher, _dir) = deploy().await;
    let todo = |event: &Event| matcher.route(event).remove(0).todo;
    let (second, own) = (message("UADMIN", "1.0", "!deploy prod"), message("U1", "1.0", "!clean"));
    assert!(matches!(todo(&second), Todo::Confirm(command) if command.command == "deploy"));
    assert!(matches!(todo(&own), Todo::Confirm(command) if command.command == "clean"));
    assert!(matches!(todo(&message("U1", "1.0", "!look")), Todo::Command(_)));

    let direct = |place: &mut Place| place.kind = PlaceKind::Direct;
    assert_eq!(told(&matcher, &at(&second, direct)), ApprovalNotice::NobodyElse);
    assert!(matches!(todo(&at(&own, direct)), Todo::Confirm(_)));
}

fn approved(asked: Event, digest: &str, by: &str) -> Event {
    Ruling {
        id: "p1".into(),
        asked: Box::new(asked),
        digest: digest.into(),
        what: Decided::Approved,
        by: by.into(),
        on: None,
        at_ms: 1,
    }
    .event()
}

#[tokio::test]
async fn what_was_approved_runs_as_it_was_shown_and_for_those_who_still_may() {
    let (matcher, _dir) = deploy().await;
    let asked = || message("UADMIN", "1.0", "!deploy prod");
    let Todo::Confirm(command) = matcher.route(&asked()).remove(0).todo else {
        panic!("it has to be confirmed");
    };
    let current = matcher.registry.current();
    let shown = digest(&current.plugins["deploy"], &command);

    let runs = matcher.route(&approved(asked(), &shown, "UADMIN")).remove(0).todo;
    assert!(matches!(runs, Todo::Command(now) if now == command));
    for other in [
        message("UADMIN", "1.0", "!deploy test"),
        message("UADMIN", "1.0", "!remove prod"),
        message("UADMIN", "1.0", "!deploy"),
        message("UADMIN", "1.0", "hello"),
    ] {
        assert_eq!(
            told(&matcher, &approved(other, &shown, "UADMIN")),
            ApprovalNotice::Changed
        );
    }
    assert_eq!(
        told(&matcher, &approved(asked(), "other", "UADMIN")),
        ApprovalNotice::Changed
    );
    // Neither the one who asked nor the one who approved may have lost the right since.
    let lost = |who: &str| ApprovalNotice::LostRight { who: who.into() };
    assert_eq!(told(&matcher, &approved(asked(), &shown, "U1")), lost("U1"));
    assert_eq!(told(&matcher, &approved(asked(), &shown, "UBOT")), lost("UBOT"));
    let by_another = message("U2", "1.0", "!deploy prod");
    assert_eq!(told(&matcher, &approved(by_another, &shown, "UADMIN")), lost("U2"));

    for what in [Decided::Rejected, Decided::Withdrawn, Decided::Expired] {
        let mut event = approved(asked(), &shown, "UADMIN");
        if let EventKind::Ruling(ruling) = &mut event.kind {
            ruling.what = what;
        }
        assert!(matches!(matcher.route(&event).remove(0).todo, Todo::Own), "{what:?}");
    }
}

#[tokio::test]
async fn who_approved_and_lost_the_right_while_it_waited_for_its_turn_approved_nothing() {
    let (matcher, _dir) = deploy().await;
    let roles = &matcher.access.roles;
    let decide = async |revoked| {
        let decided = Granted {
            by: "UADMIN".into(),
            at_ms: 1,
            revoked,
        };
        roles.decide("admin", "fake", "U9", decided, false).await.unwrap()
    };
    assert!(decide(false).await);
    let asked = || message("UADMIN", "1.0", "!deploy prod");
    let Todo::Confirm(command) = matcher.route(&asked()).remove(0).todo else {
        panic!("it has to be confirmed");
    };
    let shown = digest(&matcher.registry.current().plugins["deploy"], &command);
    let ruling = approved(asked(), &shown, "U9");
    let queued = || matcher.route(&ruling).remove(0);
    let before = queued();
    let begins = matcher.refresh(&ruling, queued()).unwrap();
    assert!(matches!(begins.todo, Todo::Command(now) if now == command));
    assert!(decide(true).await);
    let Todo::Tell(UserNotice::Approval(notice)) = matcher.refresh(&ruling, before).unwrap().todo else {
        panic!("nobody who may run it approved it");
    };
    assert_eq!(notice, ApprovalNotice::LostRight { who: "U9".into() });
}
