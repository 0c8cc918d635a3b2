#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn rest_first(#[rest] text: String, times: u32) {}

#[command]
fn list_first(#[list] names: Vec<String>, ctx: &Context, size: u32) {}

#[command]
fn optional_first(size: Option<u32>, name: String) {}

#[command]
fn default_first(#[default = 1] size: u32, name: String) {}

fn main() {}
