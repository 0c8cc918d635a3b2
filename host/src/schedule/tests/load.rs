//! Jobs that are due when their plugin begins to serve.

use super::*;

const JOBS: &str = r#"{"id": "follow", "on": "load"}, {"id": "greet", "on": "load", "after": "follow"}"#;

fn names(ran: &[String]) -> Vec<&str> {
    ran.iter().filter_map(|one| one.split(' ').next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_one_run_and_a_restart_or_another_version_is_another() {
    let town = Town::new();
    let host = town.host(JOBS).await;
    town.run(&host).await;
    assert_eq!(town.ran(), [format!("follow {:.3}", timestamp(NOON_MS))]);
    // In order: where the one is over the other begins.
    town.run(&host).await;
    assert_eq!(town.ran(), [format!("greet {:.3}", timestamp(NOON_MS))]);
    for _ in 0..3 {
        town.pass(HOUR_MS);
        town.run(&host).await;
    }
    // Others came and went; this one is what it was.
    let same = Shelf::clone(&host.shelf.load());
    host.know(same.clone());
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    // Another version, though it has the same jobs; and one that was stopped and serves again.
    for shelf in [shelf(JOBS), Shelf::new(), same] {
        host.know(shelf);
        town.run(&host).await;
        town.run(&host).await;
        town.pass(1);
    }
    assert_eq!(names(&town.ran()), ["follow", "greet", "follow", "greet"]);
    // A restart, and another host on the same store, in the same moment.
    let hosts = [town.host(JOBS).await, town.host(JOBS).await];
    for _ in 0..3 {
        for host in &hosts {
            town.run(host).await;
            host.reload().await.unwrap();
        }
    }
    let mut ran = town.ran();
    ran.sort();
    assert_eq!(names(&ran), ["follow", "follow", "greet", "greet"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_until_its_plugin_is_called_again() {
    let town = Town::new();
    let host = town.host(JOBS).await;
    town.serves.store(false, Ordering::SeqCst);
    town.run(&host).await;
    assert_eq!(town.ran(), [] as [String; 0]);
    town.serves.store(true, Ordering::SeqCst);
    town.pass(60_000);
    town.run(&host).await;
    assert_eq!(town.ran(), [format!("follow {:.3}", timestamp(NOON_MS))]);
    // Paused over a restart, it runs when it is let.
    host.pause("menu", "follow", true, town.clock.now()).await.unwrap();
    let host = town.host(JOBS).await;
    town.run(&host).await;
    town.pass(HOUR_MS);
    town.run(&host).await;
    assert_eq!(names(&town.ran()), ["greet"]);
    host.pause("menu", "follow", false, town.clock.now()).await.unwrap();
    town.run(&host).await;
    assert_eq!(town.ran(), [format!("follow {:.3}", timestamp(NOON_MS + 60_000))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_shown_and_run_by_hand() {
    let town = Town::new();
    let host = town.host(JOBS).await;
    town.run(&host).await;
    let rows = host.rows(town.now());
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.schedule.as_deref(), row.next))
        .collect();
    // The one ran; the other is due.
    assert_eq!(
        shown,
        [
            ("follow", Some("on load"), None),
            ("greet", Some("on load"), Some(town.now()))
        ]
    );
    town.run(&host).await;
    assert!(host.upcoming(None, town.now(), 9).unwrap().is_empty());
    town.pass(1_000);
    let event = host.at_once("menu", "follow", town.now()).unwrap();
    let EventKind::Due(due) = &event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(
        (due.name.as_str(), due.due.as_str()),
        ("follow", format!("{:.3}", town.now()).as_str())
    );
}
