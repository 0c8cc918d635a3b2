#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn hello() {}

plugin!();

plugin! { name: "hello" }

plugin! { commands: [hello], title: "x" }

plugin! { commands: [hello], name: "a", name: "b" }

plugin! { commands: [hello], requests: { files: true } }

plugin! { commands: [hello], requests: { http: ["https://api.example.com?v1"] } }

plugin! { commands: [hello], config: { size: number } }

plugin! { commands: [hello], config: { size: int = "four" } }

plugin! { commands: [hello], config: { mood: choice("good") = "bad" } }

plugin! { commands: [hello], config: { size: int? = 4 } }

fn main() {}
