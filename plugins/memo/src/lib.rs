//! Keeps notes for a conversation.

use moa_plugin::prelude::*;

/// The longest name of a note, in characters: the brain takes keys of 512 bytes.
const LONGEST_NAME: usize = 100;

/// Keeps a note of this conversation, shows it, or lists them all.
///
/// Example: !memo lunch "two rolls of gimbap"
/// Example: !memo lunch
/// Example: !memo
/// 예) !메모 점심 "김밥 두 줄"
/// 예) !메모 점심
/// 예) !메모
#[command(
    name = "메모",
    aliases = ["memo"],
    summary(
        ko = "이 대화방의 메모를 적고, 보여 주고, 모두 늘어놓습니다",
        en = "Keeps a note of this conversation, shows it, or lists them all"
    ),
    help(
        ko = "이름과 내용을 적으면 적어 두고, 이름만 적으면 보여 주고, 아무것도 적지 않으면 모두 늘어놓습니다. 지우기는 `!메모삭제`입니다.",
        en = "With a name and a text it is kept, with a name alone it is shown, with nothing all are listed. `!forget` deletes."
    )
)]
fn memo(ctx: &Context, name: Option<String>, #[rest] text: Option<String>) -> Result<String> {
    match (name, text) {
        (Some(name), Some(text)) => keep(ctx, &name, &unquoted(ctx, text)),
        (Some(name), None) => show(ctx, &name),
        (None, _) => list(ctx),
    }
}

/// Deletes a note of this conversation.
///
/// Example: !forget lunch
/// 예) !메모삭제 점심
#[command(
    name = "메모삭제",
    aliases = ["forget"],
    summary(ko = "이 대화방의 메모를 지웁니다", en = "Deletes a note of this conversation")
)]
fn forget(ctx: &Context, name: String) -> Result<String> {
    let deleted = ctx.conversation_brain().delete(&key(ctx, &name)?)?;
    if !deleted {
        return Err(none_of(ctx, &name));
    }
    let name = text::plain(&name);
    Ok(match ctx.language() {
        "ko" => format!("지웠습니다: {name}"),
        _ => format!("Deleted: {name}"),
    })
}

fn keep(ctx: &Context, name: &str, text: &str) -> Result<String> {
    let (brain, key) = (ctx.conversation_brain(), key(ctx, name)?);
    let replaced = brain.get_text(&key)?.is_some();
    brain.set_text(&key, text)?;
    let name = text::plain(name);
    Ok(match (ctx.language(), replaced) {
        ("ko", false) => format!("적어 두었습니다: {name}"),
        ("ko", true) => format!("고쳐 적었습니다: {name}"),
        (_, false) => format!("Kept: {name}"),
        (_, true) => format!("Replaced: {name}"),
    })
}

fn show(ctx: &Context, name: &str) -> Result<String> {
    let text = ctx.conversation_brain().get_text(&key(ctx, name)?)?;
    text.ok_or_else(|| none_of(ctx, name))
}

fn list(ctx: &Context) -> Result<String> {
    let mut names = Vec::new();
    for key in ctx.conversation_brain().list_keys("") {
        names.push(text::plain(&key?));
    }
    Ok(match (ctx.language(), names.is_empty()) {
        ("ko", true) => "아직 메모가 없습니다. 이렇게 적습니다: `!메모 점심 \"김밥 두 줄\"`".into(),
        (_, true) => "There are no notes yet. This keeps one: `!memo lunch \"two rolls of gimbap\"`".into(),
        ("ko", false) => format!("메모 {}개: {}", names.len(), names.join(", ")),
        (_, false) => format!("Notes ({}): {}", names.len(), names.join(", ")),
    })
}

/// A note's name is its key, without regard to upper and lower case.
fn key(ctx: &Context, name: &str) -> Result<String> {
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Error::usage(match ctx.language() {
            "ko" => format!("메모 이름은 한 글자부터 {LONGEST_NAME}글자까지입니다."),
            _ => format!("A note's name has 1 to {LONGEST_NAME} characters."),
        }));
    }
    Ok(name.to_lowercase())
}

/// The text without quotes around all of it; otherwise as typed, with its lines and blanks.
fn unquoted(ctx: &Context, text: String) -> String {
    match ctx.tokens() {
        [_name, one] => one.clone(),
        _ => text,
    }
}

fn none_of(ctx: &Context, name: &str) -> Error {
    let name = text::plain(name);
    Error::rejected(match ctx.language() {
        "ko" => format!("`{name}` 메모는 없습니다."),
        _ => format!("There is no note `{name}`."),
    })
}

plugin! {
    summary: { ko: "대화방마다 메모를 적어 둡니다", en: "Keeps notes for a conversation" },
    commands: [memo, forget],
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;

    #[test]
    fn a_note_is_kept_shown_replaced_and_deleted() -> Result<()> {
        let host = Host::new().locale("ko", "Asia/Seoul");
        let run = |typed: &str| {
            host.run::<memo>(typed)
                .map(|said| said.map_or_else(String::new, |said| said.text))
        };
        assert_eq!(run(r#"점심 "김밥 두 줄""#)?, "적어 두었습니다: 점심");
        assert_eq!(run("점심")?, "김밥 두 줄");
        assert_eq!(run("점심 라면,  달걀")?, "고쳐 적었습니다: 점심");
        assert_eq!(run("점심")?, "라면,  달걀");
        run("Wifi 1234")?;
        assert_eq!(run("wIFI")?, "1234");
        assert_eq!(run("")?, "메모 2개: wifi, 점심");
        host.run::<forget>("점심")?;
        assert_eq!(run("점심"), Err(Error::rejected("`점심` 메모는 없습니다.")));
        assert!(host.run::<forget>("점심").is_err());
        Ok(())
    }

    #[test]
    fn a_name_that_is_no_key_is_explained() {
        let host = Host::new();
        assert!(matches!(host.run::<memo>(&"x".repeat(101)), Err(error) if error.to_string().contains("1 to 100")));
        assert!(host.run::<memo>(&format!("{} text", "가".repeat(100))).is_ok());
    }
}
