#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn add() {}

#[command(aliases = ["add"])]
fn append() {}

#[command]
fn show(name: String) {}

#[command(subcommands = [add])]
fn runs_by_itself() {}

#[command]
struct NothingBelow;

#[command(subcommands = [])]
struct EmptyList;

#[command(subcommands = [add])]
struct Unnamed(String);

#[command(subcommands = [add])]
struct Greedy {
    #[list]
    names: Vec<String>,
}

#[command(subcommands = [add])]
struct WithContext<'a> {
    ctx: &'a Context,
}

#[command(subcommands = [add])]
struct Generic<T> {
    name: T,
}

#[command(subcommands = [add])]
enum Choices {}

#[command(subcommands = [add], default = show)]
struct OtherDefault;

#[command(subcommands = [add], default = "add")]
struct NamedDefault;

#[command(default = add)]
fn default_of_a_function() {}

#[command]
fn parent_with_bounds(#[parent] #[min = 1] parent: String) {}

#[command(runs = add)]
fn runs_itself_and_another() {}

#[command(runs = add)]
struct WithFields {
    name: String,
}

#[command(runs = add, subcommands = [show])]
struct RunsAndHas;

#[command(runs = "add")]
struct Quoted;

#[command(runs = String)]
struct NoCommand;

fn main() {}
