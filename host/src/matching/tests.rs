//! What many plugins listen for, on the whole way from a delivery to a call.

use super::*;
use crate::adapter::{Adapter, Intake as _};
use crate::admins::Admins;
use crate::audit::Audit;
use crate::capability::Machine;
use crate::dispatch::Dispatch;
use crate::grants::Approvals;
use crate::intake::{self, Door, Intake};
use crate::invocation::{Invoker, Work};
use crate::maintenance::Order;
use crate::outbox::Outbox;
use crate::registry::testing::{listening_component, manifest};
use crate::testing::{FakeAdapter, FlakyStore, allowances, delivery, matcher, message, place, until};
use futures_util::future::join_all;
use moa_core::content::Audience;
use moa_core::event::{Decided, Identity, MessageRef, PressKind};
use moa_core::locale::Locale;
use moa_core::manifest::Scope;
use moa_core::router::hears::{Taught, What};
use moa_store::Store;
use std::time::Duration;
use tokio_util::task::TaskTracker;

const PLUGINS: usize = 100;
const PATTERNS: usize = 10;

struct House {
    matcher: Arc<Matcher>,
    adapter: Arc<FakeAdapter>,
    intake: Arc<Intake>,
    dispatch: Dispatch<Work>,
    _dir: tempfile::TempDir,
}

/// A host with these plugins in which everything is real but the chat service and the disk.
async fn house(plugins: &[(&str, Vec<u8>)]) -> House {
    let adapter = Arc::new(FakeAdapter {
        max_text: 4_000,
        ..FakeAdapter::default()
    });
    let store = Arc::<FlakyStore>::default();
    let (matcher, dir) = matcher(&store, plugins);
    let out = Arc::clone(&adapter) as Arc<dyn Adapter>;
    let outbox = Arc::new(Outbox::new(Arc::clone(&out), 0.0, 1));
    let invoker = Arc::new(Invoker {
        rests: Arc::default(),
        audit: Audit::none(),
        approvals: Arc::new(Approvals::empty(Arc::clone(&store) as Arc<dyn Store>)),
        admins: Admins::none(&out, &outbox),
        outbox,
        adapter: out,
        store: Arc::clone(&store) as Arc<dyn Store>,
        world: Arc::new(Machine),
        allowances: allowances(),
        matcher: Arc::clone(&matcher),
        courtesies: TaskTracker::new(),
        locale: Locale::En,
        timezone: "Asia/Seoul".into(),
    });
    let dispatch = Dispatch::new(move |work: Work, turn| {
        let invoker = Arc::clone(&invoker);
        tokio::spawn(async move { invoker.run(work, turn).await });
    });
    let intake = Intake::new(intake::Parts {
        matcher: Arc::clone(&matcher),
        store,
        world: Arc::new(Machine),
        dispatch: dispatch.clone(),
        allowances: allowances(),
        max_age: Duration::from_secs(600),
    })
    .await
    .unwrap();
    intake.start().await.unwrap();
    House {
        matcher,
        adapter,
        intake,
        dispatch,
        _dir: dir,
    }
}

impl House {
    async fn teach(&self, plugin: &str, word: impl Into<String>) {
        let word = word.into();
        let taught = Taught {
            what: What::Keyword(word.clone()),
            scopes: vec![Scope::Ambient],
            conversation: None,
        };
        let lessons = &self.matcher.lessons;
        lessons.change(plugin, &word, Some(taught), None).await.unwrap();
    }

    /// Says something and waits until nothing goes on any more.
    async fn say(&self, id: &str, text: &str) {
        self.deliver(&message("U1", id, text)).await;
    }

    /// Something happens; until nothing goes on any more.
    async fn deliver(&self, event: &Event) {
        let (delivery, acknowledged) = delivery(event);
        Door(Arc::clone(&self.intake)).deliver(delivery);
        until(|| acknowledged.load(std::sync::atomic::Ordering::SeqCst)).await;
        until(|| self.dispatch.outstanding() == 0).await;
    }

    /// How many instances of each plugin were made, where there were any, but for that which was asked for its manifest.
    fn instances(&self) -> Vec<(String, u64)> {
        let present = self.matcher.lessons.present();
        let plugins = present.snapshot.plugins.values();
        let made = plugins.map(|one| (one.name.clone(), one.plugin.instances() - 1));
        made.filter(|(_, made)| *made > 0).collect()
    }
}

