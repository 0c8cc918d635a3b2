#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn teams(members: std::collections::HashMap<String, u32>) {}

#[command]
fn borrowed(name: &str) {}

#[command]
fn anything(name: impl ToString) {}

#[command]
fn small_change(amount: Option<i128>) {}

fn main() {}
