//! The parts of the `moa` binary. In reading order: the command line, the composition root, then the way of a message.

pub mod cli;
pub mod settings;

pub mod app;
pub mod control;
pub mod dashboard;
pub mod service;
pub mod stores;

pub mod access;
pub mod adapter;
pub mod admin;
pub mod admins;
pub mod announcements;
pub mod audit;
pub mod capability;
pub mod data;
pub mod descriptors;
pub mod dispatch;
pub mod errors;
pub mod grants;
pub mod health;
pub mod intake;
pub mod invocation;
pub mod journal;
pub mod lessons;
pub mod log;
pub mod logs;
pub mod maintenance;
pub mod matching;
pub mod metrics;
pub mod outbox;
pub mod outward;
pub mod pending;
pub mod questions;
pub mod rates;
pub mod recall;
pub mod rest;
pub mod schedule;
pub mod sight;
pub mod vitals;

pub mod demo;
pub mod registry;
pub mod toolchain;
pub mod web;

#[cfg(test)]
pub(crate) mod testing;
