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

/// Whose business an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The operator's: nothing in a plugin can change it.
    Operator,
    /// The plugin's author's: the call or the message was wrong.
    Author,
    /// Nobody's: it happens, and whoever called knows what to make of it.
    Nobody,
}

/// Whose business an error is that a method was refused with.
pub fn whose(code: &str) -> Whose {
    sentence(code).0
}

/// What an error means, and what to do. Slack's words for errors that mean the same to whoever reads this stand together.
fn sentence(code: &str) -> (Whose, &'static str) {
    use Whose::{Author, Nobody, Operator};
    match code {
        // Where the bot may speak.
        "not_in_channel" => (
            Operator,
            "the bot is not in that channel; invite it there (/invite @bot)",
        ),
        "channel_not_found" => (
            Operator,
            "there is no such channel, or it is private and the bot is not in it; check the id or invite the bot",
        ),
        "is_archived" => (Operator, "the channel is archived; unarchive it or use another"),
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "posting_to_channel_denied" => (
            Operator,
            "the workspace's settings do not let the bot post there; ask a workspace admin",
        ),
        "ekm_access_denied" => (
            Operator,
            "the workspace's admins have suspended posting there; ask a workspace admin",
        ),
        "method_not_supported_for_channel_type" => (
            Author,
            "Slack does not do this in a conversation of that kind; use another",
        ),
        "user_not_in_channel" => (
            Author,
            "the person is not in that channel, so a message for their eyes only cannot be shown there",
        ),
        "cannot_dm_bot" => (Author, "Slack does not let bots write to bots"),
        "user_not_found" | "users_not_found" => (Nobody, "there is no such person"),
        "cannot_find_channel" | "users_list_not_supplied" | "user_disabled" => (
            Nobody,
            "there is no direct conversation with that person; they may have left",
        ),
        // What the app may do.
        "access_denied" | "no_permission" | "accesslimited" => (
            Operator,
            "the workspace does not let this app do it; ask a workspace admin",
        ),
        // The sentence with the scope's name is made where that is known.
        "missing_scope" => (Operator, "the app lacks a scope; add it and reinstall the app"),
        "unknown_method" => (Operator, "this workspace does not know the method; check slack.api-url"),
        "bad_response_url" => (
            Operator,
            "the address for answers to this command is not encrypted; it is not used",
        ),
        _ if code.starts_with("http_") => (
            Operator,
            "the address does not answer as Slack's Web API does; check slack.api-url",
        ),
        // What the message says.
        "msg_too_long" | "msg_blocks_too_long" => (
            Author,
            "the message is too long for Slack; make it shorter or send it as a file",
        ),
        "too_many_attachments" => (Author, "the message has more than 100 cards; send fewer"),
        "no_text" => (Author, "the message is empty; give it a text, a card or blocks"),
        "invalid_blocks" | "invalid_blocks_format" | "invalid_attachments" | "attachment_payload_limit_exceeded" => (
            Author,
            "Slack does not accept the blocks or cards of this message; check the native JSON",
        ),
        "invalid_arguments" | "invalid_arg_name" | "missing_argument" | "invalid_json" | "json_not_object" => {
            (Author, "Slack does not accept the arguments of this call")
        }
        // What already stands there.
        "message_not_found" => (Nobody, "there is no such message; it may have been deleted"),
        "cant_update_message" | "cant_delete_message" => {
            (Author, "only the bot's own messages can be changed or deleted")
        }
        "edit_window_closed" => (Author, "the message is too old to be changed; send a new one"),
        "invalid_ts_latest" | "invalid_ts_oldest" => (Author, "that is no id of a message"),
        "thread_not_found" | "cannot_reply_to_message" => {
            (Nobody, "the thread is gone; its first message may have been deleted")
        }
        "invalid_name" => (Author, "there is no such emoji in this workspace"),
        "already_reacted" => (Nobody, "the bot has reacted so already"),
        "no_reaction" => (Nobody, "the bot has not reacted so"),
        "too_many_reactions" | "too_many_emoji" => (Nobody, "the message has as many reactions as Slack allows"),
        // Files.
        "file_uploads_disabled" | "file_uploads_except_images_disabled" => (
            Operator,
            "the workspace's settings do not allow such files to be uploaded; ask a workspace admin",
        ),
        "storage_limit_reached" | "over_file_limit" => (
            Operator,
            "the workspace has no room for files left; ask a workspace admin",
        ),
        "upload_refused" => (Author, "Slack's file store does not take the content of the file"),
        "bad_upload_url" | "bad_file_url" => (
            Operator,
            "Slack names an address for the file that is not encrypted or not Slack's; it is not used",
        ),
        "file_not_accessible" => (
            Operator,
            "Slack does not give the file to the app; add the scope files:read under OAuth & Permissions and reinstall the app",
        ),
        "too_large" => (Author, "the file is larger than what was asked for"),
        "file_upload_size_restricted" | "file_too_large" | "snippet_too_large" => (
            Author,
            "the file is larger than the workspace allows; send a smaller one",
        ),
        "file_type_not_allowed" | "slack_connect_blocked_file_type" => {
            (Author, "the workspace does not allow files of this type; send another")
        }
        "malware_detected" => (Author, "Slack takes the file for malware and does not keep it"),
        "file_not_found" | "file_deleted" => (Nobody, "the file is not there any more, or the bot may not see it"),
        // Forms.
        "expired_trigger_id" | "trigger_expired" => (
            Author,
            "the press is too long ago: a form has to be opened within 3 seconds, before other work",
        ),
        "exchanged_trigger_id" | "trigger_exchanged" => {
            (Author, "this press has opened a form already; each opens one")
        }
        "invalid_trigger_id" | "invalid_trigger" => (
            Author,
            "this click cannot open a form; use the trigger of the click as it came",
        ),
        "view_too_large" => (Author, "the form is larger than 250 kB; ask for less at once"),
        "duplicate_external_id" => (Author, "a form with this external_id exists already; leave it away"),
        "push_limit_reached" => (
            Author,
            "no more than 3 forms can lie on each other; change the one that is open",
        ),
        "hash_conflict" => (Nobody, "the form was changed meanwhile"),
        "expired_url" => (
            Nobody,
            "the address for answers to this command is used up (5 answers within 30 minutes)",
        ),
        _ => (
            Author,
            "Slack refused without a reason that Moa knows; its word for it is in the brackets",
        ),
    }
}

