#![allow(unused)]

use moa_plugin::prelude::*;

#[action]
fn no_id() {}

#[action("")]
fn empty_id() {}

#[action("moa:ask")]
fn id_of_the_host() {}

#[action("order*")]
fn star_without_colon() {}

#[submit("a:*:b")]
fn star_inside() {}

#[action("order", "other")]
fn two_ids() {}

#[action("order")]
fn rest_without_star(number: u32) {}

#[action("order:*")]
fn two_rests(one: u32, other: u32) {}

#[submit("order")]
fn answer_of_a_form(answer: Answer) {}

#[submit("order")]
fn attribute(#[rest] one: String) {}

#[shortcut("keep", on = message)]
fn no_name() {}

#[shortcut("keep", name = "Keep it")]
fn no_place() {}

#[shortcut("keep", name = "Keep it", on = somewhere)]
fn unknown_place() {}

#[shortcut("keep", name = "Keep it for all those who come later", on = message)]
fn long_name() {}

#[shortcut("keep:*", name = "Keep it", on = message)]
fn star_of_a_shortcut() {}

#[shortcut("keep", name = "Keep it", title = "x", on = message)]
fn unknown_option() {}

#[shortcut("Keep it", name = "Keep it", on = message)]
fn id_of_a_shortcut() {}

#[action("a")]
#[submit("b")]
fn two_attributes() {}

#[action("a")]
async fn later() {}

#[action("a")]
fn returns_a_number() -> u8 {
    1
}

#[action("a:*")]
fn rest_that_is_not_parsed(list: Vec<String>) {}

#[action("a")]
struct Thing;

fn main() {}
