//! What a chat service says, in the contract's words. Services' own words that stand nowhere here mean that the request
//! makes no sense to the service.

use crate::adapter::{SendError, UNSUPPORTED};
use moa_core::call::CapError;

/// Not there, or no longer; beside those that end in `not_found`.
const NOT_FOUND: &[&str] = &[
    "not_in_channel",
    "file_deleted",
    "expired_url",
    "expired_trigger_id",
    "trigger_expired",
    "exchanged_trigger_id",
    "trigger_exchanged",
    "invalid_trigger_id",
    "user_disabled",
    "user_not_visible",
];
/// Somebody else's, or not for this bot.
const DENIED: &[&str] = &[
    "cant_update_message",
    "cant_delete_message",
    "edit_window_closed",
    "missing_scope",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "file_not_accessible",
    "broadcast_not_granted",
];
/// Too large, too long, too many.
const OVER_LIMIT: &[&str] = &[
    "too_large",
    "msg_too_long",
    "msg_blocks_too_long",
    "view_too_large",
    "too_many_attachments",
    "too_many_reactions",
    "too_many_emoji",
    "too_many_messages",
];

pub(super) fn refused(error: SendError) -> CapError {
    let text = error.to_string();
    match error {
        SendError::Refused { code, .. } => match code.as_str() {
            UNSUPPORTED => CapError::Unsupported(text),
            code if code.ends_with("not_found") || NOT_FOUND.contains(&code) => CapError::NotFound(text),
            code if DENIED.contains(&code) => CapError::AccessDenied(text),
            code if OVER_LIMIT.contains(&code) => CapError::OverLimit(text),
            _ => CapError::Invalid(text),
        },
        SendError::RateLimited { .. } | SendError::Temporary { .. } | SendError::Revoked(_) => {
            CapError::Unavailable(text)
        }
        SendError::Uncertain { .. } => CapError::Uncertain(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_words_become_the_contracts() {
        let of = |code: &str| {
            let code = code.into();
            let explanation = "why".into();
            refused(SendError::Refused { code, explanation })
        };
        for code in [
            "channel_not_found",
            "message_not_found",
            "not_in_channel",
            "trigger_expired",
        ] {
            assert!(matches!(of(code), CapError::NotFound(_)), "{code}");
        }
        assert!(matches!(of("cant_update_message"), CapError::AccessDenied(_)));
        assert!(matches!(of("too_large"), CapError::OverLimit(_)));
        assert!(matches!(of(UNSUPPORTED), CapError::Unsupported(_)));
        assert!(matches!(of("invalid_blocks"), CapError::Invalid(_)));
        let away = SendError::Temporary { reason: "away".into() };
        assert!(matches!(refused(away), CapError::Unavailable(_)));
    }
}
