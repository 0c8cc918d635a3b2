//! `texts!`: a method for each text of a file, in all its languages.

use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token};

/// What the generated type already has.
const TAKEN: [&str; 4] = ["of", "voice", "with", "say"];

/// Texts by language, by key.
type Languages = Vec<(String, BTreeMap<String, String>)>;

/// Expands the macro.
pub fn expand(input: TokenStream) -> TokenStream {
    generate(input).unwrap_or_else(Error::into_compile_error)
}

fn generate(input: TokenStream) -> Result<TokenStream> {
    let files = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(input.clone())?;
    if files.is_empty() {
        return Err(Error::new_spanned(input, "which file? `texts!(\"texts.toml\")`"));
    }
    let root = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    let mut voices: Vec<(String, Languages)> = Vec::new();
    let mut paths = Vec::new();
    for file in &files {
        let wrong = |why: String| Error::new(file.span(), format!("{}: {why}", file.value()));
        let path = root.join(file.value());
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let languages = read(&text).map_err(wrong)?;
        match voices.first() {
            None => is_whole(&languages).map_err(wrong)?,
            Some((_, first)) => fits(&languages, first).map_err(wrong)?,
        }
        let stem = Path::new(&file.value())
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        voices.push((stem, languages));
        paths.push(path.to_string_lossy().into_owned());
    }
    let table = voices.iter().map(|(voice, languages)| {
        let languages = languages.iter().map(|(language, texts)| {
            let texts = texts.iter().map(|(key, text)| quote!((#key, #text)));
            quote!((#language, &[#(#texts),*]))
        });
        quote!((#voice, &[#(#languages),*]))
    });
    let methods = voices
        .first()
        .and_then(|(_, languages)| languages.first())
        .map(|(_, texts)| texts.iter().map(|(key, text)| method(key, text)));
    let methods = methods.into_iter().flatten();
    Ok(quote! {
        // The plugin is built anew when a file changes.
        const _: &[&[u8]] = &[#(include_bytes!(#paths)),*];

        /// What people read, in their language.
        #[derive(Clone, Debug)]
        pub struct Texts(::moa_plugin::texts::Chosen);

        #[allow(dead_code, clippy::too_many_arguments, reason = "texts may be asked for by name, and have what they have")]
        impl Texts {
            /// The texts in the language of a locale, such as `ko` or `en-GB`.
            pub fn of(locale: &str) -> Self {
                const TABLE: ::moa_plugin::texts::Table = &[#(#table),*];
                Self(::moa_plugin::texts::Chosen::of(TABLE, locale))
            }

            /// Said by another voice: the name of its file, without its ending. An unknown one is the first.
            pub fn voice(self, name: &str) -> Self {
                Self(self.0.voice(name))
            }

            /// With somebody's own texts, by key, in the places of others.
            pub fn with(self, own: ::std::collections::BTreeMap<String, String>) -> Self {
                Self(self.0.with(own))
            }

            /// The text of a key that is known only at run time; one that does not exist says itself.
            pub fn say(&self, key: &str, values: &[(&str, &dyn ::core::fmt::Display)]) -> String {
                self.0.say(key, values)
            }

            #(#methods)*
        }
    })
}

/// The method of a text: what it is filled with, in the order of the text.
fn method(key: &str, text: &str) -> TokenStream {
    let name = identifier(key);
    let (keys, arguments): (Vec<String>, Vec<Ident>) = names(text)
        .into_iter()
        .map(|(name, _)| (name.clone(), identifier(&name)))
        .unzip();
    quote! {
        #[doc = #text]
        pub fn #name(&self, #(#arguments: impl ::core::fmt::Display),*) -> String {
            self.0.say(#key, &[#((#keys, &#arguments)),*])
        }
    }
}

/// `no-time` as `no_time`.
fn identifier(word: &str) -> Ident {
    let word = word.replace('-', "_");
    let span = proc_macro2::Span::call_site();
    match Ident::parse_any.parse_str(&word) {
        Ok(_) if syn::parse_str::<Ident>(&word).is_ok() => Ident::new(&word, span),
        _ => Ident::new_raw(&word, span),
    }
}

/// The languages of a file, in its order.
fn read(text: &str) -> std::result::Result<Languages, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut languages = Languages::new();
    for (language, texts) in table {
        let toml::Value::Table(texts) = texts else {
            return Err(format!(
                "`{language}` stands above the first language; begin with `[ko]` or `[en]`"
            ));
        };
        let mut own = BTreeMap::new();
        for (key, text) in texts {
            let is_word = |word: &str| is_name(word) && !matches!(word, "self" | "super" | "crate");
            if !is_word(&key) || TAKEN.contains(&key.as_str()) {
                return Err(format!(
                    "`{key}` cannot be a key: small letters, digits and `-`, a letter first; not {TAKEN:?}"
                ));
            }
            let toml::Value::String(text) = text else {
                return Err(format!("`{language}.{key}` is no text"));
            };
            own.insert(key, text);
        }
        languages.push((language, own));
    }
    Ok(languages)
}

/// Whether all languages have the same texts with the same values.
fn is_whole(languages: &Languages) -> std::result::Result<(), String> {
    let Some(((first, texts), others)) = languages.split_first() else {
        return Err("no language: begin with `[ko]` or `[en]`".into());
    };
    for (language, other) in others {
        if let Some(key) = texts.keys().find(|key| !other.contains_key(*key)) {
            return Err(format!("`{key}` is missing in `{language}`"));
        }
        for (key, text) in other {
            let Some(as_first) = texts.get(key) else {
                return Err(format!("`{key}` is missing in `{first}`"));
            };
            let [mut here, mut there] = [names(text), names(as_first)];
            here.sort();
            there.sort();
            if here != there {
                return Err(format!("`{key}` has other values in `{language}` than in `{first}`"));
            }
        }
    }
    Ok(())
}

/// Whether another voice says only what the first one can, with values that it has.
fn fits(voice: &Languages, first: &Languages) -> std::result::Result<(), String> {
    for (language, texts) in voice {
        let Some((_, known)) = first.iter().find(|(known, _)| known == language) else {
            return Err(format!("the first file has no language `{language}`"));
        };
        for (key, text) in texts {
            let Some(as_first) = known.get(key) else {
                return Err(format!("the first file has no `{language}.{key}`"));
            };
            let has = names(as_first);
            if let Some((name, _)) = names(text).iter().find(|name| !has.contains(name)) {
                return Err(format!("`{language}.{key}`: the first file has no `{{{name}}}` there"));
            }
        }
    }
    Ok(())
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

/// The values of a text in the order in which they first stand there, and whether each is put in as it stands. The same
/// rules as in `moa_plugin::texts`.
fn names(text: &str) -> Vec<(String, bool)> {
    let mut names: Vec<(String, bool)> = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        let inside = behind.split_once('}').map(|(inside, _)| inside);
        let name = inside.map(|inside| match inside.strip_suffix(":markup") {
            Some(name) => (name.to_owned(), true),
            None => (inside.to_owned(), false),
        });
        if let Some(name) = name.filter(|(name, _)| is_name(name))
            && !names.iter().any(|(known, _)| *known == name.0)
        {
            names.push(name);
        }
        rest = behind;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{fits, is_whole, names, read};

    #[test]
    fn what_differs_between_languages_is_told() {
        let told = |file: &str| read(file).and_then(|languages| is_whole(&languages)).unwrap_err();
        assert_eq!(told(""), "no language: begin with `[ko]` or `[en]`");
        assert_eq!(
            told("a = 'x'"),
            "`a` stands above the first language; begin with `[ko]` or `[en]`"
        );
        assert_eq!(told("[ko]\na = 'x'\n[en]"), "`a` is missing in `en`");
        assert_eq!(told("[ko]\n[en]\na = 'x'"), "`a` is missing in `ko`");
        assert_eq!(
            told("[ko]\na = '{x}'\n[en]\na = '{y}'"),
            "`a` has other values in `en` than in `ko`"
        );
        assert_eq!(
            told("[ko]\na = '{x}'\n[en]\na = '{x:markup}'"),
            "`a` has other values in `en` than in `ko`"
        );
        assert_eq!(told("[ko]\na = 1"), "`ko.a` is no text");
        assert!(told("[ko]\nof = 'x'").starts_with("`of` cannot be a key"));
        assert!(told("[ko]\nA = 'x'").starts_with("`A` cannot be a key"));
        assert!(told("[ko").contains("line 1"));
        assert!(is_whole(&read("[ko]\na = '{x} {y}'\n[en]\na = '{y} {x}'").unwrap()).is_ok());
    }

    #[test]
    fn another_voice_says_no_more_than_the_first() {
        let first = read("[ko]\na = '{x}'\nb = ''\n[en]\na = '{x}'\nb = ''").unwrap();
        let told = |file: &str| fits(&read(file).unwrap(), &first);
        assert_eq!(told("[ko]\na = 'no value'"), Ok(()));
        assert_eq!(told("[ja]\na = ''").unwrap_err(), "the first file has no language `ja`");
        assert_eq!(told("[ko]\nc = ''").unwrap_err(), "the first file has no `ko.c`");
        assert_eq!(
            told("[ko]\na = '{y}'").unwrap_err(),
            "`ko.a`: the first file has no `{y}` there"
        );
    }

    #[test]
    fn values_are_found_in_their_order() {
        let found = |text: &str| names(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(found("{b} {a} {b} {@U1} {} {no name} {x"), ["b", "a"]);
        assert_eq!(names("{who:markup} {who}"), [("who".to_owned(), true)]);
    }
}
