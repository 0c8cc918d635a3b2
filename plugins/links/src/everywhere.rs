//! `!link everywhere …`: the same for all conversations, for those who may.

use moa_plugin::prelude::*;

/// The links of all conversations.
#[command(
    name = "공통",
    aliases = ["everywhere"],
    restricted,
    subcommands = [Add, Regex, Remove, History, Undo],
    summary(ko = "모든 대화방의 링크", en = "The links of all conversations")
)]
pub struct Everywhere;

/// Teaches a link for all conversations.
///
/// Example: !link everywhere add guide,tutorial https://example.com/guide
/// 예) !링크 공통 추가 가이드,튜토리얼 https://example.com/guide
#[command(runs = crate::add, name = "추가", aliases = ["add"], summary(ko = "모든 대화방에 링크를 가르칩니다", en = "Teaches a link for all conversations"))]
struct Add;

/// Teaches a link for whatever a regular expression fits, in all conversations.
///
/// Example: !link everywhere regex (deploy|release) ?notes https://example.com/notes
/// 예) !링크 공통 정규식 배포 ?(문서|노트) https://example.com/notes
#[command(runs = crate::regex, name = "정규식", aliases = ["regex"], restricted, summary(ko = "모든 대화방에서 정규 표현식에 맞는 말에 답합니다", en = "Teaches a link by a regular expression for all conversations"))]
struct Regex;

/// Unlearns a link of all conversations.
///
/// Example: !link everywhere remove guide
/// 예) !링크 공통 삭제 가이드
#[command(runs = crate::remove, name = "삭제", aliases = ["remove"], summary(ko = "모든 대화방의 링크를 잊습니다", en = "Unlearns a link of all conversations"))]
struct Remove;

/// Shows who taught what for all conversations.
///
/// Example: !link everywhere history
/// 예) !링크 공통 기록
#[command(runs = crate::history, name = "기록", aliases = ["history"], summary(ko = "모든 대화방의 링크를 누가 언제 가르쳤는지 보여 줍니다", en = "Shows who taught what for all conversations"))]
struct History;

/// Takes the last change to the links of all conversations back.
///
/// Example: !link everywhere undo
/// 예) !링크 공통 취소
#[command(runs = crate::undo, name = "취소", aliases = ["undo"], summary(ko = "모든 대화방의 마지막 변경을 되돌립니다", en = "Takes the last change for all conversations back"))]
struct Undo;
