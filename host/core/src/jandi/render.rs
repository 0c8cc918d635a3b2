//! What is said → the body of a message in JANDI: `body`, `connectColor` and `connectInfo`.
//!
//! JANDI knows `**bold**` and `[[label]](address)`. Other marks are left out where the text says the same without them,
//! and kept where they tell something: code in back-ticks, what is struck out between `~~`. Threads, pictures of the
//! sender, and Slack's own JSON have no counterpart; of buttons and menus it is said that they are missing.

use super::words;
use crate::content::{Action, Card, Content};
use crate::locale::Locale;
use crate::text::markup::{self, Span};
use serde::Serialize;

/// The longest text of one message that the rest of the host makes, in characters. JANDI is said to take 5,000; names in
/// the place of mentions and doubled marks make a text longer.
pub const MAX_TEXT: usize = 4_000;
/// The longest body or description, in characters; what is longer is cut.
const LONGEST: usize = 5_000;
/// The longest title, in characters.
const LONGEST_TITLE: usize = 500;
/// The most that JANDI is said to take as a request, in bytes, less some.
const LARGEST: usize = 250 << 10;
/// Room for the sentence that attachments are missing, in bytes.
const NOTE: usize = 1 << 10;
/// What stands where JANDI demands a text and there is none.
const NOTHING: &str = "—";

/// Why something cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unshown {
    /// There is nothing in it that JANDI could show.
    #[error(
        "there is nothing in the message that JANDI could show: no text, card or link; what is of Slack alone is not shown there"
    )]
    Nothing,
    /// It is too large.
    #[error("the message has {0} bytes, and JANDI takes {LARGEST}; send several, or less")]
    TooLarge(usize),
}

/// A message for JANDI.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The addresses of those who are to get it, where it goes through a team webhook: several with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The text.
    pub body: String,
    /// The colour of the bar beside the attachments, `#RRGGBB`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connect_color: String,
    /// The attachments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_info: Vec<Info>,
}

/// An attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// Shown bold.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The text below.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The address of a picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image_url: String,
}

impl Body {
    /// A message of text alone, as it is.
    pub fn plain(text: &str) -> Self {
        Self {
            body: cut(text, LONGEST),
            ..Self::default()
        }
    }

    /// Several messages as one: their texts below one another, and the attachments, as many as JANDI takes; of those that
    /// are left out it is said in `locale`. `None` of none.
    pub fn joined(all: Vec<Self>, locale: Locale) -> Option<Self> {
        let joined = all.into_iter().reduce(|mut joined, next| {
            joined.body = cut(&format!("{}\n{}", joined.body, next.body), LONGEST);
            if joined.connect_color.is_empty() {
                joined.connect_color = next.connect_color;
            }
            joined.connect_info.extend(next.connect_info);
            joined
        })?;
        Some(joined.fitting(locale))
    }

    /// Itself, without the last attachments where it would be too large.
    fn fitting(mut self, locale: Locale) -> Self {
        let mut bytes = self.json().len();
        if bytes <= LARGEST {
            return self;
        }
        let all = self.connect_info.len();
        while bytes.saturating_add(NOTE) > LARGEST
            && let Some(info) = self.connect_info.pop()
        {
            // With the comma.
            let info = serde_json::to_vec(&info).unwrap_or_default().len().saturating_add(1);
            bytes = bytes.saturating_sub(info);
        }
        let note = words::too_many_attachments(all.saturating_sub(self.connect_info.len()), locale);
        let room = LONGEST.saturating_sub(note.chars().count()).saturating_sub(1);
        self.body = format!("{}\n{note}", cut(&self.body, room));
        self
    }

