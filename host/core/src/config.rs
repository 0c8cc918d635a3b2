//! What the operator decides: `moa.toml` and the environment.
//!
//! The environment stands over the file, the file over the defaults. [`Config::parse`] reads all of it, or says
//! everything that is wrong at once. Every key is declared in one place, `keys.rs`, and is there read, checked, listed
//! by [`Config::show`] and known to the environment.
//!
//! A variable overrides a scalar when its name begins with `MOA_` and contains `__`: `MOA_SLACK__API_URL` is
//! `slack.api-url`. Lists are separated by commas; for a secret it is the value itself. `MOA_CONFIG`, `MOA_LOG` and
//! `MOA_TEST_…` have uses of their own.

mod access;
mod changes;
mod data;
mod error;
mod grant;
mod jandi;
mod keys;
mod network;
mod secret;
mod show;
mod shown;
mod source;
#[cfg(test)]
mod tests;
mod units;

pub use changes::Change;
pub use data::{Address, Bucket, Database};
pub use error::{ConfigError, ConfigErrors};
pub use grant::{LineError, lists};
pub use network::Network;
pub use secret::{SecretSource, SecretValue};
pub use units::{duration, duration_text, size, size_text};

use crate::access::Rule;
use crate::hook::HookSettings;
use crate::locale::Locale;
use crate::rate::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The effective configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// What relative paths in it are relative to: the file's folder, or the working folder (empty) without a file.
    /// The paths below are joined with it already.
    pub base: PathBuf,
    /// `[bot]`
    pub bot: Bot,
    /// `[slack]`
    pub slack: Slack,
    /// `[[jandi.hook]]`
    pub jandi: Vec<JandiHook>,
    /// `[incoming.NAME]`, by name.
    pub incoming: BTreeMap<String, Incoming>,
    /// `[store]`
    pub store: Store,
    /// `[outbox]`
    pub outbox: Outbox,
    /// `[journal]`
    pub journal: Journal,
    /// `[approval]`
    pub approval: Approval,
    /// `[http]`: for the outside world.
    pub http: Http,
    /// `[admin]`: for the operator.
    pub admin: Admin,
    /// `[log]`
    pub log: Log,
    /// `[plugins]`
    pub plugins: Plugins,
    /// `[rate]`
    pub rate: Rates,
    /// `[audit]`
    pub audit: Audit,
    /// `[egress]`
    pub egress: Egress,
    /// `[secrets]`, by name.
    pub secrets: BTreeMap<String, SecretSource>,
    /// `[sql.NAME]`: databases, by name.
    pub sql: BTreeMap<String, Database>,
    /// `[objects.NAME]`: buckets, by name.
    pub objects: BTreeMap<String, Bucket>,
    /// `[commands.alias]`: a word, and the `plugin:command` or command text that it stands for.
    pub aliases: BTreeMap<String, String>,
    /// `[[access]]`: who may do what, in order.
    pub access: Vec<Rule>,
    /// `[plugin.NAME.…]`, by the plugin's name; see [`Config::plugin`].
    pub plugin: BTreeMap<String, PluginSettings>,
    entries: Vec<source::Entry>,
}

/// `[bot]`: who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// How people address it.
    pub name: String,
    /// What commands begin with; none of them is empty.
    pub prefixes: Vec<String>,
    /// The language where a person's own is not known.
    pub locale: Locale,
    /// An IANA time zone that exists.
    pub timezone: String,
    /// Where everything is kept that must survive.
    pub data_dir: PathBuf,
    /// Ids of the people who may do everything.
    pub admins: Vec<String>,
    /// What happens to commands that nobody knows.
    pub unknown: Unknown,
    /// The Unix socket of the running host; `DATA/moa.sock` unless set.
    pub socket: PathBuf,
}

/// What happens to commands that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Similar ones are suggested to the person who typed it.
    #[default]
    Suggest,
    /// Nothing.
    Silent,
}

/// `[slack]`: the connection to Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slack {
    /// The token that opens connections (`xapp-…`).
    pub app_token: SecretSource,
    /// The token that everything else is done with (`xoxb-…`).
    pub bot_token: SecretSource,
    /// Base of the Web API, ends with `/`. `https`, or `http` on a loopback address.
    pub api_url: String,
    /// Whether `api_url` is on a loopback address: only then may a websocket be `ws://`.
    pub loopback: bool,
    /// Websockets at a time, 1 to 8.
    pub connections: u8,
    /// A connection is given up when nothing came for this long after a ping.
    pub ping_timeout: Duration,
}

