//! Documents in XML, as other systems answer: feeds, and services that have no JSON.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::xml::Element;
//!
//! /// The newest entry of a feed.
//! #[command]
//! fn newest() -> Result<Option<String>> {
//!     let feed = http::get("https://example.com/feed.rss").send()?.ok()?;
//!     let feed = Element::parse(feed.text()?)?;
//!     let entry = feed.all("item").next();
//!     Ok(entry.and_then(|entry| entry.text_of("title")).map(text::plain))
//! }
//! # plugin!(newest);
//! # let host = moa_plugin::testing::Host::new();
//! # host.http(Ok(http::Response::of(200, "<rss><channel><item><title>Soup &amp; rice</title></item></channel></rss>")));
//! # assert_eq!(host.run::<newest>("")?, Some("Soup & rice".into()));
//! # Ok::<(), Error>(())
//! ```

mod read;

/// An element: its name and those of its attributes without the prefixes of namespaces, what is in it read.
///
/// ```
/// use moa_plugin::xml::{Element, XmlError};
///
/// let dish = Element::parse(r#"<m:dish price="7000">soup<with>rice</with></m:dish>"#)?;
/// assert_eq!((dish.name.as_str(), dish.text.as_str(), dish.attribute("price")), ("dish", "soup", Some("7000")));
/// assert_eq!(dish.children[0].text, "rice");
/// # Ok::<(), XmlError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Names and values, in their order.
    pub attributes: Vec<(String, String)>,
    /// The text that stands in it, not that of its children, without blanks around it.
    pub text: String,
    /// The elements in it, in their order.
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a document. Comments, instructions and a document type are left out; of entities it knows the five of XML and
    /// characters by number, any other stays as it stands. Elements may be nested 200 deep.
    ///
    /// ```
    /// use moa_plugin::xml::Element;
    ///
    /// let error = Element::parse("<menu><dish></menu>").unwrap_err();
    /// assert_eq!(error.to_string(), "no XML at byte 12: `</menu>` closes `<dish>`");
    /// ```
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(document: &str) -> Result<Self, XmlError> {
        read::document(document)
    }

    /// The value of an attribute.
    ///
    /// ```
    /// # use moa_plugin::xml::{Element, XmlError};
    /// assert_eq!(Element::parse("<dish price='7000'/>")?.attribute("price"), Some("7000"));
    /// # Ok::<(), XmlError>(())
    /// ```
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut known = self.attributes.iter().filter(|(known, _)| known == name);
        known.next().map(|(_, value)| value.as_str())
    }

    /// The first element on a way of names, the first of them being a child's.
    ///
    /// ```
    /// # use moa_plugin::xml::{Element, XmlError};
    /// let menu = Element::parse("<menu><dish><name>soup</name></dish></menu>")?;
    /// assert_eq!(menu.at("dish/name").map(|name| name.text.as_str()), Some("soup"));
    /// # Ok::<(), XmlError>(())
    /// ```
    pub fn at(&self, way: &str) -> Option<&Self> {
        let (name, rest) = way
            .split_once('/')
            .map_or((way, None), |(name, rest)| (name, Some(rest)));
        let mut named = self.children.iter().filter(|child| child.name == name);
        match rest {
            Some(rest) => named.find_map(|child| child.at(rest)),
            None => named.next(),
        }
    }

    /// The text of the first element on a way of names; `None` if it is not there or has no text.
    ///
    /// ```
    /// # use moa_plugin::xml::{Element, XmlError};
    /// let menu = Element::parse("<menu><dish><name>soup</name><side/></dish></menu>")?;
    /// assert_eq!((menu.text_of("dish/name"), menu.text_of("dish/side")), (Some("soup"), None));
    /// # Ok::<(), XmlError>(())
    /// ```
    pub fn text_of(&self, way: &str) -> Option<&str> {
        let found = self.at(way)?;
        Some(found.text.as_str()).filter(|text| !text.is_empty())
    }

    /// All elements of a name in it, however deep, in the document's order.
    ///
    /// ```
    /// # use moa_plugin::xml::{Element, XmlError};
    /// let menu = Element::parse("<menu><dish>soup</dish><more><dish>rice</dish></more></menu>")?;
    /// assert!(menu.all("dish").map(|dish| dish.text.as_str()).eq(["soup", "rice"]));
    /// # Ok::<(), XmlError>(())
    /// ```
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        let mut left: Vec<&Self> = self.children.iter().rev().collect();
        let every = std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.children.iter().rev());
            Some(next)
        });
        every.filter(move |element| element.name == name)
    }
}

/// What is no XML.
///
/// ```
/// use moa_plugin::xml::{Element, XmlError};
///
/// let error: XmlError = Element::parse("soup").unwrap_err();
/// assert_eq!((error.at, error.to_string()), (0, "no XML at byte 0: text outside of the element".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no XML at byte {at}: {what}")]
pub struct XmlError {
    /// How many bytes stand before it.
    pub at: usize,
    what: String,
}
