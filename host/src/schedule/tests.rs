//! Jobs on a store that several hosts share, with a clock of the test's own.

mod load;

use super::*;
use crate::capability::World;
use moa_core::event::Due;
use moa_store::{Accepted, MemoryStore, NewRecord, SystemClock};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::oneshot;

/// 2026-11-20T03:00:00Z, noon in Seoul.
const NOON_MS: i64 = 1_795_143_600_000;
const HOUR_MS: i64 = 3_600_000;

struct Clock(AtomicI64);

impl World for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap())
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// A store with its journal, and what was accepted there, whoever told it.
struct Town {
    store: Arc<MemoryStore>,
    clock: Clock,
    ran: Arc<Mutex<Vec<Due>>>,
    /// Whether the journal answers.
    answers: Arc<AtomicBool>,
    /// Whether the plugin is called.
    serves: AtomicBool,
}

impl Town {
    fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::new(SystemClock)),
            clock: Clock(AtomicI64::new(NOON_MS)),
            ran: Arc::default(),
            answers: Arc::new(AtomicBool::new(true)),
            serves: AtomicBool::new(true),
        }
    }

    fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as _
    }

    /// A host that knows what is stored, with a plugin that has these jobs.
    async fn host(&self, jobs: &str) -> Arc<Schedules> {
        let maintenance = Maintenance::load(self.shared()).await.unwrap();
        let host = Schedules::empty(self.shared(), maintenance, "Asia/Seoul");
        host.know(shelf(jobs));
        host.reload().await.unwrap();
        Arc::new(host)
    }

    fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// The host does what is due now; each run ends at once.
    async fn run(&self, host: &Arc<Schedules>) {
        let tell = |event: Event| {
            let (recorded, heard) = oneshot::channel();
            let (store, ran, host) = (self.shared(), Arc::clone(&self.ran), Arc::clone(host));
            let (answers, now) = (Arc::clone(&self.answers), self.clock.now());
            if !self.serves.load(Ordering::SeqCst) {
                recorded.send(Told::Nobody).unwrap();
                return heard;
            }
            tokio::spawn(async move {
                let record = NewRecord {
                    identity: event.identity.0.clone(),
                    kind: "moa".into(),
                    body: Vec::new(),
                    received_ms: 0,
                };
                let accepted = store.accept(record).await.unwrap();
                let mut told = Told::Twin;
                if let Accepted::New(_) = accepted {
                    told = Told::Recorded;
                    let EventKind::Due(due) = &event.kind else {
                        panic!("{event:?}")
                    };
                    ran.lock().unwrap().push(due.clone());
                }
                if told == Told::Recorded {
                    host.ended(&event, Some(&Outcome::Done), now);
                }
                if answers.load(Ordering::SeqCst) {
                    recorded.send(told).unwrap();
                }
            });
            heard
        };
        host.run_due(&self.clock, &tell).await;
    }

    /// What ran since it was asked before.
    fn ran(&self) -> Vec<String> {
        let ran = std::mem::take(&mut *self.ran.lock().unwrap());
        ran.into_iter().map(|due| format!("{} {}", due.name, due.due)).collect()
    }

    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap()
    }
}

fn shelf(jobs: &str) -> Shelf {
    let manifest = format!(r#"{{"name": "menu", "jobs": [{jobs}]}}"#);
    let manifest = Manifest::parse(&manifest).unwrap().manifest;
    [("menu".to_owned(), Arc::new(manifest))].into()
}

/// At full hours after noon in Seoul.
fn hours(name: &str, hours: impl IntoIterator<Item = i64>) -> Vec<String> {
    let at = |hour| timestamp(NOON_MS + hour * HOUR_MS);
    hours
        .into_iter()
        .map(|hour| format!("{name} {:.3}", at(hour)))
        .collect()
}

const HOURLY: &str = r#"{"id": "hourly", "cron": "0 * * * *"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hosts_run_each_occurrence_once() {
    let town = Town::new();
    let jobs = r#"{"id": "tick", "cron": "* * * * * *"}, {"id": "late", "cron": "*/5 * * * * *", "jitter": "3s"}"#;
    let hosts = [town.host(jobs).await, town.host(jobs).await, town.host(jobs).await];
    for host in &hosts {
        town.run(host).await;
    }
    hosts[0]
        .make(
            "menu",
            "once",
            When::Once {
                at_ms: NOON_MS + 30_000,
            },
            "x".into(),
            (town.clock.now(), None),
        )
        .await
        .unwrap();
    for host in &hosts {
        host.reload().await.unwrap();
    }
    for _ in 0..600 {
        town.pass(100);
        tokio::join!(town.run(&hosts[0]), town.run(&hosts[1]), town.run(&hosts[2]));
    }
    let mut ran = town.ran();
    let all = ran.len();
    ran.sort();
    ran.dedup();
    assert_eq!(ran.len(), all, "some ran twice");
    let count = |name: &str| ran.iter().filter(|run| run.starts_with(name)).count();
    assert_eq!((count("tick "), count("once ")), (60, 1));
    assert!((11..=12).contains(&count("late ")), "{} of 12", count("late "));
}

