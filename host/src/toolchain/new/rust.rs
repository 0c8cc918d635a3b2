//! What a plugin in Rust begins with, and what cargo takes for a package's name.

use super::Template;

pub(super) const FILES: Template = &[
    ("plugin.toml", include_str!("rust/plugin.toml.in")),
    ("Cargo.toml", include_str!("rust/Cargo.toml.in")),
    ("src/lib.rs", include_str!("rust/src/lib.rs.in")),
    ("tests/hello.chat", include_str!("rust/tests/hello.chat.in")),
    ("README.md", include_str!("rust/README.md.in")),
    (".gitignore", include_str!("rust/gitignore.in")),
];

/// Words that cargo takes for no package, and the SDK's own name.
pub(super) fn is_taken(name: &str) -> bool {
    matches!(
        name,
        "as" | "async"
            | "await"
            | "break"
            | "const"
            | "continue"
            | "crate"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "fn"
            | "for"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "pub"
            | "ref"
            | "return"
            | "self"
            | "static"
            | "struct"
            | "super"
            | "trait"
            | "true"
            | "type"
            | "unsafe"
            | "use"
            | "where"
            | "while"
            | "abstract"
            | "become"
            | "box"
            | "do"
            | "final"
            | "gen"
            | "macro"
            | "override"
            | "priv"
            | "try"
            | "typeof"
            | "unsized"
            | "virtual"
            | "yield"
            | "test"
            | "core"
            | "std"
            | "alloc"
            | "proc-macro"
            | "moa-plugin"
    )
}
