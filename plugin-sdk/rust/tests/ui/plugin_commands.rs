#![allow(unused)]

use moa_plugin::prelude::*;

#[command(aliases = ["hi"])]
fn hello() {}

#[command]
fn hi() {}

struct Thing;

plugin!(Thing);

plugin!(hello, hi);

plugin! { name: "Hello World", commands: [hello] }

fn main() {}
