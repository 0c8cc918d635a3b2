// What compiles has no warnings of its own either.
#![deny(warnings)]

use moa_plugin::events::{Deleted, Edited, Joined, Left, Reacted, Topic, Unreacted};
use moa_plugin::prelude::*;

#[action("order")]
fn order() {}

#[action("order:*")]
fn numbered(ctx: Context, press: Press, number: u32) -> Result<PressReply> {
    Ok(PressReply::update(format!("{number} {} {}", press.value(), ctx.language())))
}

#[submit("order")]
fn ordered(press: &Press) -> Result<Update, FieldErrors> {
    let size: u8 = press.field_as("size")?;
    Ok(Update(format!("{size}").into()))
}

#[shortcut("keep", name(ko = "간직하기", en = "Keep it"), on = message)]
fn keep(press: &Press, ctx: &Context) -> Option<String> {
    (ctx.language() == "ko").then(|| press.field("text").into())
}

#[shortcut("open", name = "Order", description(en = "Orders lunch"), on = anywhere)]
pub fn open() -> Form {
    Form::new("order", "Order").number("size", "Size")
}

#[answer("sure:*")]
fn sure(answer: &Answer, list: String) -> Result<String, std::num::ParseIntError> {
    list.parse::<u8>().map(|n| format!("{n} {answer:?}"))
}

#[answer("sure")]
fn really(answer: Answer) -> PressReply {
    match answer {
        Answer::Given { value } => PressReply::say(value),
        Answer::TimedOut => PressReply::Done,
    }
}

#[on(reacted)]
fn reacted(ctx: &Context, what: &Reacted) -> String {
    format!("{} {}", ctx.who().name, what.emoji)
}

#[on(unreacted)]
fn unreacted(what: Unreacted) -> Result<()> {
    log::info(&what.emoji);
    Ok(())
}

#[on(joined)]
fn joined(_: &Joined) {}

#[on(left)]
fn left(_what: Left) {}

#[on(topic)]
fn topic(ctx: Context, what: &Topic) {
    log::info(format!("{} {}", ctx.id(), what.topic));
}

#[on(edited)]
fn edited(what: &Edited) -> Content {
    Content::text(text::plain(&what.message.text))
}

#[on(deleted)]
fn deleted(what: &Deleted) {
    log::info(&what.message.id);
}

plugin! {
    name: "presses",
    actions: [order, numbered, ordered, keep, open, sure, really],
    events: [reacted, unreacted, joined, left, topic, edited, deleted],
}

mod short {
    use super::*;

    #[on(joined)]
    fn welcome() -> &'static str {
        "welcome"
    }

    plugin!(welcome, super::open);
}

fn main() {}
