#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn one(#[list] name: String) {}

#[command]
fn numbers(#[list] numbers: Vec<u32>) {}

#[command]
fn unmarked(names: Vec<String>) {}

#[command]
fn rest(#[rest] count: u32) {}

#[command]
fn with_value(#[list(3)] names: Vec<String>) {}

fn main() {}
