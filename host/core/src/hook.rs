//! How a request from outside is checked before a plugin sees it.
//!
//! A webhook's manifest says by which scheme ([`Verify`]), the operator gives the secret and, where senders differ, the
//! header and what stands in front of the signature in it. What can be refused by the headers is refused by
//! [`Verifier::begin`], before anything of the body is read. Secrets and signatures are compared in a time that does not
//! depend on where they differ.

mod settings;
mod signature;

pub use settings::{HookSettings, SetUpError};

use crate::manifest::Verify;
use hmac::{Hmac, KeyInit, Mac};
use sha2_of_hmac::{Digest, Sha256};
use std::fmt::Write as _;
use subtle::ConstantTimeEq;

/// How far the time in a Slack signature may be from ours, in seconds: Slack's own rule.
pub const SLACK_WINDOW: i64 = 300;
/// The header of Slack's signature.
const SLACK_SIGNATURE: &str = "x-slack-signature";
/// The header of the time in Slack's signature.
const SLACK_TIME: &str = "x-slack-request-timestamp";
/// Where GitHub, and whoever follows it, has its signature.
pub const HMAC_HEADER: &str = "x-hub-signature-256";
/// What stands there in front of it.
pub const HMAC_PREFIX: &str = "sha256=";
/// Where a bearer token is.
pub const BEARER_HEADER: &str = "authorization";
/// What stands there in front of it; in any case of letters.
pub const BEARER_PREFIX: &str = "Bearer ";

/// The headers of a request.
pub trait Headers {
    /// The values of a header, by its name in lower case.
    fn values(&self, name: &str) -> Vec<&[u8]>;
}

impl Headers for [(&str, &str)] {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        let of_name = self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_bytes()).collect()
    }
}

/// Why a request is refused. For the operator: who sent it learns nothing of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing, there twice, or in another form.
    #[error("it carries no token or signature in the form that was agreed on")]
    Absent,
    /// The token or signature is not the right one.
    #[error("its token or signature is wrong")]
    Wrong,
    /// Its time is too far from ours: it is a copy of an old one, or a clock is wrong.
    #[error("it was signed more than {SLACK_WINDOW} seconds ago or ahead of time")]
    Old,
}

/// Checks the requests of one webhook.
#[derive(Clone)]
pub struct Verifier(Scheme);

#[derive(Clone)]
enum Scheme {
    Open,
    Bearer {
        header: String,
        prefix: String,
        token: Token,
    },
    Hmac {
        header: String,
        prefix: String,
        key: Hmac<Sha256>,
    },
    Slack {
        key: Hmac<Sha256>,
    },
    Jandi {
        token: Token,
    },
}

/// The digest of a secret text: digests are of one length, so that comparing them tells nothing of the text's.
#[derive(Clone, Copy)]
struct Token([u8; 32]);

impl Token {
    fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    fn check(&self, given: &[u8]) -> Result<(), Refused> {
        match bool::from(self.0.ct_eq(&Self::of(given).0)) {
            true => Ok(()),
            false => Err(Refused::Wrong),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match &self.0 {
            Scheme::Open => Verify::None,
            Scheme::Bearer { .. } => Verify::Bearer,
            Scheme::Hmac { .. } => Verify::HmacSha256,
            Scheme::Slack { .. } => Verify::Slack,
            Scheme::Jandi { .. } => Verify::Jandi,
        };
        write!(f, "Verifier({})", scheme.as_str())
    }
}

impl Verifier {
    /// One that lets everything through.
    pub fn open() -> Self {
        Self(Scheme::Open)
    }

    /// One by a scheme and its secret. `header` and `prefix` stand for the scheme's own, where it leaves a choice.
    pub fn new(scheme: Verify, secret: &str, header: Option<&str>, prefix: Option<&str>) -> Self {
        let header = |usual: &str| header.unwrap_or(usual).to_ascii_lowercase();
        let prefix = |usual: &str| prefix.unwrap_or(usual).to_owned();
        Self(match scheme {
            Verify::None => Scheme::Open,
            Verify::Bearer => Scheme::Bearer {
                header: header(BEARER_HEADER),
                prefix: prefix(BEARER_PREFIX),
                token: Token::of(secret.as_bytes()),
            },
            Verify::HmacSha256 => Scheme::Hmac {
                header: header(HMAC_HEADER),
                prefix: prefix(HMAC_PREFIX),
                key: key(secret),
            },
            Verify::Slack => Scheme::Slack { key: key(secret) },
            Verify::Jandi => Scheme::Jandi {
                token: Token::of(secret.as_bytes()),
            },
        })
    }

