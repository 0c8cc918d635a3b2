//! `[plugin.NAME.webhook.HOOK]`: what the operator says about one webhook.

use super::Verifier;
use crate::manifest::{Verify, Webhook};

/// What the operator says about one webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookSettings {
    /// The name in `[secrets]` of what its requests are checked with.
    pub secret: Option<String>,
    /// The header with the token or signature, where it is another one than the scheme's own.
    pub header: Option<String>,
    /// What stands in it in front of the token or signature.
    pub prefix: Option<String>,
    /// Whether a webhook that checks nothing is served.
    pub open: bool,
    /// The largest body, in bytes, where it is another one than `http.body`.
    pub body: Option<u64>,
}

/// Why a webhook is not served, with what is to be written into the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// The secret is not set.
    #[error(
        "the webhook {plugin}/{hook} is not served: it checks requests by {scheme}, and no secret is set for it; add\n\
         [plugin.{plugin}.webhook.{hook}]\nsecret = \"{suggested}\"\nand to [secrets]\n{suggested} = {{ env = \"{suggested}\" }}"
    )]
    NoSecret {
        /// The plugin.
        plugin: String,
        /// The webhook.
        hook: String,
        /// How it checks requests.
        scheme: &'static str,
        /// A name for the secret.
        suggested: String,
    },
    /// It checks nothing, and nobody said that this is meant.
    #[error(
        "the webhook {plugin}/{hook} is not served: it takes requests from anybody; if that is meant, add\n\
         [plugin.{plugin}.webhook.{hook}]\nopen = true"
    )]
    NotOpen {
        /// The plugin.
        plugin: String,
        /// The webhook.
        hook: String,
    },
    /// The configuration names a secret that cannot be had.
    #[error(
        "the webhook {plugin}/{hook} is not served: there is no secret {secret}; add to [secrets]\n{secret} = {{ env = \"{secret}\" }}"
    )]
    Unknown {
        /// The plugin.
        plugin: String,
        /// The webhook.
        hook: String,
        /// The secret.
        secret: String,
    },
}

impl HookSettings {
    /// The check of a plugin's webhook as it is set up. `secret_of` is the value of a secret by its name.
    ///
    /// # Errors
    /// The operator has not said what is needed.
    pub fn verifier<'s>(
        &self,
        plugin: &str,
        hook: &Webhook,
        secret_of: impl Fn(&str) -> Option<&'s str>,
    ) -> Result<Verifier, SetUpError> {
        let names = || (plugin.to_owned(), hook.name.clone());
        if hook.verify == Verify::None {
            // A secret that is set is no reason to take unchecked requests.
            return match self.open {
                true => Ok(Verifier::open()),
                false => {
                    let (plugin, hook) = names();
                    Err(SetUpError::NotOpen { plugin, hook })
                }
            };
        }
        let (plugin, name) = names();
        let Some(secret) = &self.secret else {
            return Err(SetUpError::NoSecret {
                suggested: format!("{plugin}_{name}").to_uppercase().replace('-', "_"),
                scheme: hook.verify.as_str(),
                plugin,
                hook: name,
            });
        };
        let Some(value) = secret_of(secret) else {
            return Err(SetUpError::Unknown {
                plugin,
                hook: name,
                secret: secret.clone(),
            });
        };
        Ok(Verifier::new(
            hook.verify,
            value,
            self.header.as_deref(),
            self.prefix.as_deref(),
        ))
    }
}
