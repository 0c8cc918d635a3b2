//! Hangul: initial consonants (choseong), and what the same keys give on the Korean and on the Latin keyboard
//! (2-beolsik, the layout of KS X 5002).

/// The initial consonants, in Unicode's order.
const INITIALS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];
/// The vowels, in Unicode's order.
const VOWELS: [char; 21] = [
    'ㅏ', 'ㅐ', 'ㅑ', 'ㅒ', 'ㅓ', 'ㅔ', 'ㅕ', 'ㅖ', 'ㅗ', 'ㅘ', 'ㅙ', 'ㅚ', 'ㅛ', 'ㅜ', 'ㅝ', 'ㅞ', 'ㅟ', 'ㅠ', 'ㅡ',
    'ㅢ', 'ㅣ',
];
/// The final consonants, in Unicode's order; the first stands for none.
const FINALS: [char; 28] = [
    '\0', 'ㄱ', 'ㄲ', 'ㄳ', 'ㄴ', 'ㄵ', 'ㄶ', 'ㄷ', 'ㄹ', 'ㄺ', 'ㄻ', 'ㄼ', 'ㄽ', 'ㄾ', 'ㄿ', 'ㅀ', 'ㅁ', 'ㅂ', 'ㅄ',
    'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];
/// What is typed with two keys, and the two letters it consists of.
const COMPOUNDS: [(char, char, char); 18] = [
    ('ㅘ', 'ㅗ', 'ㅏ'),
    ('ㅙ', 'ㅗ', 'ㅐ'),
    ('ㅚ', 'ㅗ', 'ㅣ'),
    ('ㅝ', 'ㅜ', 'ㅓ'),
    ('ㅞ', 'ㅜ', 'ㅔ'),
    ('ㅟ', 'ㅜ', 'ㅣ'),
    ('ㅢ', 'ㅡ', 'ㅣ'),
    ('ㄳ', 'ㄱ', 'ㅅ'),
    ('ㄵ', 'ㄴ', 'ㅈ'),
    ('ㄶ', 'ㄴ', 'ㅎ'),
    ('ㄺ', 'ㄹ', 'ㄱ'),
    ('ㄻ', 'ㄹ', 'ㅁ'),
    ('ㄼ', 'ㄹ', 'ㅂ'),
    ('ㄽ', 'ㄹ', 'ㅅ'),
    ('ㄾ', 'ㄹ', 'ㅌ'),
    ('ㄿ', 'ㄹ', 'ㅍ'),
    ('ㅀ', 'ㄹ', 'ㅎ'),
    ('ㅄ', 'ㅂ', 'ㅅ'),
];
/// The keys, each with its letter. All other shifted keys give what the unshifted ones do.
const KEYS: [(char, char); 33] = [
    ('q', 'ㅂ'),
    ('Q', 'ㅃ'),
    ('w', 'ㅈ'),
    ('W', 'ㅉ'),
    ('e', 'ㄷ'),
    ('E', 'ㄸ'),
    ('r', 'ㄱ'),
    ('R', 'ㄲ'),
    ('t', 'ㅅ'),
    ('T', 'ㅆ'),
    ('y', 'ㅛ'),
    ('u', 'ㅕ'),
    ('i', 'ㅑ'),
    ('o', 'ㅐ'),
    ('O', 'ㅒ'),
    ('p', 'ㅔ'),
    ('P', 'ㅖ'),
    ('a', 'ㅁ'),
    ('s', 'ㄴ'),
    ('d', 'ㅇ'),
    ('f', 'ㄹ'),
    ('g', 'ㅎ'),
    ('h', 'ㅗ'),
    ('j', 'ㅓ'),
    ('k', 'ㅏ'),
    ('l', 'ㅣ'),
    ('z', 'ㅋ'),
    ('x', 'ㅌ'),
    ('c', 'ㅊ'),
    ('v', 'ㅍ'),
    ('b', 'ㅠ'),
    ('n', 'ㅜ'),
    ('m', 'ㅡ'),
];

const FIRST_SYLLABLE: u32 = 0xac00;
const LAST_SYLLABLE: u32 = 0xd7a3;

/// Whether a character is a whole syllable (가 to 힣).
pub fn is_syllable(c: char) -> bool {
    (FIRST_SYLLABLE..=LAST_SYLLABLE).contains(&(c as u32))
}

/// Whether a character is a letter on its own (ㄱ to ㅎ, ㅏ to ㅣ).
pub fn is_letter(c: char) -> bool {
    matches!(c, 'ㄱ'..='ㅣ')
}

/// Whether there is any Hangul in a text.
pub fn is_hangul(text: &str) -> bool {
    text.chars().any(|c| is_syllable(c) || is_letter(c))
}

/// `라고`, `라는` and their like behind a quotation: with `이` before them where its last syllable ends in a consonant, as a
/// digit is read: `0` (영) does, `2` (이) does not.
pub fn quoting<'a>(quotation: &str, closed: &'a str, open: &'a str) -> &'a str {
    let is_closed = |last: char| match last {
        '0' | '1' | '3' | '6' | '7' | '8' => true,
        last => is_syllable(last) && !(last as u32 - FIRST_SYLLABLE).is_multiple_of(28),
    };
    match quotation.chars().next_back().is_some_and(is_closed) {
        true => closed,
        false => open,
    }
}

/// The initial consonants of a Korean text: `점심팀` gives `ㅈㅅㅌ`. Consonants on their own stay, double ones that cannot
/// begin a syllable fall apart (some keyboards put `ㄱㅅ` together as `ㄳ`), everything else stays as it is.
pub fn choseong(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match syllable(c) {
            Some((initial, ..)) => out.push(initial),
            None => match parts(c) {
                Some((first, second)) if !is_vowel(c) => out.extend([first, second]),
                _ => out.push(c),
            },
        }
    }
    out
}

