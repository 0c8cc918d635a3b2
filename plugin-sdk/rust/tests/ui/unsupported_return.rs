#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn count() -> u32 {
    1
}

#[command]
fn fallible() -> Result<u32> {
    Ok(1)
}

fn main() {}
