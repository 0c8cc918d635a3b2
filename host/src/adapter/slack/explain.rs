//! Slack's error words as sentences that say what to do.

use crate::adapter::{Fatal, SendError};

/// Errors after which nothing works with these tokens, ever.
const FATAL: &[&str] = &[
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "user_removed_from_team",
    "team_disabled",
    "not_allowed_token_type",
    "org_login_required",
];

/// Errors that say the method was refused because of something that passes.
const PASSING: &[&str] = &[
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];

/// Which of the two tokens was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The app-level token, for the socket.
    App,
    /// The bot token, for everything else.
    Bot,
}

/// The error as one that ends the adapter, if it is one.
pub fn fatal(code: &str, token: Token) -> Option<Fatal> {
    FATAL.contains(&code).then(|| {
        let which = match token {
            Token::App => {
                "slack.app-token (xapp-…, the app's page, Basic Information, App-Level Tokens, scope connections:write)"
            }
            Token::Bot => "slack.bot-token (xoxb-…, the app's page, OAuth & Permissions)",
        };
        let what = match code {
            "account_inactive" | "user_removed_from_team" => {
                "the bot's account was removed; install the app again and set the new"
            }
            "token_revoked" | "token_expired" => "the token is no longer good; install the app again and set the new",
            "team_disabled" => "the workspace is disabled; once it is back, check",
            "org_login_required" => "the workspace is being moved to an organisation; once that is done, check",
            "not_allowed_token_type" => "this is another kind of token than is needed here; set",
            _ => "the token is wrong; set",
        };
        Fatal {
            service: "slack",
            code: code.into(),
            explanation: format!("{what} {which}"),
        }
    })
}

/// Whether trying again later may help.
pub fn is_passing(code: &str) -> bool {
    PASSING.contains(&code)
}

/// Whether the error word is one for too many calls (which usually, but not always, comes as HTTP 429).
pub fn is_rate_limit(code: &str) -> bool {
    matches!(code, "ratelimited" | "rate_limited")
}

/// The error as the rest of the host sees it. `needed` is the missing scope, where Slack names one; `details` are the
/// messages about single arguments.
pub fn refused(code: &str, needed: Option<&str>, details: &[String]) -> SendError {
    let sentence = match code {
        "user_not_in_channel" => {
            "the person is not in that channel, so a message for their eyes only cannot be shown there"
        }
        "not_in_channel" => "the bot is not in that channel; invite it there (/invite @bot)",
        "channel_not_found" => {
            "there is no such channel, or it is private and the bot is not in it; check the id or invite the bot"
        }
        "is_archived" => "the channel is archived; unarchive it or use another",
        "missing_scope" => {
            let scope = needed.unwrap_or("(Slack does not say which)");
            return SendError::Refused {
                code: code.into(),
                explanation: format!(
                    "the app lacks the scope {scope}; add it under OAuth & Permissions and install the app again"
                ),
            };
        }
        "msg_too_long" | "msg_blocks_too_long" => {
            "the message is too long for Slack; make it shorter or send it as a file"
        }
        "too_many_attachments" => "the message has more than 100 cards; send fewer",
        "no_text" => "the message is empty; give it a text, a card or blocks",
        "invalid_blocks" | "invalid_blocks_format" | "invalid_attachments" => {
            "Slack does not accept the blocks or cards of this message; check the native JSON"
        }
        "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_thread_only_channel" => {
            "the workspace's settings do not let the bot post there; ask a workspace admin"
        }
        "message_not_found" => "there is no such message; it may have been deleted",
        "cant_update_message" | "cant_delete_message" => "only the bot's own messages can be changed or deleted",
        "edit_window_closed" => "the message is too old to be changed; send a new one",
        "thread_not_found" => "the thread is gone; its first message may have been deleted",
        "invalid_name" => "there is no such emoji in this workspace",
        "too_many_reactions" | "too_many_emoji" => "the message has as many reactions as Slack allows",
        "user_not_found" | "users_not_found" => "there is no such person",
        "cannot_dm_bot" => "Slack does not let bots write to bots",
        "cannot_find_channel" | "users_list_not_supplied" | "user_disabled" => {
            "there is no direct conversation with that person; they may have left"
        }
        "expired_trigger_id" | "trigger_expired" | "invalid_trigger_id" => {
            "the press is too long ago: a form has to be opened within 3 seconds"
        }
        "exchanged_trigger_id" | "trigger_exchanged" => "this press has opened a form already; each opens one",
        "view_too_large" => "the form is too large for Slack; ask for less at once",
        "invalid_ts_latest" | "invalid_ts_oldest" => "that is no id of a message",
        "too_large" => "the file is too large",
        "upload_refused" => "Slack's file store does not take the content of the file",
        "bad_upload_url" | "bad_file_url" => {
            "Slack names an address for the file that is not encrypted or not Slack's; it is not used"
        }
        "file_not_accessible" => {
            "Slack does not give the file to the app; add the scope files:read under OAuth & Permissions and install the app again"
        }
        "file_not_found" | "file_deleted" => "there is no such file, or the bot may not see it",
        "unknown_method" => "this workspace does not know the method; check slack.api-url",
        "expired_url" => "the address for answers to this command is used up (5 answers within 30 minutes)",
        "bad_response_url" => "the address for answers to this command is not encrypted; it is not used",
        _ if code.starts_with("http_") => "the address does not answer as Slack's Web API does; check slack.api-url",
        _ => "Slack refused without a reason that Moa knows; its word for it is in the brackets",
    };
    let mut explanation = sentence.to_owned();
    if !details.is_empty() {
        explanation.push_str(": ");
        explanation.push_str(&details.join("; "));
    }
    SendError::Refused {
        code: code.into(),
        explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_say_what_to_do() {
        let said = |code| match refused(code, Some("chat:write"), &["[ERROR] no such field".into()]) {
            SendError::Refused { explanation, .. } => explanation,
            other => panic!("{other:?}"),
        };
        assert!(said("not_in_channel").contains("/invite"));
        assert!(said("user_not_in_channel").starts_with("the person"));
        assert!(said("missing_scope").contains("the scope chat:write"));
        assert!(said("never_heard_of_it").ends_with("[ERROR] no such field"));
    }

    #[test]
    fn refused_tokens_are_named_and_never_shown() {
        let fatal = fatal("invalid_auth", Token::App).unwrap();
        assert_eq!(fatal.code, "invalid_auth");
        assert!(fatal.explanation.contains("slack.app-token"));
        assert!(super::fatal("channel_not_found", Token::Bot).is_none());
    }
}
