//! From a document's text to its elements, without recursion.

use super::{Element, XmlError};

/// Deeper ones nobody writes but to harm: a tree is dropped and compared by recursion.
const DEEPEST: usize = 200;

pub(super) fn document(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader {
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
        at: 0,
        open: Vec::new(),
        root: None,
    };
    while !reader.rest().is_empty() {
        reader.step()?;
    }
    match (reader.open.last(), reader.root.take()) {
        (Some(open), _) => Err(reader.wrong(format!("`<{}>` is not closed", open.name))),
        (None, Some(root)) => Ok(root),
        (None, None) => Err(reader.wrong("there is no element")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// From the outermost one to the one in which this stands.
    open: Vec<Element>,
    root: Option<Element>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, what: impl Into<String>) -> XmlError {
        let (at, what) = (self.at, what.into());
        XmlError { at, what }
    }

    /// What stands between `start` and `end`, if `start` is next.
    fn between(&mut self, start: &str, end: &str) -> Result<Option<&'a str>, XmlError> {
        let Some(behind) = self.rest().strip_prefix(start) else {
            return Ok(None);
        };
        let (inside, _) = behind
            .split_once(end)
            .ok_or_else(|| self.wrong(format!("`{start}` without `{end}`")))?;
        self.at += start.len() + inside.len() + end.len();
        Ok(Some(inside))
    }

    /// Text up to the next mark, or what the mark begins.
    fn step(&mut self) -> Result<(), XmlError> {
        if !self.rest().starts_with('<') {
            let text = self.rest().split('<').next().unwrap_or_default();
            self.push(&unescape(text))?;
            self.at += text.len();
        } else if let Some(text) = self.between("<![CDATA[", "]]>")? {
            self.push(text)?;
        } else if self.between("<!--", "-->")?.is_none() && self.between("<?", "?>")?.is_none() {
            if self.rest().starts_with("<!") {
                // A type with declarations of its own could have text stand for text without end.
                if self.between("<!", ">")?.is_some_and(|inside| inside.contains('[')) {
                    return Err(self.wrong("a document type with declarations"));
                }
            } else {
                self.tag()?;
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.wrong("text outside of the element")),
        }
        Ok(())
    }

    fn tag(&mut self) -> Result<(), XmlError> {
        let start = self.at;
        if let Some(name) = self.between("</", ">")? {
            return match self.open.pop() {
                Some(element) if element.name == local(name.trim_end()) => self.close(element),
                other => {
                    self.at = start;
                    let open = other.map_or_else(|| "nothing".into(), |open| format!("`<{}>`", open.name));
                    Err(self.wrong(format!("`</{name}>` closes {open}")))
                }
            };
        }
        self.at += 1;
        let mut element = Element {
            name: local(self.word()?).into(),
            ..Element::default()
        };
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let is_empty = self.rest().starts_with("/>");
            if is_empty || self.rest().starts_with('>') {
                self.at += if is_empty { 2 } else { 1 };
                if self.open.len() >= DEEPEST {
                    return Err(self.wrong(format!("elements nested more than {DEEPEST} deep")));
                }
                if is_empty {
                    return self.close(element);
                }
                self.open.push(element);
                return Ok(());
            }
            let name = self.word()?;
            let blank = |c: char| c.is_whitespace() || c == '=';
            self.at += self.rest().len() - self.rest().trim_start_matches(blank).len();
            let value = match self.between("\"", "\"")? {
                Some(value) => Some(value),
                None => self.between("'", "'")?,
            };
            let value = value.ok_or_else(|| self.wrong(format!("the attribute `{name}` has no value in quotes")))?;
            element.attributes.push((local(name).into(), unescape(value)));
        }
    }

    /// A name.
    fn word(&mut self) -> Result<&'a str, XmlError> {
        let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<' | '"' | '\'');
        let word = self.rest().split(ends).next().unwrap_or_default();
        if word.is_empty() {
            return Err(self.wrong("a name is missing"));
        }
        self.at += word.len();
        Ok(word)
    }

    /// Puts a whole element where it belongs.
    fn close(&mut self, mut element: Element) -> Result<(), XmlError> {
        element.text = element.text.trim().to_owned();
        match (self.open.last_mut(), &self.root) {
            (Some(parent), _) => parent.children.push(element),
            (None, None) => self.root = Some(element),
            (None, Some(_)) => return Err(self.wrong("a second element")),
        }
        Ok(())
    }
}

/// Without the prefix of a namespace.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part
            .split_once(';')
            .and_then(|(name, behind)| Some((character(name)?, behind)));
        match known {
            Some((character, behind)) => {
                plain.push(character);
                plain.push_str(behind);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text_are_read() {
        let text = "\u{feff}<?xml version='1.0' encoding=\"UTF-8\"?>\n<!DOCTYPE feed>\n<!-- a > b -->\n\
            <a:feed xmlns:a=\"https://example.com/\" b = 'x &lt; &#xac00; \"y\"' >\n  \
            one &amp; <entry/>two<![CDATA[ <b> & ]]><!-- no -->three&nbsp;&#0;& \
            <entry a:k=\"v>w\"\n>deep<c ></c ></entry></a:feed>\n";
        let feed = document(text).unwrap();
        assert_eq!(feed.name, "feed");
        assert_eq!(feed.attribute("b"), Some("x < 가 \"y\""));
        assert_eq!(feed.text, "one & two <b> & three&nbsp;\0&");
        let entries: Vec<_> = feed
            .all("entry")
            .map(|entry| (&*entry.text, entry.attribute("k")))
            .collect();
        assert_eq!(entries, [("", None), ("deep", Some("v>w"))]);
        assert_eq!((feed.at("entry/c"), feed.at("c")), (feed.all("c").next(), None));
    }

    #[test]
    fn what_is_no_xml_is_told_with_its_place() {
        let deep = "<a>".repeat(1_000_000);
        for (text, at, what) in [
            ("", 0, "there is no element"),
            (" \n", 2, "there is no element"),
            ("{\"a\": 1}", 0, "text outside of the element"),
            ("<a/>b", 4, "text outside of the element"),
            ("<a/><b/>", 8, "a second element"),
            ("<a><b></a></b>", 6, "`</a>` closes `<b>`"),
            ("</a>", 0, "`</a>` closes nothing"),
            ("<a><b>", 6, "`<b>` is not closed"),
            ("<a", 2, "a name is missing"),
            ("<a b>", 4, "the attribute `b` has no value in quotes"),
            ("<a b=\"c>", 5, "`\"` without `\"`"),
            ("<!-- a", 0, "`<!--` without `-->`"),
            (
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                28,
                "a document type with declarations",
            ),
            (&deep, 603, "elements nested more than 200 deep"),
        ] {
            let error = document(text).unwrap_err();
            assert_eq!(
                (error.at, &*error.what),
                (at, what),
                "{}",
                text.get(..40).unwrap_or(text)
            );
        }
    }
}