#[tokio::test]
async fn a_host_that_was_down_for_three_hours_does_what_each_policy_says() {
    let town = Town::new();
    let jobs = r#"{"id": "skip", "cron": "0 * * * *", "missed": "skip"},
        {"id": "once", "cron": "0 * * * *"},
        {"id": "all", "cron": "0 * * * *", "missed": "all"}"#;
    let host = town.host(jobs).await;
    town.run(&host).await;
    assert_eq!(
        town.ran(),
        [] as [String; 0],
        "what was due before it was known is not made up for"
    );
    drop(host);
    town.pass(3 * HOUR_MS + 600_000);
    let host = town.host(jobs).await;
    town.run(&host).await;
    let mut ran = town.ran();
    ran.sort();
    assert_eq!(ran, [hours("all", 1..=3), hours("once", [3])].concat());
    // All goes on from there, and nothing is due again.
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran().len(), 2, "ten minutes late is missed for `skip`");
    town.pass(HOUR_MS - 600_000);
    town.run(&host).await;
    let mut ran = town.ran();
    ran.sort();
    assert_eq!(
        ran,
        [hours("all", [5]), hours("once", [5]), hours("skip", [5])].concat()
    );
    let last = host
        .rows(town.now())
        .into_iter()
        .find(|row| row.name == "once")
        .unwrap();
    assert_eq!(last.next, Some(timestamp(NOON_MS + 6 * HOUR_MS)));
}

#[tokio::test]
async fn what_was_made_is_kept_replaced_cancelled_and_rests_while_its_plugin_is_away() {
    let town = Town::new();
    let host = town.host("").await;
    let once = |minutes: i64| When::Once {
        at_ms: NOON_MS + minutes * 60_000,
    };
    let now = || (town.clock.now(), None);
    host.make("menu", "tea", once(10), "green".into(), now()).await.unwrap();
    host.make("menu", "tea", once(20), "black".into(), now()).await.unwrap();
    host.make("menu", "gone", once(10), String::new(), now()).await.unwrap();
    assert!(host.cancel("menu", "gone", None).await.unwrap());
    assert!(!host.cancel("menu", "gone", None).await.unwrap());
    let every = When::Every {
        cron: "0 * * * *".into(),
        timezone: "UTC".into(),
        missed: Missed::Once,
    };
    host.make("menu", "hourly", every, "every".into(), now()).await.unwrap();
    town.pass(15 * 60_000);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);

    // A restart, without the plugin: everything rests, and nothing is lost.
    let host = town.host("").await;
    host.know(Shelf::new());
    town.pass(2 * HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    let states: Vec<_> = host
        .rows(town.now())
        .into_iter()
        .map(|row| (row.state, row.next))
        .collect();
    assert_eq!(states, [(JobState::Idle, None), (JobState::Idle, None)]);
    assert!(host.at_once("menu", "tea", town.now()).is_err());

    // Another version of it comes.
    host.know(shelf(HOURLY.replace("hourly", "other").as_str()));
    town.run(&host).await;
    let ran = std::mem::take(&mut *town.ran.lock().unwrap());
    let mut ran: Vec<_> = ran.iter().map(|due| (&*due.name, &*due.payload, &*due.due)).collect();
    ran.sort();
    assert_eq!(
        ran,
        [
            ("hourly", "every", "2026-11-20T05:00:00.000Z"),
            ("tea", "black", "2026-11-20T03:20:00.000Z")
        ]
    );
    let names: Vec<_> = host.rows(town.now()).into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["hourly", "other"], "what is due once is over");
    // The same once more: it is another job.
    host.make("menu", "tea", once(20), "again".into(), now()).await.unwrap();
    town.run(&host).await;
    assert_eq!(town.ran(), ["tea 2026-11-20T03:20:00.000Z"]);

    let taken = host.make("menu", "other", once(1), String::new(), now()).await;
    assert!(matches!(taken, Err(JobError::Taken(_))), "{taken:?}");
    let taken = host.cancel("menu", "other", None).await;
    assert!(matches!(taken, Err(JobError::Taken(_))), "{taken:?}");
    for number in 0..MAX_JOBS - 1 {
        let name = number.to_string();
        host.make("menu", &name, once(9_999), String::new(), now())
            .await
            .unwrap();
    }
    let full = host.make("menu", "one more", once(1), String::new(), now()).await;
    assert!(matches!(full, Err(JobError::Full(_))), "{full:?}");
    host.make("menu", "hourly", once(1), String::new(), now())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_told_and_not_written_down_is_told_again_and_runs_once() {
    let town = Town::new();
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    town.pass(HOUR_MS);
    // The journal takes it, and the host dies before it hears of it.
    town.answers.store(false, Ordering::SeqCst);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [1]));
    drop(host);
    town.answers.store(true, Ordering::SeqCst);
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    let claimed = host
        .book
        .lock()
        .unwrap()
        .standing
        .values()
        .all(|standing| standing.claim.is_some());
    assert!(claimed, "the claim of the one before counts for a while");
    town.pass(i64::try_from(CLAIM.as_millis()).unwrap());
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0], "the journal knows it");
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [2]));
}

