//! Text that somebody else wrote, inside the markup of a message; tables, shares, and small curves.
//!
//! ```
//! use moa_plugin::{Context, text};
//!
//! fn greeting(ctx: &Context) -> String {
//!     format!("*Hello*, {}!", text::plain(&ctx.who().display_name))
//! }
//! ```

use std::ops::RangeInclusive;

/// Makes foreign text plain: what would be markup or a mention in it is shown as it stands. Use it for names and other
/// text that people chose, when it is put into a message.
///
/// ```
/// use moa_plugin::text;
///
/// let name = "*별*";
/// let greeting = format!("*안녕하세요*, {}님", text::plain(name));
/// assert_ne!(greeting, format!("*안녕하세요*, {name}님"));
/// assert_eq!(text::plain("Rosie"), "Rosie");
/// ```
pub fn plain(text: &str) -> String {
    /// Invisible; behind a mark it makes the mark plain text, says the contract.
    const JOINER: char = '\u{2060}';
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        plain.push(character);
        if matches!(character, '*' | '_' | '~' | '`' | '[' | '{') {
            plain.push(JOINER);
        }
    }
    plain
}

/// A table in a code block, columns below each other. The first row is the heading; a column of numbers is aligned to the
/// right. Cells may be foreign text.
///
/// ```
/// use moa_plugin::text;
///
/// let table = text::table([["메뉴", "수량"], ["김밥", "2"], ["tteokbokki", "10"]]);
/// assert_eq!(
///     table,
///     "```\n\
///      메뉴       수량\n\
///      ---------- ----\n\
///      김밥          2\n\
///      tteokbokki   10\n\
///      ```"
/// );
/// ```
pub fn table<R, C>(rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let cells = |row: R| row.into_iter().map(|cell| cell_text(cell.as_ref())).collect();
    lines_of(&rows.into_iter().map(cells).collect::<Vec<Vec<String>>>())
}

/// A letter for each number, as high as the number is within a range: `▁` is its start, `█` its end and nothing less. What is
/// `None` is not known, a `·`.
///
/// ```
/// use moa_plugin::text;
///
/// let rows = [Some(10.0), Some(30.0), None, Some(50.0)];
/// assert_eq!(text::sparkline(rows, 0.0..=50.0), "▂▅·█");
/// ```
pub fn sparkline(numbers: impl IntoIterator<Item = Option<f64>>, range: RangeInclusive<f64>) -> String {
    const STEPS: [(f64, char); 7] = [
        (7.0, '█'),
        (6.0, '▇'),
        (5.0, '▆'),
        (4.0, '▅'),
        (3.0, '▄'),
        (2.0, '▃'),
        (1.0, '▂'),
    ];
    let (start, end) = range.into_inner();
    let letter = |number: f64| {
        let height = (number - start) / (end - start) * 7.0;
        STEPS
            .iter()
            .find(|(step, _)| height >= *step)
            .map_or('▁', |(_, letter)| *letter)
    };
    numbers.into_iter().map(|number| number.map_or('·', letter)).collect()
}

/// A share in percent, to the hundredth, rounded down: `100%` is all of it and nothing less. `None` if there is nothing of which
/// it could be a share.
///
/// ```
/// use moa_plugin::text;
///
/// assert_eq!(text::percent(86_399, 86_400).as_deref(), Some("99.99%"));
/// assert_eq!(text::percent(1, 2).as_deref(), Some("50%"));
/// assert_eq!(text::percent(0, 0), None);
/// ```
pub fn percent(part: u64, whole: u64) -> Option<String> {
    let hundredths = (u128::from(part) * 10_000).checked_div(u128::from(whole))?;
    Some(match hundredths % 100 {
        0 => format!("{}%", hundredths / 100),
        rest => format!("{}.{rest:02}%", hundredths / 100),
    })
}

/// Items below each other, at most so many; how many more there are stands in the last line.
///
/// ```
/// use moa_plugin::text;
///
/// assert_eq!(text::lines(["soup", "rice", "kimchi"], 2), "soup\nrice\n… +1");
/// assert_eq!(text::lines(["soup", "rice"], 2), "soup\nrice");
/// ```
pub fn lines<I: ToString>(items: impl IntoIterator<Item = I>, most: usize) -> String {
    let mut items = items.into_iter();
    let mut shown: Vec<String> = items.by_ref().take(most).map(|item| item.to_string()).collect();
    let more = items.count();
    if more > 0 {
        shown.push(format!("… +{more}"));
    }
    shown.join("\n")
}

