//! One set of TLS roots for the Web API and the socket: the system's, read once.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The system has no root certificates that can be read.
    #[error(
        "no root certificates were found on this system ({0}); install the package ca-certificates or set SSL_CERT_FILE"
    )]
    NoRoots(String),
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// A client configuration with the system's roots. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
pub fn system() -> Result<ClientConfig, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found
            .errors
            .first()
            .map_or_else(|| "none is installed".to_owned(), ToString::to_string);
        return Err(TlsError::NoRoots(why));
    }
    with_roots(roots)
}

/// A configuration that trusts nobody: for plain connections to a workspace simulated on this machine, which need none
/// and should not wait for the roots to be read.
pub fn none() -> Result<ClientConfig, TlsError> {
    with_roots(RootCertStore::empty())
}

pub(super) fn with_roots(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
