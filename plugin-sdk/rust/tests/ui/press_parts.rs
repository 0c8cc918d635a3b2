#![allow(unused)]

use moa_plugin::prelude::*;

#[action("a")]
fn one() {}

#[action("a")]
fn other() {}

#[submit("a")]
fn form() {}

#[on(joined)]
fn joined() {}

#[on(joined)]
fn again() {}

fn neither() {}

plugin!(one, form, joined);

plugin!(one, other);

plugin!(joined, again);

plugin! { actions: [joined] }

plugin! { events: [one] }

plugin!(neither);

fn main() {}
