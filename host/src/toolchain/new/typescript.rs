//! What a plugin in this language begins with.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("typescript/plugin.toml.in")),
    ("plugin.ts", include_str!("typescript/plugin.ts.in")),
    ("package.json", include_str!("typescript/package.json.in")),
    ("tsconfig.json", include_str!("typescript/tsconfig.json.in")),
    ("tests/hello.chat", include_str!("typescript/tests/hello.chat.in")),
    ("tests/hello.test.ts", include_str!("typescript/tests/hello.test.ts.in")),
    ("README.md", include_str!("typescript/README.md.in")),
    (".gitignore", include_str!("typescript/gitignore.in")),
];
