//! What Go code uses and the sandbox has not: imports and functions of files, found in the source, because the compiler
//! takes them all and they would fail only when they run.

/// One use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misuse {
    /// Line and column, from 1.
    pub(super) place: (u32, u32),
    pub(super) message: String,
    /// What to do instead.
    pub(super) help: &'static str,
    /// Whether it is C.
    pub(super) is_c: bool,
}

const FETCH: &str = "there are no sockets in the sandbox: use moa.Fetch, moa.GetJSON and moa.PostJSON, and request the origin by moa.Requests";
const FILES: &str =
    "there are no files in the sandbox: keep data in ctx.Brain(), put fixed files into the plugin by `//go:embed`";

/// Packages that cannot work, the folders below them included, and what to use.
const PACKAGES: [(&str, &str); 9] = [
    (
        "C",
        "there is no C in the sandbox (cgo): use a package in Go alone, or write the plugin in C",
    ),
    ("net/http", FETCH),
    ("net/rpc", FETCH),
    ("net/smtp", FETCH),
    (
        "net",
        "there are no sockets in the sandbox: use moa.Fetch; for addresses net/netip, net/url and net/mail work",
    ),
    (
        "os/exec",
        "there are no other programs in the sandbox: do it in Go, or ask a service by moa.Fetch",
    ),
    (
        "os/signal",
        "a plugin gets no signals: the host ends a call when its time is over",
    ),
    (
        "os/user",
        "there are no users of a system in the sandbox: ctx.Who is the person",
    ),
    ("plugin", "code cannot be loaded at run time: link it in"),
];
/// Of `net` alone: what is below it and works.
const WORKING: [&str; 4] = ["net/netip", "net/url", "net/mail", "net/textproto"];

/// Functions of `os` for what is not there.
const OF_OS: [&str; 32] = [
    "Chdir",
    "Chmod",
    "Chown",
    "Chtimes",
    "Create",
    "CreateTemp",
    "CopyFS",
    "DirFS",
    "Getwd",
    "Lchown",
    "Link",
    "Lstat",
    "Mkdir",
    "MkdirAll",
    "MkdirTemp",
    "Open",
    "OpenFile",
    "OpenInRoot",
    "OpenRoot",
    "Pipe",
    "ReadDir",
    "ReadFile",
    "Readlink",
    "Remove",
    "RemoveAll",
    "Rename",
    "StartProcess",
    "Stat",
    "Symlink",
    "TempDir",
    "Truncate",
    "WriteFile",
];

/// Everything of that kind in one file. Code that does not parse is the compiler's business.
pub(super) fn misuses(text: &str) -> Vec<Misuse> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut os = None;
    for import in imports(&tokens) {
        let Import { name, path, place } = import;
        if path == "os" {
            os = Some(if name.is_empty() { "os" } else { name });
        }
        let working = WORKING.contains(&path);
        let package = PACKAGES.iter().find(|(package, _)| {
            path == *package || path.strip_prefix(package).is_some_and(|rest| rest.starts_with('/'))
        });
        if let Some((_, help)) = package.filter(|_| !working) {
            found.push(Misuse {
                place,
                message: format!("the import {path:?} cannot work in the sandbox"),
                help,
                is_c: path == "C",
            });
        }
    }
    if let Some(os) = os {
        for window in tokens.windows(4) {
            let [before, package, dot, function] = window else {
                continue;
            };
            if before.text != "." && package.text == os && dot.text == "." && OF_OS.contains(&function.text) {
                found.push(Misuse {
                    place: package.place,
                    message: format!("os.{} cannot work in the sandbox", function.text),
                    help: FILES,
                    is_c: false,
                });
            }
        }
    }
    found
}

struct Import<'a> {
    /// The name that it gets in this file; empty for its own.
    name: &'a str,
    path: &'a str,
    place: (u32, u32),
}

/// The imports, which stand before everything else.
fn imports<'a>(tokens: &[Token<'a>]) -> Vec<Import<'a>> {
    let mut found = Vec::new();
    let mut tokens = tokens
        .iter()
        .skip_while(|token| token.text != "package")
        .skip(2)
        .peekable();
    while tokens.next_if(|token| token.text == "import").is_some() {
        let many = tokens.next_if(|token| token.text == "(").is_some();
        let mut name = "";
        for token in tokens.by_ref() {
            if token.text == ")" {
                break;
            }
            if !token.is_text {
                name = token.text;
                continue;
            }
            found.push(Import {
                name,
                path: token.text,
                place: token.place,
            });
            name = "";
            if !many {
                break;
            }
        }
    }
    found
}

