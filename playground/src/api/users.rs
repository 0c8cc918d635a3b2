//! `users.*` and `bots.info`.

use super::{Answer, ok, page};
use crate::api::args::Args;
use crate::locked;
use crate::shared::Shared;
use crate::ts::Ts;
use crate::world::{APP, BOT, BOT_USER};
use serde_json::{Value, json};

/// `users.info`.
pub(crate) fn info(shared: &Shared, args: &Args) -> Answer {
    let user = args.str("user").ok_or("user_not_found")?;
    let user = locked(&shared.world)
        .user_json(user, args.flag("include_locale"))
        .ok_or("user_not_found")?;
    ok(json!({"user": user}))
}

/// `users.list`.
pub(crate) fn list(shared: &Shared, args: &Args) -> Answer {
    let world = locked(&shared.world);
    let ids = world.people.iter().map(|p| &*p.id).chain([BOT_USER]);
    let all: Vec<Value> = ids
        .filter_map(|id| world.user_json(id, args.flag("include_locale")))
        .collect();
    let (members, metadata) = page::of(args, 1000, all)?;
    ok(json!({"members": members, "cache_ts": Ts::now().seconds(), "response_metadata": metadata}))
}

/// `users.lookupByEmail`.
pub(crate) fn by_email(shared: &Shared, args: &Args) -> Answer {
    let name = args
        .str("email")
        .and_then(|e| e.strip_suffix("@playground.example"))
        .ok_or("users_not_found")?;
    let world = locked(&shared.world);
    let person = world.people.iter().find(|p| p.name == name).ok_or("users_not_found")?;
    ok(json!({"user": world.user_json(&person.id, false)}))
}

/// `bots.info`: there is one bot.
pub(crate) fn bot(shared: &Shared, args: &Args) -> Answer {
    if args.str("bot").is_some_and(|bot| bot != BOT) {
        return Err("bot_not_found".into());
    }
    ok(json!({"bot": {
        "id": BOT, "deleted": false, "name": shared.options.bot_name, "updated": 0, "app_id": APP, "user_id": BOT_USER,
    }}))
}
