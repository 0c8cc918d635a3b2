//! Watches over services: probes them, opens an incident when one is down, and tells how long each was up.

mod commands;
mod health;
mod incident;
mod probe;
mod round;
mod settings;
mod texts;
mod uptime;

use commands::Watch;
use incident::take;
use moa_plugin::prelude::*;
use round::{daily, look};
use settings::Settings;

plugin! {
    summary: { ko: "서비스가 살아 있는지 지켜봅니다", en: "Watches over services" },
    commands: [Watch],
    actions: [take],
    jobs: [look, daily],
    config: Settings,
    requests: { http: ["config:checks.*.url"], sql: ["config:checks.*.sql"], conversations: ["config:conversation"] },
}

#[cfg(test)]
mod tests;
