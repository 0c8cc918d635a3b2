#![allow(unused)]

use moa_plugin::prelude::*;

#[command]
fn no_choice(#[choice()] dish: String) {}

#[command]
fn choice_twice(#[choice("a", "a")] dish: String) {}

#[command]
fn empty_choice(#[choice("a", " ")] dish: String) {}

#[command]
fn choice_of_numbers(#[choice("1", "2")] dish: u32) {}

#[command]
fn no_such_choice(
    #[choice("a", "b")]
    #[default = "c"]
    dish: String,
) {
}

#[command]
fn default_of_another_type(#[default = "many"] size: u32) {}

#[command]
fn default_and_option(#[default = 3] size: Option<u32>) {}

#[command]
fn default_computed(#[default = 1 + 2] size: u32) {}

#[command]
fn default_without_value(#[default] size: u32) {}

#[command]
fn bounds_crossed(
    #[min = 5]
    #[max = 2]
    size: u32,
) {
}

#[command]
fn default_below(
    #[min = 5]
    #[default = 2]
    size: u32,
) {
}

#[command]
fn bounds_of_text(#[min = 5] name: String) {}

#[command]
fn attribute_of_context(#[rest] ctx: &Context) {}

fn main() {}
