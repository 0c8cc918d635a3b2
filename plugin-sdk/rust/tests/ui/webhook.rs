#![allow(unused)]

use moa_plugin::prelude::*;

#[webhook]
fn unchecked() {}

#[webhook(verify = "md5")]
fn unknown_check() {}

#[webhook(verify = "none", path = "/x")]
fn unknown_key() {}

#[webhook(verify = "none", verify = "none")]
fn twice() {}

#[webhook(verify = "none", methods = ["get"])]
fn unknown_method() {}

#[webhook(verify = "none", methods = [])]
fn no_method() {}

#[webhook(verify = "none", methods = ["GET", "GET"])]
fn method_twice() {}

#[webhook(verify = "none", name = "Build Ended")]
fn bad_name() {}

#[webhook(verify = "none")]
fn 빌드() {}

#[webhook(verify = "none")]
fn context(ctx: &Context) {}

#[webhook(verify = "none")]
fn two_requests(one: &Request, other: &Request) {}

#[webhook(verify = "none")]
fn body(text: String) {}

#[webhook(verify = "none")]
fn returns_a_number() -> u16 {
    200
}

#[webhook(verify = "none")]
struct Thing;

#[command]
fn hello() {}

#[webhook(verify = "none", name = "build")]
fn one() {}

#[webhook(verify = "none", name = "build")]
fn other() {}

plugin! { webhooks: [hello] }

plugin!(one, other);

fn main() {}
