//! Long texts in parts.

use super::markup::{self, JOINER, Pieces};
use std::ops::Range;
use unicode_segmentation::GraphemeCursor;

/// The mark that opens and closes a code block.
const FENCE: &str = "```";
/// The shortest part that has room for a code block's marks, each on a line of its own, and some code between them.
const ROOM_FOR_CODE: usize = 16;

/// Cuts a text into parts of at most `max_chars` characters each: at the ends of paragraphs where that goes, then of
/// lines, then of words, then anywhere. The blanks and line ends at which it is cut go; nothing else is lost, and nothing
/// is said twice. Parts without a visible character are left out.
///
/// Code blocks stay whole where they fit into a part, otherwise they are closed at the end of one part and opened again in
/// the next, with their language; so is code in a line that is longer than a part. What a reader takes for one character,
/// a mention or a link is never cut, and what stands between two marks only where it is too long for a part, as long as a
/// part has room for it.
///
/// A limit too small to hold a code block's marks and some code (16) cuts code anywhere.
pub fn split(text: &str, max_chars: usize) -> Vec<String> {
    let max = max_chars.max(1);
    if text.chars().count() <= max {
        return match text.trim().is_empty() {
            true => Vec::new(),
            false => vec![text.to_owned()],
        };
    }
    let pieces = markup::pieces(text);
    if pieces.ticks.is_empty() {
        return parts(text, &pieces, max);
    }
    let text = without_ticks(text, &pieces.ticks);
    parts(&text, &markup::pieces(&text), max)
}

