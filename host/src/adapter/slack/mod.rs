//! Slack over Socket Mode. In reading order:
//!
//! - `session`: what a connection does next, as a pure state machine; `socket` and `listener` carry it out;
//! - [`moa_core::slack`]: Slack's frames → events, and what the host says → Slack's message arguments;
//! - `web`: the Web API with its errors and its patience; `outgoing`, `files`, `forms`, `history`, `people`: what is
//!   called there.
//!
//! Events come in through a [`Listener`], everything else is the trait [`Adapter`].

mod directory;
pub(crate) mod emoji;
mod explain;
mod files;
mod forms;
mod history;
mod listener;
mod options;
mod outgoing;
mod people;
pub(crate) mod proxy;
mod session;
mod socket;
pub(crate) mod tls;
pub(crate) mod told;
mod web;

pub use listener::Listener;
pub(crate) use options::is_loopback_host;
pub use options::{Secret, SlackOptions, UrlError};
pub use proxy::ProxyError;
pub use tls::TlsError;
pub use web::{Examined, WebError, examine};

use super::{Adapter, ConversationPage, Fatal, Form, Intake, Me, MemberPage, Outgoing, SendError, Stamp, Upload};
use async_trait::async_trait;
use directory::Directory;
use moa_core::call::Sent;
use moa_core::content::Content;
use moa_core::event::{Conversation, Message, MessageRef, Place, PlaceKind, User};
use moa_core::slack::decode::SERVICE;
use moa_core::slack::render;
use options::ApiUrl;
use proxy::Proxy;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::time::Instant;
use web::{Call, CallError, Web};

/// How long signing in is tried before the operator is told why it does not work.
const SIGN_IN_PATIENCE: Duration = Duration::from_secs(3);
/// Between two such rounds.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(5);
/// How often the operator hears that Slack holds events back. Slack says so every minute.
const LIMITED_TOLD: Duration = Duration::from_secs(60);

/// Why the adapter cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configured address cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The environment names a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// There is no HTTP client.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The bot token is refused. The host ends with exit code 3.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// Slack refuses to say who the bot is, for a reason that waiting does not cure.
    #[error("signing in to Slack failed: {0}")]
    Refused(SendError),
}

/// The connection to one Slack workspace.
pub struct Slack {
    web: Arc<Web>,
    me: Me,
    network: Network,
    connections: usize,
    ping_timeout: Duration,
    users: Directory<User>,
    conversations: Directory<Conversation>,
    members: Directory<MemberPage>,
    own: Directory<ConversationPage>,
    directs: Directory<String>,
}

/// An answer of which nothing but `ok` matters.
#[derive(Deserialize)]
struct Done {}

/// What lies between the host and Slack.
#[derive(Clone)]
struct Network {
    /// Whom to trust.
    tls: Arc<rustls::ClientConfig>,
    /// Through whom to speak.
    proxy: Option<Arc<Proxy>>,
}

impl Network {
    /// The system's certificates, and the proxy that the environment names. A workspace simulated on this machine needs
    /// neither.
    fn for_base(base: &ApiUrl) -> Result<Self, StartError> {
        let tls = if base.is_encrypted() {
            tls::system()?
        } else {
            tls::none()?
        };
        let proxy = if base.is_loopback() {
            None
        } else {
            Proxy::named_by(|name| std::env::var(name).ok())?
        };
        if let Some(proxy) = &proxy {
            tracing::info!(proxy = proxy.shown(), "Slack is reached through a proxy");
        }
        Ok(Self {
            tls: Arc::new(tls),
            proxy: proxy.map(Arc::new),
        })
    }
}

#[derive(Deserialize)]
struct AuthTest {
    user_id: String,
    team_id: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    bot_id: Option<String>,
}

impl Slack {
    /// Asks Slack who the bot is. Where Slack cannot be reached it goes on trying, with a warning each time; drop the
    /// future to stop it.
    ///
    /// # Errors
    /// What waiting does not cure: see [`StartError`].
    pub async fn sign_in(options: &SlackOptions) -> Result<Self, StartError> {
        let base = ApiUrl::parse(&options.api_url)?;
        let network = Network::for_base(&base)?;
        Self::sign_in_over(network, base, options).await
    }

    async fn sign_in_over(network: Network, base: ApiUrl, options: &SlackOptions) -> Result<Self, StartError> {
        let web = Web::new(options, base, &network)?;
        let me = who_am_i(&web).await?;
        Ok(Self {
            web: Arc::new(web),
            me,
            network,
            connections: options.connections,
            ping_timeout: options.ping_timeout,
            users: Directory::new(directory::ENTRIES),
            conversations: Directory::new(directory::ENTRIES),
            members: Directory::keeping(people::MEMBERS_KEPT, people::MEMBER_PAGES),
            own: Directory::keeping(people::MEMBERS_KEPT, people::MEMBER_PAGES),
            directs: Directory::new(directory::ENTRIES),
        })
    }

