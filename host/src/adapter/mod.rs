//! Connections to chat services.