/// `[[jandi.hook]]`: an outgoing webhook of JANDI's, and the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JandiHook {
    /// The operator's name for it: `POST /jandi/NAME`. Lower-case letters, digits and `-`.
    pub name: String,
    /// The word behind the slash, without it.
    pub keyword: String,
    /// What JANDI identifies itself with.
    pub token: SecretSource,
    /// The address of the incoming webhook of the same room: for what is said later.
    pub incoming: Option<SecretSource>,
}

/// `[incoming.NAME]`: an incoming webhook that messages can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its address.
    pub url: SecretSource,
    /// Whose it is.
    pub kind: IncomingKind,
    /// Who messages come from; empty for the webhook's own name.
    pub username: String,
    /// An emoji's name or the address of a picture; empty for the webhook's own.
    pub icon: String,
    /// How the message is carried.
    pub encoding: IncomingEncoding,
    /// Who gets it, where it is a team webhook of JANDI's: addresses.
    pub email: Vec<String>,
}

/// Whose an incoming webhook is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncomingKind {
    /// Slack's, or of a service that takes the same.
    #[default]
    Slack,
    /// JANDI's.
    Jandi,
}

/// How a message to an incoming webhook of Slack's is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncomingEncoding {
    /// As JSON.
    #[default]
    Json,
    /// As JSON in the field `payload` of a form.
    Form,
}

/// `[store]`: where data is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Which store.
    pub url: StoreUrl,
    /// `[store.backup]`
    pub backup: Backup,
}

/// `[store.backup]`: copies of the brain in `DATA/backups`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// How long after the last one the next is due.
    pub every: Duration,
    /// How many are kept; 0 for no backups.
    pub keep: u32,
}

/// A store's address.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `memory:`: nothing is kept. For trying a bot out, and for measuring what keeping costs.
    Memory,
    /// `redb:PATH`: a file.
    Redb(PathBuf),
    /// `redis://`, `rediss://` or `redis-sentinel://`. It may hold a password: never print it as it is.
    Redis(String),
}

/// `[outbox]`: the pace of what is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Messages a second into one conversation; 0 for no limit.
    pub per_conversation_per_second: f64,
    /// How many may go at once before the pace counts.
    pub burst: u32,
}

/// `[egress]`: what plugins send to the outside world.
#[derive(Clone, Debug, PartialEq)]
pub struct Egress {
    /// Names, addresses and networks that are not public and that plugins may reach where they are granted one there.
    pub internal: Vec<String>,
    /// Requests a second of each plugin, in the long run.
    pub per_second: f64,
    /// How many may go at once before the pace counts.
    pub burst: u32,
    /// How many of each plugin may be on their way at the same time.
    pub at_once: u32,
}

/// `[approval]`: commands that somebody has to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// How long they wait. Never as long as the journal remembers what was decided.
    pub expires: Duration,
}

impl Default for Approval {
    fn default() -> Self {
        Self {
            expires: Duration::from_secs(600),
        }
    }
}

/// `[journal]`: what is remembered of accepted events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Unfinished events older than this are reported instead of run after a restart.
    pub max_age: Duration,
}

/// `[audit]`: what is written down of what people do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How long files are kept.
    pub keep: Duration,
    /// Which commands are written down.
    pub commands: Recorded,
    /// Of which commands texts are, rather than only how long they are.
    pub text: Recorded,
}

/// Which commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recorded {
    /// All.
    #[default]
    All,
    /// Those that are restricted or ask for a confirmation.
    Restricted,
    /// None.
    None,
}

impl Recorded {
    /// Whether a command is among them. `guarded`: it is restricted or asks for a confirmation.
    pub fn covers(self, guarded: bool) -> bool {
        match self {
            Self::All => true,
            Self::Restricted => guarded,
            Self::None => false,
        }
    }
}

/// `[rate]`: how often something may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Commands of one person.
    pub user: Option<Rate>,
    /// `[rate.command]`: a command of all people together, by its name as the operator writes it.
    pub commands: BTreeMap<String, Rate>,
}

/// `[http]`: for the outside world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Whether the address is set: then it is listened at, whoever is served.
    pub wanted: bool,
    /// Address and port; port 0 for any.
    pub listen: std::net::SocketAddr,
    /// The largest body, in bytes.
    pub body: u64,
    /// How often one address may ask for something.
    pub rate: Option<Rate>,
    /// Whose word is taken for where a request comes from.
    pub proxies: Vec<Network>,
}