/// Whether a text is nothing but consonants on their own, as people type to shorten a Korean word.
pub fn is_choseong(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, 'ㄱ'..='ㅎ'))
}

/// The keys that a Korean text is typed with, as Latin letters: `ㅗ디ㅔ` gives `help`. Shifted keys are upper case;
/// everything that is no Hangul stays as it is.
pub fn to_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match syllable(c) {
            Some((initial, vowel, last)) => {
                push_keys(&mut out, initial);
                push_keys(&mut out, vowel);
                if let Some(last) = last {
                    push_keys(&mut out, last);
                }
            }
            None => push_keys(&mut out, c),
        }
    }
    out
}

/// What Latin keys give on a Korean keyboard: `wjatlaxla` gives `점심팀`. Everything that is no Latin letter stays as it
/// is.
pub fn to_hangul(keys: &str) -> String {
    let mut out = Composer::default();
    for key in keys.chars() {
        match letter_of(key) {
            Some(letter) => out.letter(letter),
            None => {
                out.flush();
                out.done.push(key);
            }
        }
    }
    out.flush();
    out.done
}

fn push_keys(out: &mut String, letter: char) {
    match parts(letter) {
        Some((first, second)) => out.extend([key_of(first), key_of(second)]),
        None => out.push(key_of(letter)),
    }
}

fn key_of(letter: char) -> char {
    KEYS.iter().find(|(_, l)| *l == letter).map_or(letter, |(key, _)| *key)
}

fn letter_of(key: char) -> Option<char> {
    let find = |key: char| KEYS.iter().find(|(k, _)| *k == key).map(|(_, letter)| *letter);
    find(key).or_else(|| find(key.to_ascii_lowercase()))
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'ㅏ'..='ㅣ')
}

fn parts(letter: char) -> Option<(char, char)> {
    COMPOUNDS
        .iter()
        .find(|(whole, ..)| *whole == letter)
        .map(|(_, first, second)| (*first, *second))
}

fn joined(first: char, second: char) -> Option<char> {
    COMPOUNDS
        .iter()
        .find(|(_, a, b)| (*a, *b) == (first, second))
        .map(|(whole, ..)| *whole)
}

/// A syllable's letters.
fn syllable(c: char) -> Option<(char, char, Option<char>)> {
    if !is_syllable(c) {
        return None;
    }
    let code = (c as u32 - FIRST_SYLLABLE) as usize;
    let (initial, vowel, last) = (code / (21 * 28), code / 28 % 21, code % 28);
    let last = FINALS.get(last).copied().filter(|_| last > 0);
    Some((*INITIALS.get(initial)?, *VOWELS.get(vowel)?, last))
}

fn index(letters: &[char], letter: char) -> Option<u32> {
    letters.iter().position(|l| *l == letter).map(|at| at as u32)
}

fn compose(initial: char, vowel: char, last: Option<char>) -> Option<char> {
    let last = match last {
        Some(last) => index(&FINALS, last)?,
        None => 0,
    };
    let (initial, vowel) = (index(&INITIALS, initial)?, index(&VOWELS, vowel)?);
    char::from_u32(FIRST_SYLLABLE + (initial * 21 + vowel) * 28 + last)
}

/// What a Korean input method does: letters go into the syllable at hand as long as they fit.
#[derive(Default)]
struct Composer {
    done: String,
    initial: Option<char>,
    vowel: Option<char>,
    last: Option<char>,
}

impl Composer {
    fn letter(&mut self, letter: char) {
        match is_vowel(letter) {
            true => self.vowel(letter),
            false => self.consonant(letter),
        }
    }

