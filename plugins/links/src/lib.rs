//! Words that are answered with links, taught in chat or written in the configuration.

mod book;
mod ears;
mod everywhere;
mod scopes;
mod settings;
mod texts;

use book::{Book, Link};
use ears::{Ear, Source};
use everywhere::Everywhere;
use moa_plugin::prelude::*;
use settings::Settings;
use texts::{Origin, Texts};

/// The longest word, in characters, and the longest regular expression, in bytes.
const LONGEST: usize = 200;
const LONGEST_REGEX: usize = 1_000;
/// Where a book stands in the brain of its conversation, or of the plugin.
const BOOK: &str = "book";

/// Words that everybody here finds a link by: whoever says one is told the address.
#[command(
    name = "링크",
    aliases = ["link"],
    subcommands = [add, regex, remove, list, history, undo, Everywhere],
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
    let words: Vec<String> = words.split(',').map(|word| word.trim().to_owned()).collect();
    let is_word = |word: &String| (1..=LONGEST).contains(&word.chars().count());
    if !words.iter().all(is_word) {
        return Err(Error::usage(Texts::of(ctx).bad_words(LONGEST)));
    }
    teach(ctx, words, false, address, scopes)
}

/// Teaches a link for whatever a regular expression fits: the expression, the address, and messages as for `add`.
///
/// Example: !link regex (deploy|release) ?notes https://example.com/notes
/// 예) !링크 정규식 배포 ?(문서|노트) https://example.com/notes
#[command(
    name = "정규식",
    aliases = ["regex"],
    restricted,
    summary(ko = "정규 표현식에 맞는 말에 링크로 답합니다", en = "Teaches a link by a regular expression")
)]
fn regex(ctx: &Context, #[rest] expression: String) -> Result<String> {
    // Back-slashes and quotes are part of it, so it is taken as typed: all that stands before the address.
    let at = expression
        .rfind("https://")
        .max(expression.rfind("http://"))
        .unwrap_or(expression.len());
    let (expression, behind) = expression.split_at(at);
    let mut behind = behind
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned);
    let (expression, address) = (expression.trim().to_owned(), behind.next().unwrap_or_default());
    if !(1..=LONGEST_REGEX).contains(&expression.len()) {
        return Err(Error::usage(Texts::of(ctx).bad_words(LONGEST_REGEX)));
    }
    let scopes: Vec<String> = behind.collect();
    teach(
        ctx,
        vec![expression],
        true,
        address,
        (!scopes.is_empty()).then_some(scopes),
    )
}

fn teach(
    ctx: &Context,
    words: Vec<String>,
    is_regex: bool,
    address: String,
    scopes: Option<Vec<String>>,
) -> Result<String> {
    let texts = Texts::of(ctx);
    settings::follow()?;
    if !settings::is_address(&address) {
        return Err(Error::usage(texts.bad_address()));
    }
    let known = |word: &String| {
        let told = || Error::usage(texts.bad_scope(word));
        scopes::name(word).map(str::to_owned).ok_or_else(told)
    };
    let scopes = match scopes {
        Some(named) => named.iter().map(known).collect::<Result<_>>()?,
        None => Settings::read()?.default_scopes(),
    };
    let link = Link {
        id: ctx.id().into(),
        words,
        is_regex,
        address,
        scopes,
        teacher: ctx.who().display_name.clone(),
        time: ctx.time().into(),
    };
    // The host knows what is a regular expression: so it hears of the link first.
    ears::listen(Source::Taught, conversation(ctx), &link).map_err(|error| match error {
        HostError::Invalid(why) => Error::usage(texts.bad_regex(&why)),
        HostError::OverLimit(_) => Error::rejected(texts.too_many()),
        other => other.into(),
    })?;
    let change = brain(ctx).update(BOOK, |book: &mut Book| book.teach(link.clone()))?;
    ears::follow(conversation(ctx), &change)?;
    Ok(texts.learned(&change))
}

/// Unlearns a link, with all its words.
///
/// Example: !link remove guide
/// 예) !링크 삭제 가이드
#[command(name = "삭제", aliases = ["remove"], summary(ko = "링크를 잊습니다", en = "Unlearns a link"))]
fn remove(ctx: &Context, word: String) -> Result<String> {
    let texts = Texts::of(ctx);
    let (who, time) = (&ctx.who().display_name, ctx.time());
    let change = brain(ctx).update(BOOK, |book: &mut Book| book.forget(&word, who, time))?;
    let change = change.ok_or_else(|| Error::rejected(texts.unknown(&word)))?;
    ears::follow(conversation(ctx), &change)?;
    Ok(texts.forgotten(&change))
}

