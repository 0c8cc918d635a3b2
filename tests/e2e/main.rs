//! The whole of Moa, as an operator and the people in chat meet it: the `moa` binary as a process of its own, a
//! simulated Slack workspace over real websockets, plugins that are real components, a real browser.
//!
//! Nothing here waits a fixed time. Each wait is for something that must happen, with a deadline; that something does
//! *not* happen is shown by letting a later event overtake it.
//!
//! `MOA_TEST_LONG=1` makes the chaos long: 200 kills in 20,000 commands, on each store; the rough run, 20,000 commands
//! too; the replacing, 200 files in 20,000 commands; and of many plugins a thousand; 100 approvals
//! with 100 kills. With `--nocapture` they print what came of it. `MOA_TEST_REQUIRE=all` turns what would be
//! skipped (no browser, no Redis, no namespaces) into a failure.

// Helpers outside `#[test]` functions are tests too, and say what they expect in the shortest way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything in this binary is a test; a wrong assumption must end it loudly"
)]

mod support;

mod access;
mod announcements;
mod approvals;
mod audit;
mod bad_input;
mod brain_cli;
mod bundled;
mod chaos;
mod chat_functions;
mod commands;
mod crashes;
mod dashboard;
mod degradation;
mod delivery;
mod demo;
mod dev;
mod feed;
mod grants;
mod hears;
mod hongmoa;
mod hostile;
mod http;
mod in_memory;
mod incoming;
mod jandi;
mod languages;
mod maintenance;
mod many;
mod objects;
mod observe;
mod page;
mod pings;
mod plugin_cli;
mod plugins;
mod presses;
mod python;
mod rates;
mod redis;
mod replace;
mod reruns;
mod rest;
mod rough;
mod samples;
mod schedules;
mod secrets;
mod service;
mod slack_manifest;
mod sql;
mod webhooks;
