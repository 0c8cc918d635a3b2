//! Markup, in which everything that is no part of the program is escaped, by type.
//!
//! `put!` takes literals, which are markup, and values in parentheses, which are not: a text becomes text, whatever is
//! in it. Only another [`Html`] goes in as it is, and that can only have been made in the same way.
//!
//! ```ignore
//! put!(out; "<td class='name'>" (plugin.name) "</td>");
//! ```
//!
//! Attributes stand between quotation marks, always: what is escaped is escaped for those too.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A piece of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds markup of the program's own.
    pub fn markup(&mut self, text: &'static str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    /// Adds a value.
    pub fn value(&mut self, value: &(impl Put + ?Sized)) -> &mut Self {
        value.put(self);
        self
    }

    /// What was made.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\'' => self.0.push_str("&#39;"),
            _ => self.0.push(c),
        }
    }
}

/// A value that can stand in a page.
pub trait Put {
    /// Adds it, escaped.
    fn put(&self, out: &mut Html);
}

impl Put for Html {
    fn put(&self, out: &mut Html) {
        out.0.push_str(&self.0);
    }
}

/// Text. What would turn the direction of what stands around it, or is no character for people, is shown by its number: a
/// name cannot pass for another one.
impl Put for str {
    fn put(&self, out: &mut Html) {
        for c in self.chars() {
            if is_tricky(c) {
                // Writing into a text cannot fail.
                let _ = write!(out.0, "\\u{{{:x}}}", u32::from(c));
            } else {
                out.escaped(c);
            }
        }
    }
}

/// Whether a character is a control character, or one that turns the direction of others.
pub fn is_tricky(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Put for String {
    fn put(&self, out: &mut Html) {
        self.as_str().put(out);
    }
}

impl Put for Cow<'_, str> {
    fn put(&self, out: &mut Html) {
        self.as_ref().put(out);
    }
}

impl<T: Put + ?Sized> Put for &T {
    fn put(&self, out: &mut Html) {
        (**self).put(out);
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, out: &mut Html) {
        if let Some(value) = self {
            value.put(out);
        }
    }
}

impl<T: Put> Put for Vec<T> {
    fn put(&self, out: &mut Html) {
        for value in self {
            value.put(out);
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Put for $number {
            fn put(&self, out: &mut Html) {
                // Writing into a text cannot fail.
                let _ = write!(out.0, "{self}");
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize, i32, i64);

/// Text as it is, with nothing but its markup escaped: for what a form gives back unchanged.
pub struct Exact<'a>(pub &'a str);

impl Put for Exact<'_> {
    fn put(&self, out: &mut Html) {
        self.0.chars().for_each(|c| out.escaped(c));
    }
}

/// An address of the dashboard: a path of the program's own, pieces of it and values, each encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// A path of the program's own.
    pub fn new(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// With another piece.
    #[must_use]
    pub fn piece(mut self, piece: &str) -> Self {
        self.0.push('/');
        // A blank is `+` only behind a `?`.
        let encoded: String = form_urlencoded::byte_serialize(piece.as_bytes()).collect();
        self.0.push_str(&encoded.replace('+', "%20"));
        self
    }

    /// With a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let between = if self.0.contains('?') { '&' } else { '?' };
        let pair = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        self.0.push(between);
        self.0.push_str(&pair);
        self
    }

    /// With a value, where there is one.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value.filter(|value| !value.is_empty()) {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Put for Address {
    fn put(&self, out: &mut Html) {
        self.0.put(out);
    }
}

/// Adds markup (literals) and values (in parentheses) to an [`Html`].
macro_rules! put {
    ($out:expr; $($markup:literal $(($value:expr))*)*) => {{
        let out: &mut $crate::dashboard::html::Html = $out;
        $( out.markup($markup); $( out.value(&$value); )* )*
    }};
}

/// Markup and values as an [`Html`] of its own.
macro_rules! html {
    ($($markup:literal $(($value:expr))*)*) => {{
        let mut made = $crate::dashboard::html::Html::new();
        $crate::dashboard::html::put!(&mut made; $($markup $(($value))*)*);
        made
    }};
}

pub(super) use html;
pub(super) use put;

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</td><script>alert(\"1\")</script><img src=x onerror='x'>&amp;";

    #[test]
    fn whatever_is_no_markup_of_the_program_is_text() {
        let name = HOSTILE.to_owned();
        let made = html!("<td title='" (name) "'>" (HOSTILE) (Some(Cow::from(HOSTILE))) "</td>").into_string();
        let inside = made.strip_prefix("<td title='").unwrap().strip_suffix("</td>").unwrap();
        let (title, text) = inside.split_once("'>").unwrap();
        for part in [title, text] {
            assert!(!part.contains(['<', '>', '"', '\'']), "{part}");
        }
        assert!(
            text.starts_with("&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)"),
            "{text}"
        );
        assert!(text.contains("&amp;amp;"));
    }

    #[test]
    fn pieces_of_a_page_are_not_escaped_twice() {
        let inner = html!("<b>" ("a < b") "</b>");
        assert_eq!(
            html!("<p>" (inner) (vec![7_u64, 8]) (None::<u64>) "</p>").into_string(),
            "<p><b>a &lt; b</b>78</p>"
        );
    }

    #[test]
    fn text_cannot_turn_the_direction_or_hide() {
        let made = html!(""("a\u{202e}b\u{0}c\nd\u{200f}")).into_string();
        assert_eq!(made, "a\\u{202e}b\\u{0}c\nd\\u{200f}");
        assert_eq!(html!(""(Exact("a\u{202e}<"))).into_string(), "a\u{202e}&lt;");
    }

    #[test]
    fn addresses_stay_what_they_are_whatever_is_in_them() {
        let address = Address::new("/plugins")
            .piece("a b/../c?d")
            .with("k", "x&y=1 #")
            .with_some("n", Some(""));
        assert_eq!(address.as_str(), "/plugins/a%20b%2F..%2Fc%3Fd?k=x%26y%3D1+%23");
        let address = address.with("z", "'\"");
        assert_eq!(
            html!(""(address)).into_string(),
            "/plugins/a%20b%2F..%2Fc%3Fd?k=x%26y%3D1+%23&amp;z=%27%22"
        );
    }
}