/// The text with a joiner behind each of these back-ticks: they stay text, whatever else is in their part.
fn without_ticks(text: &str, ticks: &[usize]) -> String {
    let mut out = String::with_capacity(text.len() + ticks.len() * JOINER.len_utf8());
    let mut from = 0;
    for tick in ticks {
        out.push_str(text.get(from..=*tick).unwrap_or_default());
        out.push(JOINER);
        from = tick + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

fn parts(text: &str, pieces: &Pieces, max: usize) -> Vec<String> {
    let mut out = Packer::new(max);
    let mut from = 0;
    if max >= ROOM_FOR_CODE {
        for block in &pieces.blocks {
            out.prose(text, from..block.start, pieces);
            out.code(text.get(block.clone()).unwrap_or_default());
            from = block.end;
        }
    }
    out.prose(text, from..text.len(), pieces);
    out.done()
}

/// What is in the one code block that the text consists of.
pub(super) fn only_block(text: &str) -> Option<&str> {
    let text = text.trim();
    match markup::pieces(text).blocks.as_slice() {
        [block] if *block == (0..text.len()) => Some(body(text).1),
        _ => None,
    }
}

/// A code block's language, and what stands between its marks.
fn body(block: &str) -> (&str, &str) {
    let inner = block.strip_prefix(FENCE).and_then(|inner| inner.strip_suffix(FENCE));
    markup::language(inner.unwrap_or(block))
}

struct Packer {
    max: usize,
    parts: Vec<String>,
    part: String,
    length: usize,
}

impl Packer {
    fn new(max: usize) -> Self {
        Self {
            max,
            parts: Vec::new(),
            part: String::new(),
            length: 0,
        }
    }

    fn room(&self) -> usize {
        self.max.saturating_sub(self.length)
    }

    fn push(&mut self, text: &str) {
        self.part.push_str(text);
        self.length += text.chars().count();
    }

    fn cut(&mut self) {
        let part = std::mem::take(&mut self.part);
        self.length = 0;
        let kept = part.trim_end().trim_start_matches('\n');
        if !kept.trim().is_empty() {
            self.parts.push(kept.to_owned());
        }
    }

    fn done(mut self) -> Vec<String> {
        self.cut();
        self.parts
    }

    /// This range of the text, which holds no code block. Code in a line that no part has room for is cut by itself.
    fn prose(&mut self, text: &str, range: Range<usize>, pieces: &Pieces) {
        let mut from = range.start;
        let first = pieces.code.partition_point(|code| code.start < range.start);
        let behind = pieces.code.iter().skip(first);
        for code in behind.take_while(|code| code.end <= range.end) {
            let Some(inner) = text.get(code.clone()).filter(|code| code.chars().count() > self.max) else {
                continue;
            };
            if self.max >= ROOM_FOR_CODE {
                self.lines(text, from..code.start, pieces);
                self.code_in_line(inner.trim_matches('`'));
                from = code.end;
            }
        }
        self.lines(text, from..range.end, pieces);
    }

    /// This range of the text that `pieces` are of.
    fn lines(&mut self, text: &str, range: Range<usize>, pieces: &Pieces) {
        let mut at = range.start;
        while let Some(rest) = text.get(at..range.end).filter(|rest| !rest.is_empty()) {
            if self.part.is_empty() {
                // Blanks at which it was cut before; a line's own indentation stays.
                let lines = rest.trim_start_matches('\n');
                if lines.len() < rest.len() {
                    at += rest.len() - lines.len();
                    continue;
                }
            }
            if rest.chars().count() <= self.room() {
                self.push(rest);
                return;
            }
            let window = prefix(rest, self.room());
            let cut = paragraph_end(window, rest).or_else(|| {
                // A paragraph that fits into a part of its own is not cut.
                let paragraph = rest.find("\n\n").unwrap_or(rest.len());
                let whole = rest.get(..paragraph).is_some_and(|p| p.chars().count() <= self.max);
                match whole && !self.part.is_empty() {
                    true => Some(0),
                    false => softest(window, rest, at, pieces),
                }
            });
            let end = match cut {
                Some(end) => end,
                // Not even a word fits here.
                None if !self.part.is_empty() => 0,
                None => hardest(window, rest, at, pieces),
            };
            self.push(rest.get(..end).unwrap_or_default());
            at += end;
            if end > 0 {
                let behind = text.get(at..range.end).unwrap_or_default();
                at += behind.len() - behind.trim_start_matches(' ').len();
            }
            self.cut();
        }
    }

    fn code_in_line(&mut self, mut rest: &str) {
        loop {
            self.cut();
            if rest.chars().count() + 2 <= self.max {
                break;
            }
            let window = prefix(rest, self.max.saturating_sub(2));
            let blank = window.rfind(' ').filter(|&at| at > 0);
            let end = blank.unwrap_or_else(|| between_characters(rest, window.len()));
            self.in_line(rest.get(..end).unwrap_or_default());
            // Behind a mark the joiner would make it text.
            rest = rest.get(end..).unwrap_or_default().trim_start_matches([' ', JOINER]);
        }
        self.in_line(rest);
    }

    fn in_line(&mut self, code: &str) {
        if !markup::is_blank(code) {
            self.push("`");
            self.push(code);
            self.push("`");
        }
    }

    fn code(&mut self, block: &str) {
        let length = block.chars().count();
        if length <= self.room() {
            return self.push(block);
        }
        self.cut();
        if length <= self.max {
            return self.push(block);
        }
        let (language, mut rest) = body(block);
        let close = "\n```";
        let named = format!("{FENCE}{language}\n");
        let open = match named.len() + close.len() + 8 <= self.max {
            true => named.as_str(),
            false => "```\n",
        };
        let room = self.max.saturating_sub(open.len() + close.len()).max(1);
        while !rest.is_empty() {
            let window = prefix(rest, room);
            let end = match window.len() == rest.len() {
                true => rest.len(),
                false => window
                    .rfind('\n')
                    .filter(|&at| at > 0)
                    .unwrap_or_else(|| between_characters(rest, window.len())),
            };
            let piece = rest.get(..end).unwrap_or_default();
            // Blank lines alone are no code block.
            if !markup::is_blank(piece) {
                self.cut();
                self.push(open);
                self.push(piece);
                self.push(close);
            }
            rest = rest.get(end..).unwrap_or_default();
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
}

/// The first `count` characters.
fn prefix(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// The last end of a paragraph that the window reaches.
fn paragraph_end(window: &str, rest: &str) -> Option<usize> {
    // The blank line itself need not fit.
    let behind = rest.get(window.len()..).unwrap_or_default();
    let blank = behind.bytes().take(2).take_while(|b| *b == b'\n').count();
    rest.get(..window.len() + blank)?.rfind("\n\n").filter(|&at| at > 0)
}

/// The best place inside the window to cut where no paragraph ends: the end of a line or of a word outside of everything
/// that should stay in one piece. `rest` begins in its text `at` this byte.
fn softest(window: &str, rest: &str, at: usize, pieces: &Pieces) -> Option<usize> {
    let outside = |end: &usize| !inside(&pieces.whole, at + end) && !inside(&pieces.marked, at + end);
    let behind = rest.get(window.len()..).and_then(|t| t.chars().next());
    // The window may end exactly where a line or a word does.
    match behind {
        Some('\n') => return Some(window.len()),
        Some(' ') if !window.contains('\n') && outside(&window.len()) => return Some(window.len()),
        _ => {}
    }
    let line = window.rfind('\n').filter(|&at| at > 0);
    line.or_else(|| word_end(window, outside))
}

/// Where a part of its own has no such place: the end of a word between two marks, then any place between two characters
/// that is in no mention, link or code, then any at all.
fn hardest(window: &str, rest: &str, at: usize, pieces: &Pieces) -> usize {
    let word = match rest.get(window.len()..).is_some_and(|behind| behind.starts_with(' ')) {
        true => Some(window.len()).filter(|end| !inside(&pieces.whole, at + end)),
        false => None,
    };
    let word = word.or_else(|| word_end(window, |end| !inside(&pieces.whole, at + end)));
    word.unwrap_or_else(|| {
        let before = match around(&pieces.whole, at + window.len()) {
            Some(piece) => piece.start.saturating_sub(at),
            None => window.len(),
        };
        between_characters(rest, if before > 0 { before } else { window.len() })
    })
}

/// The last blank of the window that is behind a word and where it may be cut.
fn word_end(window: &str, may: impl Fn(&usize) -> bool) -> Option<usize> {
    let first = window.len() - window.trim_start().len();
    let blanks = window.rmatch_indices(' ').map(|(at, _)| at);
    blanks.take_while(|at| *at > first).find(may)
}

/// The last place up to `end` that is not inside of what a reader takes for one character; `end` if there is none.
fn between_characters(text: &str, end: usize) -> usize {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(false) => match cursor.prev_boundary(text, 0) {
            Ok(Some(before)) if before > 0 => before,
            _ => end,
        },
        _ => end,
    }
}

fn inside(pieces: &[Range<usize>], at: usize) -> bool {
    around(pieces, at).is_some()
}

/// The piece that a cut at this place would go through.
fn around(pieces: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let before = pieces.partition_point(|piece| piece.start < at);
    pieces.get(before.checked_sub(1)?).filter(|piece| at < piece.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn cuts_where_it_hurts_least() {
        let cases: &[(&str, usize, &[&str])] = &[
            ("", 10, &[]),
            (" \n ", 10, &[]),
            ("short", 10, &["short"]),
            ("exactly 10", 10, &["exactly 10"]),
            ("one two\n\nthree four", 12, &["one two", "three four"]),
            ("one\n\ntwo\n\nthree", 9, &["one\n\ntwo", "three"]),
            ("one\ntwo\nthree", 9, &["one\ntwo", "three"]),
            ("one two three", 9, &["one two", "three"]),
            ("one two three", 7, &["one two", "three"]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
            ("가나다라마 바사", 5, &["가나다라마", "바사"]),
            ("line one is long\n  indented", 17, &["line one is long", "  indented"]),
            ("a\n\n\n\nb", 3, &["a", "b"]),
            // A paragraph that fits on its own is not begun in the part before.
            ("aa\n\nbbb bbb", 8, &["aa", "bbb bbb"]),
        ];
        for (text, max, expected) in cases {
            assert_eq!(split(text, *max), *expected, "{text:?} by {max}");
        }
    }

    #[test]
    fn code_blocks_stay_whole_or_are_opened_again() {
        assert_eq!(
            split("before it at\n```\na\nb\n```\nafter", 16),
            ["before it at", "```\na\nb\n```", "after"]
        );
        assert_eq!(
            split("```\nfirst line\nsecond line\nthird\n```", 22),
            ["```\nfirst line\n```", "```\nsecond line\n```", "```\nthird\n```"]
        );
        assert_eq!(
            split("```abcdefghijklmn```", 16),
            ["```\nabcdefgh\n```", "```\nijklmn\n```"]
        );
        assert_eq!(
            split("```rust\nlet a;\nlet bcde;\n```", 24),
            ["```rust\nlet a;\n```", "```rust\nlet bcde;\n```"]
        );
        // Never closed, so no block.
        assert_eq!(split("```abc def", 9), ["`\u{2060}`\u{2060}`\u{2060}abc", "def"]);
    }

    #[test]
    fn what_belongs_together_is_not_cut() {
        let cases: &[(&str, usize, &[&str])] = &[
            ("see {@U123} there", 8, &["see", "{@U123}", "there"]),
            ("세{@U123}님께", 7, &["세", "{@U123}", "님께"]),
            (
                "read [the docs](https://e.com) now",
                26,
                &["read", "[the docs](https://e.com)", "now"],
            ),
            ("one two *b c d* e", 13, &["one two", "*b c d* e"]),
            ("*too long for it*", 9, &["*too long", "for it*"]),
            ("xy `let a = 1;` z", 14, &["xy", "`let a = 1;` z"]),
            ("`let abc = {@U1};`", 16, &["`let abc =`", "`{@U1};`"]),
            ("👩‍👩‍👧👩‍👩‍👧", 6, &["👩‍👩‍👧", "👩‍👩‍👧"]),
            (
                "\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}\u{11a8}",
                7,
                &[
                    "\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}\u{11a8}",
                    "\u{1100}\u{1161}\u{11a8}",
                ],
            ),
            // Longer than any part.
            ("{@U123456789}", 6, &["{@U123", "456789", "}"]),
        ];
        for (text, max, expected) in cases {
            assert_eq!(split(text, *max), *expected, "{text:?} by {max}");
        }
    }

    fn random_text(random: &mut Random) -> String {
        const PIECES: [&str; 14] = [
            "word",
            "가나다",
            " ",
            " ",
            "\n",
            "\n\n",
            "```",
            "```\n",
            "`",
            "  x",
            "averyveryverylongword",
            "👍",
            "*b*",
            "\n\n\n",
        ];
        (0..random.below(40))
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect()
    }

    /// What must survive: everything but white space, and the back-ticks where blocks are closed and opened.
    fn kept(text: &str, ticks: bool) -> String {
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != JOINER && (ticks || *c != '`'))
            .collect()
    }

    #[test]
    fn nothing_is_lost_or_said_twice() {
        let mut random = Random::new(11);
        for _ in 0..3_000 {
            let text = random_text(&mut random);
            let max = 1 + random.below(30);
            let parts = split(&text, max);
            for part in &parts {
                assert!(part.chars().count() <= max, "{text:?} by {max} gave {part:?}");
                assert!(!part.trim().is_empty(), "{text:?} by {max}");
            }
            let ticks = max < ROOM_FOR_CODE || !text.contains('`');
            assert_eq!(kept(&parts.concat(), ticks), kept(&text, ticks), "{text:?} by {max}");
        }
    }

    #[test]
    fn code_stays_code() {
        let mut random = Random::new(5);
        for _ in 0..500 {
            let lines: Vec<String> = (0..1 + random.below(12)).map(|n| "x".repeat(1 + (n * 7) % 9)).collect();
            let code = lines.join("\n");
            let text = format!("before\n```\n{code}\n```\nbehind");
            for part in split(&text, 16 + random.below(20)) {
                assert_eq!(part.matches(FENCE).count() % 2, 0, "{part:?}");
                let outside: String = part.split(FENCE).step_by(2).collect();
                assert!(!outside.contains('x'), "{part:?}");
            }
        }
    }

    #[test]
    fn very_long_texts_take_no_time() {
        assert_eq!(split(&"a ".repeat(200_000), 4_000).len(), 100);
        let ticks = split(&"```".repeat(100_001), 4_000).concat();
        assert_eq!(ticks.matches('`').count(), 300_003);
        assert_eq!(split(&"`a b` *c d* {@U1} ".repeat(20_000), 4_000).len(), 91);
    }
}
