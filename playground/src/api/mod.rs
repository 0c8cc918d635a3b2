//! The Web API: authentication, the way to the methods, faults, and the form of answers.

pub(crate) mod args;
mod chat;
mod conversations;
mod files;
pub(crate) mod message;
mod page;
mod reactions;
mod users;
mod views;

pub(crate) use files::{LARGEST as LARGEST_FILE, receive as receive_file};
pub(crate) use reactions::is_emoji_name;

use crate::faults::ApiFault;
use crate::record::{Raw, What};
use crate::shared::Shared;
use crate::socket::hub::micros;
use crate::wire::{Body, Wire};
use crate::world::{APP, BOT, BOT_USER, TEAM, TEAM_DOMAIN, TEAM_NAME};
use crate::{locked, merge};
use args::{Args, BodyKind};
use bytes::Bytes;
use message::Refusal;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::Instant;

/// What the bot's token may do; the same list as in the app manifest that the host prints.
pub(crate) const SCOPES: &str = "app_mentions:read,channels:history,groups:history,im:history,mpim:history,\
    channels:read,groups:read,im:read,im:write,mpim:read,mpim:write,users:read,users:read.email,chat:write,commands,\
    reactions:read,reactions:write,files:read,files:write,channels:join";

/// The scope that a method needs.
fn needed(method: &str) -> &'static str {
    match method.split_once('.').unwrap_or((method, "")) {
        ("chat", _) => "chat:write",
        ("reactions", "get" | "list") => "reactions:read",
        ("reactions", _) => "reactions:write",
        ("files", "info" | "list") => "files:read",
        ("files", _) => "files:write",
        ("users", "lookupByEmail") => "users:read.email",
        ("users", "conversations") => "channels:read",
        ("users", _) | ("bots", _) => "users:read",
        ("conversations", "open") => "im:write",
        ("conversations", "history" | "replies") => "channels:history",
        ("conversations", "join") => "channels:join",
        ("conversations", _) => "channels:read",
        ("apps", _) => "connections:write",
        _ => "commands",
    }
}

/// The JSON of a successful answer, or why the call is refused.
type Answer = Result<Vec<u8>, Refusal>;

/// One request to the Web API.
pub(crate) struct Request<'a> {
    pub method: &'a str,
    pub query: &'a str,
    pub content_type: &'a str,
    /// the token of the `Authorization` header
    pub bearer: Option<&'a str>,
    /// what the client called us, for URLs that it shall open next
    pub host: &'a str,
    pub body: Bytes,
}

/// An HTTP answer.
pub(crate) struct Response {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub body: Bytes,
}

/// Carries a call out and records it.
pub(crate) async fn handle(shared: &Shared, request: Request<'_>) -> Response {
    let started = Instant::now();
    let slow = locked(&shared.faults).delay(request.method);
    if !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    let fault = locked(&shared.faults).meet(request.method);
    if fault.is_some() {
        shared.notice_faults();
    }
    let response = match fault {
        Some(ApiFault::RateLimit(seconds)) => {
            let body = Bytes::from_static(b"{\"ok\":false,\"error\":\"ratelimited\"}");
            Response {
                status: 429,
                retry_after: Some(seconds),
                body,
            }
        }
        Some(ApiFault::Broken { after }) => {
            if after {
                drop(answer(shared, &request));
            }
            Response {
                status: 500,
                retry_after: None,
                body: Bytes::from_static(b"Internal Server Error"),
            }
        }
        Some(ApiFault::Refused(error)) => {
            let more =
                (error == "missing_scope").then(|| json!({"needed": needed(request.method), "provided": SCOPES}));
            let body = refused(Refusal {
                error: Cow::Owned(error),
                more,
            });
            Response {
                status: 200,
                retry_after: None,
                body,
            }
        }
        None => Response {
            status: 200,
            retry_after: None,
            body: answer(shared, &request),
        },
    };
    let (method, status, took_us) = (request.method.to_owned(), response.status, micros(started.elapsed()));
    let args = if request.body.is_empty() {
        Bytes::copy_from_slice(request.query.as_bytes())
    } else {
        request.body
    };
    shared.frames.add(Wire::Call {
        method: method.clone(),
        args: Body(args.clone()),
        status,
        answer: Body(response.body.clone()),
        took_us,
    });
    shared.record.add(What::Api {
        method,
        args: Raw(args),
        status,
        answer: Raw(response.body.clone()),
        took_us,
    });
    response
}

fn answer(shared: &Shared, request: &Request) -> Bytes {
    let kind = BodyKind::of(request.content_type);
    let read = Args::read(request.query, kind, &request.body).map(|mut args| {
        if locked(&shared.faults).short_pages {
            args.shorten();
        }
        args
    });
    let mut answer = match read.and_then(|args| call(shared, request, &args)) {
        Ok(answer) => answer,
        Err(refusal) => refused(refusal).to_vec(),
    };
    if kind == (BodyKind::Json { charset: false }) && !request.body.is_empty() {
        warn(&mut answer, "missing_charset");
    }
    answer.into()
}

fn refused(refusal: Refusal) -> Bytes {
    let mut answer = json!({"ok": false, "error": refusal.error});
    merge(&mut answer, refusal.more.unwrap_or_default());
    answer.to_string().into()
}

