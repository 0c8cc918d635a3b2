//! Presses against the host for unit tests: what a service would refuse is refused.

// All of this file is a test; the lints' exemption reaches only the functions marked as one.
#![allow(clippy::unwrap_used)]

use moa_plugin::events::{Edited, Topic};
use moa_plugin::prelude::*;
use moa_plugin::testing::Host;

#[command]
fn menu() -> Content {
    Content::text("what?")
        .menu("dish", "a dish", [("Soup", "soup"), ("Rice", "rice")])
        .menu("size", "a size", [("Small", "s"), ("Large", "l")])
        .link("guide", "https://example.com")
        .button(Button::new("order", "Order"))
}

#[action("dish")]
fn dish() {}

#[action("order")]
fn order(press: &Press) -> PressReply {
    let of = |name| press.field(name).to_owned();
    PressReply::view(
        &Form::new("order", "Order")
            .text("dish", "Dish")
            .initial(of("dish"))
            .checkboxes("with", "With", [("Egg", "egg"), ("Nori", "nori")])
            .initial("egg,nori")
            .date("day", "Day")
            .optional()
            .data(of("size")),
    )
}

#[submit("order")]
fn ordered(press: &Press) -> Result<PressReply> {
    if press.field("dish") == "more" {
        return Ok(PressReply::view(&Form::new("more", "More")));
    }
    let day = press.optional_as::<Date>("day")?.map(|day| day.to_string());
    let with: Vec<&str> = press.values("with").collect();
    Ok(PressReply::update(format!(
        "{} {with:?} {day:?} {:?}",
        press.field("dish"),
        press.value()
    )))
}

