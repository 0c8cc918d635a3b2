//! Watches over services: probes them, opens an incident when one is down, and tells how long each was up.

mod commands;
mod incident;
mod probe;
mod round;
mod settings;

moa_plugin::texts!("texts.toml");

moa_plugin::plugin! {
    summary: { ko: "서비스가 살아 있는지 지켜봅니다", en: "Watches over services" },
    commands: [commands::Watch],
    actions: [incident::take],
    jobs: [round::look, round::daily],
    config: settings::Settings,
    requests: { http: ["config:checks.*.url"], sql: ["config:checks.*.sql"], conversations: ["config:conversation"] },
}

#[cfg(test)]
mod tests;
