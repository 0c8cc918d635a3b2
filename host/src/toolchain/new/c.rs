//! What a plugin in C begins with.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("c/plugin.toml.in")),
    ("plugin.c", include_str!("c/plugin.c.in")),
    ("tests/hello.chat", include_str!("c/tests/hello.chat.in")),
    ("README.md", include_str!("c/README.md.in")),
    (".gitignore", include_str!("c/gitignore.in")),
    ("compile_flags.txt", include_str!("c/compile_flags.txt.in")),
];
