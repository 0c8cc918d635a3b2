//! Words with what Korean puts behind them.

use super::Pattern;

/// What else follows makes it another word: `가이드라인`.
const PARTICLES: &str = "은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|랑|이랑|도|만|부터|까지|보다|처럼|요|이요|은요|는요|좀|이란|란|이라는|라는";

impl Pattern {
    /// Any of these words by itself, or with a Korean particle behind it: `가이드` is heard in `가이드가 어디 있지?`, and not in
    /// `가이드라인`. A word may have blanks, which are any white space; every other character means itself. The first capture
    /// is the word without its particle.
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    /// use triggers::{Pattern, Scopes};
    ///
    /// /// Listens for its name.
    /// #[command]
    /// fn listen() -> Result<()> {
    ///     Ok(triggers::hear("name", &Pattern::words(["모아", "moa bot"]), Scopes::all(), None)?)
    /// }
    ///
    /// #[hear]
    /// fn called(ctx: &Context) -> String {
    ///     format!("{}?", ctx.capture(1).unwrap_or_default())
    /// }
    ///
    /// let host = Host::new();
    /// host.run::<listen>("")?;
    /// assert_eq!(host.hear::<called>("누가 모아를 보았니")?, ["모아?".into()]);
    /// assert_eq!(host.hear::<called>("the Moa  Bot!")?, ["Moa  Bot?".into()]);
    /// assert!(host.hear::<called>("모아서 같이")?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn words<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        let words: Vec<String> = words.into_iter().map(|word| expression(word.as_ref())).collect();
        let any = words.join("|");
        Self::regex(format!(r"\b{{start-half}}({any})(?:{PARTICLES})?\b{{end-half}}"))
    }
}

/// A word as a regular expression for it.
fn expression(word: &str) -> String {
    let mut expression = String::new();
    for character in word.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match character {
            ' ' => expression.push_str(r"\s+"),
            // Behind a back-slash these two would be the ends of a word.
            '<' | '>' => expression.push(character),
            _ if character.is_ascii_punctuation() => expression.extend(['\\', character]),
            _ => expression.push(character),
        }
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::RegexBuilder;

    #[test]
    fn a_word_means_itself_and_stands_by_itself() {
        let Pattern::Regex(expression) = Pattern::words(["c++ (새 문서)", "<b>", "가이드"]) else {
            panic!("words are a regular expression");
        };
        let pattern = RegexBuilder::new(&expression).case_insensitive(true).build().unwrap();
        let found = |text: &str| pattern.captures(text).map(|captures| captures[1].to_owned());
        assert_eq!(found("C++ (새\t 문서)는?").as_deref(), Some("C++ (새\t 문서)"));
        assert_eq!(found("a <b> c").as_deref(), Some("<b>"));
        assert_eq!(found("이 가이드에서는").as_deref(), None, "two particles");
        assert_eq!(found("이 가이드에서 본").as_deref(), Some("가이드"));
        for text in ["ccc 새 문서", "가이드라인", "새가이드"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
