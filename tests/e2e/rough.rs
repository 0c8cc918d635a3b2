//! While connections are refreshed and dropped, events come twice, and posts are refused, every command is answered
//! exactly once. `moa-load --faults` is the same at full speed.

use super::support::bot::Plan as Bot;
use super::support::guests::hello;
use super::support::sim::{Sim, Workspace};
use super::support::{DEADLINE, long};
use moa_playground::Options;
use moa_test_rough::{Asking, Plan, Rates, drive};
use std::sync::Arc;
use std::time::Duration;

/// Commands that wait for their answers at the same time.
const OUTSTANDING: usize = 64;

struct People(Arc<Sim>);

impl moa_test_rough::Workspace for People {
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.ask_raw(method, path, body).await)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_all_goes_wrong_every_command_is_answered_exactly_once() {
    // The long form is the one that is promised; in the short one all is denser, so that enough goes wrong.
    let (commands, rates) = match long() {
        true => (20_000, Rates::default()),
        false => (
            2_000,
            Rates {
                refresh: 150,
                close: 210,
                duplicate: 20,
                rate_limit: 500,
            },
        ),
    };
    // What a dropped connection takes along comes again soon, and however often it takes on a slow machine.
    let workspace = Workspace::with(Options {
        ack_timeout: Duration::from_secs(1),
        retry_delays: vec![Duration::from_millis(200); 1_000],
        record_capacity: 400_000,
        ..Options::default()
    })
    .await;
    // A call ends a little after its answer is seen.
    let mut bot = Bot::new(&workspace)
        .plugin(hello())
        .config(&format!("[plugin.hello.limits]\nqueue = {}\n", 2 * OUTSTANDING))
        .start()
        .await;
    let plan = Plan {
        commands,
        outstanding: OUTSTANDING,
        rates,
        asking: Asking::default(),
        until: None,
        patience: DEADLINE,
    };
    let report = drive(&mut People(workspace.sim()), &plan).await.unwrap();
    println!(
        "{}\n{}\n{}",
        report.table(),
        report.redelivery_line(),
        report.closing_line()
    );
    assert_eq!(report.wrong(), Vec::<String>::new(), "{}", report.closing_line());
    assert_eq!((report.once, report.twice, report.lost), (commands, 0, 0));
    assert!(bot.stop().await.success());
}
