// What compiles has no warnings of its own either.
#![deny(warnings)]

use moa_plugin::prelude::*;

/// Links that everybody finds.
#[command(name = "링크", aliases = ["link"], subcommands = [add, of::Of])]
struct Links;

#[command(name = "추가")]
fn add(#[parent] _links: Links, word: String, #[rest] address: String) -> String {
    format!("{word} {address}")
}

mod of {
    use moa_plugin::prelude::*;

    #[command(subcommands = [list])]
    pub struct Of {
        #[choice("me", "all")]
        #[default = "all"]
        who: String,
        days: Option<u8>,
    }

    #[command]
    fn list(ctx: &Context, #[parent] of: &Of, #[parent] _links: &super::Links) -> String {
        format!("{} {} {:?}", ctx.id(), of.who, of.days)
    }
}

#[hear(r"(\w+)(?:!(\w+))?", direct, ambient, id = "words")]
fn words(first: String, ctx: &Context, second: Option<String>) -> Result<String> {
    Ok(format!("{first} {second:?} {}", ctx.pattern()))
}

#[hear]
fn taught(ctx: Context) {
    log::info(ctx.pattern());
}

plugin!(Links, words, taught);

fn main() {}
