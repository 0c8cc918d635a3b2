#![allow(unused)]

use moa_plugin::prelude::*;

struct Plugin;

impl Plugin {
    #[command]
    fn method(&self) {}
}

#[command]
async fn later() {}

#[command]
fn generic<T>(value: T) {}

#[command]
fn with_lifetime<'a>(ctx: &'a Context) {}

#[command]
unsafe fn dangerous() {}

#[command]
extern "C" fn foreign() {}

#[command]
fn pattern((a, b): (u32, u32)) {}

#[command]
struct NotAFunction;

fn main() {}
