//! One form for everything that is typed.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Stands invisibly between the two characters that would otherwise open a mention.
const JOINER: char = '\u{2060}';

/// Brings typed text into the form in which all of Moa compares and keeps it:
///
/// - canonical composition (NFC, never NFKC: `①` stays `①`);
/// - conjoining jamo that stand alone become compatibility jamo, what a Korean keyboard gives for them;
/// - every Unicode space becomes a plain one, every line separator a `\n`;
/// - zero-width characters go, except the joiners inside an emoji. Between `{` and `@` or `#` a word joiner is kept or
///   put in their place, so that dropping them never makes a mention (see [`neutralise`]) out of what was none.
///
/// Applying it twice changes nothing. Text that is in this form already is not copied.
pub fn normalise(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.contains('\r') {
            true => Cow::Owned(plain_lines(text)),
            false => Cow::Borrowed(text),
        };
    }
    let composed = is_nfc_quick(text.chars()) == IsNormalized::Yes;
    if composed && !text.chars().any(is_touched) {
        return Cow::Borrowed(text);
    }
    let dropped = drop_and_replace(text);
    Cow::Owned(dropped.nfc().map(compatibility_jamo).collect())
}

/// Breaks every `{@` and `{#` by an invisible word joiner, so that text which a person typed never becomes a mention
/// when it is rendered. Adapters call it on typed text before they put real mentions in.
pub fn neutralise(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices('{') {
        let behind = at + 1;
        if text.get(behind..).is_some_and(|rest| rest.starts_with(['@', '#'])) {
            out.push_str(text.get(copied..behind).unwrap_or_default());
            out.push(JOINER);
            copied = behind;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Replaces the mentions in a text by what `name_of` says for them (`@Rosie`, `#lunch`), so that saying the text again
/// calls nobody. It is given the mention's mark (`@` or `#`) and id; where it knows no name the id itself is shown.
/// A name cannot become a mention either.
pub fn plain_mentions(text: &str, mut name_of: impl FnMut(char, &str) -> Option<String>) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices('{') {
        let Some(rest) = text.get(at..) else { continue };
        let Some((mark, id, len)) = super::markup::mention(rest) else {
            continue;
        };
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push(mark);
        match name_of(mark, id) {
            Some(name) => out.push_str(&name),
            None => out.push_str(id),
        }
        copied = at + len;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    // No mention is left, but a name and what stands around it could make a new one.
    Cow::Owned(neutralise(&out).into_owned())
}

/// The form in which words compare: normalised and without the difference of upper and lower case.
pub fn fold(text: &str) -> Cow<'_, str> {
    let text = normalise(text);
    if !text.chars().any(|c| folded(c).ne([c])) {
        return text;
    }
    Cow::Owned(text.chars().flat_map(folded).collect())
}

/// A character without upper and lower case.
pub(crate) fn folded(c: char) -> impl Iterator<Item = char> {
    // The sigma at the end of a word is the same letter.
    c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c })
}

/// Foreign text as one harmless line: control characters, line ends and direction marks become a space or go, and what
/// is longer than `max` characters is cut with `…`. Markup stays as it is; see [`markup::escape`](super::markup::escape).
pub fn printable_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !out.is_empty();
            continue;
        }
        if is_direction(c) || is_zero_width(c) {
            continue;
        }
        if length + usize::from(space) >= max {
            out.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
            length += 1;
        }
        out.push(c);
        length += 1;
    }
    out
}

/// Foreign text of several lines: without control characters and direction marks, and nothing in it is a mention.
pub(crate) fn harmless(text: &str) -> String {
    let seen = |c: &char| (*c == '\n' || !c.is_control()) && !is_direction(*c);
    neutralise(&normalise(text).chars().filter(seen).collect::<String>()).into_owned()
}

/// Characters that change the direction of what follows: they can make a line read as another one.
pub(crate) fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that nobody sees, apart from the joiner that emoji are made with.
pub(crate) fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

/// Characters that have no place in a name: control characters, direction marks, invisible ones.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || is_direction(c)
        || is_zero_width(c)
        || matches!(c, '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
}

fn is_space(c: char) -> bool {
    matches!(
        c,
        '\u{00a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\r' | '\u{0085}' | '\u{2028}' | '\u{2029}')
}

fn is_touched(c: char) -> bool {
    is_zero_width(c) || is_space(c) || is_line_end(c) || compatibility_jamo(c) != c
}

fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn drop_and_replace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            c if is_line_end(c) => out.push('\n'),
            c if is_space(c) => out.push(' '),
            '\u{200d}' if joins(out.chars().next_back(), chars.peek().copied()) => out.push(c),
            c if is_zero_width(c) => {
                while chars.peek().copied().is_some_and(is_zero_width) {
                    chars.next();
                }
                if out.ends_with('{') && matches!(chars.peek(), Some('@' | '#')) {
                    out.push(JOINER);
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a zero-width joiner between the two makes one emoji of them.
fn joins(before: Option<char>, behind: Option<char>) -> bool {
    // What may stand at the end of an emoji besides its picture: the emoji form and the tones of skin.
    let ends = |c: char| is_picture(c) || c == '\u{fe0f}' || matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    before.is_some_and(ends) && behind.is_some_and(is_picture)
}

/// Roughly Unicode's property Extended_Pictographic, in whole blocks: only used around a zero-width joiner.
fn is_picture(c: char) -> bool {
    matches!(
        c,
        '©' | '®' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

/// The compatibility jamo for a modern conjoining one; anything else is itself.
fn compatibility_jamo(c: char) -> char {
    const INITIAL: [char; 19] = [
        'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ',
        'ㅎ',
    ];
    const FINAL: [char; 27] = [
        'ㄱ', 'ㄲ', 'ㄳ', 'ㄴ', 'ㄵ', 'ㄶ', 'ㄷ', 'ㄹ', 'ㄺ', 'ㄻ', 'ㄼ', 'ㄽ', 'ㄾ', 'ㄿ', 'ㅀ', 'ㅁ', 'ㅂ', 'ㅄ',
        'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
    ];
    let code = c as u32;
    let of = |table: &[char], first: u32| table.get((code - first) as usize).copied().unwrap_or(c);
    match code {
        0x1100..=0x1112 => of(&INITIAL, 0x1100),
        // The vowels stand in the same order in both blocks.
        0x1161..=0x1175 => char::from_u32(code - 0x1161 + 0x314f).unwrap_or(c),
        0x11a8..=0x11c2 => of(&FINAL, 0x11a8),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn one_form() {
        for (typed, expected) in [
            ("plain", "plain"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("가\r\n", "가\n"),
            // Decomposed, as some systems write file names.
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", "한글"),
            ("e\u{301}", "é"),
            // Jamo that stand alone.
            ("\u{110c}\u{1109}\u{1110}", "ㅈㅅㅌ"),
            ("\u{1161}\u{11a8}\u{11aa}", "ㅏㄱㄳ"),
            ("\u{1175}\u{11c2}", "ㅣㅎ"),
            // Never NFKC.
            ("①！ｈｅｌｐ", "①！ｈｅｌｐ"),
            // Spaces and line ends.
            ("a\u{a0}b\u{3000}c\u{2009}d\u{202f}e", "a b c d e"),
            ("a\u{2028}b\u{85}c\u{2029}d", "a\nb\nc\nd"),
            ("a\tb", "a\tb"),
            // Nobody sees these.
            ("he\u{200b}l\u{ad}p\u{feff}", "help"),
            ("a\u{200d}b", "ab"),
            ("\u{1112}\u{200b}\u{1161}", "하"),
            (
                "👩\u{200d}💻 👩🏽\u{200d}💻 ❤\u{fe0f}\u{200d}🔥",
                "👩\u{200d}💻 👩🏽\u{200d}💻 ❤\u{fe0f}\u{200d}🔥",
            ),
            ("👩\u{200d}", "👩"),
        ] {
            assert_eq!(normalise(typed), expected, "{typed:?}");
        }
        assert!(
            matches!(normalise("안녕 hello 👍"), Cow::Borrowed(_)),
            "what is in form already is not copied"
        );
    }

    #[test]
    fn nobody_can_type_a_mention() {
        for typed in [
            "{@U1}",
            "{#C1}",
            "{{@U1}}",
            "{\u{200b}@U1}",
            "{\u{200b}\u{2060}\u{feff}#C1}",
            "{\u{200d}@U1}",
            "{\u{ad}@U1}{@",
            "👩{\u{200d}@U1}",
        ] {
            for text in [
                normalise(&neutralise(typed)).into_owned(),
                neutralise(&normalise(typed)).into_owned(),
            ] {
                assert!(!text.contains("{@") && !text.contains("{#"), "{typed:?} gave {text:?}");
            }
        }
        assert_eq!(neutralise("{@U1} a {#C1} { @"), "{\u{2060}@U1} a {\u{2060}#C1} { @");
        assert!(matches!(neutralise("{a} {b} @"), Cow::Borrowed(_)));
        // What an adapter puts in afterwards stays.
        assert_eq!(normalise("{@U1}\u{a0}가"), "{@U1} 가");
    }

    #[test]
    fn twice_is_once() {
        const ODD: [char; 24] = [
            'a', '{', '@', '#', '\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{1112}', '\u{1161}', '\u{11ab}',
            '\u{301}', 'e', '\u{a0}', '\u{2028}', '\r', '\n', '👩', '💻', '\u{fe0f}', 'ㅎ', '하', '\u{115f}', '\u{ad}',
        ];
        let mut random = Random::new(3);
        for _ in 0..20_000 {
            let typed: String = (0..random.below(10)).map(|_| ODD[random.below(ODD.len())]).collect();
            let once = normalise(&neutralise(&typed)).into_owned();
            assert_eq!(normalise(&once), once, "{typed:?}");
            assert!(!once.contains("{@") && !once.contains("{#"), "{typed:?}");
        }
    }

    #[test]
    fn mentions_become_names() {
        let name = |mark, id: &str| match (mark, id) {
            ('@', "U1") => Some("로지".to_owned()),
            ('#', "C1") => Some("{@U9}".to_owned()),
            _ => None,
        };
        assert_eq!(
            plain_mentions("hi {@U1}, {#C1} {@U2} {@} {x", name),
            "hi @로지, #{\u{2060}@U9} @U2 {\u{2060}@} {x"
        );
        assert!(matches!(plain_mentions("{a}", name), Cow::Borrowed(_)));
        // What is left of a name and its surroundings makes no new mention.
        assert_eq!(plain_mentions("{{@U2}}", |_, _| None), "{\u{2060}@U2}");
        assert_eq!(plain_mentions("{@U2}@U3}", |_, _| Some("{".into())), "@{\u{2060}@U3}");
    }

    #[test]
    fn case_is_folded() {
        for (a, b) in [
            ("HELP", "help"),
            ("ÉCOLE", "e\u{301}cole"),
            ("ΣΑΣ", "σας"),
            ("점심", "점심"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
        assert!(matches!(fold("점심 a"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_harmless_line() {
        for (text, max, expected) in [
            ("a\n b\t\tc ", 10, "a b c"),
            ("\u{202e}abc\u{7}d", 10, "abc d"),
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcde…"),
            ("ab cd", 3, "ab…"),
            ("", 5, ""),
        ] {
            assert_eq!(printable_line(text, max), expected, "{text:?}");
        }
    }
}