#[tokio::test]
async fn a_thousand_patterns_of_a_hundred_plugins_cost_no_instance_but_for_the_one_that_fits() {
    // One that answers; what the others have for a listener fails when it is called, after it was made.
    let ears = std::fs::read(moa_test_guests::fixture("ears")).unwrap();
    let mut plugins = vec![("ears".to_owned(), ears)];
    plugins.extend((1..PLUGINS).map(|n| {
        let name = format!("p{n}");
        let component = listening_component(&manifest(&name, "1", &[]));
        (name, component)
    }));
    let files: Vec<_> = plugins
        .iter()
        .map(|(name, file)| (name.as_str(), file.clone()))
        .collect();
    let house = house(&files).await;
    let lessons = (0..PLUGINS * PATTERNS).map(|n| {
        let (name, _) = &plugins[n / PATTERNS];
        house.teach(name, format!("키워드{}-{}", n / PATTERNS, n % PATTERNS))
    });
    join_all(lessons).await;
    let present = house.matcher.lessons.present();
    assert_eq!(present.snapshot.plugins.len(), PLUGINS);
    // The fixture's manifest has some of its own.
    assert_eq!(present.hears.len(), PLUGINS * PATTERNS + 4);

    for n in 0..200 {
        house
            .say(&format!("{n}.1"), &format!("오늘 점심 {n}명? 키워드는 아니고"))
            .await;
    }
    assert_eq!(house.instances(), []);

    house.say("1000.1", "그 키워드0-7 어디 있죠?").await;
    assert_eq!(house.instances(), [("ears".to_owned(), 1)]);
    assert_eq!(house.adapter.texts(), ["heard 키워드0-7 as 키워드0-7"]);

    house.say("1000.2", "키워드42-9").await;
    assert_eq!(house.instances(), [("ears".to_owned(), 1), ("p42".to_owned(), 1)]);
}

#[tokio::test]
async fn what_plugins_listen_for_comes_and_goes_with_them() {
    let house = house(&[("a", listening_component(&manifest("a", "1", &[])))]).await;
    let heard = || {
        let event = message("U1", "1.0", "the guide");
        let ids = house.matcher.route(&event).into_iter().map(|one| match one.todo {
            Todo::Heard(heard) => format!("{}:{}", heard.plugin, heard.id),
            other => format!("{other:?}"),
        });
        ids.collect::<Vec<_>>()
    };
    house.teach("a", "guide").await;
    assert_eq!(heard(), ["a:guide"]);
    // Before there is such a plugin.
    house.teach("b", "guide").await;
    assert_eq!(heard(), ["a:guide"]);

    let hears = r#"{"name": "b", "hears": [{"id": "own", "pattern": "guide"}, {"id": "guide", "pattern": "^the"}]}"#;
    let file = house._dir.path().join("plugins/b.wasm");
    std::fs::write(&file, listening_component(hears)).unwrap();
    until(|| house.matcher.registry.current().plugins.contains_key("b")).await;
    // Its manifest's own pattern of the same id is the one that counts.
    until(|| heard() == ["b:own", "b:guide", "a:guide"]).await;
    std::fs::remove_file(&file).unwrap();
    until(|| heard() == ["a:guide"]).await;
}

#[tokio::test]
async fn what_many_teach_at_once_is_heard_by_each_as_soon_as_it_is_told() {
    let house = house(&[("a", listening_component(&manifest("a", "1", &[])))]).await;
    let house = &house;
    let teachers = (0..50).map(async |n| {
        let word = format!("word{n}");
        house.teach("a", word.as_str()).await;
        house.matcher.route(&message("U1", "1.0", &word)).len()
    });
    assert_eq!(join_all(teachers).await, [1; 50]);
}

fn order() -> Order {
    Order {
        by: "UADMIN".into(),
        name: "Rosie".into(),
        at_ms: 7,
        reason: "the database moves".into(),
    }
}

/// A press of somebody on a button of the question that is the message of this number.
fn press(house: &House, who: &str, message: usize, button: &str) -> Event {
    let told = house.adapter.told.lock().unwrap();
    let id = told[message].stamp.invocation.strip_suffix("!run").unwrap();
    let on = MessageRef {
        place: place("C1"),
        id: message.to_string(),
    };
    Event {
        identity: Identity::other("fake", "T1", &format!("press/{}", fastrand::u64(..))),
        team: "T1".into(),
        redelivered: false,
        kind: EventKind::Press(Press {
            kind: PressKind::Button,
            plugin: String::new(),
            id: format!("moa:run:{id}:{button}"),
            value: String::new(),
            state: Vec::new(),
            user: who.into(),
            place: place("C1"),
            on: Some(on),
            trigger: None,
            response_url: None,
            time: jiff::Timestamp::now().to_string(),
        }),
    }
}

