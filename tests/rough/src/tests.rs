//! Runs against a workspace that is made up, so that it can be seen that what goes wrong is found.

use super::*;

/// A workspace with a bot in it that answers at once, but as it is told.
#[derive(Default)]
struct Made {
    entries: Vec<Value>,
    faults: Vec<Value>,
    messages: u64,
    twice: bool,
    lost: bool,
    astray: bool,
    strange: bool,
    /// no fault takes place
    tame: bool,
    /// two that answer in turn, each with its name
    signed: bool,
    answers: u64,
    /// becomes true after 300 answers
    enough: Option<Arc<AtomicBool>>,
}

impl Made {
    fn add(&mut self, kind: &str, mut more: Value) {
        let n = self.entries.len() as u64 + 1;
        let members = more.as_object_mut().unwrap();
        members.insert("kind".to_owned(), kind.into());
        members.insert("n".to_owned(), n.into());
        members.insert("at_us".to_owned(), (n * 1_000).into());
        self.entries.push(more);
    }

    fn due(&self, kind: &str, count: u64) -> bool {
        let every = self.faults.iter().find(|fault| fault["kind"] == kind);
        !self.tame && every.is_some_and(|fault| count.is_multiple_of(fault["every"].as_u64().unwrap()))
    }

    /// A person writes; whatever comes of it has come when this is over.
    fn say(&mut self, line: &Value) -> Value {
        let ts = format!("{}.0", self.entries.len());
        let text = line["text"].as_str().unwrap();
        self.add("message", json!({"channel": "C1", "ts": ts, "text": text}));
        let event =
            json!({"envelope_id": ts, "event_id": ts, "channel": "C1", "ts": ts, "attempt": 0, "connection": 1});
        self.add("event", event.clone());
        if !self.faults.is_empty() {
            self.messages += 1;
            if self.due("duplicate", self.messages) {
                let mut twin = event;
                twin["twin"] = "same-envelope".into();
                self.add("event", twin);
            }
            if self.due("refresh", self.messages) {
                self.add("disconnect", json!({"connection": 1, "reason": "refresh_requested"}));
                self.add("close", json!({"connection": 1, "why": "closed"}));
                self.add("open", json!({"connection": 1}));
            }
            if self.due("close", self.messages) {
                self.add("close", json!({"connection": 1, "why": "dropped"}));
                self.add("open", json!({"connection": 1}));
            }
        }
        self.add("ack", json!({"envelope_id": ts}));
        if let Some(answer) = text.strip_prefix("!echo ") {
            self.answer(answer, line["thread_ts"].as_str().unwrap());
        }
        json!({"ok": true, "ts": ts})
    }

    fn answer(&mut self, answer: &str, thread: &str) {
        let is_seventh = answer == "answer 7";
        self.answers += 1;
        if let Some(enough) = &self.enough {
            enough.store(self.answers >= 300, Ordering::SeqCst);
        }
        let signed = format!("{} {answer}", ["even", "odd"][self.answers as usize % 2]);
        let answer = if self.signed { &signed } else { answer };
        let api = |status: u16| json!({"method": "chat.postMessage", "status": status, "args": {}, "answer": {}});
        if self.due("rate-limit", self.messages) {
            self.add("api", api(429));
        }
        if is_seventh && self.lost {
            return;
        }
        let times = if is_seventh && self.twice { 2 } else { 1 };
        for _ in 0..times {
            let thread = if is_seventh && self.astray { "elsewhere" } else { thread };
            self.add("api", api(200));
            self.add("post", json!({"text": answer, "thread_ts": thread, "pings": []}));
        }
        if is_seventh && self.strange {
            self.add("post", json!({"text": "⚠️", "thread_ts": thread}));
        }
    }
}

impl Workspace for Made {
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = match (method, path) {
            ("POST", "/sim/send") => body.as_array().unwrap().iter().map(|line| self.say(line)).collect(),
            ("POST", "/sim/fault") => {
                self.faults.push(body);
                json!({"ok": true, "connections": 0})
            }
            _ => {
                let since = path.strip_prefix("/sim/record?since=").unwrap();
                let since: usize = since.split('&').next().unwrap().parse().unwrap();
                json!({"ok": true, "next": self.entries.len(), "dropped": 0, "entries": self.entries[since..]})
            }
        };
        Ok(answer.to_string().into_bytes())
    }
}

