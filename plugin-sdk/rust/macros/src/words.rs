//! Checks of text in the source that the manifest's schema would refuse later, and turning it into tokens.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Result, Token, braced, bracketed, parenthesized, token};

/// What is wrong with a command's name or alias.
pub fn check_word(word: &str) -> std::result::Result<(), &'static str> {
    if word.is_empty() || word.chars().count() > 64 {
        Err("a command's name has 1 to 64 characters")
    } else if word.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '：')) {
        Err("a command's name has neither blanks nor colons")
    } else {
        Ok(())
    }
}

/// The same, said at the literal.
pub fn check_literal(word: &LitStr) -> Result<()> {
    check_word(&word.value()).map_err(|message| Error::new(word.span(), message))
}

/// What is wrong with a summary.
pub fn check_summary(text: &str) -> std::result::Result<(), &'static str> {
    match text.chars().count() {
        0..=200 => Ok(()),
        _ => Err(
            "a summary has up to 200 characters: put a blank line after the first sentence, the rest becomes the help",
        ),
    }
}

/// `["a", "b"]`.
pub struct Texts(pub Vec<LitStr>);

impl Parse for Texts {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let content;
        bracketed!(content in input);
        let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
        Ok(Self(texts.into_iter().collect()))
    }
}

/// Refuses a second one of the same.
pub fn check_unique(texts: &[LitStr]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match texts.iter().find(|text| !seen.insert(text.value())) {
        Some(text) => Err(Error::new(text.span(), "named twice")),
        None => Ok(()),
    }
}

/// Text for people: for everybody, or by language.
pub enum Text {
    Any(String),
    ByLanguage(Vec<(String, LitStr)>),
}

impl Text {
    /// The languages: `(ko = "…", en = "…")` or `{ ko: "…", en: "…" }`.
    pub fn by_language(input: ParseStream<'_>) -> Result<Self> {
        let content;
        let braced = input.peek(token::Brace);
        if braced {
            braced!(content in input);
        } else {
            parenthesized!(content in input);
        }
        let mut texts: Vec<(String, LitStr)> = Vec::new();
        if content.is_empty() {
            return Err(content.error("at least one language"));
        }
        while !content.is_empty() {
            let language: syn::Ident = content.parse()?;
            if braced {
                content.parse::<Token![:]>()?;
            } else {
                content.parse::<Token![=]>()?;
            }
            let tag = language.to_string();
            if !(2..=3).contains(&tag.len()) || !tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
                return Err(Error::new(language.span(), "a language is written like `ko` or `en`"));
            }
            if texts.iter().any(|(known, _)| *known == tag) {
                return Err(Error::new(language.span(), "this language is there twice"));
            }
            texts.push((tag, content.parse()?));
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(Self::ByLanguage(texts))
    }

    /// The texts in all languages.
    pub fn all(&self) -> impl Iterator<Item = String> {
        let texts = match self {
            Self::Any(text) => vec![text.clone()],
            Self::ByLanguage(texts) => texts.iter().map(|(_, text)| text.value()).collect(),
        };
        texts.into_iter()
    }

    pub fn tokens(&self) -> TokenStream {
        match self {
            Self::Any(text) => quote!(::moa_plugin::__private::Text::Any(#text)),
            Self::ByLanguage(texts) => {
                let (languages, texts): (Vec<_>, Vec<_>) = texts.iter().map(|(tag, text)| (tag, text)).unzip();
                quote!(::moa_plugin::__private::Text::ByLanguage(&[#((#languages, #texts)),*]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for good in ["점심팀", "lunch", "a", &"가".repeat(64)] {
            assert_eq!(check_word(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a:b", "a：b", "a\t", &"a".repeat(65)] {
            assert!(check_word(bad).is_err(), "{bad}");
        }
    }
}