#[tokio::test]
async fn who_is_paused_makes_up_for_nothing_and_what_is_due_once_waits() {
    let town = Town::new();
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    let once = When::Once {
        at_ms: NOON_MS + 60_000,
    };
    host.make("menu", "tea", once, String::new(), (town.clock.now(), None))
        .await
        .unwrap();
    for name in ["hourly", "tea"] {
        host.pause("menu", name, true, town.clock.now()).await.unwrap();
    }
    assert!(matches!(
        host.pause("menu", "other", true, town.clock.now()).await,
        Err(JobError::None(..))
    ));
    town.pass(2 * HOUR_MS + 1);
    // It is durable.
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    let states: Vec<_> = host.rows(town.now()).into_iter().map(|row| row.state).collect();
    assert_eq!(states, [JobState::Paused, JobState::Paused]);
    assert_eq!(host.upcoming(None, town.now(), 10).unwrap(), []);
    for name in ["hourly", "tea"] {
        host.pause("menu", name, false, town.clock.now()).await.unwrap();
    }
    town.run(&host).await;
    assert_eq!(town.ran(), ["tea 2026-11-20T03:01:00.000Z"]);
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [3]));
}

#[tokio::test]
async fn another_schedule_begins_anew_and_so_does_a_clock_that_was_wrong() {
    let town = Town::new();
    let host = town.host(r#"{"id": "hourly", "cron": "0 0 * * *"}"#).await;
    town.run(&host).await;
    town.pass(HOUR_MS + 60_000);
    host.know(shelf(HOURLY));
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0], "one o'clock was not due then");
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [2]));
    // A clock that goes back a little makes nothing due twice; one that was years ahead stops nothing.
    town.pass(-10 * 60_000);
    town.run(&host).await;
    town.pass(10 * 60_000);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.pass(10_000 * HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran().len(), 1);
    town.pass(-10_000 * HOUR_MS);
    town.run(&host).await;
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [3]));
    // What the manifest has no more is forgotten.
    host.know(shelf(""));
    town.run(&host).await;
    assert!(
        kept::all::<Standing>(&*town.store, &kept::standing_space())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn one_run_after_the_other_and_none_while_nobody_is_called() {
    let town = Town::new();
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    // A run that goes on.
    let told: Mutex<Vec<Event>> = Mutex::default();
    let tell = |event: Event| {
        told.lock().unwrap().push(event);
        let (recorded, heard) = oneshot::channel();
        recorded.send(Told::Recorded).unwrap();
        heard
    };
    town.pass(HOUR_MS);
    assert_eq!(host.run_due(&town.clock, &tell).await, 1);
    assert_eq!(host.rows(town.now())[0].state, JobState::Running);
    town.pass(2 * HOUR_MS);
    assert_eq!(host.run_due(&town.clock, &tell).await, 0, "it waits");
    let event = told.lock().unwrap().remove(0);
    host.ended(
        &event,
        Some(&Outcome::Failed {
            reason: "no luck".into(),
        }),
        town.clock.now(),
    );
    assert_eq!(host.run_due(&town.clock, &tell).await, 1, "once for both");
    let event = told.lock().unwrap().remove(0);
    assert_eq!(event.time(), "2026-11-20T06:00:00.000Z");
    host.ended(&event, None, town.clock.now());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let last = host.rows(town.now())[0].last.clone().unwrap();
    assert!(last.failed.unwrap().contains("not begun"));
    assert_eq!(last.due, "2026-11-20T06:00:00.000Z");

    // While admins let no plugin be called, it waits; then its policy counts.
    let order = r#"{"by": "U1", "name": "lead", "at_ms": 0, "reason": ""}"#;
    let cell = moa_store::Space::new("moa:maintenance", moa_store::Scope::Plugin).cell("pause");
    town.store
        .write(vec![Write::set(cell.clone(), order)], None)
        .await
        .unwrap();
    host.maintenance.reload().await.unwrap();
    assert!(host.maintenance.is_paused());
    town.pass(2 * HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.store.write(vec![Write::delete(cell)], None).await.unwrap();
    host.maintenance.reload().await.unwrap();
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [5]));
}

