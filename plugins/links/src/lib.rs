//! Keywords that are answered with links, taught in chat.

mod book;

use book::{Book, Change, Link};
use moa_plugin::prelude::*;
use triggers::{Pattern, Scopes};

/// The longest keyword, in characters.
const LONGEST: usize = 200;
/// Where the links stand in the brain: in one entry, so that a change and its undoing are one step.
const BOOK: &str = "links";

/// Links that everybody finds: whoever says the word is told the address.
#[command(
    name = "링크",
    aliases = ["link"],
    subcommands = [add, remove, list, undo],
    summary(ko = "낱말을 말하면 링크로 답합니다", en = "Answers words with links")
)]
struct Links;

/// Teaches a link: a word and an address.
///
/// Example: !link add guide https://example.com/guide
/// 예) !링크 추가 가이드 https://example.com/guide
#[command(name = "추가", aliases = ["add"], summary(ko = "링크를 가르칩니다", en = "Teaches a link"))]
fn add(ctx: &Context, keyword: String, address: String) -> Result<String> {
    let ko = ctx.language() == "ko";
    if keyword.is_empty() || keyword.chars().count() > LONGEST {
        return Err(Error::usage(match ko {
            true => format!("낱말은 한 글자부터 {LONGEST}글자까지입니다."),
            false => format!("A keyword has 1 to {LONGEST} characters."),
        }));
    }
    if !["http://", "https://"].iter().any(|scheme| address.starts_with(scheme)) {
        return Err(Error::usage(match ko {
            true => "주소는 `https://`나 `http://`로 시작해야 합니다.",
            false => "The address must begin with `https://` or `http://`.",
        }));
    }
    let link = Link {
        keyword: keyword.clone(),
        address,
        teacher: ctx.who().display_name.clone(),
    };
    let change = ctx.brain().update(BOOK, |book: &mut Book| book.teach(link.clone()))?;
    follow(&change)?;
    let keyword = text::plain(&keyword);
    Ok(match (ko, change.before) {
        (true, None) => format!("배웠습니다: {keyword}"),
        (true, Some(old)) => format!("고쳐 배웠습니다: {keyword} (전에는 {})", old.address),
        (false, None) => format!("Learned: {keyword}"),
        (false, Some(old)) => format!("Learned anew: {keyword} (it was {})", old.address),
    })
}

/// Unlearns a link.
///
/// Example: !link remove guide
/// 예) !링크 삭제 가이드
#[command(name = "삭제", aliases = ["remove"], summary(ko = "링크를 잊습니다", en = "Unlearns a link"))]
fn remove(ctx: &Context, keyword: String) -> Result<String> {
    let change = ctx.brain().update(BOOK, |book: &mut Book| book.forget(&keyword))?;
    let ko = ctx.language() == "ko";
    let keyword = text::plain(&keyword);
    let Some(change) = change else {
        return Err(Error::rejected(match ko {
            true => format!("`{keyword}` 링크는 없습니다."),
            false => format!("There is no link `{keyword}`."),
        }));
    };
    follow(&change)?;
    Ok(match ko {
        true => format!("잊었습니다: {keyword}"),
        false => format!("Forgotten: {keyword}"),
    })
}

/// Lists the links and who taught them.
///
/// Example: !link list
/// 예) !링크 목록
#[command(name = "목록", aliases = ["list"], summary(ko = "링크와 가르친 사람을 보여 줍니다", en = "Lists the links and who taught them"))]
fn list(ctx: &Context) -> Result<String> {
    let book: Book = ctx.brain().get(BOOK)?.unwrap_or_default();
    let lines: Vec<String> = book
        .links()
        .map(|link| format!("{} ({})", shown(link), text::plain(&link.teacher)))
        .collect();
    Ok(match (lines.is_empty(), ctx.language()) {
        (false, _) => lines.join("\n"),
        (true, "ko") => "아직 링크가 없습니다. 이렇게 가르칩니다: `!링크 추가 가이드 https://example.com`".into(),
        (true, _) => "There are no links yet. This teaches one: `!link add guide https://example.com`".into(),
    })
}

