//! What people in JANDI are told that only there is to be told.

use crate::locale::Locale;

/// That a button or menu is not there: `labels` are what stands on them.
pub(super) fn no_buttons(labels: &[String], locale: Locale) -> String {
    let labels = labels.join(", ");
    locale.pick(
        format!("(JANDI에서는 버튼을 누를 수 없어 빠졌습니다: {labels})"),
        format!("(Left out, since nothing can be pressed in JANDI: {labels})"),
    )
}

/// That there were more attachments than fit.
pub(super) fn too_many_attachments(left_out: usize, locale: Locale) -> String {
    locale.pick(
        format!("(한 번에 보낼 수 있는 크기를 넘어 첨부 {left_out}개가 빠졌습니다)"),
        format!("({left_out} attachments are left out: they are more than JANDI takes at once)"),
    )
}

/// That an answer is for one person, and would be seen by all.
pub fn for_one(locale: Locale) -> &'static str {
    locale.pick(
        "이 답은 한 사람에게만 보여야 하는데, JANDI의 대화방에서는 그럴 수 없어 보여 드리지 않습니다. 나와의 대화에서 다시 써 주세요.",
        "This answer is for one person alone, which a room in JANDI cannot do, so it is not shown. Write the command in your own chat.",
    )
}

/// That nothing can be said later than now.
pub fn no_later_answer(locale: Locale) -> &'static str {
    locale.pick(
        "아직 답이 준비되지 않았고, 이 훅에는 `incoming` 주소가 없어 나중에 답할 수 없습니다. 접수된 명령은 계속 처리됩니다. 봇 운영자가 moa.toml의 [[jandi.hook]]에 `incoming`을 더하면 늦은 답도 받을 수 있습니다.",
        "The answer is not ready yet, and it cannot be said later: this hook has no `incoming` address. Once it was taken over, the command goes on all the same. When the bot's operator adds `incoming` to its [[jandi.hook]] in moa.toml, late answers arrive too.",
    )
}

/// That a command could not be taken over.
pub fn lost(locale: Locale) -> &'static str {
    locale.pick(
        "지금은 명령을 처리하지 못했습니다. 잠시 뒤에 다시 써 주세요.",
        "The command could not be taken just now. Write it again in a while.",
    )
}