#[tokio::test]
async fn a_job_goes_after_the_one_that_it_names() {
    let town = Town::new();
    let jobs = r#"{"id": "check", "cron": "0,30 * * * *", "after": "export"}, {"id": "export", "cron": "0 * * * *"}"#;
    let host = town.host(jobs).await;
    town.run(&host).await;
    let told: Mutex<Vec<Event>> = Mutex::default();
    let tell = |event: Event| {
        told.lock().unwrap().push(event);
        let (recorded, heard) = oneshot::channel();
        recorded.send(Told::Recorded).unwrap();
        heard
    };
    let next = || {
        let event = told.lock().unwrap().remove(0);
        host.ended(&event, Some(&Outcome::Done), town.clock.now());
        let EventKind::Due(due) = event.kind else { panic!() };
        due.name
    };
    town.pass(HOUR_MS / 2);
    assert_eq!(host.run_due(&town.clock, &tell).await, 1);
    assert_eq!(next(), "check", "it waits for none that is not due");
    // At the full hour, and also when both are made up for.
    for hours in [1, 3] {
        town.pass(hours * HOUR_MS - HOUR_MS / 2);
        assert_eq!(host.run_due(&town.clock, &tell).await, 1);
        assert_eq!(host.run_due(&town.clock, &tell).await, 0, "export goes on");
        let now_ms = crate::questions::milliseconds(town.clock.now());
        assert_eq!(host.next_ms(now_ms), None, "nothing is looked for meanwhile");
        assert_eq!(next(), "export");
        assert_eq!(host.run_due(&town.clock, &tell).await, 1);
        assert_eq!(next(), "check");
        assert_eq!(host.run_due(&town.clock, &tell).await, 0);
        town.pass(HOUR_MS / 2);
        assert_eq!(host.run_due(&town.clock, &tell).await, 1);
        assert_eq!(next(), "check");
    }
}

