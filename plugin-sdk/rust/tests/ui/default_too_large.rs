#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn default_too_large(#[default = 300] size: u8) {}

fn main() {}
