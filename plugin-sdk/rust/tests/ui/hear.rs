#![allow(unused)]

use moa_plugin::prelude::*;

#[hear("a(b")]
fn faulty_pattern() {}

#[hear("(?=a)")]
fn look_around() {}

#[hear("")]
fn empty_pattern() {}

#[hear(ambient)]
fn scope_without_pattern() {}

#[hear("a", everywhere)]
fn unknown_scope() {}

#[hear("a", ambient, ambient)]
fn scope_twice() {}

#[hear("a", id = "")]
fn empty_id() {}

#[hear("(a)")]
fn too_many(one: String, two: String) {}

#[hear("(a)")]
fn not_text(one: u8) {}

#[hear("(a)")]
fn attribute(#[rest] one: String) {}

#[hear]
fn groups_of_what_was_taught(one: String) {}

#[hear("a")]
async fn later() {}

#[hear("a")]
#[hear("b")]
fn two_patterns() {}

#[hear("a")]
#[command]
fn hears_and_runs() {}

#[hear("a")]
fn returns_a_number() -> u8 {
    1
}

#[hear("a")]
struct Thing;

fn main() {}
