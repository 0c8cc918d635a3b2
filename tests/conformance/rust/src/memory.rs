//! The brain.

use crate::wit::{self, Scope};
use crate::{Refused, answer, outcome, shown};
use moa_plugin::prelude::*;

const TEXT: &str = "가나다🙂";

#[command]
pub fn brain(ctx: &Context, #[choice("plugin", "conversation", "user", "shared")] scope: String) -> String {
    let (conversation, user) = (ctx.place().conversation.clone(), ctx.who().id.clone());
    answer(match scope.as_str() {
        "plugin" => tour(&ctx.brain(), &Scope::Plugin),
        "conversation" => tour(&ctx.conversation_brain(), &Scope::Conversation(conversation)),
        "user" => tour(&ctx.user_brain(), &Scope::User(user)),
        _ => tour(&Brain::shared(), &Scope::Shared),
    })
}

/// The same memory in the words of the SDK, and in those of the contract where it has none.
fn tour(brain: &Brain, at: &Scope) -> Result<String, Refused> {
    let text = |key| brain.get_text(key).map(shown);
    let mut lines = vec![format!("get: {}", text("nothing")?)];
    brain.set_text("a", "one")?;
    let expires = if wit::has_expiry(at, "a")? { "true" } else { "-" };
    lines.push(format!("set: {} {expires}", text("a")?));
    wit::set(at, &wit::write("t", "two", Some(60)))?;
    lines.push(format!("ttl: {} {}", text("t")?, wit::has_expiry(at, "t")?));
    lines.push(format!("delete: {} {}", brain.delete("a")?, brain.delete("a")?));
    let (five, two) = (brain.increment("n", 5)?, brain.increment("n", -7)?);
    lines.push(format!("increment: {five} {two} {}", text("n")?));
    brain.set_text("w", "word")?;
    lines.push(format!("word: {}", outcome(brain.increment("w", 1))));
    let first = wit::compare_and_swap(at, "c", "1", None);
    let version = first.as_deref().ok().map(str::to_owned);
    let second = wit::compare_and_swap(at, "c", "3", None);
    let third = wit::compare_and_swap(at, "c", "2", version.as_deref());
    let swaps = [outcome(first), outcome(second), outcome(third)];
    lines.push(format!("cas: {} {}", swaps.join(" "), text("c")?));
    let many = [("m1", "x"), ("m2", "y"), ("m3", "z")].map(|(key, value)| wit::write(key, value, None));
    let set = outcome(wit::set_many(at, &many));
    lines.push(format!(
        "many: {set} {}",
        wit::get_many(at, &["m1", "m0", "m3"])?.join(" ")
    ));
    let twice = [wit::write("d", "1", None), wit::write("d", "2", None)];
    lines.push(format!("twice: {}", outcome(wit::set_many(at, &twice))));
    let page = wit::page(at, "m", None, 2)?;
    lines.push(format!("pages: {} {}", page.keys.join(" "), page.next.is_some()));
    let more = wit::page(at, "m", page.next.as_deref(), 2)?;
    lines.push(format!("more: {} {}", more.keys.join(" "), more.next.is_some()));
    let all = brain.list_keys("").collect::<Result<Vec<_>, _>>()?;
    lines.push(format!("all: {}", all.join(" ")));
    Ok(lines.join("\n"))
}

#[command]
pub fn peek(ctx: &Context, key: String) -> String {
    answer(ctx.brain().get_text(&key).map(shown).map_err(Refused::from))
}

#[command]
pub fn number(ctx: &Context, n: i64) -> String {
    let tour = || {
        let brain = ctx.brain();
        brain.delete("number")?;
        let sum = brain.increment("number", n)?;
        let stored = shown(brain.get_text("number")?);
        Ok(format!("argument: {n}\nbrain: {sum}\nstored: {stored}"))
    };
    answer(tour())
}

#[command]
pub fn bytes(ctx: &Context) -> String {
    let tour = || {
        let bytes: Vec<u8> = (0..=255).collect();
        ctx.brain().set_bytes("bytes", &bytes)?;
        let back = ctx.brain().get_bytes("bytes")?.unwrap_or_default();
        Ok(format!("{} bytes, same {}", back.len(), back == bytes))
    };
    answer(tour())
}

#[command]
pub fn big(ctx: &Context) -> String {
    let tour = || {
        let text = TEXT.repeat(15_000);
        ctx.brain().set_text("big", &text)?;
        let kept = ctx.brain().get_text("big")?.unwrap_or_default();
        let file = chat::upload(ctx.place(), "big.txt", text.as_bytes(), "")?;
        let sent = chat::download(&file)?;
        let (brain, file) = (kept == text, sent == text.as_bytes());
        let characters = text.chars().count();
        Ok(format!(
            "{} bytes, {characters} characters, brain {brain}, file {file}",
            text.len()
        ))
    };
    answer(tour())
}
