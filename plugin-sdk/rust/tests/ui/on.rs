#![allow(unused)]

use moa_plugin::events::{Joined, Left};
use moa_plugin::prelude::*;

#[on]
fn no_event() {}

#[on(shouted)]
fn unknown_event() {}

#[on(joined, left)]
fn two_events() {}

#[on(joined)]
fn takes_another(what: &Left) {}

#[on(joined)]
fn takes_two(what: &Joined, again: &Joined) {}

#[on(joined)]
fn returns_a_number() -> u8 {
    1
}

#[on(joined)]
struct Thing;

fn main() {}
