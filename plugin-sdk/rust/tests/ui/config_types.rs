#![allow(unused)]

use moa_plugin::prelude::*;

#[derive(Config)]
struct Wrong {
    path: std::path::PathBuf,
    #[default = "four"]
    default_of_another_type: u8,
    #[min = 1]
    text_with_bounds: String,
}

struct Plain;

#[command]
fn hello() {}

plugin! { commands: [hello], config: Plain }

fn main() {}
