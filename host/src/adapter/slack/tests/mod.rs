//! The adapter against a small Slack of its own: real sockets, real HTTP, on this machine.

mod connection;
mod fake;
mod files;
mod messages;
mod past;
mod proxy;
mod workspace;
