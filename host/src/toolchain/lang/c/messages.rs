//! What C's compiler and linker say, and what to do instead where the sandbox has no such thing.

use crate::toolchain::diagnostic::{Diagnostic, Severity};
use std::path::{Path, PathBuf};

const SOCKETS: &str =
    "a plugin has no sockets: send requests with moa_http_fetch, and name the origins in the plugin's `requests.http`";
const THREADS: &str = "a call is one thread: do one thing after the other, or put work off with moa_schedule_at";
const PROGRAMS: &str =
    "a plugin starts no other programs: write what they do in C, or ask a service with moa_http_fetch";
const LIBRARIES: &str = "nothing is loaded at run time: put the library's .c files into the project";
const JUMPS: &str = "there are no jumps between functions: return a moa_status, and pass it on with MOA_TRY";
const SIGNALS: &str = "there are no signals: the host ends a call that takes too long";
const MEMORY: &str = "memory comes from moa_alloc or malloc";
const TERMINAL: &str = "there is no terminal: answer with moa_reply, and log with printf";

/// Headers that are of no use in the sandbox. Some are there all the same, and their functions fail when they are called.
const HEADERS: &[(&str, &str)] = &[
    ("sys/socket.h", SOCKETS),
    ("sys/un.h", SOCKETS),
    ("netinet/in.h", SOCKETS),
    ("netinet/tcp.h", SOCKETS),
    ("arpa/inet.h", SOCKETS),
    ("netdb.h", SOCKETS),
    ("ifaddrs.h", SOCKETS),
    ("curl/curl.h", SOCKETS),
    ("pthread.h", THREADS),
    ("threads.h", THREADS),
    ("semaphore.h", THREADS),
    ("spawn.h", PROGRAMS),
    ("sys/wait.h", PROGRAMS),
    ("dlfcn.h", LIBRARIES),
    ("setjmp.h", JUMPS),
    ("signal.h", SIGNALS),
    ("sys/mman.h", MEMORY),
    ("sys/shm.h", MEMORY),
    ("termios.h", TERMINAL),
    ("curses.h", TERMINAL),
    ("ncurses.h", TERMINAL),
];

/// Functions likewise, which the C library does not have.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (
        &[
            "socket",
            "connect",
            "bind",
            "listen",
            "accept",
            "send",
            "recv",
            "sendto",
            "recvfrom",
            "gethostbyname",
            "getaddrinfo",
        ],
        SOCKETS,
    ),
    (&["pthread_create", "thrd_create"], THREADS),
    (
        &[
            "fork",
            "vfork",
            "system",
            "popen",
            "pclose",
            "execl",
            "execlp",
            "execle",
            "execv",
            "execvp",
            "execve",
            "posix_spawn",
            "posix_spawnp",
            "wait",
            "waitpid",
        ],
        PROGRAMS,
    ),
    (&["dlopen", "dlsym"], LIBRARIES),
    (&["setjmp", "longjmp", "sigsetjmp", "siglongjmp"], JUMPS),
    (&["signal", "sigaction", "raise", "kill", "alarm"], SIGNALS),
    (&["mmap", "munmap", "sbrk"], MEMORY),
];

fn header_help(header: &str) -> Option<&'static str> {
    HEADERS.iter().find(|(name, _)| *name == header).map(|(_, help)| *help)
}

fn function_help(function: &str) -> &'static str {
    FUNCTIONS
        .iter()
        .find(|(names, _)| names.contains(&function))
        .map_or("", |(_, help)| help)
}

/// Inclusions that can't work, in the project's sources and their headers. What stands inside a condition is left to the
/// compiler: it may be meant for elsewhere.
pub(super) fn includes(dir: &Path, sources: &[PathBuf]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for file in sources {
        let Ok(bytes) = std::fs::read(dir.join(file)) else {
            continue;
        };
        let mut depth = 0_u32;
        for (number, line) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
            let Some(directive) = line.trim_start().strip_prefix('#') else {
                continue;
            };
            let directive = directive.trim_start();
            if directive.starts_with("if") {
                depth += 1;
            } else if directive.starts_with("endif") {
                depth = depth.saturating_sub(1);
            }
            let Some(header) = directive.strip_prefix("include").and_then(included) else {
                continue;
            };
            if let (0, Some(help)) = (depth, header_help(header)) {
                // Counted from 1 it is the place of the mark before the name, where the compiler points to as well.
                let column = u32::try_from(line.find(header).unwrap_or(0)).unwrap_or(0);
                let message = format!("<{header}> is of no use in a plugin");
                let file = file.to_string_lossy();
                found.push(Diagnostic::at(Severity::Error, &file, (number, column), &message, help));
            }
        }
    }
    found
}

/// The name between `<` and `>`, or between quotation marks.
fn included(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let (name, _) = match rest.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?,
        None => rest.strip_prefix('"')?.split_once('"')?,
    };
    Some(name)
}

/// The compiler's messages, each with the lines that belong to it: the chain of inclusions before, the source and notes
/// behind.
pub(super) fn compiler(words: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut chain = String::new();
    for line in words.lines() {
        if line.starts_with("In file included from ") {
            chain.push_str(line);
            chain.push('\n');
        } else if let Some(mut diagnostic) = message(line) {
            diagnostic.rendered = std::mem::take(&mut chain) + &diagnostic.rendered;
            found.push(diagnostic);
        } else if let Some(last) = found.last_mut()
            && !is_sum(line)
        {
            last.rendered.push_str(line);
            last.rendered.push('\n');
        }
    }
    for diagnostic in &mut found {
        let help = help_for(&diagnostic.message);
        if !help.is_empty() {
            diagnostic.rendered.push_str(&format!("  = help: {help}\n"));
        }
    }
    found
}

