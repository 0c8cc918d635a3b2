//! Socket Mode: tickets, connections, envelopes, acknowledgements and redelivery.
//!
//! - `hub`: which event is where; no sockets, no clocks of its own
//! - `connection`: one websocket
//! - `envelope`: the frames
//! - `regular`: faults that come again and again

pub(crate) mod connection;
pub(crate) mod envelope;
pub(crate) mod hub;
pub(crate) mod regular;
