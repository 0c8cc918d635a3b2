//! What a plugin in this language begins with.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("javascript/plugin.toml.in")),
    ("plugin.js", include_str!("javascript/plugin.js.in")),
    ("package.json", include_str!("javascript/package.json.in")),
    ("jsconfig.json", include_str!("javascript/jsconfig.json.in")),
    ("tests/hello.chat", include_str!("javascript/tests/hello.chat.in")),
    ("tests/hello.test.js", include_str!("javascript/tests/hello.test.js.in")),
    ("README.md", include_str!("javascript/README.md.in")),
    (".gitignore", include_str!("javascript/gitignore.in")),
];
