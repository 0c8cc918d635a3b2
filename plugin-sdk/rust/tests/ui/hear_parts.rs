#![allow(unused)]

use moa_plugin::prelude::*;

#[hear("a", id = "x")]
fn one() {}

#[hear("b", id = "x")]
fn two() {}

#[hear]
fn taught() {}

#[hear]
fn taught_too() {}

#[command]
fn hello() {}

plugin!(one, two);

plugin!(taught, taught_too);

plugin! { commands: [one] }

plugin! { hears: [hello] }

fn main() {}
