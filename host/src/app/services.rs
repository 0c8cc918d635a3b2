//! The chat services of a host: Slack, JANDI, incoming webhooks; and one adapter for all of them.

use super::CredentialsRefused;
use crate::adapter::incoming::{Incoming, Webhook};
use crate::adapter::jandi::{self, Hook, Jandi, Target};
use crate::adapter::slack::{Listener, Secret, Slack, SlackOptions, StartError};
use crate::adapter::switchboard::Switchboard;
use crate::adapter::webhook::{Address, Poster};
use crate::adapter::{Adapter, Intake};
use crate::matching::Voices;
use crate::settings;
use axum::Router;
use moa_core::config::{self, Config, IncomingKind, JandiHook, SecretSource, SecretValue};
use moa_core::router::Settings;
use moa_core::slack::incoming::Sender;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Slack's two tokens.
#[derive(Clone)]
pub struct Tokens {
    /// The one that opens connections.
    pub app: String,
    /// The one that everything else is done with.
    pub bot: String,
}

impl Tokens {
    /// Both, for what has to know all secrets.
    fn all(tokens: Option<&Self>) -> impl Iterator<Item = (String, String)> {
        let named = |name: &str, token: &String| (name.to_owned(), token.clone());
        tokens.into_iter().flat_map(move |tokens| {
            [
                named("slack.app-token", &tokens.app),
                named("slack.bot-token", &tokens.bot),
            ]
        })
    }
}

/// What has an address: read from where the configuration says that it lies, before anything is connected.
pub(super) struct Webhooks {
    hooks: BTreeMap<String, Hook>,
    incoming: BTreeMap<String, Webhook>,
    /// All that is secret in them, and what each is called.
    secrets: Vec<(String, String)>,
}

impl Webhooks {
    /// Reads their secrets. With `trying` (`moa dev`) one whose secret is missing is left out.
    ///
    /// # Errors
    /// One is missing, or is no address.
    pub(super) fn read(config: &Config, trying: bool) -> anyhow::Result<Self> {
        let mut all = Self {
            hooks: BTreeMap::new(),
            incoming: BTreeMap::new(),
            secrets: Vec::new(),
        };
        for hook in &config.jandi {
            let read = all.hook(hook);
            left_out(read, trying, &format!("the hook of JANDI's `{}`", hook.name))?;
        }
        for (name, said) in &config.incoming {
            let read = all.incoming(name, said);
            left_out(read, trying, &format!("the incoming webhook `{name}`"))?;
        }
        Ok(all)
    }

    /// All secrets that the host has of its own, and what each is called.
    pub(super) fn secrets(&self, tokens: Option<&Tokens>) -> Vec<(String, String)> {
        Tokens::all(tokens).chain(self.secrets.iter().cloned()).collect()
    }

    fn secret(&mut self, key: &'static str, source: &SecretSource) -> anyhow::Result<String> {
        let text = settings::secret(key, source)?;
        self.secrets.push((key.to_owned(), text.clone()));
        Ok(text)
    }

    fn hook(&mut self, said: &JandiHook) -> anyhow::Result<()> {
        let incoming = match &said.incoming {
            None => None,
            Some(source) => {
                let text = self.secret("jandi.hook.incoming", source)?;
                let key = format!("jandi.hook.incoming ({})", said.name);
                Some(Target::new(Address::parse(&key, &text)?))
            }
        };
        let hook = Hook {
            keyword: said.keyword.clone(),
            token: SecretValue::new(self.secret("jandi.hook.token", &said.token)?),
            incoming,
        };
        self.hooks.insert(said.name.clone(), hook);
        Ok(())
    }

    fn incoming(&mut self, name: &str, said: &config::Incoming) -> anyhow::Result<()> {
        let text = self.secret("incoming.url", &said.url)?;
        let address = Address::parse(&format!("incoming.{name}.url"), &text)?;
        let webhook = match said.kind {
            IncomingKind::Slack => Webhook::Slack {
                address,
                sender: Sender {
                    name: said.username.clone(),
                    icon: said.icon.clone(),
                },
                encoding: said.encoding,
            },
            IncomingKind::Jandi => Webhook::Jandi {
                target: Target::new(address),
                email: said.email.clone(),
            },
        };
        self.incoming.insert(name.to_owned(), webhook);
        Ok(())
    }
}