/// Adds a warning to an answer.
fn warn(answer: &mut Vec<u8>, warning: &str) {
    const METADATA: &[u8] = b"\"response_metadata\"";
    if !answer.windows(METADATA.len()).any(|w| w == METADATA) {
        // The usual case needs no reading: the members go before the closing brace.
        answer.pop();
        let members = format!(",\"warning\":\"{warning}\",\"response_metadata\":{{\"warnings\":[\"{warning}\"]}}}}");
        answer.extend_from_slice(members.as_bytes());
    } else if let Ok(mut value) = serde_json::from_slice::<Value>(answer) {
        let mut metadata = value
            .get("response_metadata")
            .cloned()
            .filter(Value::is_object)
            .unwrap_or(json!({}));
        merge(&mut metadata, json!({"warnings": [warning]}));
        merge(&mut value, json!({"warning": warning, "response_metadata": metadata}));
        *answer = value.to_string().into_bytes();
    }
}

/// The JSON of `value` with `"ok":true`.
fn ok(mut value: Value) -> Answer {
    merge(&mut value, json!({"ok": true}));
    Ok(value.to_string().into_bytes())
}

fn call(shared: &Shared, request: &Request, args: &Args) -> Answer {
    if request.method == "api.test" {
        return match args.str("error") {
            Some(error) => Err(Refusal {
                error: Cow::Owned(error.to_owned()),
                more: Some(json!({"args": args.shown()})),
            }),
            None => ok(json!({"args": args.shown()})),
        };
    }
    let app = request.method.starts_with("apps.connections.");
    // A token in the body is no token for `apps.connections.open`.
    let token = request
        .bearer
        .or_else(|| if app { None } else { args.str("token") })
        .ok_or("not_authed")?;
    let (wanted, other) = if app {
        (&shared.app_token, &shared.bot_token)
    } else {
        (&shared.bot_token, &shared.app_token)
    };
    if token == other {
        return Err("not_allowed_token_type".into());
    }
    if token != wanted {
        return Err("invalid_auth".into());
    }
    if locked(&shared.faults).revoked {
        return Err("token_revoked".into());
    }
    match request.method {
        "apps.connections.open" => connections_open(shared, request.host),
        "auth.test" => ok(json!({
            "url": format!("{}/", shared.base), "team": TEAM_NAME, "user": shared.options.bot_name, "team_id": TEAM,
            "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": false,
        })),
        "team.info" => ok(json!({"team": {
            "id": TEAM, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "url": format!("{}/", shared.base),
        }})),
        "chat.postMessage" => chat::post_message(shared, args),
        "chat.meMessage" => chat::me_message(shared, args),
        "chat.postEphemeral" => chat::post_ephemeral(shared, args),
        "chat.update" => chat::update(shared, args),
        "chat.delete" => chat::delete(shared, args),
        "chat.getPermalink" => chat::permalink(shared, args),
        "reactions.add" => reactions::change(shared, args, true),
        "reactions.remove" => reactions::change(shared, args, false),
        "reactions.get" => reactions::get(shared, args),
        "conversations.open" => conversations::open(shared, args),
        "conversations.info" => conversations::info(shared, args),
        "conversations.list" => conversations::list(shared, args, false),
        "users.conversations" => conversations::list(shared, args, true),
        "conversations.members" => conversations::members(shared, args),
        "conversations.history" => conversations::history(shared, args),
        "conversations.replies" => conversations::replies(shared, args),
        "conversations.leave" => conversations::leave(shared, args),
        "conversations.setTopic" => conversations::set_topic(shared, args),
        "conversations.join" => conversations::join(shared, args),
        "users.info" => users::info(shared, args),
        "users.list" => users::list(shared, args),
        "users.lookupByEmail" => users::by_email(shared, args),
        "bots.info" => users::bot(shared, args),
        "files.getUploadURLExternal" => files::upload_url(shared, args, request.host),
        "files.completeUploadExternal" => files::complete(shared, args),
        "views.open" => views::open(shared, args, false),
        "views.push" => views::open(shared, args, true),
        "views.update" => views::update(shared, args),
        "views.publish" => views::publish(),
        "files.delete" => files::delete(shared, args),
        "files.info" => files::info(shared, args),
        _ => Err(Refusal {
            error: "unknown_method".into(),
            more: Some(json!({"req_method": request.method})),
        }),
    }
}

fn connections_open(shared: &Shared, host: &str) -> Answer {
    if locked(&shared.faults).link_disabled {
        return Err("socket_mode_disabled".into());
    }
    let ticket = shared.hub.ticket(Instant::now());
    ok(json!({"url": format!("ws://{host}/link?ticket={ticket}&app_id={APP}")}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_joins_what_is_there() {
        for text in [
            r#"{"ok":true}"#,
            r#"{"ok":true,"response_metadata":{"next_cursor":"x"}}"#,
        ] {
            let mut answer = text.as_bytes().to_vec();
            warn(&mut answer, "missing_charset");
            let value: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(value["warning"], "missing_charset");
            assert_eq!(value["response_metadata"]["warnings"][0], "missing_charset");
            assert_eq!(value["ok"], true);
        }
    }
}