    fn vowel(&mut self, letter: char) {
        if let Some(last) = self.last.take() {
            // The final consonant, or the second half of it, turns out to begin the next syllable.
            let (stays, moves) = match parts(last) {
                Some((first, second)) => (Some(first), second),
                None => (None, last),
            };
            self.last = stays;
            self.flush();
            self.initial = Some(moves);
            self.vowel = Some(letter);
            return;
        }
        match self.vowel {
            None => self.vowel = Some(letter),
            Some(vowel) => match joined(vowel, letter) {
                Some(both) => self.vowel = Some(both),
                None => {
                    self.flush();
                    self.vowel = Some(letter);
                }
            },
        }
    }

    fn consonant(&mut self, letter: char) {
        if self.initial.is_some() && self.vowel.is_some() {
            match self.last {
                None if FINALS.contains(&letter) => return self.last = Some(letter),
                Some(last) => {
                    if let Some(both) = joined(last, letter) {
                        return self.last = Some(both);
                    }
                }
                None => {}
            }
        }
        self.flush();
        self.initial = Some(letter);
    }

    fn flush(&mut self) {
        let (initial, vowel, last) = (self.initial.take(), self.vowel.take(), self.last.take());
        match (initial, vowel) {
            (Some(initial), Some(vowel)) => self.done.extend(compose(initial, vowel, last)),
            (Some(letter), None) | (None, Some(letter)) => self.done.push(letter),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_followed_by_what_fits_its_end() {
        for (quotation, follows) in [
            ("점심", "이라는"),
            ("메모", "라는"),
            ("x", "라는"),
            ("점심!", "라는"),
            ("", "라는"),
        ] {
            assert_eq!(quoting(quotation, "이라는", "라는"), follows, "{quotation}");
        }
    }

    #[test]
    fn known_slips() {
        for (hangul, keys) in [
            ("ㅗ디ㅔ", "help"),
            ("점심팀", "wjatlaxla"),
            ("ㅈㅅㅌ", "wtx"),
            ("도움말", "ehdnaakf"),
            ("까치", "Rkcl"),
            ("얘들아", "dOemfdk"),
            ("의왕 괜찮아?", "dmldhkd rhoscksgdk?"),
            ("닭값", "ekfrrkqt"),
            ("ㅛ", "y"),
            ("ㅘ", "hk"),
            ("2팀", "2xla"),
        ] {
            assert_eq!(to_keys(hangul), keys);
            assert_eq!(to_hangul(keys), hangul);
        }
    }

    #[test]
    fn finals_move_on_to_the_next_syllable() {
        for (keys, hangul) in [
            ("rkrk", "가가"),
            ("dkswk", "안자"),
            ("ekfrl", "달기"),
            ("rkqtl", "갑시"),
            ("Rkr", "깍"),
            ("rkE", "가ㄸ"),
            ("rkEk", "가따"),
            ("rkRk", "가까"),
            ("rrk", "ㄱ가"),
            ("rt", "ㄱㅅ"),
            ("hkk", "ㅘㅏ"),
            ("kk", "ㅏㅏ"),
        ] {
            assert_eq!(to_hangul(keys), hangul, "{keys}");
        }
    }

    #[test]
    fn caps_lock_gives_the_plain_letters_where_no_others_are() {
        assert_eq!(to_hangul("AKD"), "망");
        assert_eq!(to_hangul("R"), "ㄲ");
    }

    #[test]
    fn every_syllable_survives_the_round_trip() {
        for code in FIRST_SYLLABLE..=LAST_SYLLABLE {
            let text = char::from_u32(code).unwrap().to_string();
            let keys = to_keys(&text);
            assert!(keys.is_ascii(), "{text} gave {keys}");
            assert_eq!(to_hangul(&keys), text);
            let two = format!("{text}{text}");
            assert_eq!(to_keys(&to_hangul(&to_keys(&two))), to_keys(&two));
        }
    }

    #[test]
    fn every_row_of_keys_survives_the_round_trip() {
        let mut random = crate::testing::Random::new(7);
        for _ in 0..5_000 {
            let keys: String = (0..random.below(12))
                .map(|_| KEYS[random.below(KEYS.len())].0)
                .collect();
            assert_eq!(to_keys(&to_hangul(&keys)), keys);
        }
    }

    #[test]
    fn initials() {
        for (text, expected) in [
            ("점심팀", "ㅈㅅㅌ"),
            ("까치", "ㄲㅊ"),
            ("점심2", "ㅈㅅ2"),
            ("ㄱㅅ", "ㄱㅅ"),
            ("ㄳ", "ㄱㅅ"),
            ("ㅘ", "ㅘ"),
            ("help", "help"),
        ] {
            assert_eq!(choseong(text), expected);
        }
        for (text, expected) in [
            ("ㅈㅅㅌ", true),
            ("ㄳ", true),
            ("ㅈ심", false),
            ("ㅏ", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(is_choseong(text), expected, "{text}");
        }
    }
}
