//! What a plugin in Python begins with.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("python/plugin.toml.in")),
    ("plugin.py", include_str!("python/plugin.py.in")),
    ("tests/hello.chat", include_str!("rust/tests/hello.chat.in")),
    ("pyrightconfig.json", include_str!("python/pyrightconfig.json.in")),
    ("README.md", include_str!("python/README.md.in")),
    (".gitignore", include_str!("python/gitignore.in")),
];