#[test]
fn the_other_menus_come_along_and_a_form_knows_where_it_was_opened() {
    let host = Host::new();
    host.run::<menu>("").unwrap();
    assert!(host.press::<dish>("Tea").is_err(), "there is no such choice");
    assert!(host.press::<dish>("guide").is_err(), "a link tells nobody");
    assert!(host.press::<dish>("Order").is_err(), "it is for another button");
    host.press::<dish>("Rice").unwrap();
    host.press::<order>("Order").unwrap();
    let form = host.form().unwrap();
    assert_eq!((form.heading.as_str(), form.fields.len()), ("Order", 3));

    assert!(host.submit::<ordered>(&[("table", "4")]).is_err(), "no such field");
    assert!(
        host.submit::<ordered>(&[("dish", "")]).is_err(),
        "it has to be filled in"
    );
    host.submit::<ordered>(&[("day", "tomorrow")]).unwrap();
    let errors = host.form().unwrap().errors;
    assert_eq!(errors, [("day".to_owned(), "This does not fit.".to_owned())]);
    host.submit::<ordered>(&[("with", "")]).unwrap_err();
    host.submit::<ordered>(&[("with", "nori"), ("day", "2026-11-21")])
        .unwrap();
    assert_eq!(host.form(), None);
    // The message with the button is the one that changes; the second menu was never used.
    assert_eq!(host.texts(), [r#"rice ["nori"] Some("2026-11-21") """#]);
    assert!(host.submit::<ordered>(&[]).is_err(), "no form is open");
}

#[test]
fn a_form_may_follow_a_form() {
    let host = Host::new();
    host.run::<menu>("").unwrap();
    host.press::<order>("Order").unwrap();
    host.submit::<ordered>(&[("dish", "more")]).unwrap();
    assert_eq!(host.form().unwrap().id, "more");
    assert!(host.submit::<ordered>(&[]).is_err(), "this is another form");
}

#[action("order")]
fn opens_twice(ctx: &Context, press: &Press) -> Result<()> {
    let form = Form::new("order", "Order");
    press.open(&form)?;
    let again = press.open(&form);
    log::info(format!("{} {}", matches!(again, Err(HostError::NotFound(_))), ctx.id()));
    Ok(())
}

#[test]
fn a_trigger_is_good_once_and_for_a_while() {
    let host = Host::new();
    host.run::<menu>("").unwrap();
    host.press::<opens_twice>("Order").unwrap();
    assert!(host.log()[0].contains("true"), "{:?}", host.log());
    #[action("order")]
    fn keeps(ctx: &Context, press: &Press) -> Result<()> {
        ctx.brain().set_text("trigger", press.trigger().unwrap_or(""))?;
        Ok(())
    }
    host.press::<keeps>("Order").unwrap();
    host.advance(Duration::from_secs(3));
    let trigger = host.with(|ctx| ctx.brain().get_text("trigger")).unwrap().unwrap();
    let late = host.with(|_| chat::open_modal(&trigger, &Form::new("order", "Order")));
    assert!(matches!(late, Err(HostError::NotFound(_))), "{late:?}");
}

fn ask(ctx: &Context, id: &str) -> Result<MessageRef, HostError> {
    let question = Content::text(id).button(Button::new("yes", "Yes").value("y"));
    chat::ask(ctx.place(), &ctx.who().id, id, question, Duration::from_secs(60))
}

#[answer("vote:*")]
fn voted(answer: Answer, number: u8, ctx: &Context) -> Update {
    Update(format!("{number} {answer:?} {}", ctx.who().name).into())
}

#[test]
fn a_question_is_for_one_person_and_ends_once() {
    let host = Host::new().speaker("rosie");
    host.with(|ctx| ask(ctx, "vote:1")).unwrap();
    let host = host.speaker("sally");
    assert_eq!(
        host.press::<voted>("Yes"),
        Err(Error::rejected("this question is for somebody else"))
    );
    // The second with an id replaces the first.
    let host = host.speaker("rosie");
    host.with(|ctx| ask(ctx, "vote:1")).unwrap();
    let host = host.speaker("sally");
    host.time_out::<voted>().unwrap();
    assert_eq!(host.texts(), ["vote:1", "1 TimedOut rosie"]);
    assert!(host.time_out::<voted>().is_err());
    // A button without a value answers by its id.
    let host = host.speaker("rosie");
    host.with(|ctx| {
        let question = Content::text("vote:2").button(Button::new("no", "No"));
        chat::ask(ctx.place(), &ctx.who().id, "vote:2", question, Duration::from_secs(60))
    })
    .unwrap();
    let answered = host.press::<voted>("No").unwrap();
    assert_eq!(answered, PressReply::update(r#"2 Given { value: "no" } rosie"#));
    let bare = host.with(|ctx| chat::ask(ctx.place(), &ctx.who().id, "x", "no button", Duration::ZERO));
    assert!(matches!(bare, Err(HostError::Invalid(_))), "{bare:?}");
}

#[on(edited)]
fn edited(ctx: &Context, what: &Edited) -> String {
    format!("{} now says {}", ctx.message().author.name, what.message.text)
}

#[on(topic)]
fn topic(what: Topic) -> Result<(), Error> {
    match what.topic.as_str() {
        "" => Err(Error::rejected("no topic")),
        _ => Ok(()),
    }
}

#[test]
fn an_event_is_told_with_all_about_it() {
    let host = Host::new().speaker("rosie");
    let message = host.with(|ctx| Message {
        text: "soup".into(),
        ..ctx.message().clone()
    });
    host.event::<edited>(Edited { message }).unwrap();
    assert_eq!(host.texts(), ["rosie now says soup"]);
    let cleared = |topic: &str| Topic {
        place: host.place(),
        topic: topic.into(),
    };
    assert_eq!(host.event::<topic>(cleared("")), Err(Error::rejected("no topic")));
    assert_eq!(host.event::<topic>(cleared("lunch")), Ok(()));
}

#[shortcut("keep", name = "Keep it", on = message)]
fn keep(ctx: &Context, press: &Press) -> Result<()> {
    assert_eq!(ctx.message().author.id, press.field("author"));
    assert_eq!(Some(ctx.message().address()), press.on());
    ctx.react("floppy_disk")?;
    Ok(())
}

#[test]
fn a_shortcut_on_a_message_brings_the_message() {
    let host = Host::new();
    host.shortcut_on::<keep>("soup is ready").unwrap();
    assert_eq!(host.reactions().len(), 1);
}