struct Token<'a> {
    /// A word, a sign, or what stands between quotes.
    text: &'a str,
    is_text: bool,
    place: (u32, u32),
}

/// Words, signs and texts, without comments, line ends and semicolons.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let column = u32::try_from(at - line_start + 1).unwrap_or(u32::MAX);
        let (length, token) = next(rest);
        if let Some((text, is_text)) = token {
            found.push(Token {
                text,
                is_text,
                place: (line, column),
            });
        }
        let taken = rest.get(..length).unwrap_or(rest);
        if let Some(last) = taken.rfind('\n') {
            line += u32::try_from(taken.matches('\n').count()).unwrap_or(0);
            line_start = at + last + 1;
        }
        at += length;
    }
    found
}

/// How long the next piece is, at least 1, and what it is, unless it says nothing.
fn next(rest: &str) -> (usize, Option<(&str, bool)>) {
    let until = |start: usize, end: &str| {
        let found = rest.get(start..).and_then(|rest| rest.find(end));
        found.map_or(rest.len(), |found| start + found + end.len())
    };
    if rest.starts_with("//") {
        return (until(0, "\n"), None);
    }
    if rest.starts_with("/*") {
        return (until(2, "*/"), None);
    }
    let Some(first) = rest.chars().next() else {
        return (1, None);
    };
    match first {
        '`' => {
            let end = until(1, "`");
            (end, rest.get(1..end.saturating_sub(1).max(1)).map(|text| (text, true)))
        }
        '"' | '\'' => {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let ends = (*c == first && !escaped) || *c == '\n';
                escaped = *c == '\\' && !escaped;
                ends
            });
            let end = end.map_or(rest.len(), |(at, _)| at);
            (
                (end + 1).min(rest.len()).max(1),
                rest.get(1..end).map(|text| (text, first == '"')),
            )
        }
        c if c.is_alphanumeric() || c == '_' => {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            (end, rest.get(..end).map(|word| (word, false)))
        }
        c if c.is_whitespace() || c == ';' => (c.len_utf8(), None),
        c => (c.len_utf8(), rest.get(..c.len_utf8()).map(|sign| (sign, false))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(u32, u32, String)> {
        misuses(text)
            .into_iter()
            .map(|misuse| (misuse.place.0, misuse.place.1, misuse.message))
            .collect()
    }

    #[test]
    fn imports_that_cannot_work_are_found_where_they_stand() {
        let text = "// Package main has import \"net\" in a comment.\npackage main\n\nimport (\n\t\"fmt\"\n\tweb \"net/http\" // for fetching\n\t\"net/url\"\n\t_ \"net\"\n)\nimport \"os/exec\"\n\nvar x = `import \"plugin\"`\n";
        let expected = [(6, 6, "net/http"), (8, 4, "net"), (10, 8, "os/exec")];
        let expected = expected.map(|(line, column, path)| {
            (
                line,
                column,
                format!("the import \"{path}\" cannot work in the sandbox"),
            )
        });
        assert_eq!(places(text), expected);
        assert!(misuses("package main\n\nimport \"C\"\n")[0].is_c);
    }

    #[test]
    fn files_are_found_and_what_looks_like_them_is_not() {
        let text = "package main\nimport \"os\"\nfunc f() {\n\tos.Getenv(\"HOME\")\n\tdata, _ := os.ReadFile(\"menu.txt\") // os.Open\n\tx.os.Open(`os.Open`)\n\tfmt.Println(\"os.Create\", '\\'', os.Args)\n}\n";
        assert_eq!(
            places(text),
            [(5, 13, "os.ReadFile cannot work in the sandbox".to_owned())]
        );
        let renamed = "package main\nimport sys \"os\"\nvar f, _ = sys.Create(\"x\")\n";
        assert_eq!(
            places(renamed),
            [(3, 12, "os.Create cannot work in the sandbox".to_owned())]
        );
        let other = "package main\nimport \"moa/os\"\nvar f, _ = os.Create(\"x\")\n";
        assert!(misuses(other).is_empty());
    }

    #[test]
    fn broken_code_ends_quietly() {
        for text in [
            "",
            "package",
            "import",
            "package main\nimport (\n\"net",
            "package main\nimport `",
            "\"",
            "'",
            "/*",
            "`",
        ] {
            misuses(text);
        }
    }
}