/// The error as the rest of the host sees it. `needed` is the missing scope, where Slack names one; `details` are the
/// messages about single arguments.
pub fn refused(code: &str, needed: Option<&str>, details: &[String]) -> SendError {
    let mut explanation = match code {
        "missing_scope" => {
            let scope = needed.unwrap_or("(Slack does not say which)");
            format!(
                "the app lacks the scope {scope}; paste what `moa slack manifest` prints into the app's manifest and reinstall the app"
            )
        }
        _ => sentence(code).1.to_owned(),
    };
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
    fn whoever_can_do_something_is_told_what() {
        use Whose::{Author, Nobody, Operator};
        for (code, whom, says) in [
            ("missing_scope", Operator, "reinstall the app"),
            ("not_in_channel", Operator, "/invite @bot"),
            ("channel_not_found", Operator, "check the id or invite the bot"),
            ("is_archived", Operator, "unarchive it"),
            ("restricted_action", Operator, "ask a workspace admin"),
            ("restricted_action_read_only_channel", Operator, "ask a workspace admin"),
            ("ekm_access_denied", Operator, "ask a workspace admin"),
            ("file_uploads_disabled", Operator, "ask a workspace admin"),
            ("file_not_accessible", Operator, "files:read"),
            ("unknown_method", Operator, "slack.api-url"),
            ("http_404", Operator, "slack.api-url"),
            ("msg_too_long", Author, "shorter or send it as a file"),
            ("msg_blocks_too_long", Author, "shorter or send it as a file"),
            ("invalid_blocks", Author, "[ERROR] must be more than 0 characters"),
            ("no_text", Author, "give it a text"),
            ("too_many_attachments", Author, "send fewer"),
            ("file_upload_size_restricted", Author, "a smaller one"),
            ("malware_detected", Author, "malware"),
            ("expired_trigger_id", Author, "within 3 seconds"),
            ("exchanged_trigger_id", Author, "each opens one"),
            ("view_too_large", Author, "less at once"),
            ("push_limit_reached", Author, "3 forms"),
            ("edit_window_closed", Author, "send a new one"),
            ("cant_update_message", Author, "own messages"),
            ("message_not_found", Nobody, "deleted"),
            ("already_reacted", Nobody, "already"),
            ("user_not_found", Nobody, "no such person"),
            ("file_not_found", Nobody, "may not see it"),
            ("of_tomorrow", Author, "in the brackets"),
        ] {
            assert_eq!(whose(code), whom, "{code}");
            let detail = ["[ERROR] must be more than 0 characters".to_owned()];
            let told = refused(code, Some("chat:write"), &detail).to_string();
            assert!(told.contains(says) && told.contains(code), "{told}");
        }
        for code in FATAL {
            let told = fatal(code, Token::Bot).unwrap().to_string();
            assert!(told.contains("slack.bot-token") && told.contains(code), "{told}");
        }
    }

    #[test]
    fn refused_tokens_are_named_and_never_shown() {
        let fatal = fatal("invalid_auth", Token::App).unwrap();
        assert_eq!(fatal.code, "invalid_auth");
        assert!(fatal.explanation.contains("slack.app-token"));
        assert!(super::fatal("channel_not_found", Token::Bot).is_none());
    }
}
