//! `!link everywhere …`: the same for all conversations, for those who may.

use moa_plugin::prelude::*;

/// The links of all conversations.
#[command(
    name = "공통",
    aliases = ["everywhere"],
    restricted,
    subcommands = [add, regex, remove, history, undo],
    summary(ko = "모든 대화방의 링크", en = "The links of all conversations")
)]
pub struct Everywhere;

/// Teaches a link for all conversations.
///
/// Example: !link everywhere add guide,tutorial https://example.com/guide
/// 예) !링크 공통 추가 가이드,튜토리얼 https://example.com/guide
#[command(name = "추가", aliases = ["add"], summary(ko = "모든 대화방에 링크를 가르칩니다", en = "Teaches a link for all conversations"))]
fn add(ctx: &Context, words: String, address: String, #[list] scopes: Option<Vec<String>>) -> Result<String> {
    crate::add(ctx, words, address, scopes)
}

/// Teaches a link for whatever a regular expression fits, in all conversations.
///
/// Example: !link everywhere regex (deploy|release) ?notes https://example.com/notes
/// 예) !링크 공통 정규식 배포 ?(문서|노트) https://example.com/notes
#[command(
    name = "정규식",
    aliases = ["regex"],
    restricted,
    summary(ko = "모든 대화방에서 정규 표현식에 맞는 말에 답합니다", en = "Teaches a link by a regular expression for all conversations")
)]
fn regex(ctx: &Context, #[rest] expression: String) -> Result<String> {
    crate::regex(ctx, expression)
}

/// Unlearns a link of all conversations.
///
/// Example: !link everywhere remove guide
/// 예) !링크 공통 삭제 가이드
#[command(name = "삭제", aliases = ["remove"], summary(ko = "모든 대화방의 링크를 잊습니다", en = "Unlearns a link of all conversations"))]
fn remove(ctx: &Context, word: String) -> Result<String> {
    crate::remove(ctx, word)
}

/// Shows who taught what for all conversations.
///
/// Example: !link everywhere history
/// 예) !링크 공통 기록
#[command(name = "기록", aliases = ["history"], summary(ko = "모든 대화방의 링크를 누가 언제 가르쳤는지 보여 줍니다", en = "Shows who taught what for all conversations"))]
fn history(
    ctx: &Context,
    #[default = 10]
    #[min = 1]
    #[max = 50]
    count: u32,
) -> Result<String> {
    crate::history(ctx, count)
}

/// Takes the last change to the links of all conversations back.
///
/// Example: !link everywhere undo
/// 예) !링크 공통 취소
#[command(name = "취소", aliases = ["undo"], summary(ko = "모든 대화방의 마지막 변경을 되돌립니다", en = "Takes the last change for all conversations back"))]
fn undo(ctx: &Context) -> Result<String> {
    crate::undo(ctx)
}
