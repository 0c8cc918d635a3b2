//! Speaking in chat.

use crate::wit;
use crate::{Refused, answer, kind, or_dash, outcome, press::form};
use moa_plugin::{Card, prelude::*};
use serde_json::json;

#[command]
pub fn talk(ctx: &Context) -> String {
    let tour = || {
        let said = chat::send(ctx.place(), "one")?;
        chat::edit(&said, "two")?;
        for _ in 0..2 {
            chat::react(&said, "👍")?;
        }
        for _ in 0..2 {
            chat::unreact(&said, "👍")?;
        }
        for _ in 0..2 {
            chat::delete(&said)?;
        }
        Ok("done".into())
    };
    answer(tour())
}

#[command]
pub fn upload(ctx: &Context) -> String {
    let tour = || {
        let file = chat::upload(ctx.place(), "점심.csv", b"a,b", "a *file*")?;
        let content = chat::download(&file)?;
        Ok(format!(
            "{} bytes: {}",
            content.len(),
            String::from_utf8_lossy(&content)
        ))
    };
    answer(tour())
}

#[command]
pub fn fetch(ctx: &Context) -> String {
    let tour = || {
        let files = &ctx.message().files;
        if files.is_empty() {
            chat::download("F404")?;
        }
        let mut lines = Vec::new();
        for file in files {
            let content = chat::download(&file.id)?;
            lines.push(format!("{}: {}", file.name, String::from_utf8_lossy(&content)));
        }
        Ok(lines.join("\n"))
    };
    answer(tour())
}

#[command]
pub fn direct(ctx: &Context) -> String {
    let tour = || {
        let place = chat::open_direct(&ctx.who().id)?;
        chat::send(&place, "psst")?;
        Ok(format!("direct: {}", kind(place.kind)))
    };
    answer(tour())
}

#[command]
pub fn lookup(#[choice("user", "conversation", "members")] kind: String, id: String) -> String {
    let tour = || {
        Ok(match kind.as_str() {
            "user" => {
                let user = chat::user(&id)?;
                format!("user {} bot={}", user.display_name, user.bot)
            }
            "conversation" => {
                let found = chat::conversation(&id)?;
                format!(
                    "conversation {} {} {}",
                    found.name,
                    crate::kind(found.kind),
                    or_dash(found.topic)
                )
            }
            _ => format!("members {}", chat::members(&id)?.join(" ")),
        })
    };
    answer(tour())
}

#[command]
pub fn past(ctx: &Context) -> String {
    let tour = || {
        let mut lines = Vec::new();
        let mut before = ctx.message().ref_.id.clone();
        while lines.len() < 6 {
            let page = chat::history(ctx.place(), Some(&before), 2)?;
            let Some(last) = page.last() else { break };
            before.clone_from(&last.ref_.id);
            lines.extend(
                page.iter()
                    .map(|said| format!("{}: {}", said.author.display_name, said.text)),
            );
        }
        Ok(or_dash(lines.join("\n")))
    };
    answer(tour())
}

#[command]
pub fn ask(ctx: &Context, who: User) -> Result<()> {
    let question = Content::text("Tea or coffee?")
        .button(Button::new("tea", "Tea").value("t"))
        .button(Button::new("coffee", "Coffee"));
    chat::ask(ctx.place(), &who.id, "q1", question, Duration::from_secs(60))?;
    Ok(())
}

#[command]
pub fn refused(ctx: &Context) -> String {
    let (here, message) = (ctx.place(), &ctx.message().ref_);
    let gone = MessageRef {
        place: here.clone(),
        id: "0".into(),
    };
    let elsewhere = Place {
        conversation: "C404".into(),
        thread: None,
        kind: moa_plugin::PlaceKind::Channel,
        ..here.clone()
    };
    let minute = Duration::from_secs(60);
    let ttl = wit::write("x", "x", Some(0));
    let results: [(&str, Result<(), Refused>); 16] = [
        ("edit-other", chat::edit(message, "x").map_err(Refused::from)),
        ("delete-other", chat::delete(message).map_err(Refused::from)),
        ("edit-gone", chat::edit(&gone, "x").map_err(Refused::from)),
        ("react-gone", chat::react(&gone, "👍").map_err(Refused::from)),
        (
            "react-unknown",
            chat::react(message, "no such emoji").map_err(Refused::from),
        ),
        (
            "send-empty",
            chat::send(here, Content::default()).map(drop).map_err(Refused::from),
        ),
        (
            "send-elsewhere",
            chat::send(&elsewhere, "x").map(drop).map_err(Refused::from),
        ),
        (
            "send-native",
            chat::send(here, Content::text("x").native(json!([])))
                .map(drop)
                .map_err(Refused::from),
        ),
        (
            "history-zero",
            chat::history(here, None, 0).map(drop).map_err(Refused::from),
        ),
        (
            "ask-nothing",
            chat::ask(here, &ctx.who().id, "q2", "?", minute)
                .map(drop)
                .map_err(Refused::from),
        ),
        (
            "modal-gone",
            chat::open_modal("gone", &form("d1")).map_err(Refused::from),
        ),
        (
            "upload-nameless",
            chat::upload(here, "", b"x", "").map(drop).map_err(Refused::from),
        ),
        ("download-gone", chat::download("F404").map(drop).map_err(Refused::from)),
        (
            "direct-nobody",
            chat::open_direct("U404").map(drop).map_err(Refused::from),
        ),
        ("brain-key", ctx.brain().get_text("").map(drop).map_err(Refused::from)),
        ("brain-ttl", wit::set(&wit::Scope::Plugin, &ttl).map(drop)),
    ];
    results
        .map(|(name, result)| format!("{name}: {}", outcome(result)))
        .join("\n")
}

#[command]
pub fn show(#[choice("card", "native", "sender", "everyone", "thread", "broadcast", "asker")] what: String) -> Content {
    let to = |audience| Content::text(format!("to {what}")).to(audience);
    match what.as_str() {
        "card" => Content::from(
            Card::titled("title")
                .pretext("pre")
                .link("https://example.com/t")
                .text("*body*")
                .color("good")
                .field("f", "v")
                .wide_field("g", "w")
                .image("https://example.com/i.png")
                .footer("foot"),
        ),
        "native" => Content::default().native(json!({ "text": "native text" })),
        "sender" => Content::text("I am a robot").sender("Robot", ":robot_face:"),
        "thread" => to(Audience::Thread),
        "broadcast" => to(Audience::Broadcast),
        "asker" => to(Audience::Asker),
        _ => to(Audience::Everyone),
    }
}
