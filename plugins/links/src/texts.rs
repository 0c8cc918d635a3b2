//! All texts, in Korean and English.

use crate::book::{Change, Link};
use crate::scopes;
use moa_plugin::prelude::*;

pub struct Texts {
    is_korean: bool,
    timezone: String,
}

/// How a link came to be, for the list.
pub enum Origin {
    Here,
    Everywhere,
    Config,
}

impl Texts {
    pub fn of(ctx: &Context) -> Self {
        Self {
            is_korean: ctx.language() == "ko",
            timezone: ctx.timezone().into(),
        }
    }

    fn pick<T>(&self, korean: T, english: T) -> T {
        if self.is_korean { korean } else { english }
    }

    pub fn bad_words(&self, most: usize) -> String {
        self.pick(
            format!("낱말은 한 글자부터 {most}글자까지이고, 여럿이면 쉼표로 나눕니다."),
            format!("A word has 1 to {most} characters, and several are separated by commas."),
        )
    }

    pub fn bad_address(&self) -> &'static str {
        self.pick(
            "주소는 `https://`나 `http://`로 시작해야 합니다.",
            "The address must begin with `https://` or `http://`.",
        )
    }

    pub fn bad_scope(&self, word: &str) -> String {
        let (word, names) = (text::plain(word), scopes::NAMES);
        self.pick(
            format!("`{word}`라는 말은 모릅니다. 어떤 말에 답할지는 {names}로 적습니다."),
            format!("`{word}` says nothing about messages; there are {names}."),
        )
    }

    pub fn bad_regex(&self, why: &str) -> String {
        let why = text::plain(why);
        self.pick(
            format!("정규 표현식이 아닙니다: {why}"),
            format!("That is no regular expression: {why}"),
        )
    }

    pub fn too_many(&self) -> &'static str {
        self.pick(
            "링크가 너무 많습니다. 안 쓰는 것을 지워 주세요.",
            "There are too many links; remove some that nobody uses.",
        )
    }

    pub fn learned(&self, change: &Change) -> String {
        let name = change.added.last().map_or(String::new(), words);
        match change.removed.first() {
            None => self.pick(format!("배웠습니다: {name}"), format!("Learned: {name}")),
            Some(old) => self.pick(
                format!("고쳐 배웠습니다: {name} (전에는 {})", old.address),
                format!("Learned anew: {name} (it was {})", old.address),
            ),
        }
    }

    pub fn unknown(&self, word: &str) -> String {
        let word = text::plain(word);
        self.pick(
            format!("`{word}` 링크는 여기서 가르친 것이 아닙니다. `!링크 목록`이 어디서 온 링크인지 알려 줍니다."),
            format!("`{word}` was not taught here; `!link list` tells where links come from."),
        )
    }

    pub fn forgotten(&self, change: &Change) -> String {
        let gone = change.removed.first().map_or(String::new(), words);
        self.pick(format!("잊었습니다: {gone}"), format!("Forgotten: {gone}"))
    }

    pub fn nothing_to_undo(&self) -> &'static str {
        self.pick("되돌릴 변경이 없습니다.", "There is nothing to take back.")
    }

    /// What is there again, and the words that are gone.
    pub fn undone(&self, change: &Change) -> String {
        let is_gone = |word: &&String| !change.added.iter().any(|back| back.words.contains(word));
        let gone: Vec<&String> = change
            .removed
            .iter()
            .flat_map(|link| &link.words)
            .filter(is_gone)
            .collect();
        let mut told: Vec<String> = change.added.iter().map(shown).collect();
        if !gone.is_empty() {
            let words = listed(gone);
            told.push(self.pick(
                format!("{words} 링크는 이제 없습니다"),
                format!("{words} is no link now"),
            ));
        }
        let told = told.join("; ");
        self.pick(format!("되돌렸습니다: {told}"), format!("Taken back: {told}"))
    }

    pub fn none(&self) -> &'static str {
        self.pick(
            "아직 링크가 없습니다. 이렇게 가르칩니다: `!링크 추가 가이드 https://example.com`",
            "There are no links yet. This teaches one: `!link add guide https://example.com`",
        )
    }

    pub fn no_history(&self) -> &'static str {
        self.pick("여기에서 가르친 것이 없습니다.", "Nothing was taught here.")
    }

    /// A link with all that is known of it.
    pub fn line(&self, link: &Link, origin: &Origin) -> String {
        let from = match origin {
            Origin::Here => self.signed(link),
            Origin::Everywhere => format!("{}, {}", self.signed(link), self.pick("모든 대화방", "everywhere")),
            Origin::Config => self.pick("설정", "configuration").to_owned(),
        };
        let only = match scopes::of(&link.scopes).is_all() {
            true => String::new(),
            false => format!(", {}", link.scopes.join(" ")),
        };
        format!("{}: {} ({from}{only})", words(link), link.address)
    }

    /// A change in one line.
    pub fn change(&self, change: &Change) -> String {
        let what = match (change.added.last(), change.removed.first()) {
            (Some(new), None) => self.pick("배움 ", "learned ").to_owned() + &shown(new),
            (Some(new), Some(old)) => {
                let was = self.pick("전에는", "it was");
                format!("{} {} ({was} {})", self.pick("고침", "changed"), shown(new), shown(old))
            }
            (None, Some(old)) => self.pick("잊음 ", "forgotten ").to_owned() + &shown(old),
            (None, None) => String::new(),
        };
        format!("{} {}: {what}", self.clock(&change.time), text::plain(&change.who))
    }

    fn signed(&self, link: &Link) -> String {
        format!("{}, {}", text::plain(&link.teacher), self.clock(&link.time))
    }

    /// Date, hour and minute on the clock here.
    fn clock(&self, instant: &str) -> String {
        let local = system::local(instant, &self.timezone).unwrap_or_else(|_| instant.to_owned());
        local
            .chars()
            .take("2026-11-22T09:00".len())
            .collect::<String>()
            .replace('T', " ")
    }
}

/// The answer to a message in which this stands.
pub fn answer(link: &Link, found: &str) -> String {
    let name = if link.is_regex { found } else { link.name() };
    format!("{}: {}", text::plain(name), link.address)
}

fn shown(link: &Link) -> String {
    format!("{}: {}", words(link), link.address)
}

fn words(link: &Link) -> String {
    let words = listed(&link.words);
    if link.is_regex { format!("/{words}/") } else { words }
}

fn listed<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| text::plain(word)).collect();
    words.join(", ")
}