/// `[admin]`: for the operator: health, metrics, dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Whether the address is set: then it must be that one, and otherwise another port will do.
    pub wanted: bool,
    /// Address and port; port 0 for any; nothing where nobody is to be listened to.
    pub listen: Option<std::net::SocketAddr>,
    /// Names that it may be asked by, beside those of this machine. In lower case.
    pub hosts: Vec<String>,
    /// Whose word is taken for who asks, by which name, and whether by https.
    pub proxies: Vec<Network>,
    /// Whether entries of the brain may be changed from the dashboard.
    pub write_brain: bool,
}

/// `[log]`: the log of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// How lines leave.
    pub format: LogFormat,
}

/// How lines of the log leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// To the system's journal where standard error leads there, otherwise for people.
    #[default]
    Auto,
    /// For people, on standard error.
    Human,
    /// An object on each line of standard error.
    Json,
    /// To the system's journal, field by field.
    Journald,
}

/// `[plugins]`: where plugins come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins {
    /// The folder whose `*.wasm` files are live; `DATA/plugins` unless set.
    pub dir: PathBuf,
}

/// `[plugin.NAME.…]`: what the operator says about one plugin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginSettings {
    /// `[plugin.NAME.limits]`
    pub limits: Limits,
    /// `[plugin.NAME.grant]`
    pub grant: Grant,
    /// `[plugin.NAME.deny]`: what it may not touch, whoever approved it.
    pub deny: Grant,
    /// `[plugin.NAME.webhook.HOOK]`, by the webhook's name.
    pub webhooks: BTreeMap<String, HookSettings>,
    /// `[plugin.NAME.config]`, as JSON; checked against the manifest by
    /// [`Manifest::settle`](crate::manifest::Manifest::settle).
    pub config: serde_json::Map<String, serde_json::Value>,
}

/// `[plugin.NAME.limits]`: how much one call may take. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time inside the guest.
    pub cpu: Duration,
    /// Time altogether.
    pub wall: Duration,
    /// Linear memory.
    pub memory: u64,
    /// Calls at a time.
    pub concurrency: u32,
    /// Calls that may wait.
    pub queue: u32,
    /// Messages a call may send.
    pub messages: u32,
    /// What a call may log.
    pub log: u64,
    /// The plugin's whole brain.
    pub brain: u64,
    /// One value in it.
    pub value: u64,
    /// One key in it.
    pub key: u64,
    /// An HTTP body or a file, either way.
    pub http_body: u64,
    /// Calls into the host.
    pub host_calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(10),
            memory: 128 << 20,
            concurrency: 4,
            queue: 64,
            messages: 32,
            log: 1 << 20,
            brain: 10 << 20,
            value: 1 << 20,
            key: 512,
            http_body: 4 << 20,
            host_calls: 10_000,
        }
    }
}

/// `[plugin.NAME.grant]`: what the operator allows. It counts only together with the manifest's request.
/// `[plugin.NAME.deny]` has the same keys and says what is not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Grant {
    /// Origins (`https://api.example.com`), or `*` for all that the plugin requests.
    pub http: Vec<String>,
    /// Conversations: ids, `#name`, or `*` for all.
    pub conversations: Vec<String>,
    /// To look up and write to other people.
    pub users: bool,
    /// Database connections.
    pub sql: Vec<String>,
    /// Buckets.
    pub objects: Vec<String>,
    /// Secrets.
    pub secrets: Vec<String>,
    /// The brain's scope that all plugins share.
    pub shared_brain: bool,
    /// Jobs made at run time.
    pub schedule: bool,
    /// Messages that call everybody.
    pub broadcast: bool,
}

impl Config {
    /// What is set for a plugin, or the defaults.
    pub fn plugin(&self, name: &str) -> PluginSettings {
        self.plugin.get(name).cloned().unwrap_or_default()
    }
}

impl StoreUrl {
    /// The address of a text; `None` if it is none. A relative path is relative to `base`.
    pub fn parse(text: &str, base: &Path) -> Option<Self> {
        if let Some(path) = text.strip_prefix("redb:").filter(|path| !path.is_empty()) {
            return Some(Self::Redb(base.join(path)));
        }
        if text == "memory:" {
            return Some(Self::Memory);
        }
        let known = ["redis://", "rediss://", "redis-sentinel://"];
        let is_redis = known.iter().any(|scheme| text.starts_with(scheme));
        is_redis.then(|| Self::Redis(text.to_owned()))
    }
}

impl std::fmt::Display for StoreUrl {
    /// The address as it is written in the file, a password in it hidden.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Redis(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                // The last @ ends the credentials: a password may hold others, a host may not.
                match rest.rsplit_once('@') {
                    Some((_, host)) => write!(f, "{scheme}://[secret]@{host}"),
                    None => f.write_str(url),
                }
            }
        }
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
