// What compiles has no warnings of its own either.
#![deny(warnings)]

use moa_plugin::prelude::*;
use std::collections::BTreeMap;

#[derive(Config, Debug, Clone)]
pub struct Settings {
    /// How many.
    #[default = 4]
    #[min = 1]
    pub team_size: u8,
    #[default(-0.5)]
    #[min(-1.0)]
    pub ratio: f64,
    #[default = true]
    pub loud: bool,
    pub wait: Option<Duration>,
    pub day: Option<Date>,
    pub at: Option<Time>,
    #[choice("a", "b")]
    #[default = "a"]
    pub letter: String,
    #[user]
    pub owner: String,
    #[conversation]
    pub place: Option<String>,
    #[default()]
    pub names: Vec<String>,
    #[table]
    pub prices: BTreeMap<String, u32>,
    #[table]
    pub more: Option<BTreeMap<String, Vec<u32>>>,
}

#[command]
fn show(ctx: &Context) -> Result<String> {
    Ok(format!("{:?}", ctx.config::<Settings>()?))
}

plugin! { commands: [show], config: Settings }

fn main() {}
