//! Buttons, menus, forms, shortcuts, questions and what else happens in chat.

use moa_plugin::events::{Deleted, Edited, Joined, Left, Reacted, Topic, Unreacted};
use moa_plugin::prelude::*;
use serde_json::Value;

/// The form, with this hidden data.
pub fn form(data: &str) -> Form {
    let view: Value = serde_json::from_str(include_str!("../../form.json")).unwrap_or_default();
    Form::json(view).data(data)
}

#[command]
pub fn panel() -> Content {
    Content::text("panel")
        .button(Button::new("ok", "OK").value("1").primary())
        .button(Button::new("no", "No").danger().confirm("Sure?"))
        .button(Button::new("quiet", "Quiet").value("q"))
        .button(Button::new("form", "Form"))
        .button(Button::new("modal", "Modal"))
        .menu("size", "Size", [("Small", "s"), ("Large", "l")])
        .link("Docs", "https://example.com/docs")
}

fn name(press: &Press) -> &str {
    &press.who().display_name
}

#[action("ok")]
pub fn ok(press: &Press) -> Update {
    let (message, trigger) = (press.on().is_some(), press.trigger().is_some());
    let (value, name) = (press.value(), name(press));
    Update(format!("pressed ok {value} by {name}, message {message}, trigger {trigger}").into())
}

#[action("no")]
pub fn no(press: &Press) -> String {
    format!("pressed no {} by {}", crate::or_dash(press.value()), name(press))
}

#[action("quiet")]
pub fn quiet() {}

#[action("form")]
pub fn open() -> Form {
    form("d1")
}

#[action("modal")]
pub fn modal(press: &Press) -> Result<()> {
    Ok(press.open(&form("d1"))?)
}

#[action("size")]
pub fn size(press: &Press) -> String {
    format!("chose size {} by {}", press.value(), name(press))
}

#[submit("form")]
pub fn submitted(press: &Press) -> Result<PressReply> {
    let (dish, size) = (press.field("dish"), press.field("size"));
    Ok(match dish {
        "bad" => return Err(FieldErrors::of("dish", "no such dish").into()),
        "again" => PressReply::view(&form("d2")),
        "update" => PressReply::update("ordered"),
        _ => PressReply::say(format!(
            "form {}: dish={dish} size={size} by {}",
            press.value(),
            name(press)
        )),
    })
}

#[shortcut(
    "note",
    name(ko = "적어 두기", en = "Note it"),
    description(ko = "메시지를 적어 둡니다", en = "Notes a message"),
    on = message
)]
pub fn note(press: &Press) -> String {
    format!("noted {} by {}", press.field("text"), press.field("author"))
}

#[shortcut("start", name = "Start", on = anywhere)]
pub fn start(press: &Press) -> String {
    format!("started by {}", name(press))
}

#[answer("q1")]
pub fn answered(press: &Press, answer: Answer) -> String {
    match answer {
        Answer::Given { value } => format!("answer q1 {value} by {}", name(press)),
        Answer::TimedOut => format!("timeout q1 by {}", name(press)),
    }
}

#[on(reacted)]
pub fn reacted(ctx: &Context, what: &Reacted) -> String {
    format!("reacted {} by {}", what.emoji, ctx.who().display_name)
}

#[on(unreacted)]
pub fn unreacted(ctx: &Context, what: &Unreacted) -> String {
    format!("unreacted {} by {}", what.emoji, ctx.who().display_name)
}

#[on(joined)]
pub fn joined(ctx: &Context, _: &Joined) -> String {
    format!("joined by {}", ctx.who().display_name)
}

#[on(left)]
pub fn left(ctx: &Context, _: &Left) -> String {
    format!("left by {}", ctx.who().display_name)
}

#[on(topic)]
pub fn topic(ctx: &Context, what: &Topic) -> String {
    format!(
        "topic {} by {}",
        crate::or_dash(what.topic.as_str()),
        ctx.who().display_name
    )
}

#[on(edited)]
pub fn edited(ctx: &Context, what: &Edited) -> String {
    let message = &what.message;
    format!(
        "edited {} edited={} by {}",
        message.text,
        message.edited,
        ctx.who().display_name
    )
}

#[on(deleted)]
pub fn deleted(ctx: &Context, _: &Deleted) -> String {
    format!("deleted by {}", ctx.who().display_name)
}