async fn run(made: Made) -> Report {
    run_until(made, None).await
}

async fn run_until(mut made: Made, until: Option<Arc<AtomicBool>>) -> Report {
    made.add("open", json!({"connection": 1}));
    let plan = Plan {
        commands: 100,
        asking: Asking {
            signed: made.signed,
            ..Asking::default()
        },
        until,
        outstanding: 8,
        rates: Rates {
            refresh: 20,
            close: 30,
            duplicate: 10,
            rate_limit: 25,
        },
        patience: Duration::from_millis(20),
    };
    drive(&mut made, &plan).await.unwrap()
}

#[tokio::test]
async fn every_command_is_counted_and_so_is_every_fault() {
    let report = run(Made::default()).await;
    assert_eq!(report.wrong(), Vec::<String>::new());
    assert_eq!((report.once, report.twice, report.lost), (100, 0, 0));
    // The last words are messages too.
    let exact = |often: Often, due| assert_eq!((often.happened, often.due), (due, due));
    exact(report.faults.refreshes, 5);
    exact(report.faults.closes, 3);
    exact(report.faults.duplicates, 10);
    exact(report.faults.rate_limits, 4);
    assert_eq!(report.times[0].commands, 100);
    let line = report.closing_line();
    assert!(
        line.starts_with("100 commands, 8 outstanding, ")
            && line.contains("100 answered exactly once, 0 twice, 0 lost, 0 late")
            && line.ends_with("5 refreshes, 3 sudden closes, 10 events twice (10 of them commands), 4 × 429"),
        "{line}"
    );
}

#[tokio::test]
async fn what_is_lost_said_twice_or_elsewhere_is_found() {
    let lost = run(Made {
        lost: true,
        ..Made::default()
    })
    .await;
    assert_eq!((lost.once, lost.twice, lost.lost), (99, 0, 1));
    assert_eq!(lost.wrong(), ["1 commands were not answered"]);

    let twice = run(Made {
        twice: true,
        ..Made::default()
    })
    .await;
    assert_eq!((twice.once, twice.twice, twice.lost), (99, 1, 0));
    assert_eq!(twice.wrong(), ["1 commands were answered more than once"]);

    let astray = run(Made {
        astray: true,
        ..Made::default()
    })
    .await;
    assert_eq!((astray.once, astray.lost), (99, 1));
    assert!(astray.wrong().concat().contains("\"answer 7\""), "{:?}", astray.wrong());

    let strange = run(Made {
        strange: true,
        ..Made::default()
    })
    .await;
    assert_eq!(strange.once, 100);
    assert_eq!(strange.strange, ["⚠️"]);
    assert!(!strange.wrong().is_empty());
}

#[tokio::test]
async fn a_run_in_which_nothing_goes_wrong_proves_nothing() {
    let report = run(Made {
        tame: true,
        ..Made::default()
    })
    .await;
    assert_eq!((report.once, report.twice, report.lost), (100, 0, 0));
    let wrong = report.wrong();
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(wrong[0].starts_with("0 refreshes took place where "), "{wrong:?}");
}

#[tokio::test]
async fn who_answered_is_told_and_commands_go_on_until_they_need_not() {
    let enough = Arc::new(AtomicBool::new(false));
    let made = Made {
        signed: true,
        enough: Some(Arc::clone(&enough)),
        ..Made::default()
    };
    let report = run_until(made, Some(enough)).await;
    assert_eq!(report.wrong(), Vec::<String>::new());
    assert!(report.once >= 300 && report.once == report.commands, "{}", report.once);
    let by: Vec<&str> = report.answers.iter().take(3).map(|answer| &*answer.by).collect();
    assert_eq!(by, ["odd", "even", "odd"]);
    let in_order = |answer: &Answer| answer.sent < answer.answered;
    assert!(report.answers.iter().all(in_order));
}