/// How many columns a text takes where letters are of one width: Korean, Chinese and Japanese letters and most emoji take
/// two, marks that combine none.
///
/// ```
/// use moa_plugin::text;
///
/// assert_eq!((text::width("moa"), text::width("모아"), text::width("👍")), (3, 4, 2));
/// ```
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The columns of one character: the wide and full-width ones of Unicode's East Asian Width, in its large blocks.
fn columns(character: char) -> usize {
    match u32::from(character) {
        // Combining marks, joiners, variation selectors, and the vowels and finals of decomposed Hangul.
        0x0300..=0x036F | 0x1160..=0x11FF | 0x200B..=0x200F | 0x2060 | 0xFE00..=0xFE0F => 0,
        // Signs that are shown as emoji, such as ✅, ❌, ⭐ and ⏰.
        0x231A..=0x231B
        | 0x23E9..=0x23EC
        | 0x23F0
        | 0x23F3
        | 0x2614..=0x2615
        | 0x26A1
        | 0x26BD..=0x26BE
        | 0x26D4
        | 0x2705
        | 0x270A..=0x270B
        | 0x2728
        | 0x274C
        | 0x274E
        | 0x2753..=0x2755
        | 0x2757
        | 0x2795..=0x2797
        | 0x2B50
        | 0x2B55 => 2,
        // Hangul initials, CJK with its signs and kana, Hangul syllables, full-width forms, emoji, CJK of other planes.
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97C
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF01..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x1FA70..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// One line, in which nothing ends the code block.
fn cell_text(text: &str) -> String {
    text.trim().replace(['\n', '\r', '\t'], " ").replace('`', "`\u{2060}")
}

fn lines_of(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let columns: Vec<(usize, bool)> = (0..count)
        .map(|at| {
            let below = || rows.iter().skip(1).map(|row| cell(row, at));
            let is_number = |text: String| text.is_empty() || text.replace(',', "").parse::<f64>().is_ok();
            let wide = rows.iter().map(|row| width(&cell(row, at))).max().unwrap_or(0);
            (wide, below().any(|text| !text.is_empty()) && below().all(is_number))
        })
        .collect();
    let mut table = String::from("```\n");
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (at, (wide, to_the_right)) in columns.iter().enumerate() {
            let text = cell(row, at);
            let gap = " ".repeat(wide.saturating_sub(width(&text)));
            let blank = if at == 0 { "" } else { " " };
            line += &match to_the_right {
                true => [blank, &gap, &text].concat(),
                false => [blank, &text, &gap].concat(),
            };
        }
        table += line.trim_end();
        table.push('\n');
        if number == 0 {
            let rules: Vec<String> = columns.iter().map(|(wide, _)| "-".repeat(*wide)).collect();
            table += &rules.join(" ");
            table.push('\n');
        }
    }
    table + "```"
}

#[cfg(test)]
mod tests {
    use super::{percent, plain, sparkline, table, width};

    #[test]
    fn tables_keep_their_columns() {
        assert_eq!(table([["a", "b"]]), "```\na b\n- -\n```");
        assert_eq!(table(Vec::<Vec<&str>>::new()), "```\n```");
        // A row that is too short, a cell of several lines, one that would end the block.
        let odd = table(vec![vec!["이름", "값"], vec!["로지"], vec!["a\nb", "```"]]);
        assert_eq!(
            odd,
            "```\n이름 값\n---- ---\n로지\na b  `\u{2060}`\u{2060}`\u{2060}\n```"
        );
        assert_eq!(width("한글"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("✅ 로지"), 7);
        // Decomposed, as some keyboards and file systems write it.
        assert_eq!(width("\u{1112}\u{1161}\u{11AB}"), 2);
    }

    #[test]
    fn a_sparkline_rounds_down() {
        let shares = [0.0, 0.14, 0.15, 0.5, 0.999_9, 1.0, 2.0, -1.0].map(Some);
        assert_eq!(sparkline(shares, 0.0..=1.0), "▁▁▂▄▇██▁");
        assert_eq!(sparkline([Some(100.0), None, Some(107.0)], 100.0..=107.0), "▁·█");
        assert_eq!(sparkline([Some(3.0)], 3.0..=3.0), "▁", "a range of one number");
    }

    #[test]
    fn percents_are_rounded_down() {
        for (part, whole, shown) in [
            (60, 60, "100%"),
            (0, 60, "0%"),
            (2, 3, "66.66%"),
            (1_000, 1_001, "99.90%"),
            (u64::MAX, u64::MAX, "100%"),
        ] {
            assert_eq!(percent(part, whole).as_deref(), Some(shown));
        }
    }

    #[test]
    fn marks_are_broken_and_nothing_else() {
        assert_eq!(plain("a (b) {@U1}"), "a (b) {\u{2060}@U1}");
        assert_eq!(plain("```x"), "`\u{2060}`\u{2060}`\u{2060}x");
        assert_eq!(plain("로지 2~3"), "로지 2~\u{2060}3");
    }
}
