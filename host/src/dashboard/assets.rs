//! The files of the pages, within the binary.

use super::html::Address;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file. Its address changes with what is in it, so browsers may keep it for ever.
pub struct Asset {
    /// Its name.
    name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub content: &'static str,
    tag: LazyLock<String>,
}

impl Asset {
    /// Where it is.
    pub fn address(&self) -> Address {
        Address::new("/assets").piece(&format!("{}-{}", *self.tag, self.name))
    }
}

fn tag(content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            content: include_str!($name),
            tag: LazyLock::new(|| tag(include_str!($name))),
        }
    };
}

/// How the pages look.
pub static STYLE: Asset = asset!("style.css", "text/css; charset=utf-8");
/// What they do by themselves.
pub static SCRIPT: Asset = asset!("script.js", "text/javascript; charset=utf-8");
/// The picture of the bot.
pub static ICON: Asset = asset!("icon.svg", "image/svg+xml");

/// The file behind the last piece of an address.
pub fn find(piece: &str) -> Option<&'static Asset> {
    let (tag, name) = piece.split_once('-')?;
    [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .find(|asset| asset.name == name && *asset.tag == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_addresses_and_are_small() {
        for asset in [&STYLE, &SCRIPT, &ICON] {
            let address = asset.address();
            let piece = address.as_str().strip_prefix("/assets/").unwrap();
            assert_eq!(find(piece).unwrap().name, asset.name);
            assert!(
                asset.content.len() < 20_000,
                "{} has {} bytes",
                asset.name,
                asset.content.len()
            );
            assert!(
                !asset.content.contains("http:") || asset.name == "icon.svg",
                "{} asks elsewhere",
                asset.name
            );
        }
        assert!(find("000000000000-style.css").is_none() && find("style.css").is_none());
    }
}
