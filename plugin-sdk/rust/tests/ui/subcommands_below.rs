#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn add() {}

#[command(aliases = ["add"])]
fn append() {}

#[command]
fn show(name: String) {}

struct Thing;

#[command(subcommands = [Thing])]
struct NoCommand;

#[command(subcommands = [add, append])]
struct TwoOfAName;

#[command(subcommands = [show])]
struct TwoArguments {
    name: String,
}

#[command(subcommands = [add])]
struct Above;

#[command]
fn lost(#[parent] above: Above) {}

plugin!(Above, lost);

#[command]
fn no_parent(#[parent] above: u8) {}

fn main() {}