/// Lists the links that count here, who taught them and when.
///
/// Example: !link list
/// 예) !링크 목록
#[command(name = "목록", aliases = ["list"], summary(ko = "링크와 가르친 사람, 때를 보여 줍니다", en = "Lists the links, who taught them and when"))]
fn list(ctx: &Context) -> Result<String> {
    settings::follow()?;
    let texts = Texts::of(ctx);
    let all = all(ctx)?;
    let lines: Vec<String> = all.iter().map(|(link, origin)| texts.line(link, origin)).collect();
    Ok(match lines.is_empty() {
        true => texts.none().into(),
        false => lines.join("\n"),
    })
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
    let texts = Texts::of(ctx);
    let book: Book = brain(ctx).get(BOOK)?.unwrap_or_default();
    let lines: Vec<String> = book
        .changes()
        .take(count as usize)
        .map(|change| texts.change(change))
        .collect();
    Ok(match lines.is_empty() {
        true => texts.no_history().into(),
        false => lines.join("\n"),
    })
}

/// Takes the last change back, whoever made it; once more, the one before.
///
/// Example: !link undo
/// 예) !링크 취소
#[command(name = "취소", aliases = ["undo"], summary(ko = "마지막 변경을 되돌립니다", en = "Takes the last change back"))]
fn undo(ctx: &Context) -> Result<String> {
    let texts = Texts::of(ctx);
    let Some(change) = brain(ctx).update(BOOK, Book::undo)? else {
        return Err(Error::rejected(texts.nothing_to_undo()));
    };
    ears::follow(conversation(ctx), &change)?;
    Ok(texts.undone(&change))
}

/// A message with one of the words is answered with its link. A word that was taught here is not what it is elsewhere.
#[hear]
fn heard(ctx: &Context) -> Result<Option<String>> {
    let Some(ear) = Ear::parse(ctx.pattern()) else {
        return Ok(None);
    };
    let here: Book = ctx.conversation_brain().get(BOOK)?.unwrap_or_default();
    let link = match (ear.source, ear.conversation) {
        (Source::Taught, Some(_)) => here.by_id(ear.link).cloned(),
        (Source::Taught, None) => ctx
            .brain()
            .get::<Book>(BOOK)?
            .and_then(|book| book.by_id(ear.link).cloned()),
        (Source::Config, _) => {
            let links = Settings::read()?.links()?;
            links.into_iter().map(|one| one.link).find(|link| link.id == ear.link)
        }
    };
    let Some(link) = link else { return Ok(None) };
    let own = ctx.capture(1).and_then(|word| here.by_word(word));
    if !link.is_regex && own.is_some_and(|own| own.id != link.id) {
        return Ok(None);
    }
    // Where nobody asked, what was just said is enough.
    let (brain, key, pause) = (
        ctx.conversation_brain(),
        format!("said/{}", link.id),
        Settings::read()?.pause,
    );
    if ear.is_ambient && brain.get::<bool>(&key)?.is_some() {
        return Ok(None);
    }
    if !pause.is_zero() {
        brain.set_with_ttl(&key, &true, pause)?;
    }
    Ok(Some(texts::answer(&link, ctx.capture(0).unwrap_or_default())))
}

/// There is no call when a plugin is loaded: so the configuration is looked at every minute, and before each command.
#[job(cron = "* * * * *", missed = "skip")]
fn configured() -> Result<()> {
    settings::follow()
}

/// Whether the command is about all conversations: those are below `everywhere`, which is restricted.
fn is_everywhere(ctx: &Context) -> bool {
    ctx.path().len() > 1
}

fn brain(ctx: &Context) -> Brain {
    if is_everywhere(ctx) {
        ctx.brain()
    } else {
        ctx.conversation_brain()
    }
}

fn conversation(ctx: &Context) -> Option<&str> {
    (!is_everywhere(ctx)).then_some(ctx.place().conversation.as_str())
}

/// All links that count here.
fn all(ctx: &Context) -> Result<Vec<(Link, Origin)>> {
    let here: Book = ctx.conversation_brain().get(BOOK)?.unwrap_or_default();
    let everywhere: Book = ctx.brain().get(BOOK)?.unwrap_or_default();
    let mut all: Vec<(Link, Origin)> = here
        .links()
        .into_iter()
        .map(|link| (link.clone(), Origin::Here))
        .collect();
    all.extend(
        everywhere
            .links()
            .into_iter()
            .map(|link| (link.clone(), Origin::Everywhere)),
    );
    for one in Settings::read()?.links()? {
        if one.conversations.is_empty() || one.conversations.contains(&ctx.place().conversation) {
            all.push((one.link, Origin::Config));
        }
    }
    Ok(all)
}

plugin! {
    summary: { ko: "낱말을 말하면 링크로 답합니다", en: "Answers words with links" },
    commands: [Links],
    hears: [heard],
    jobs: [configured],
    config: Settings,
}

#[cfg(test)]
mod tests;