    /// Checks what the headers can tell. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The request is to be refused, whatever its body is.
    pub fn begin(&self, headers: &(impl Headers + ?Sized), now: i64) -> Result<Checking, Refused> {
        match &self.0 {
            Scheme::Open => Ok(Checking(Rest::Nothing)),
            Scheme::Bearer { header, prefix, token } => {
                let given = after(only(headers, header)?, prefix)?;
                token.check(given).map(|()| Checking(Rest::Nothing))
            }
            Scheme::Hmac { header, prefix, key } => {
                let given = after(only(headers, header)?, prefix)?;
                let expected = signature::digest(given).ok_or(Refused::Absent)?;
                Ok(Checking(Rest::Signature(Box::new(key.clone()), expected)))
            }
            Scheme::Slack { key } => {
                let expected = slack(headers)?;
                let at = only(headers, SLACK_TIME)?;
                let seconds = signature::seconds(at).ok_or(Refused::Absent)?;
                if seconds.abs_diff(now) > SLACK_WINDOW.unsigned_abs() {
                    return Err(Refused::Old);
                }
                let mut key = key.clone();
                for part in [b"v0:", at, b":"] {
                    key.update(part);
                }
                Ok(Checking(Rest::Signature(Box::new(key), expected)))
            }
            Scheme::Jandi { token } => Ok(Checking(Rest::Token(*token))),
        }
    }

    /// The header that carries the secret itself, in lower case: it is not for the plugin.
    pub fn secret_header(&self) -> Option<&str> {
        match &self.0 {
            Scheme::Bearer { header, .. } => Some(header),
            _ => None,
        }
    }

    /// The body as the plugin may see it: without the secret, where the scheme carries it there.
    pub fn without_secret(&self, body: Vec<u8>) -> Vec<u8> {
        match &self.0 {
            Scheme::Jandi { .. } => signature::without_token(body),
            _ => body,
        }
    }

    /// What makes a request the same as another one, whatever its sender calls it: of a signature with a time in it there
    /// is one for each request, and a copy has the same, even where what is not signed was changed. 64 hexadecimal digits.
    pub fn sign_of(&self, headers: &(impl Headers + ?Sized)) -> Option<String> {
        match &self.0 {
            Scheme::Slack { .. } => {
                let mut sign = String::with_capacity(64);
                for byte in slack(headers).ok()? {
                    let _ = write!(sign, "{byte:02x}");
                }
                Some(sign)
            }
            _ => None,
        }
    }
}

/// A request whose headers are good, while its body is read.
pub struct Checking(Rest);

/// What is left to check.
enum Rest {
    Nothing,
    /// The signature of the body is to be this one.
    Signature(Box<Hmac<Sha256>>, [u8; 32]),
    /// The body has a field with the token.
    Token(Token),
}

impl Checking {
    /// Takes the next part of the body.
    pub fn update(&mut self, part: &[u8]) {
        if let Rest::Signature(mac, _) = &mut self.0 {
            mac.update(part);
        }
    }

    /// Decides, with the whole body, all of which was given to [`Checking::update`] part by part.
    ///
    /// # Errors
    /// The request is to be refused.
    pub fn finish(self, body: &[u8]) -> Result<(), Refused> {
        match self.0 {
            Rest::Nothing => Ok(()),
            Rest::Signature(mac, given) => mac.verify_slice(&given).map_err(|_| Refused::Wrong),
            Rest::Token(token) => token.check(signature::token(body).ok_or(Refused::Absent)?.as_bytes()),
        }
    }
}

fn key(secret: &str) -> Hmac<Sha256> {
    let digest: [u8; 32];
    let secret = secret.as_bytes();
    // By the definition of HMAC a key that is longer than a block counts as its digest; a short one always fits.
    let secret = match secret.len() > 64 {
        true => {
            digest = Sha256::digest(secret).into();
            &digest[..]
        }
        false => secret,
    };
    let mut block = [0; 64];
    block.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
    Hmac::new(&block.into())
}

/// Slack's signature, which has one form alone.
fn slack(headers: &(impl Headers + ?Sized)) -> Result<[u8; 32], Refused> {
    let given = after(only(headers, SLACK_SIGNATURE)?, "v0=")?;
    signature::hexadecimal(given).ok_or(Refused::Absent)
}

/// The value of a header that must be there once.
fn only<'a>(headers: &'a (impl Headers + ?Sized), name: &str) -> Result<&'a [u8], Refused> {
    match headers.values(name).as_slice() {
        [one] => Ok(one),
        _ => Err(Refused::Absent),
    }
}

/// What follows a prefix, whatever the case of its letters.
fn after<'a>(value: &'a [u8], prefix: &str) -> Result<&'a [u8], Refused> {
    let (start, rest) = value.split_at_checked(prefix.len()).ok_or(Refused::Absent)?;
    match start.eq_ignore_ascii_case(prefix.as_bytes()) {
        true => Ok(rest),
        false => Err(Refused::Absent),
    }
}

#[cfg(test)]
mod tests;
