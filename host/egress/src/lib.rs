//! What plugins send to the outside world, behind one policy.
//!
//! A [`Client`] sends the requests of many plugins; each comes with a [`Caller`] that says what this one may do. A
//! request goes this way: its address is brought into one form and compared with the rules ([`Permit`]), its host is
//! looked up once, every address found is checked ([`address`]), and the connection goes to exactly such an address.
//! Where an answer leads elsewhere, all of this is done again. Secrets are put in on the way out, and literal occurrences of
//! them are taken out of what comes back ([`Redactor`]).
//!
//! In reading order: [`permit`] and [`address`] decide, [`secrets`] and [`sign`] touch the request, `connect` and
//! [`client`] send it, [`body`] reads the answer, [`redact`] hides secrets in it.

pub mod address;
mod begun;
pub mod body;
pub mod client;
mod connect;
mod error;
pub mod headers;
mod pace;
pub mod permit;
pub mod proxy;
pub mod redact;
pub mod resolve;
pub mod secrets;
pub mod sign;
pub mod tls;
mod way;

pub use body::Body;
pub use client::{Caller, Client, Outside, Request, Response, Sign, is_safe};
pub use error::{Error, Refusal};
pub use pace::Pace;
pub use permit::{Internal, Permit, Refused};
pub use proxy::Proxies;
pub use redact::Redactor;
pub use resolve::{Resolver, System};
pub use secrets::{NotGiven, Vault};
