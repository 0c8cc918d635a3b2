//! Takes orders: a button opens a form, the form asks back, and what was confirmed is listed.

mod texts;

use moa_plugin::prelude::*;
use serde::{Deserialize, Serialize};
use texts::{DISHES, SIZES, Texts};

/// How long an order is kept, confirmed or not.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How many of a dish one may order.
const QUANTITY: std::ops::RangeInclusive<i64> = 1..=20;

/// An order, in the brain of its conversation.
#[derive(Debug, Deserialize, Serialize)]
struct Order {
    /// Who ordered, by id.
    by: String,
    name: String,
    dish: String,
    size: String,
    quantity: i64,
    note: String,
    confirmed: bool,
}

/// Takes an order with a form, or lists the orders of this conversation.
///
/// Example: !order
/// Example: !order list
/// 예) !주문
/// 예) !주문 목록
#[command(
    name = "주문",
    aliases = ["order"],
    summary(
        ko = "양식으로 주문을 받고, 이 대화방의 주문을 보여 줍니다",
        en = "Takes an order with a form, or lists the orders of this conversation"
    ),
    help(
        ko = "단추를 누르면 양식이 열립니다. 확정한 주문은 하루 동안 `!주문 목록`에 있습니다.",
        en = "The button opens a form. Confirmed orders stay in `!order list` for a day."
    )
)]
fn order(ctx: &Context, #[choice("목록", "list")] show: Option<String>) -> Result<Content> {
    let texts = Texts::of(ctx);
    match show {
        Some(_) => list(ctx, &texts),
        None => Ok(Content::text(texts.invitation()).button(Button::new("open", texts.open()).primary())),
    }
}

#[action("open")]
fn open(ctx: &Context) -> Form {
    let texts = Texts::of(ctx);
    Form::new("order", texts.heading())
        .submit(texts.open())
        .select("dish", texts.dish(), texts.choices(DISHES))
        .radio("size", texts.size(), texts.choices(SIZES))
        .initial("regular")
        .number("quantity", texts.quantity())
        .initial("1")
        .hint(texts.range(&QUANTITY))
        .long_text("note", texts.note())
        .optional()
}

#[submit("order")]
fn ordered(ctx: &Context, press: &Press) -> Result<Content> {
    let texts = Texts::of(ctx);
    let quantity = press.field_as("quantity")?;
    if !QUANTITY.contains(&quantity) {
        return Err(FieldErrors::of("quantity", texts.range(&QUANTITY)).into());
    }
    let order = Order {
        by: ctx.who().id.clone(),
        name: ctx.who().display_name.clone(),
        dish: press.field("dish").into(),
        size: press.field("size").into(),
        quantity,
        note: press.field("note").trim().into(),
        confirmed: false,
    };
    let brain = ctx.conversation_brain();
    let number = brain.increment("orders", 1)?;
    brain.set_with_ttl(&key(number), &order, KEPT)?;
    // Which order a button is about fits in its id.
    Ok(Content::text(texts.question(&order))
        .button(Button::new(format!("confirm:{number}"), texts.confirm()).primary())
        .button(Button::new(format!("cancel:{number}"), texts.cancel())))
}

#[action("confirm:*")]
fn confirm(ctx: &Context, number: i64) -> Result<PressReply> {
    decide(ctx, number, true)
}

#[action("cancel:*")]
fn cancel(ctx: &Context, number: i64) -> Result<PressReply> {
    decide(ctx, number, false)
}

/// The message becomes what was decided, without buttons.
fn decide(ctx: &Context, number: i64, confirmed: bool) -> Result<PressReply> {
    let (texts, brain, key) = (Texts::of(ctx), ctx.conversation_brain(), key(number));
    let Some(mut order) = brain.get::<Order>(&key)? else {
        return Ok(PressReply::update(texts.gone()));
    };
    // Everybody sees the buttons.
    if order.by != ctx.who().id {
        let told = Content::text(texts.not_yours(&order)).to(Audience::Asker);
        return Ok(PressReply::Say(told));
    }
    if order.confirmed || confirmed {
        order.confirmed = true;
        brain.set_with_ttl(&key, &order, KEPT)?;
        return Ok(PressReply::update(texts.confirmed(number, &order)));
    }
    brain.delete(&key)?;
    Ok(PressReply::update(texts.cancelled(&order)))
}

fn list(ctx: &Context, texts: &Texts) -> Result<Content> {
    let brain = ctx.conversation_brain();
    let mut rows = vec![texts.columns().map(String::from)];
    for key in brain.list_keys("order-") {
        let Some(order) = brain.get::<Order>(&key?)?.filter(|order| order.confirmed) else {
            continue;
        };
        let what = texts.item(&order);
        rows.push([order.name, what, order.quantity.to_string(), order.note]);
    }
    Ok(match rows.len() {
        1 => texts.none().into(),
        _ => text::table(rows).into(),
    })
}

/// Padded, so that keys stand in the order of their numbers.
fn key(number: i64) -> String {
    format!("order-{number:08}")
}

plugin! {
    summary: { ko: "양식으로 주문을 받습니다", en: "Takes orders by a form" },
    commands: [order],
    actions: [open, ordered, confirm, cancel],
}

#[cfg(test)]
mod tests;
