//! Words that are answered with links, taught in chat or written in the configuration.

mod book;
mod ears;
mod everywhere;
mod settings;
mod show;

use book::{BOOK, Book, Link};
use everywhere::Everywhere;
use moa_plugin::prelude::*;
use settings::Settings;
use triggers::Scopes;

moa_plugin::texts!("texts.toml");

/// The longest word and the longest regular expression, in characters.
const LONGEST: usize = 200;
const LONGEST_REGEX: usize = 1_000;

/// Words that everybody here finds a link by: whoever says one is told the address.
#[command(
    name = "링크",
    aliases = ["link"],
    subcommands = [add, regex, remove, list, history, undo, Everywhere],
    default = list,
    summary(ko = "낱말을 말하면 링크로 답합니다", en = "Answers words with links")
)]
struct Links;

/// Teaches a link: a word or several, and an address; then, if not to all, the messages that it is for: `direct`,
/// `direct-mention`, `mention`, `ambient`.
///
/// Example: !link add guide,tutorial https://example.com/guide
/// Example: !link add api https://example.com/api mention direct
/// 예) !링크 추가 가이드,튜토리얼 https://example.com/guide
#[command(
    name = "추가",
    aliases = ["add"],
    summary(ko = "링크를 가르칩니다", en = "Teaches a link"),
    help(
        ko = "낱말이 여럿이면 쉼표로 나눕니다. 봇에게 한 말에만 답하게 하려면 뒤에 `개인`, `호출`, `언급`, `대화` 가운데서 적습니다.",
        en = "Several words are separated by commas. To answer some messages only, name them behind: `direct`, `direct-mention`, `mention`, `ambient`."
    )
)]
fn add(ctx: &Context, words: String, address: String, #[list] scopes: Option<Vec<String>>) -> Result<String> {
    let words = words.split(',').map(|word| word.trim().to_owned()).collect();
    teach(ctx, words, false, address, scopes.unwrap_or_default())
}

/// Teaches a link for whatever a regular expression fits: the expression, the address, and messages as for `add`.
///
/// Example: !link regex (deploy|release) ?notes https://example.com/notes
/// 예) !링크 정규식 배포 ?(문서|노트) https://example.com/notes
#[command(name = "정규식", aliases = ["regex"], restricted, summary(ko = "정규 표현식에 맞는 말에 링크로 답합니다", en = "Teaches a link by a regular expression"))]
fn regex(ctx: &Context, #[rest] expression: String) -> Result<String> {
    // Back-slashes and quotes are part of it, so it is taken as typed: all that stands before the address.
    let (expression, behind) = expression.rsplit_once(" http").unwrap_or((&expression, ""));
    let behind = format!("http{behind}").replace(',', " ");
    let mut behind = behind.split_whitespace().map(str::to_owned);
    let address = behind.next().unwrap_or_default();
    teach(ctx, vec![expression.trim().into()], true, address, behind.collect())
}

fn teach(ctx: &Context, words: Vec<String>, is_regex: bool, address: String, scopes: Vec<String>) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    settings::configured()?;
    let most = if is_regex { LONGEST_REGEX } else { LONGEST };
    if !words.iter().all(|word| (1..=most).contains(&word.chars().count())) {
        return Err(Error::usage(texts.bad_words(most)));
    }
    if !settings::is_address(&address) {
        return Err(Error::usage(texts.bad_address()));
    }
    let link = Link {
        id: ctx.id().into(),
        words,
        is_regex,
        address,
        scopes: match scopes.is_empty() {
            true => ctx.config::<Settings>()?.default_scopes()?,
            false => Scopes::named(scopes).map_err(|error| Error::usage(texts.bad_scope(error.word)))?,
        },
        conversations: conversation(ctx).into_iter().collect(),
        teacher: ctx.who().display_name.clone(),
        time: ctx.time().into(),
    };
    // The host knows what is a regular expression: so it hears of the link first.
    ears::listen(&link).map_err(|error| match error {
        HostError::Invalid(why) => Error::usage(texts.bad_regex(why.rsplit("error: ").next().unwrap_or(&why))),
        HostError::OverLimit(_) => Error::rejected(texts.too_many()),
        other => other.into(),
    })?;
    let change = shelf(ctx).update(BOOK, |book| book::teach(book, link.clone()))?;
    ears::follow(&change)?;
    Ok(show::learned(&texts, &change))
}

