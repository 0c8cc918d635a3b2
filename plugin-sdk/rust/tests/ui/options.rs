#![allow(unused)]

use moa_plugin::prelude::*;

#[command(title = "x")]
fn unknown_key() {}

#[command(name = "two words")]
fn blank_in_name() {}

#[command(aliases = ["a:b"])]
fn colon_in_alias() {}

#[command(confirm = "everybody")]
fn unknown_confirm() {}

#[command(summary(Korean = "x"))]
fn unknown_language() {}

#[command(aliases = "a")]
fn aliases_without_brackets() {}

fn main() {}
