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

/// This goes on and on, without a blank line that would end the summary, so that the list of all commands would be
/// mostly about this one, which is not more important than the others, and would be harder to read for everybody who is
/// looking for something else in it.
#[command]
fn long_summary() {}

fn main() {}
