#![allow(unused)]

use moa_plugin::prelude::*;

#[derive(Config)]
enum Choices {
    One,
}

#[derive(Config)]
struct Unnamed(u8);

#[derive(Config)]
struct Generic<T> {
    value: T,
}

#[derive(Config)]
struct Wrong {
    #[default = 4]
    optional_with_default: Option<u8>,
    #[choice("a")]
    choice_of_numbers: u8,
    #[choice("a")]
    #[default = "b"]
    default_beside_the_choices: String,
    #[user]
    id_as_number: u64,
    whole_person: User,
    #[default = "a"]
    list_with_one: Vec<String>,
    #[default("a", "b")]
    text_with_many: String,
    #[default = 9]
    #[max = 5]
    above: u8,
    #[min = 1]
    #[min = 2]
    twice: u8,
    크기: u8,
}

fn main() {}
