//! TLS as a client: whom to trust.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// A configuration that trusts these roots.
///
/// # Errors
/// The TLS library refused its own defaults.
pub fn with_roots(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
