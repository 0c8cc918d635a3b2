//! What a plugin in this language begins with.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("go/plugin.toml.in")),
    ("go.mod", include_str!("go/go.mod.in")),
    ("plugin.go", include_str!("go/plugin.go.in")),
    ("plugin_test.go", include_str!("go/plugin_test.go.in")),
    ("tests/hello.chat", include_str!("go/tests/hello.chat.in")),
    ("README.md", include_str!("go/README.md.in")),
    (".gitignore", include_str!("go/gitignore.in")),
];