fn left_out(read: anyhow::Result<()>, trying: bool, what: &str) -> anyhow::Result<()> {
    match read {
        Err(error) if trying => {
            tracing::warn!("{what} is left out: {error:#}");
            Ok(())
        }
        read => read,
    }
}

/// The services.
pub(super) struct Services {
    /// All of them as one.
    pub(super) adapter: Arc<dyn Adapter>,
    slack: Option<Arc<Slack>>,
    jandi: Option<Arc<Jandi>>,
}

impl Services {
    /// Signs in to Slack, if there are tokens for it, and gets ready for the others. Where Slack cannot be reached it goes
    /// on trying; drop the future to stop it.
    ///
    /// # Errors
    /// Slack refuses the credentials, or there is no service at all.
    pub(super) async fn open(config: &Config, tokens: Option<&Tokens>, webhooks: Webhooks) -> anyhow::Result<Self> {
        let slack = match tokens {
            Some(tokens) => Some(sign_in(config, tokens).await?),
            None => None,
        };
        let Webhooks { hooks, incoming, .. } = webhooks;
        let of_hooks = hooks
            .values()
            .filter_map(|hook| hook.incoming.as_ref().map(Target::address));
        let addresses = of_hooks.chain(incoming.values().map(Webhook::address));
        let poster = Arc::new(Poster::new(addresses)?);
        let locale = config.bot.locale;
        let jandi = (!hooks.is_empty()).then(|| Arc::new(Jandi::new(hooks, Arc::clone(&poster), locale)));
        let incoming = (!incoming.is_empty()).then(|| Arc::new(Incoming::new(incoming, poster, locale)));
        let all: [Option<Arc<dyn Adapter>>; 3] = [
            slack.clone().map(|slack| slack as _),
            jandi.clone().map(|jandi| jandi as _),
            incoming.map(|incoming| incoming as _),
        ];
        let mut all = all.into_iter().flatten();
        let Some(main) = all.next() else {
            anyhow::bail!("there is no chat service: set the tokens of Slack, or add a [[jandi.hook]]");
        };
        Ok(Self {
            adapter: Switchboard::of(main, all.collect()),
            slack,
            jandi,
        })
    }

    /// How the bot is spoken to where it is not spoken to as everywhere.
    pub(super) fn voices(&self, settings: &Settings) -> Voices {
        let keywords = self.jandi.iter().flat_map(|jandi| jandi.keywords());
        Voices::of(keywords, settings)
    }

    /// Whether there is a service that has to be connected to, and does not only call.
    pub(super) fn connects(&self) -> bool {
        self.slack.is_some()
    }

    /// What the outside world may call.
    pub(super) fn routes(&self, intake: &Arc<dyn Intake>) -> Router {
        match &self.jandi {
            Some(jandi) => jandi::routes(jandi, Arc::clone(intake)),
            None => Router::new(),
        }
    }

    /// Opens the connections of those who have any.
    pub(super) fn listen(&self, intake: Arc<dyn Intake>) -> Option<Listener> {
        if let Some(jandi) = &self.jandi {
            let hooks: Vec<String> = jandi
                .keywords()
                .map(|(name, word)| format!("/jandi/{name} (/{word})"))
                .collect();
            tracing::info!("JANDI may call {}", hooks.join(", "));
        }
        self.slack.as_ref().map(|slack| slack.listen(intake))
    }
}

async fn sign_in(config: &Config, tokens: &Tokens) -> anyhow::Result<Arc<Slack>> {
    let options = SlackOptions {
        api_url: config.slack.api_url.clone(),
        app_token: Secret::new(&tokens.app),
        bot_token: Secret::new(&tokens.bot),
        connections: config.slack.connections.into(),
        ping_timeout: config.slack.ping_timeout,
    };
    let slack = Slack::sign_in(&options).await.map_err(|error| match error {
        StartError::Fatal(fatal) => anyhow::Error::new(CredentialsRefused(fatal)),
        other => anyhow::Error::new(other),
    })?;
    Ok(Arc::new(slack))
}