/// `FILE:LINE:COLUMN: KIND: TEXT`; notes belong to the message before them.
fn message(line: &str) -> Option<Diagnostic> {
    let (place, severity, message) = [
        (": fatal error: ", Severity::Error),
        (": error: ", Severity::Error),
        (": warning: ", Severity::Warning),
    ]
    .into_iter()
    .find_map(|(kind, severity)| line.split_once(kind).map(|(place, text)| (place, severity, text)))?;
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line_number = parts.next()?.parse().ok()?;
    Some(Diagnostic {
        severity,
        file: parts.next()?.to_owned(),
        line: line_number,
        column,
        message: message.to_owned(),
        rendered: format!("{line}\n"),
    })
}

/// `1 warning and 2 errors generated.`
fn is_sum(line: &str) -> bool {
    line.ends_with(" generated.")
}

fn help_for(message: &str) -> &'static str {
    let quoted = message.split('\'').nth(1).unwrap_or("");
    if message.starts_with("call to undeclared function") {
        return function_help(quoted);
    }
    if message.ends_with("file not found") {
        return header_help(quoted).unwrap_or("only C's own library and the project's files are there");
    }
    ""
}

/// The linker's messages: functions that are nowhere, at the first place in the project that names them, since the linker
/// itself knows none.
pub(super) fn linker(words: &str, dir: &Path, sources: &[PathBuf]) -> Vec<Diagnostic> {
    let mut names: Vec<&str> = words
        .lines()
        .filter_map(|line| line.split_once("undefined symbol: "))
        .map(|(_, name)| name.trim())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let (file, place) = first_use(name, dir, sources).unwrap_or_default();
            let message = format!("`{name}` is used and nowhere defined");
            let help = match (name, function_help(name)) {
                ("moa_the_plugin", _) => "declare the plugin, once in the project: MOA_PLUGIN(.name = \"…\", …)",
                (_, "") => "write it, or put the .c file that has it into the project",
                (_, help) => help,
            };
            Diagnostic::at(Severity::Error, &file, place, &message, help)
        })
        .collect()
}

fn first_use(name: &str, dir: &Path, sources: &[PathBuf]) -> Option<(String, (u32, u32))> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    sources.iter().find_map(|file| {
        let text = std::fs::read(dir.join(file)).ok()?;
        let text = String::from_utf8_lossy(&text);
        let mut places = (1..).zip(text.lines()).flat_map(|(number, line)| {
            line.match_indices(name)
                .filter(|(at, _)| {
                    let before = line.get(..*at).unwrap_or("");
                    let behind = line.get(at + name.len()..).unwrap_or("");
                    !before.ends_with(part_of_name) && behind.trim_start().starts_with('(')
                })
                .map(move |(at, _)| (number, u32::try_from(at + 1).unwrap_or(0)))
                .collect::<Vec<_>>()
        });
        // A declaration stands before the first use, if it is in the file at all.
        let first = places.next()?;
        let place = places.next().unwrap_or(first);
        Some((file.to_string_lossy().into_owned(), place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_place_and_what_belongs_to_them() {
        let found = compiler(
            "In file included from plugin.c:3:\n\
             ./menu.h:4:10: fatal error: 'nothere.h' file not found\n    4 | #include \"nothere.h\"\n      |          ^~~~\n\
             plugin.c:6:67: warning: unused variable 'n' [-Wunused-variable]\nplugin.c:6:1: note: seen here\n\
             plugin.c:7:3: error: call to undeclared function 'fork'; ISO C99 and later do not support it\n\
             1 warning and 2 errors generated.\n",
        );
        let places: Vec<_> = found
            .iter()
            .map(|d| (d.file.as_str(), d.line, d.column, d.is_error()))
            .collect();
        assert_eq!(
            places,
            [
                ("./menu.h", 4, 10, true),
                ("plugin.c", 6, 67, false),
                ("plugin.c", 7, 3, true)
            ]
        );
        let rendered: Vec<_> = found.iter().map(|d| d.rendered.as_str()).collect();
        assert!(rendered[0].starts_with("In file included from plugin.c:3:\n./menu.h"));
        assert!(rendered[1].ends_with("note: seen here\n"), "{}", rendered[1]);
        assert!(
            rendered[2].contains("help: a plugin starts no other programs"),
            "{}",
            rendered[2]
        );
        assert!(!rendered[2].contains("generated"));
    }

    #[test]
    fn headers_that_cannot_work_are_told_before_the_compiler_runs() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("plugin.c"),
            "#include <stdio.h>\n  # include <sys/socket.h>\n#ifdef NATIVE\n#include <pthread.h>\n#endif\n#include \"dlfcn.h\"\n",
        )
        .unwrap();
        let found = includes(dir.path(), &["plugin.c".into()]);
        let lines: Vec<_> = found.iter().map(|d| (d.line, d.column)).collect();
        assert_eq!(lines, [(2, 13), (6, 10)]);
        assert!(found[0].rendered.contains("plugin.c:2") && found[0].rendered.contains("moa_http_fetch"));
    }

    #[test]
    fn a_function_that_is_nowhere_is_told_where_it_is_used() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("plugin.c"),
            "int missing(int);\nint unmissing(int);\nint f(void) { return unmissing(0) + missing(1); }\n",
        )
        .unwrap();
        let words =
            "wasm-ld: error: o.lto.o: undefined symbol: missing\nwasm-ld: error: o.lto.o: undefined symbol: missing\n";
        let found = linker(words, dir.path(), &["plugin.c".into()]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].column), (3, 37));
        assert!(linker("wasm-ld: error: odd", dir.path(), &[]).is_empty());
    }
}
