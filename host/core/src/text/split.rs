//! Long texts in parts.

/// The mark that opens and closes a code block.
const FENCE: &str = "```";

/// Cuts a text into parts of at most `max_chars` characters each: at the ends of paragraphs where that goes, then of
/// lines, then of words, then anywhere. Code blocks stay whole where they fit into a part, otherwise they are closed at
/// the end of one part and opened again in the next. The blanks and line ends at which it is cut go; nothing else is
/// lost, and nothing is said twice. Parts without a visible character are left out.
///
/// A limit too small to hold a code block's marks and one character (8) cuts anywhere.
pub fn split(text: &str, max_chars: usize) -> Vec<String> {
    let max = max_chars.max(1);
    if text.chars().count() <= max {
        return match text.trim().is_empty() {
            true => Vec::new(),
            false => vec![text.to_owned()],
        };
    }
    let mut out = Packer::new(max);
    for (block, code) in blocks(text) {
        match code && max >= 8 {
            true => out.code(block),
            false => out.prose(block),
        }
    }
    out.done()
}

/// The text in pieces that follow each other: prose and code blocks (with their marks).
fn blocks(text: &str) -> Vec<(&str, bool)> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut searched = 0;
    while let Some(open) = rest.get(searched..).and_then(|t| t.find(FENCE)).map(|at| at + searched) {
        let body = open + FENCE.len();
        let Some(close) = rest.get(body..).and_then(|t| t.find(FENCE)) else {
            break;
        };
        let end = body + close + FENCE.len();
        let (before, block, behind) = (rest.get(..open), rest.get(open..end), rest.get(end..));
        // What the markup does not take for a block is prose here too.
        if rest.get(body..body + close).is_none_or(|inner| inner.trim().is_empty()) {
            searched = end;
            continue;
        }
        out.extend(before.filter(|t| !t.is_empty()).map(|t| (t, false)));
        out.extend(block.map(|t| (t, true)));
        rest = behind.unwrap_or_default();
        searched = 0;
    }
    if !rest.is_empty() {
        out.push((rest, false));
    }
    out
}

/// What is in the one code block that the text consists of.
pub(super) fn only_block(text: &str) -> Option<&str> {
    match blocks(text.trim()).as_slice() {
        [(block, true)] => body(block),
        _ => None,
    }
}

/// What stands between a block's marks, without the line ends next to them.
fn body(block: &str) -> Option<&str> {
    let body = block.strip_prefix(FENCE)?.strip_suffix(FENCE)?;
    let body = body.strip_prefix('\n').unwrap_or(body);
    Some(body.strip_suffix('\n').unwrap_or(body))
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

    fn prose(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.part.is_empty() {
                // Blanks at which it was cut before; a line's own indentation stays.
                rest = rest.trim_start_matches('\n');
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
                    false => softest(window, rest),
                }
            });
            match cut {
                Some(0) => {}
                Some(end) => {
                    self.push(rest.get(..end).unwrap_or_default());
                    rest = rest.get(end..).unwrap_or_default().trim_start_matches(' ');
                }
                // Not even a word fits here.
                None if !self.part.is_empty() => {}
                None => {
                    self.push(window);
                    rest = rest.get(window.len()..).unwrap_or_default();
                }
            }
            self.cut();
        }
    }

    fn code(&mut self, block: &str) {
        let length = block.chars().count();
        if length <= self.room() {
            return self.push(block);
        }
        if length <= self.max {
            self.cut();
            return self.push(block);
        }
        let body = body(block).unwrap_or(block);
        self.cut();
        // The marks, each on a line of its own where there is room for that.
        let (open, close) = match self.max >= 16 {
            true => ("```\n", "\n```"),
            false => (FENCE, FENCE),
        };
        let room = self.max - open.len() - close.len();
        let mut rest = body;
        while !rest.is_empty() {
            let window = prefix(rest, room);
            let end = match window.len() == rest.len() {
                true => rest.len(),
                false => window.rfind('\n').filter(|&at| at > 0).unwrap_or(window.len()),
            };
            self.cut();
            self.push(open);
            self.push(rest.get(..end).unwrap_or_default());
            self.push(close);
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

/// The best place inside the window to cut where no paragraph ends.
fn softest(window: &str, rest: &str) -> Option<usize> {
    let behind = rest.get(window.len()..).and_then(|t| t.chars().next());
    // The window may end exactly where a line or a word does.
    match behind {
        Some('\n') => return Some(window.len()),
        Some(' ') if !window.contains('\n') => return Some(window.len()),
        _ => {}
    }
    let line = window.rfind('\n').filter(|&at| at > 0);
    let word = || {
        window
            .rfind(' ')
            .filter(|&at| !window.get(..at).unwrap_or_default().trim().is_empty())
    };
    line.or_else(word)
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
            split("before it\n```\na\nb\n```\nafter", 14),
            ["before it", "```\na\nb\n```", "after"]
        );
        assert_eq!(
            split("```\nfirst line\nsecond line\nthird\n```", 22),
            ["```\nfirst line\n```", "```\nsecond line\n```", "```\nthird\n```"]
        );
        assert_eq!(split("```abcdefgh```", 10), ["```abcd```", "```efgh```"]);
        // Never closed, so no block.
        assert_eq!(split("```abc def", 7), ["```abc", "def"]);
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
            .filter(|c| !c.is_whitespace() && (ticks || *c != '`'))
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
            let ticks = max < 8 || !text.contains(FENCE);
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
        assert_eq!(split(&"```".repeat(100_001), 4_000).concat().len(), 300_003);
    }
}
