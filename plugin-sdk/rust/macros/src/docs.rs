//! Summary, help and examples from a function's documentation.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// What a documentation says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Docs {
    /// The first paragraph, as one line.
    pub summary: String,
    /// The rest, without the examples.
    pub help: String,
    /// Commands as typed.
    pub examples: Vec<String>,
}

const MARKERS: [&str; 7] = ["예)", "예시)", "예:", "예시:", "Examples:", "Example:", "example:"];

impl Docs {
    /// Of a function's attributes.
    pub fn of(attributes: &[Attribute]) -> Self {
        let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text), ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        Self::read(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Of its text. After a marker, the rest of its line and the following lines that begin with `!` are examples.
    fn read(text: &str) -> Self {
        let mut examples = Vec::new();
        let mut prose: Vec<&str> = Vec::new();
        let mut collecting = false;
        for line in text.lines() {
            // `///` leaves a blank before the text; deeper indentation belongs to the text.
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            let bare = line.trim();
            if let Some(rest) = MARKERS.iter().find_map(|marker| bare.strip_prefix(marker)) {
                collecting = true;
                push_example(&mut examples, rest);
            } else if collecting && (bare.is_empty() || bare.starts_with("```")) {
                // Blank lines and the fences of a code block are no part of an example.
            } else if collecting && bare.trim_start_matches(['`', '-', '*', ' ']).starts_with('!') {
                push_example(&mut examples, bare.trim_start_matches(['-', '*', ' ']));
            } else {
                if collecting {
                    // The gap that the examples leave still separates paragraphs.
                    prose.push("");
                }
                collecting = false;
                prose.push(line);
            }
        }
        let text = prose.join("\n");
        let (summary, help) = text
            .trim_matches('\n')
            .split_once("\n\n")
            .unwrap_or((text.trim_matches('\n'), ""));
        Self {
            summary: summary.split_whitespace().collect::<Vec<_>>().join(" "),
            help: help.trim_matches('\n').into(),
            examples,
        }
    }
}

fn push_example(examples: &mut Vec<String>, text: &str) {
    let text = text.trim().trim_matches('`').trim();
    if !text.is_empty() {
        examples.push(text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::Docs;

    fn check(text: &str, summary: &str, help: &str, examples: &[&str]) {
        let docs = Docs::read(text);
        assert_eq!((docs.summary.as_str(), docs.help.as_str()), (summary, help), "{text:?}");
        assert_eq!(docs.examples, examples, "{text:?}");
    }

    #[test]
    fn paragraphs_and_examples() {
        check("", "", "", &[]);
        check(" Says hello.", "Says hello.", "", &[]);
        check(" Says\n hello.", "Says hello.", "", &[]);
        check(
            " 팀을 정합니다.\n\n 예) !점심팀 3 로지,샐리",
            "팀을 정합니다.",
            "",
            &["!점심팀 3 로지,샐리"],
        );
        check(
            " One.\n\n Two,\n three.\n\n   four\n",
            "One.",
            "Two,\nthree.\n\n  four",
            &[],
        );
    }

    #[test]
    fn examples_in_every_form() {
        let expected = ["!a 1", "!a 2"];
        check(" S.\n\n Example: `!a 1`\n Example: `!a 2`", "S.", "", &expected);
        check(" S.\n\n Examples:\n !a 1\n !a 2", "S.", "", &expected);
        check(" S.\n\n 예시)\n\n ```text\n !a 1\n !a 2\n ```", "S.", "", &expected);
        check(" S.\n\n 예:\n - `!a 1`\n - `!a 2`", "S.", "", &expected);
    }

    #[test]
    fn text_around_examples_stays() {
        check(
            " S.\n\n Before.\n Example: !a\n\n After.",
            "S.",
            "Before.\n\nAfter.",
            &["!a"],
        );
        check(" Example: !a\n\n S.\n\n H.", "S.", "H.", &["!a"]);
        check(
            " Sees !important as text.\n !really",
            "Sees !important as text. !really",
            "",
            &[],
        );
    }
}