    /// Opens the connections and delivers what comes to `intake`, until the listener is closed or dropped. Connections
    /// that end are replaced without end; only refused credentials stop it, and then the intake is told.
    pub fn listen(&self, intake: Arc<dyn Intake>) -> Listener {
        let shared = socket::Shared {
            me: self.me.clone(),
            intake,
            base: self.web.base().clone(),
            network: self.network.clone(),
            intake_closed: AtomicBool::new(false),
            limited: told::Told::new(LIMITED_TOLD),
            epoch: Instant::now(),
        };
        Listener::start(
            Arc::new(shared),
            Arc::clone(&self.web),
            self.connections,
            self.ping_timeout,
        )
    }
}

async fn who_am_i(web: &Web) -> Result<Me, StartError> {
    let call = Call {
        patience: SIGN_IN_PATIENCE,
        ..Call::read("auth.test", Vec::new())
    };
    loop {
        let error = match web.call::<AuthTest>(&call).await {
            Ok(auth) => {
                return Ok(Me {
                    user_id: auth.user_id,
                    bot_id: auth.bot_id.unwrap_or_default(),
                    team: auth.team_id,
                    name: auth.user.unwrap_or_default(),
                });
            }
            Err(CallError::Fatal(fatal)) => return Err(fatal.into()),
            Err(error @ CallError::Api { .. }) => return Err(StartError::Refused(error.into())),
            Err(error) => error,
        };
        let wait = match &error {
            CallError::RateLimited(wait) => *wait,
            _ => SIGN_IN_PAUSE,
        };
        tracing::warn!(error = %SendError::from(error), seconds = wait.as_secs(), "signing in to Slack failed; trying again");
        tokio::time::sleep(wait).await;
    }
}

#[async_trait]
impl Adapter for Slack {
    fn service(&self) -> &'static str {
        SERVICE
    }

    fn me(&self) -> &Me {
        &self.me
    }

    fn max_text(&self) -> usize {
        render::MAX_TEXT
    }

    async fn send(&self, message: Outgoing<'_>) -> Result<Sent, SendError> {
        self.send_message(message).await
    }

    async fn find(&self, message: Outgoing<'_>) -> Result<Option<MessageRef>, SendError> {
        self.find_message(&message).await
    }

    async fn edit(&self, at: &MessageRef, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.edit_message(at, content, stamp).await
    }

    async fn replace(&self, response_url: &str, content: &Content, stamp: &Stamp) -> Result<(), SendError> {
        self.replace_private(response_url, content, stamp).await
    }

    async fn open_form(&self, form: Form<'_>) -> Result<(), SendError> {
        self.open_view(form).await
    }

    async fn upload(&self, file: Upload<'_>) -> Result<String, SendError> {
        self.upload_file(file).await
    }

    async fn download(&self, file: &str, limit: usize) -> Result<Option<Vec<u8>>, SendError> {
        self.download_file(file, limit).await
    }

    async fn find_file(&self, file: &str) -> Result<Option<Vec<String>>, SendError> {
        self.look_up_file(file).await
    }

    async fn open_direct(&self, user: &str) -> Result<Place, SendError> {
        Ok(Place {
            service: SERVICE.into(),
            conversation: self.direct_with(user).await?,
            thread: None,
            kind: PlaceKind::Direct,
        })
    }

    async fn history(&self, at: &Place, before: Option<&str>, limit: u32) -> Result<Vec<Message>, SendError> {
        self.messages_before(at, before, limit).await
    }

    async fn delete(&self, at: &MessageRef) -> Result<(), SendError> {
        self.delete_message(at).await
    }

    async fn react(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.add_reaction(at, emoji).await
    }

    async fn unreact(&self, at: &MessageRef, emoji: &str) -> Result<(), SendError> {
        self.remove_reaction(at, emoji).await
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, SendError> {
        self.look_up_user(id).await
    }

    async fn find_conversation(&self, id: &str) -> Result<Option<Conversation>, SendError> {
        self.look_up_conversation(id).await
    }

    async fn find_members(&self, conversation: &str, cursor: Option<&str>) -> Result<Option<MemberPage>, SendError> {
        self.look_up_members(conversation, cursor).await
    }

    async fn own_conversations(&self, cursor: Option<&str>) -> Result<ConversationPage, SendError> {
        self.look_up_own(cursor).await
    }
}

#[cfg(test)]
mod tests;