#[tokio::test]
async fn what_nobody_takes_stays_due_and_is_not_tried_all_the_time() {
    let town = Town::new();
    let host = town.host(HOURLY).await;
    town.run(&host).await;
    town.pass(HOUR_MS);
    town.serves.store(false, Ordering::SeqCst);
    town.run(&host).await;
    let now_ms = NOON_MS + HOUR_MS;
    assert_eq!(
        host.next_ms(now_ms),
        Some(now_ms + 5_000),
        "neither running nor seen to"
    );
    town.serves.store(true, Ordering::SeqCst);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.pass(5_000);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [1]));
    assert!(!host.is_running());
    assert_eq!(host.next_ms(now_ms), Some(NOON_MS + 2 * HOUR_MS));
    // Each time it is longer, up to a bound; a clock that is set back does not make it longer still.
    let key = ("menu".to_owned(), "hourly".to_owned());
    let waits: Vec<_> = (0..5)
        .map(|_| {
            host.hinder(&key, now_ms);
            run::hindered_until(&lock(&host.book), &key, now_ms) - now_ms
        })
        .collect();
    assert_eq!(waits, [5_000, 10_000, 20_000, 30_000, 30_000]);
    assert_eq!(run::hindered_until(&lock(&host.book), &key, now_ms - HOUR_MS), i64::MIN);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_led_to_nothing_loses_no_run_also_where_missed_runs_are_left_out() {
    let town = Town::new();
    let jobs = r#"{"id": "hourly", "cron": "0 * * * *", "missed": "skip"}"#;
    let host = town.host(jobs).await;
    town.run(&host).await;
    town.pass(HOUR_MS);
    // The host dies between the claim and the journal.
    let claim = |who: &str, at_ms: i64| {
        let claim = Some((who.to_owned(), at_ms));
        move |standing: Option<Standing>| {
            let claim = claim.clone();
            standing.map(|standing| Standing { claim, ..standing })
        }
    };
    let key = ("menu".to_owned(), "hourly".to_owned());
    let at_ms = NOON_MS + HOUR_MS;
    assert!(host.update(&key, claim("other", at_ms)).await.unwrap());
    town.pass(29_000);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.pass(60_000);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [1]));

    // What it claimed itself, and did not go on with, it takes up at once; what a clock claimed that was wrong, too.
    for (who, ahead, hour) in [(host.me.clone(), 0, 2), ("other".into(), 1_000 * HOUR_MS, 3)] {
        town.clock.0.store(NOON_MS + hour * HOUR_MS, Ordering::SeqCst);
        let at_ms = NOON_MS + hour * HOUR_MS + ahead;
        assert!(host.update(&key, claim(&who, at_ms)).await.unwrap());
        town.run(&host).await;
        assert_eq!(town.ran(), hours("hourly", [hour]));
    }
}

#[tokio::test]
async fn what_another_host_cancelled_does_not_come_back() {
    let town = Town::new();
    let (host, other) = (town.host("").await, town.host("").await);
    let once = When::Once { at_ms: NOON_MS + 1_000 };
    host.make("menu", "tea", once, String::new(), (town.clock.now(), None))
        .await
        .unwrap();
    other.reload().await.unwrap();
    assert!(host.cancel("menu", "tea", None).await.unwrap());
    town.pass(2_000);
    for _ in 0..3 {
        town.run(&other).await;
    }
    assert_eq!(town.ran(), [] as [String; 0]);
    assert!(other.rows(town.now()).is_empty());
}

#[tokio::test]
async fn a_job_that_is_made_again_as_it_was_stays_what_it_is_and_one_that_rests_goes_on_resting() {
    let town = Town::new();
    let host = town.host("").await;
    let every = |cron: &str| When::Every {
        cron: cron.into(),
        timezone: "UTC".into(),
        missed: Missed::Once,
    };
    let make = async |when: When| {
        host.make("menu", "tea", when, String::new(), (town.clock.now(), None))
            .await
            .unwrap();
    };
    make(every("0 * * * *")).await;
    town.pass(HOUR_MS);
    make(every("0 * * * *")).await;
    town.run(&host).await;
    assert_eq!(town.ran(), hours("tea", [1]), "what is due already stays due");
    host.pause("menu", "tea", true, town.clock.now()).await.unwrap();
    make(every("30 * * * *")).await;
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    assert_eq!(host.rows(town.now())[0].state, JobState::Paused);
}

#[tokio::test]
async fn what_is_due_once_waits_while_its_plugin_rests() {
    let town = Town::new();
    let rests = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&rests);
    let maintenance = Maintenance::load(town.shared()).await.unwrap();
    let host = Schedules::empty(town.shared(), maintenance, "Asia/Seoul")
        .waiting(Arc::new(move |_| says.load(Ordering::SeqCst)));
    host.know(shelf(HOURLY));
    let host = Arc::new(host);
    town.run(&host).await;
    let once = When::Once { at_ms: NOON_MS + 1_000 };
    host.make("menu", "tea", once, String::new(), (town.clock.now(), None))
        .await
        .unwrap();
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(town.ran(), hours("hourly", [1]), "what comes again does not wait");
    rests.store(false, Ordering::SeqCst);
    town.run(&host).await;
    assert_eq!(town.ran(), ["tea 2026-11-20T03:00:01.000Z"]);
}
