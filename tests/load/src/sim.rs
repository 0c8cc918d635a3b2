//! The workspace, in a process of its own so that its processor time can be told from the others'.

use crate::http::Http;
use crate::process::Process;
use anyhow::{Context, bail};
use moa_playground::{Options, Playground};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;

/// How long an answer may take before it counts as lost, in milliseconds.
const PATIENCE_MS: u64 = 15_000;

/// What a bot has to know of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// Where it listens.
    pub at: SocketAddr,
    /// The base of the Web API.
    pub api: String,
    /// The app-level token.
    pub app_token: String,
    /// The bot token.
    pub bot_token: String,
}

/// Nobody reads the record while something is measured; holding more of it only costs.
const RECORD: usize = 1_000;

/// Runs a workspace in this process until it is killed, whose record holds so many entries; prints its [`Address`].
pub async fn run(record: usize) -> anyhow::Result<()> {
    let playground = Playground::start(Options {
        record_capacity: record,
        ..Options::default()
    })
    .await?;
    let address = Address {
        at: playground.addr(),
        api: playground.api_url(),
        app_token: playground.app_token().to_owned(),
        bot_token: playground.bot_token().to_owned(),
    };
    println!("{}", serde_json::to_string(&address)?);
    std::future::pending().await
}

/// A workspace in another process.
pub struct Sim {
    /// The process.
    pub process: Process,
    /// How it is reached.
    pub address: Address,
    /// The newest entry of its record that was read.
    seen: u64,
}

/// Who writes where.
#[derive(Clone, Debug)]
pub struct Place {
    /// The person.
    pub user: &'static str,
    /// The conversation.
    pub channel: &'static str,
    /// The thread in it.
    pub thread: Option<String>,
}

impl Sim {
    /// Starts one.
    pub fn start() -> anyhow::Result<Self> {
        Self::recording(RECORD)
    }

    /// Starts one whose record holds so many entries.
    pub fn recording(record: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let (process, line) = Process::start_and_hear(command.arg("sim").arg(record.to_string()))?;
        let address = serde_json::from_str(&line).context("the workspace does not start")?;
        Ok(Self {
            process,
            address,
            seen: 0,
        })
    }

    /// A connection for one who acts there.
    pub fn client(&self) -> Client {
        Client(Http::new(self.address.at, None))
    }

    /// Reads the record as far as it goes, so that [`Sim::connected`] sees only what is new.
    pub async fn catch_up(&mut self) -> anyhow::Result<()> {
        self.news(0).await.map(drop)
    }

    /// Waits until a websocket is open that was not when [`Sim::catch_up`] returned.
    pub async fn connected(&mut self) -> anyhow::Result<()> {
        loop {
            let news = self.news(PATIENCE_MS).await?;
            if news.is_empty() {
                bail!("the bot does not connect");
            }
            if news.iter().any(|entry| entry["kind"] == "open") {
                return Ok(());
            }
        }
    }

    async fn news(&mut self, wait_ms: u64) -> anyhow::Result<Vec<Value>> {
        let path = format!("/sim/record?since={}&wait_ms={wait_ms}", self.seen);
        let body = Http::new(self.address.at, None).ask("GET", &path, b"").await?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        let Some(Value::Array(entries)) = answer.get_mut("entries").map(Value::take) else {
            bail!("the record cannot be read: {answer}");
        };
        if let Some(last) = entries.last().and_then(|entry| entry["n"].as_u64()) {
            self.seen = last;
        }
        Ok(entries)
    }
}

/// Somebody who writes in the workspace.
pub struct Client(Http);

#[derive(Serialize)]
struct Send<'a> {
    user: &'a str,
    channel: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u64>,
    replies: usize,
}

#[derive(Deserialize)]
struct Answer {
    ts: String,
    #[serde(default)]
    replies: Vec<Reply>,
}

#[derive(Deserialize)]
struct Reply {
    text: String,
}

impl Client {
    /// Writes, and returns the bot's next message there; `None` if there is none.
    pub async fn ask(&mut self, place: &Place, text: &str) -> anyhow::Result<Option<String>> {
        Ok(self.ask_for(place, text, 1).await?.into_iter().next())
    }

    /// Writes, and returns the bot's next message there; `None` if there is none within so many milliseconds.
    pub async fn ask_within(&mut self, place: &Place, text: &str, wait_ms: u64) -> anyhow::Result<Option<String>> {
        let answer = self.send(place, text, Some((wait_ms, 1))).await?;
        Ok(answer.replies.into_iter().next().map(|reply| reply.text))
    }

    /// Writes, and returns the bot's next messages there: so many, or fewer where no more come.
    pub async fn ask_for(&mut self, place: &Place, text: &str, replies: usize) -> anyhow::Result<Vec<String>> {
        let answer = self.send(place, text, Some((PATIENCE_MS, replies))).await?;
        Ok(answer.replies.into_iter().map(|reply| reply.text).collect())
    }

    /// Writes, and returns the message's `ts`.
    pub async fn say(&mut self, place: &Place, text: &str) -> anyhow::Result<String> {
        Ok(self.send(place, text, None).await?.ts)
    }

    async fn send(&mut self, place: &Place, text: &str, wait: Option<(u64, usize)>) -> anyhow::Result<Answer> {
        let body = serde_json::to_vec(&Send {
            user: place.user,
            channel: place.channel,
            text,
            thread_ts: place.thread.as_deref(),
            wait_ms: wait.map(|(milliseconds, _)| milliseconds),
            replies: wait.map_or(1, |(_, replies)| replies),
        })?;
        let answer = self.0.ask("POST", "/sim/send", &body).await?;
        serde_json::from_slice(&answer).context("the workspace answers something else")
    }
}
