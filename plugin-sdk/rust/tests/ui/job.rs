#![allow(unused)]

use moa_plugin::prelude::*;

#[job(cron = "daily")]
fn no_expression() {}

#[job("0 9 * * *")]
fn no_key() {}

#[job(cron = "0 9 * * *", every = "1h")]
fn unknown_key() {}

#[job(cron = "0 9 * * *", cron = "0 10 * * *")]
fn twice() {}

#[job(timezone = "Asia/Seoul")]
fn zone_without_expression() {}

#[job(cron = "0 9 * * *", timezone = "")]
fn no_zone() {}

#[job(cron = "0 9 * * *", missed = "later")]
fn unknown_policy() {}

#[job(cron = "0 9 * * *", jitter = "1 day")]
fn no_jitter() {}

#[job(cron = "0 9 * * *", id = "")]
fn empty_id() {}

#[job(cron = "0 9 * * *", id = "menu:*")]
fn one_job_has_one_name() {}

#[job(id = "menu*")]
fn star_without_colon() {}

#[job(cron = "0 9 * * *")]
fn context(ctx: &Context) {}

#[job(cron = "0 9 * * *")]
fn nothing_to_parse(number: u32) {}

#[job(id = "menu:*")]
fn cannot_be_parsed(rest: Vec<u8>) {}

#[job(cron = "0 9 * * *")]
fn says_something() -> &'static str {
    "good morning"
}

#[job(cron = "0 9 * * *")]
#[on(joined)]
fn two_attributes() {}

#[job(on = "start")]
fn unknown_moment() {}

#[job(on = "load", cron = "0 9 * * *")]
fn moment_and_times() {}

#[job(on = "load", missed = "all")]
fn moment_without_times() {}

#[job(after = "menu")]
fn after_without_times() {}

#[job(on = "load", id = "menu:*")]
fn one_moment_has_one_name() {}

#[job]
struct Thing;

#[command]
fn hello() {}

#[job(cron = "0 9 * * *")]
fn menu() {}

mod other {
    use moa_plugin::prelude::*;

    #[job(id = "menu")]
    pub fn made() {}
}

plugin! { jobs: [hello] }

plugin!(menu, other::made);

fn main() {}
