//! A simulated workspace and the people in it.

use super::record::{Post, Record};
use super::{DEADLINE, GLANCE};
use moa_playground::{Options, Playground};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

/// Something that a person does in the workspace.
#[derive(Clone, Debug)]
pub struct Line {
    body: Value,
}

impl Line {
    /// Ben, who speaks English, types this in #general.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            body: json!({"user": "ben", "channel": "#general", "text": text.into()}),
        }
    }

    /// Somebody else does it.
    pub fn by(self, user: &str) -> Self {
        self.with("user", user)
    }

    /// It is done elsewhere: `#name`, an id, or `@dm` for the person's direct conversation with the bot.
    pub fn at(self, channel: &str) -> Self {
        self.with("channel", channel)
    }

    /// It is written below that message.
    pub fn below(self, ts: &str) -> Self {
        self.with("thread_ts", ts)
    }

    /// The text goes out as it stands, tokens included, as a client could send it.
    pub fn raw(self) -> Self {
        self.with("kind", "raw")
    }

    /// The text is a slash command.
    pub fn slash(self) -> Self {
        self.with("kind", "slash")
    }

    /// These files go along.
    pub fn with_files(mut self, ids: &[&str]) -> Self {
        self.body["files"] = json!(ids);
        self
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.body[key] = json!(value);
        self
    }
}

/// What became of a [`Line`].
#[derive(Clone, Debug)]
pub struct Sent {
    pub channel: String,
    /// empty for a slash command, which leaves no message
    pub ts: String,
    thread: Option<String>,
    /// the last number of the record before it
    pub since: u64,
}

/// A workspace by its address.
#[derive(Debug)]
pub struct Sim {
    http: reqwest::Client,
    base: String,
    seen: Mutex<(u64, Record)>,
}

impl Sim {
    /// The workspace whose page is at `page`.
    pub fn at(page: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let http = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        Self {
            http,
            base: page.trim_end_matches('/').to_owned(),
            seen: Mutex::default(),
        }
    }

    /// The address of the workspace's page.
    pub fn page_url(&self) -> String {
        format!("{}/", self.base)
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/sim/{path}", self.base)).json(body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "/sim/{path} refused {body}: {answer}");
        answer
    }

    /// The workspace has the app with these features: see `features` of an app's manifest.
    pub async fn offer(&self, features: &Value) {
        self.control("features", features).await;
    }

    /// The features of the workspace's app.
    pub async fn offered(&self) -> Value {
        let request = self.http.get(format!("{}/sim/state", self.base));
        let state: Value = request.send().await.unwrap().json().await.unwrap();
        state["features"].clone()
    }

    /// What the workspace answers to this request, whatever it is.
    pub async fn ask_raw(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let url = format!("{}{path}", self.base);
        let request = self.http.request(method.parse().unwrap(), url).body(body.to_vec());
        request.send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// A person does something.
    pub async fn send(&self, line: &Line) -> Sent {
        let since = self.record().await.entries.len() as u64;
        let answer = self.control("send", &line.body).await;
        Sent {
            channel: answer["channel"].as_str().unwrap().to_owned(),
            ts: answer["ts"].as_str().unwrap_or_default().to_owned(),
            thread: line.body["thread_ts"].as_str().map(str::to_owned),
            since,
        }
    }

    /// A person does something and gets an answer: the bot's next message there.
    pub async fn ask(&self, line: &Line) -> Post {
        let sent = self.send(line).await;
        self.answer(&sent, &format!("an answer to {}", line.body)).await
    }

    /// The bot's first message after `sent` at the same place.
    pub async fn answer(&self, sent: &Sent, what: &str) -> Post {
        self.until(what, |record| self.answers(record, sent).into_iter().next())
            .await
    }

    /// The bot's messages after `sent` at the same place: its conversation, and its thread where it is in one.
    pub fn answers(&self, record: &Record, sent: &Sent) -> Vec<Post> {
        let here = |post: &Post| {
            post.n > sent.since && post.channel == sent.channel && (sent.thread.is_none() || post.thread == sent.thread)
        };
        record.posts().into_iter().filter(here).collect()
    }

    /// A person does something to a message of theirs: `edit`, `react` or `delete`.
    pub async fn touch(&self, how: &str, which: &Value, more: Value) {
        let mut body = which.clone();
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.control(how, &body).await;
    }

    /// Somebody uploads a file, for a message to go along with; its id.
    pub async fn upload(&self, user: &str, name: &str, content: &str) -> String {
        let url = format!("{}/sim/upload?user={user}&name={name}", self.base);
        let request = self.http.post(url).body(content.to_owned());
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "{name} was not taken: {answer}");
        answer["file"].as_str().unwrap().to_owned()
    }

    /// A person presses a button of a message; with a `value`, chooses from a menu.
    pub async fn press(&self, user: &str, on: &Post, action_id: &str, value: Option<&str>) {
        let mut body = json!({"user": user, "channel": on.channel, "ts": on.ts, "action_id": action_id});
        if let Some(value) = value {
            body["value"] = json!(value);
        }
        self.control("press", &body).await;
    }

    /// A person fills in the uppermost form and sends it: `values` by block.
    pub async fn submit(&self, user: &str, values: Value) {
        self.control("submit", &json!({"user": user, "values": values})).await;
    }

    /// A person uses a shortcut, on a message or from anywhere.
    pub async fn shortcut(&self, user: &str, callback_id: &str, on: Option<&Sent>) {
        let mut body = json!({"user": user, "callback_id": callback_id});
        if let Some(on) = on {
            body["channel"] = json!(on.channel);
            body["ts"] = json!(on.ts);
        }
        self.control("shortcut", &body).await;
    }