#[tokio::test]
async fn what_is_silenced_while_a_command_waits_can_be_decided_later() {
    let clerk = std::fs::read(moa_test_guests::fixture("clerk")).unwrap();
    let house = house(&[("clerk", clerk)]).await;
    let maintenance = &house.matcher.maintenance;
    let last = || house.adapter.told.lock().unwrap().last().unwrap().clone();
    house.say("1.0", "!erase x").await;
    assert!(last().text.contains("has to be approved"), "{:?}", last());

    maintenance.pause(order()).await.unwrap();
    house.deliver(&press(&house, "U2", 0, "approve")).await;
    assert!(last().text.contains("the database moves"), "{:?}", last());
    assert_eq!(
        (last().audience, last().asker.as_deref()),
        (Audience::Asker, Some("U2"))
    );
    maintenance.resume().await.unwrap();
    maintenance.mute("fake", "C1", order()).await.unwrap();
    // Each is told, however soon after the other.
    for _ in 0..2 {
        let before = house.adapter.texts().len();
        house.deliver(&press(&house, "U2", 0, "approve")).await;
        assert!(last().text.contains("silent"), "{:?}", last());
        assert_eq!(house.adapter.texts().len(), before + 1);
    }
    assert_eq!(house.adapter.edited.lock().unwrap().len(), 0, "nothing is decided");

    maintenance.unmute("fake", "C1").await.unwrap();
    house.deliver(&press(&house, "U2", 0, "approve")).await;
    assert_eq!(last().text, "erase x (n=1, done=1)");
}

#[tokio::test]
async fn what_was_approved_just_before_the_bot_is_silenced_is_not_run_and_everybody_is_told() {
    let clerk = std::fs::read(moa_test_guests::fixture("clerk")).unwrap();
    let house = house(&[("clerk", clerk)]).await;
    let maintenance = &house.matcher.maintenance;
    for (number, is_mute, why) in [(1, false, "the database moves"), (2, true, "silent")] {
        house.say(&format!("{number}.0"), &format!("!erase x{number}")).await;
        let asked = house.adapter.texts().len() - 1;
        let approve = press(&house, "U2", asked, "approve");
        let ruling = house.matcher.ruling(&approve, SystemTime::now()).unwrap();
        match is_mute {
            true => maintenance.mute("fake", "C1", order()).await.unwrap(),
            false => maintenance.pause(order()).await.unwrap(),
        };
        let edits = || house.adapter.edited.lock().unwrap().clone();
        let before = edits().len();
        house.deliver(&ruling).await;
        let shown = edits();
        assert_eq!(shown.len(), before + 1, "{shown:?}");
        let (on, text) = shown.last().unwrap();
        assert_eq!(on.id, asked.to_string());
        assert!(
            text.contains("{@U2} approved") && text.contains("*not run*") && text.contains(why),
            "{text}"
        );
        let told = house.adapter.told.lock().unwrap().last().unwrap().clone();
        assert!(
            told.text.contains(why) && told.asker.as_deref() == Some("U1"),
            "{told:?}"
        );
        let audience = if is_mute { Audience::Asker } else { Audience::Everyone };
        assert_eq!(
            told.audience, audience,
            "who saw the question sees what came of it, unless the bot is mute"
        );

        // It is decided for good: neither the same once more nor another press runs it.
        maintenance.resume().await.unwrap();
        maintenance.unmute("fake", "C1").await.unwrap();
        house.deliver(&ruling).await;
        house.deliver(&press(&house, "U2", asked, "approve")).await;
        let texts = house.adapter.texts();
        assert!(texts.last().unwrap().contains("decided already"), "{texts:?}");
        assert!(!texts.iter().any(|text| text.starts_with("erase x")), "{texts:?}");
    }
    assert_eq!(house.instances(), []);
}

#[tokio::test]
async fn what_was_approved_and_is_held_back_when_its_turn_comes_is_told() {
    let clerk = std::fs::read(moa_test_guests::fixture("clerk")).unwrap();
    let house = house(&[("clerk", clerk)]).await;
    let matcher = &house.matcher;
    house.say("1.0", "!erase x").await;
    let now = SystemTime::now();
    let ruling = matcher.ruling(&press(&house, "U2", 0, "approve"), now).unwrap();
    let matched = || matcher.route(&ruling).remove(0);
    let refreshed = |event: &Event, matched: Match| matcher.refresh(event, matched).unwrap().todo;
    assert!(matches!(refreshed(&ruling, matched()), Todo::Command(_)));

    let early = matched();
    matcher.maintenance.pause(order()).await.unwrap();
    let paused = refreshed(&ruling, early.clone());
    assert!(matches!(paused, Todo::Tell(UserNotice::Paused { .. })), "{paused:?}");
    matcher.maintenance.mute("fake", "C1", order()).await.unwrap();
    let muted = refreshed(&ruling, early);
    assert!(matches!(muted, Todo::Tell(UserNotice::Muted)), "{muted:?}");
    // That it does not run is told whatever holds.
    let mut expired = ruling.clone();
    if let EventKind::Ruling(ruling) = &mut expired.kind {
        ruling.what = Decided::Expired;
    }
    let told = refreshed(&expired, matcher.route(&expired).remove(0));
    assert!(matches!(told, Todo::Own), "{told:?}");
}
