#![allow(unused)]

use moa_plugin::prelude::*;

#[command(name = "a", name = "b")]
fn name_twice() {}

#[command]
#[command]
fn command_twice() {}

#[command]
fn min_twice(
    #[min = 1]
    #[min = 2]
    size: u32,
) {
}

#[command]
fn list_and_rest(
    #[list]
    #[rest]
    names: Vec<String>,
) {
}

#[command(name = "a", aliases = ["b", "a"])]
fn own_alias() {}

#[command(aliases = ["b", "b"])]
fn alias_twice() {}

#[command]
fn same_argument(_a: u32, a: u32) {}

fn main() {}
