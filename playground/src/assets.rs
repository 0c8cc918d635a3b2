//! The files of the page, within the binary.

/// What the page may do: nothing but its own files and its own server.
pub(crate) const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
pub(crate) struct Asset {
    /// Its name below `/page/`.
    pub name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub content: &'static str,
}

const fn asset(name: &'static str, kind: &'static str, content: &'static str) -> Asset {
    Asset { name, kind, content }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The page itself.
pub(crate) const PAGE: Asset = asset("", "text/html; charset=utf-8", include_str!("page/index.html"));

/// All else.
pub(crate) const ALL: [Asset; 19] = [
    asset("app.js", SCRIPT, include_str!("page/app.js")),
    asset("author.js", SCRIPT, include_str!("page/author.js")),
    asset("blocks.js", SCRIPT, include_str!("page/blocks.js")),
    asset("keys.js", SCRIPT, include_str!("page/keys.js")),
    asset("list.js", SCRIPT, include_str!("page/list.js")),
    asset("message.js", SCRIPT, include_str!("page/message.js")),
    asset("mrkdwn.js", SCRIPT, include_str!("page/mrkdwn.js")),
    asset("texts.js", SCRIPT, include_str!("page/texts.js")),
    asset("writer.js", SCRIPT, include_str!("page/writer.js")),
    asset("attach.js", SCRIPT, include_str!("page/attach.js")),
    asset("elements.js", SCRIPT, include_str!("page/elements.js")),
    asset("faults.js", SCRIPT, include_str!("page/faults.js")),
    asset("interactions.js", SCRIPT, include_str!("page/interactions.js")),
    asset("modal.js", SCRIPT, include_str!("page/modal.js")),
    asset("sidebar.js", SCRIPT, include_str!("page/sidebar.js")),
    asset("author.css", STYLE, include_str!("page/author.css")),
    asset("interact.css", STYLE, include_str!("page/interact.css")),
    asset("style.css", STYLE, include_str!("page/style.css")),
    asset("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];