    /// As it is sent.
    pub fn json(&self) -> Vec<u8> {
        // Texts and lists of texts always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The message's body. `name_of` tells the name of a person (`@`) or a room (`#`) by id; where it knows none the id itself
/// is shown. Buttons that are left out are told of in `locale`.
///
/// # Errors
/// There is nothing to be shown, or too much.
pub fn body(
    content: &Content,
    locale: Locale,
    mut name_of: impl FnMut(char, &str) -> Option<String>,
) -> Result<Body, Unshown> {
    let mut said = |portable: &str| text(portable, &mut name_of);
    let mut lines = vec![said(&content.text)];
    let mut left_out = Vec::new();
    for action in &content.actions {
        match action {
            Action::Link(label, url) => lines.push(link(label, url)),
            Action::Button { label, .. } => left_out.push(label.clone()),
            Action::Select { placeholder, .. } => left_out.push(placeholder.clone()),
        }
    }
    if !left_out.is_empty() {
        lines.push(words::no_buttons(&left_out, locale));
    }
    lines.retain(|line| !line.trim().is_empty());
    let infos: Vec<Info> = content.cards.iter().flat_map(|card| infos(card, &mut said)).collect();
    if lines.is_empty() && infos.is_empty() {
        return Err(Unshown::Nothing);
    }
    // The only thing that JANDI demands. What stands above a card's frame is the best beginning.
    if lines.is_empty() {
        let above = content.cards.iter().map(|card| said(&card.pretext));
        lines.extend(above.filter(|text| !text.is_empty()).take(1));
    }
    let body = match lines.is_empty() {
        true => NOTHING.to_owned(),
        false => lines.join("\n"),
    };
    let body = Body {
        email: None,
        body: cut(&body, LONGEST),
        connect_color: content
            .cards
            .iter()
            .find_map(|card| color(&card.color))
            .unwrap_or_default(),
        connect_info: infos,
    };
    match body.json().len() {
        bytes if bytes > LARGEST => Err(Unshown::TooLarge(bytes)),
        _ => Ok(body),
    }
}

/// A card as attachments: itself, and one for each of its values.
fn infos(card: &Card, said: &mut impl FnMut(&str) -> String) -> Vec<Info> {
    let parts = [
        said(&card.pretext),
        said(&card.text),
        card.link.clone(),
        card.footer.clone(),
    ];
    let description: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    let itself = Info {
        title: cut(&card.title, LONGEST_TITLE),
        description: cut(&description.join("\n"), LONGEST),
        image_url: address(&card.image).map(str::to_owned).unwrap_or_default(),
    };
    let mut infos = vec![itself];
    infos.extend(card.fields.iter().map(|field| Info {
        title: cut(&field.title, LONGEST_TITLE),
        description: cut(&said(&field.value), LONGEST),
        image_url: String::new(),
    }));
    infos.retain(|info| *info != Info::default());
    infos
}

/// Slack's three words for a colour are those that portable content knows; JANDI takes numbers alone.
fn color(color: &str) -> Option<String> {
    let hex = |hex: &str| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    match color {
        "good" => Some("#2EB886".into()),
        "warning" => Some("#DAA038".into()),
        "danger" => Some("#A30200".into()),
        _ => color.strip_prefix('#').filter(|rest| hex(rest)).map(|_| color.into()),
    }
}

fn text(portable: &str, name_of: &mut impl FnMut(char, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(portable.len() + 16);
    spans(&markup::parse(portable), name_of, &mut out);
    out
}

fn spans(list: &[Span], name_of: &mut impl FnMut(char, &str) -> Option<String>, out: &mut String) {
    for span in list {
        match span {
            Span::Text(text) => out.extend(text.chars().filter(|c| *c != JOINER)),
            Span::Bold(inner) => marked("**", inner, name_of, out),
            Span::Italic(inner) => spans(inner, name_of, out),
            Span::Strike(inner) => marked("~~", inner, name_of, out),
            Span::Code(code) => out.extend(["`", code, "`"]),
            Span::CodeBlock(code) => out.extend(["```\n", code, "\n```"]),
            Span::Link { label, url } => out.push_str(&link(label, url)),
            Span::User(id) => named('@', id, name_of, out),
            Span::Conversation(id) => named('#', id, name_of, out),
        }
    }
}

/// Makes marks text in portable markup, and has no meaning in JANDI.
const JOINER: char = '\u{2060}';

fn marked(mark: &str, inner: &[Span], name_of: &mut impl FnMut(char, &str) -> Option<String>, out: &mut String) {
    out.push_str(mark);
    spans(inner, name_of, out);
    out.push_str(mark);
}

fn named(mark: char, id: &str, name_of: &mut impl FnMut(char, &str) -> Option<String>, out: &mut String) {
    out.push(mark);
    match name_of(mark, id) {
        Some(name) => out.push_str(&name),
        None => out.push_str(id),
    }
}

fn link(label: &str, url: &str) -> String {
    let label = label.trim().replace(['\n', '[', ']'], " ");
    match address(url) {
        Some(url) if label.is_empty() || label == url => url.to_owned(),
        Some(url) => format!("[[{label}]]({})", url.replace(')', "%29").replace('(', "%28")),
        None => format!("{label} ({url})"),
    }
}

fn address(url: &str) -> Option<&str> {
    let schemed = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let known = ["https://", "http://", "mailto:"].into_iter().any(schemed);
    (known && !url.contains(|c: char| c.is_whitespace() || c.is_control())).then_some(url)
}

/// The text, or its beginning and `…`.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Field, Style};
    use serde_json::{Value, json};

    #[test]
    fn several_messages_as_one_are_no_larger_than_jandi_takes() {
        let one = |title: &str| Body {
            body: title.into(),
            connect_info: vec![Info {
                title: title.into(),
                description: "x".repeat(4_000),
                ..Info::default()
            }],
            ..Body::default()
        };
        let small = Body::joined(vec![one("a"), one("b")], Locale::En).unwrap();
        assert_eq!((small.body.as_str(), small.connect_info.len()), ("a\nb", 2));
        let large = Body::joined((0..100).map(|n| one(&n.to_string())).collect(), Locale::En).unwrap();
        assert!(large.json().len() <= LARGEST, "{}", large.json().len());
        let left = large.connect_info.len();
        assert!((60..64).contains(&left), "{left}");
        let says = format!("({} attachments are left out", 100 - left);
        assert!(large.body.contains(&says), "{}", large.body);
    }

    fn rendered(content: &Content) -> Value {
        let names = |mark, id: &str| (mark == '@' && id == "jandi:id:1").then(|| "Gloria".to_owned());
        let body = body(content, Locale::Ko, names).unwrap_or_else(|error| panic!("{error}: {content:?}"));
        serde_json::from_slice(&body.json()).unwrap()
    }

    #[test]
    fn text_is_said_with_the_marks_that_jandi_knows() {
        for (portable, said) in [
            ("그냥 글\n둘째 줄", "그냥 글\n둘째 줄"),
            ("*점심*은 _곧_ ~아니~", "**점심**은 곧 ~~아니~~"),
            ("*a _b_*", "**a b**"),
            ("`x` ```\ncode\n```", "`x` ```\ncode\n```"),
            ("[메뉴](https://x.io/a_(b))", "[[메뉴]](https://x.io/a_%28b%29)"),
            ("https://x.io", "https://x.io"),
            (
                "{@jandi:id:1} {@jandi:id:2} {#jandi:lunch}",
                "@Gloria @jandi:id:2 #jandi:lunch",
            ),
            ("a {\u{2060}@U1} *\u{2060}b*", "a {@U1} *b*"),
        ] {
            assert_eq!(
                rendered(&Content::text(portable)),
                json!({"body": said}),
                "{portable:?}"
            );
        }
    }

    #[test]
    fn a_card_is_attachments() {
        let card = Card {
            pretext: "주문이 왔어요".into(),
            title: "Topping".into(),
            link: "https://x.io".into(),
            text: "*Pepperoni*".into(),
            color: "good".into(),
            fields: vec![Field {
                title: "Location".into(),
                value: "5th Ave".into(),
                short: true,
            }],
            image: "https://x.io/p.png".into(),
            footer: "모아".into(),
        };
        let said = rendered(&Content {
            cards: vec![Card::default(), card.clone()],
            ..Content::text("피자")
        });
        assert_eq!(
            said,
            json!({
                "body": "피자",
                "connectColor": "#2EB886",
                "connectInfo": [
                    {"title": "Topping", "description": "주문이 왔어요\n**Pepperoni**\nhttps://x.io\n모아", "imageUrl": "https://x.io/p.png"},
                    {"title": "Location", "description": "5th Ave"},
                ]
            })
        );
        // The text is demanded.
        let alone = |card| {
            rendered(&Content {
                cards: vec![card],
                ..Content::default()
            })
        };
        assert_eq!(alone(card.clone())["body"], "주문이 왔어요");
        let card = Card {
            pretext: String::new(),
            color: "#FAC11B".into(),
            image: "javascript:x".into(),
            ..card
        };
        let said = alone(card);
        assert_eq!((&said["body"], &said["connectColor"]), (&json!("—"), &json!("#FAC11B")));
        assert_eq!(said["connectInfo"][0].get("imageUrl"), None);
    }

    #[test]
    fn of_what_cannot_be_shown_it_is_said() {
        let button = Action::Button {
            id: "go".into(),
            label: "주문".into(),
            value: String::new(),
            style: Style::Normal,
            confirm: None,
        };
        let select = Action::Select {
            id: "menu".into(),
            placeholder: "메뉴".into(),
            choices: vec![],
        };
        let content = Content {
            actions: vec![button, Action::Link("지도".into(), "https://m.io".into()), select],
            native: Some("{\"blocks\":[]}".into()),
            ..Content::text("골라요")
        };
        let body = rendered(&content)["body"].as_str().unwrap().to_owned();
        assert!(body.starts_with("골라요\n[[지도]](https://m.io)\n"), "{body}");
        assert!(body.contains("주문, 메뉴") && body.contains("버튼"), "{body}");
        let english = super::body(&content, Locale::En, |_, _| None).unwrap();
        assert!(english.body.contains("nothing can be pressed in JANDI"), "{english:?}");
    }

    #[test]
    fn limits_are_kept() {
        let long = Content {
            cards: vec![Card {
                title: "가".repeat(600),
                text: "나".repeat(6000),
                ..Card::default()
            }],
            ..Content::text("다".repeat(6000))
        };
        let said = rendered(&long);
        let length = |value: &Value| value.as_str().unwrap().chars().count();
        assert_eq!(length(&said["body"]), 5000);
        assert!(said["body"].as_str().unwrap().ends_with('…'));
        assert_eq!(length(&said["connectInfo"][0]["title"]), 500);
        assert_eq!(length(&said["connectInfo"][0]["description"]), 5000);
        let huge = Content {
            cards: vec![long.cards[0].clone(); 30],
            ..Content::default()
        };
        assert!(matches!(
            body(&huge, Locale::En, |_, _| None),
            Err(Unshown::TooLarge(_))
        ));
        for empty in [
            Content::default(),
            Content::text(" \n"),
            Content {
                native: Some("{\"text\":\"hi\"}".into()),
                cards: vec![Card::default()],
                ..Content::default()
            },
        ] {
            assert_eq!(
                body(&empty, Locale::En, |_, _| None),
                Err(Unshown::Nothing),
                "{empty:?}"
            );
        }
    }
}
