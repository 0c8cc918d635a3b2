//! Greets, echoes and counts.

use moa_plugin::prelude::*;

/// Greets you by name.
///
/// Example: !hello
/// 예) !안녕
#[command(aliases = ["안녕"], summary(ko = "이름을 불러 인사합니다", en = "Greets you by name"))]
fn hello(ctx: &Context) -> String {
    let name = text::plain(&ctx.who().display_name);
    match ctx.language() {
        "ko" => format!("{name}님, 안녕하세요! 👋"),
        _ => format!("Hello, {name}! 👋"),
    }
}

/// Says the text back.
///
/// Example: !echo 안녕 hello
#[command(summary(ko = "들은 말을 그대로 따라 합니다", en = "Says the text back"))]
fn echo(#[rest] text: String) -> String {
    text
}

/// Counts up, by one each time.
///
/// Example: !count
/// 예) !세기
#[command(aliases = ["세기"], summary(ko = "부를 때마다 하나씩 셉니다", en = "Counts up, by one each time"))]
fn count(ctx: &Context) -> Result<String> {
    let number = ctx.brain().increment("count", 1)?;
    Ok(match ctx.language() {
        "ko" => format!("{number}번째입니다."),
        _ => format!("That was number {number}."),
    })
}

plugin! {
    summary: { ko: "인사하고, 따라 말하고, 셉니다", en: "Greets, echoes and counts" },
    commands: [hello, echo, count],
}