/// Takes the last change back, whoever made it; once more, the one before.
///
/// Example: !link undo
/// 예) !링크 취소
#[command(name = "취소", aliases = ["undo"], summary(ko = "마지막 변경을 되돌립니다", en = "Takes the last change back"))]
fn undo(ctx: &Context) -> Result<String> {
    let ko = ctx.language() == "ko";
    let Some(change) = ctx.brain().update(BOOK, Book::undo)? else {
        return Err(Error::rejected(if ko {
            "되돌릴 변경이 없습니다."
        } else {
            "There is nothing to take back."
        }));
    };
    follow(&change)?;
    Ok(match (ko, &change.after) {
        (true, Some(link)) => format!("되돌렸습니다: {}", shown(link)),
        (true, None) => format!("되돌렸습니다: {} 링크는 이제 없습니다", text::plain(&change.key)),
        (false, Some(link)) => format!("Taken back: {}", shown(link)),
        (false, None) => format!("Taken back: {} is no link now", text::plain(&change.key)),
    })
}

/// A message with a keyword is answered with its link.
#[hear]
fn heard(ctx: &Context) -> Result<Option<String>> {
    let book: Option<Book> = ctx.brain().get(BOOK)?;
    Ok(book.and_then(|book| book.get(ctx.pattern()).map(shown)))
}

/// Makes the host listen for what is in the book now.
fn follow(change: &Change) -> Result<(), HostError> {
    match &change.after {
        Some(link) => triggers::hear(&change.key, &Pattern::keyword(&link.keyword), Scopes::all(), None),
        None => triggers::forget(&change.key).map(drop),
    }
}

fn shown(link: &Link) -> String {
    format!("{}: {}", text::plain(&link.keyword), link.address)
}

plugin! {
    summary: { ko: "낱말을 말하면 링크로 답합니다", en: "Answers words with links" },
    commands: [Links],
    hears: [heard],
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::testing::Host;

    fn said(answers: &[Content]) -> Vec<&str> {
        answers.iter().map(|answer| answer.text.as_str()).collect()
    }

    #[test]
    fn what_is_taught_is_heard_until_it_is_taken_back() -> Result<()> {
        let host = Host::new().locale("ko", "Asia/Seoul").speaker("로지");
        host.run::<add>("가이드 https://example.com/1")?;
        assert_eq!(
            said(&host.hear::<heard>("가이드 어디 있어요?")?),
            ["가이드: https://example.com/1"]
        );
        host.run::<add>("가이드 https://example.com/2")?;
        assert_eq!(said(&host.hear::<heard>("가이드")?), ["가이드: https://example.com/2"]);
        assert_eq!(
            host.run::<list>("")?,
            Some("가이드: https://example.com/2 (로지)".into())
        );
        host.run::<remove>("가이드")?;
        assert!(host.hear::<heard>("가이드")?.is_empty());

        host.run::<undo>("")?;
        assert_eq!(said(&host.hear::<heard>("가이드")?), ["가이드: https://example.com/2"]);
        host.run::<undo>("")?;
        assert_eq!(said(&host.hear::<heard>("가이드")?), ["가이드: https://example.com/1"]);
        host.run::<undo>("")?;
        assert!(host.hear::<heard>("가이드")?.is_empty());
        assert_eq!(host.run::<undo>(""), Err(Error::rejected("되돌릴 변경이 없습니다.")));
        Ok(())
    }

    #[test]
    fn what_cannot_be_taught_is_explained() {
        let host = Host::new();
        assert!(host.run::<add>("guide javascript:alert(1)").is_err());
        assert!(
            host.run::<add>(&format!("{} https://example.com", "x".repeat(201)))
                .is_err()
        );
        assert!(host.run::<remove>("guide").is_err());
    }
}