/// Unlearns a link, with all its words.
///
/// Example: !link remove guide
/// 예) !링크 삭제 가이드
#[command(name = "삭제", aliases = ["remove"], summary(ko = "링크를 잊습니다", en = "Unlearns a link"))]
fn remove(ctx: &Context, word: String) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let (who, time) = (&ctx.who().display_name, ctx.time());
    let change = shelf(ctx).update(BOOK, |book| book::forget(book, &word, who, time))?;
    let change = change.ok_or_else(|| Error::rejected(texts.unknown(&word)))?;
    ears::follow(&change)?;
    Ok(texts.forgotten(change.removed.first().map(show::words).unwrap_or_default()))
}

/// Lists the links that count here, who taught them and when.
///
/// Example: !link list
/// 예) !링크 목록
#[command(name = "목록", aliases = ["list"], summary(ko = "링크와 가르친 사람, 때를 보여 줍니다", en = "Lists the links, who taught them and when"))]
fn list(ctx: &Context) -> Result<String> {
    settings::configured()?;
    let texts = Texts::of(ctx.locale());
    let links = all(ctx)?;
    let lines = links.iter().map(|link| show::line(&texts, ctx.timezone(), link));
    Ok(lines_or(lines.collect(), texts.none()))
}

/// Shows who taught what and when, the latest first.
///
/// Example: !link history
/// 예) !링크 기록
#[command(name = "기록", aliases = ["history"], summary(ko = "누가 언제 무엇을 가르쳤는지 보여 줍니다", en = "Shows who taught what and when"))]
fn history(
    ctx: &Context,
    #[default = 10]
    #[min = 1]
    #[max = 50]
    count: u32,
) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let book: Book = shelf(ctx).get(BOOK)?.unwrap_or_default();
    let changes = book.changes().take(count as usize);
    let lines = changes.map(|change| show::change(&texts, ctx.timezone(), change));
    Ok(lines_or(lines.collect(), texts.no_history()))
}

/// Takes the last change back, whoever made it; once more, the one before.
///
/// Example: !link undo
/// 예) !링크 취소
#[command(name = "취소", aliases = ["undo"], summary(ko = "마지막 변경을 되돌립니다", en = "Takes the last change back"))]
fn undo(ctx: &Context) -> Result<String> {
    let texts = Texts::of(ctx.locale());
    let change = shelf(ctx).update(BOOK, Book::undo)?;
    let change = change.ok_or_else(|| Error::rejected(texts.nothing_to_undo()))?;
    ears::follow(&change)?;
    Ok(show::undone(&texts, &change))
}

/// A message with one of the words is answered with its link. A word that was taught here is not what it is elsewhere.
#[hear]
fn heard(ctx: &Context) -> Result<Option<String>> {
    let (way, id) = ctx.pattern().split_once('/').unwrap_or_default();
    let links = all(ctx)?;
    let Some(link) = links.iter().find(|link| link.id == id) else {
        return Ok(None);
    };
    let word = ctx.capture(1).filter(|_| !link.is_regex).unwrap_or_default();
    let is_another = |own: &Link| own.is_own() && own.has(word) && own.id != id;
    if links.iter().any(is_another) {
        return Ok(None);
    }
    // Where nobody asked, what was just said is enough.
    let (brain, key) = (ctx.conversation_brain(), format!("said/{id}"));
    if way == "said" && brain.get::<bool>(&key)?.is_some() {
        return Ok(None);
    }
    let pause = ctx.config::<Settings>()?.pause;
    if !pause.is_zero() {
        brain.set_with_ttl(&key, &true, pause)?;
    }
    Ok(Some(show::answer(link, ctx.capture(0).unwrap_or_default())))
}

/// The conversation that a command is about. `None` is all: below `everywhere`, which is restricted.
fn conversation(ctx: &Context) -> Option<String> {
    (ctx.path().len() < 2).then(|| ctx.place().conversation.clone())
}

/// The brain with the book that a command is about.
fn shelf(ctx: &Context) -> Brain {
    conversation(ctx).map_or_else(Brain::plugin, Brain::conversation)
}

/// All links that count here.
fn all(ctx: &Context) -> Result<Vec<Link>> {
    let mut all = Vec::new();
    for brain in [ctx.conversation_brain(), ctx.brain()] {
        all.extend(book::sorted(&brain.get(BOOK)?.unwrap_or_default()));
    }
    // What is wrong in the configuration is told by `list`, and takes nothing away that was taught.
    all.extend(ctx.config::<Settings>()?.links().unwrap_or_default());
    all.retain(|link| link.is_for(&ctx.place().conversation));
    Ok(all)
}

fn lines_or(lines: Vec<String>, none: String) -> String {
    if lines.is_empty() { none } else { lines.join("\n") }
}

plugin! {
    summary: { ko: "낱말을 말하면 링크로 답합니다", en: "Answers words with links" },
    commands: [Links],
    hears: [heard],
    jobs: [settings::configured],
    config: Settings,
}

#[cfg(test)]
mod tests;