    /// A person does something else: what `/sim/HOW` takes.
    pub async fn act(&self, how: &str, body: Value) -> Value {
        self.control(how, &body).await
    }

    /// The forms that are open before people: a stack for each.
    pub async fn forms(&self) -> Value {
        let request = self.http.get(format!("{}/sim/state", self.base));
        let state: Value = request.send().await.unwrap().json().await.unwrap();
        state["views"].clone()
    }

    /// Arms a fault.
    pub async fn fault(&self, fault: Value) {
        self.control("fault", &fault).await;
    }

    /// Sends a frame to the bot as it stands.
    pub async fn frame(&self, frame: &Value) {
        self.control("raw", &json!({ "frame": frame })).await;
    }

    /// Sends the bot a frame that need not be JSON.
    pub async fn text_frame(&self, text: &str) {
        self.control("raw", &json!({ "text": text })).await;
    }

    /// People do these things one after the other, as fast as they can.
    pub async fn send_all(&self, lines: &[Line]) {
        let body: Value = lines.iter().map(|line| line.body.clone()).collect();
        let request = self.http.post(format!("{}/sim/send", self.base)).json(&body);
        let answers: Vec<Value> = request.send().await.unwrap().json().await.unwrap();
        for (answer, line) in answers.iter().zip(lines) {
            assert_eq!(answer["ok"], true, "/sim/send refused {}: {answer}", line.body);
        }
    }

    /// What happened after entry `since` as the workspace tells it, once there is something or `patience` is over.
    pub async fn entries(&self, since: u64, patience: Duration) -> Vec<u8> {
        let wait = patience.as_millis();
        let request = self
            .http
            .get(format!("{}/sim/record?since={since}&wait_ms={wait}", self.base));
        request.send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Everything that happened so far.
    pub async fn record(&self) -> Record {
        let next = self.seen.lock().unwrap().0;
        let request = self.http.get(format!("{}/sim/record?since={next}", self.base));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["dropped"], 0, "the record has lost entries");
        let mut seen = self.seen.lock().unwrap();
        // Another reader may have been faster.
        for entry in answer["entries"].as_array().unwrap() {
            if entry["n"].as_u64().unwrap() > seen.0 {
                seen.0 = entry["n"].as_u64().unwrap();
                seen.1.entries.push(Arc::new(entry.clone()));
            }
        }
        seen.1.clone()
    }

    /// Waits until `look` finds in the record what it looks for.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&Record) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let record = self.record().await;
            if let Some(found) = look(&record) {
                return found;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "waited {} s in vain for {what}; the workspace saw:\n{}",
                DEADLINE.as_secs(),
                record.tail(40)
            );
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until what Ben did so far in #general has had its consequences: every envelope is acknowledged, and a
    /// command that was typed later is answered. Calls by one person at one place run in order, so what has not been
    /// said by then won't be.
    pub async fn settled(&self) -> Record {
        self.settled_for(&[("ben", "#general")]).await
    }

    /// As [`Self::settled`], for these people at these places.
    pub async fn settled_for(&self, whom: &[(&str, &str)]) -> Record {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        self.acknowledged().await;
        let mut last = Vec::new();
        for (user, channel) in whom {
            let word = format!("settled{}", NUMBER.fetch_add(1, Ordering::Relaxed));
            let sent = self
                .send(&Line::new(format!("!echo {word}")).by(user).at(channel))
                .await;
            last.push((sent, word));
        }
        for (sent, word) in last {
            self.until("the answer that comes last", |record| {
                self.answers(record, &sent).into_iter().find(|post| post.text == word)
            })
            .await;
        }
        self.record().await
    }

    /// Waits until every event so far is acknowledged.
    pub async fn acknowledged(&self) {
        let done = |record: &Record| record.unacknowledged().is_empty().then_some(());
        self.until("every event to be acknowledged", done).await;
    }
}

/// A workspace of its own for a test.
pub struct Workspace {
    sim: Arc<Sim>,
    playground: Playground,
}

impl Workspace {
    /// A workspace that sends events again quickly and for long.
    pub async fn start() -> Self {
        Self::with(Options {
            retry_delays: vec![Duration::from_millis(300); 200],
            ack_timeout: Duration::from_secs(2),
            warning_grace: Duration::from_millis(700),
            refresh_grace: Duration::from_millis(200),
            close_linger: Duration::from_millis(500),
            record_capacity: 400_000,
            ..Options::default()
        })
        .await
    }

    /// A workspace with options of its own.
    pub async fn with(options: Options) -> Self {
        let playground = Playground::start(options).await.unwrap();
        Self {
            sim: Arc::new(Sim::at(&playground.page_url())),
            playground,
        }
    }

    /// The address of its Web API.
    pub fn api_url(&self) -> String {
        self.playground.api_url()
    }

    /// The app-level and the bot token.
    pub fn tokens(&self) -> (String, String) {
        (
            self.playground.app_token().to_owned(),
            self.playground.bot_token().to_owned(),
        )
    }

    /// The address of its page.
    pub fn page_url(&self) -> String {
        self.playground.page_url()
    }

    /// The people in it, to be moved into a task.
    pub fn sim(&self) -> Arc<Sim> {
        Arc::clone(&self.sim)
    }
}

impl Deref for Workspace {
    type Target = Sim;

    fn deref(&self) -> &Sim {
        &self.sim
    }
}
