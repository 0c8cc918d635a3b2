// What compiles has no warnings of its own either, and needs no documentation.
#![deny(warnings)]

use moa_plugin::prelude::*;

#[command]
fn undocumented() {}

/// Greets.
#[command(name = "인사", aliases = ["hello"])]
fn greet(ctx: Context, #[default = "world"] who: String) -> Result<Content> {
    Ok(Content::text(format!("{} {who}", ctx.locale())))
}

#[command]
fn run(__context: bool, 크기: u32, r#type: Option<String>) -> std::result::Result<String, std::num::ParseIntError> {
    r#type.unwrap_or_default().parse::<u32>().map(|n| format!("{n} {__context} {크기}"))
}

plugin! {
    name: "test-1",
    version: "2.0.0",
    summary: { ko: "시험", en: "Tests" },
    commands: [undocumented, greet, run],
    config: { "team-size": int = 4, offset: float = -0.5, mood: choice("good", "bad") = "good", people: list = ["a"], token: string? },
    requests: { http: ["https://api.example.com"], secrets: ["API_TOKEN"], users: true, shared_brain: true },
}

fn main() {}
