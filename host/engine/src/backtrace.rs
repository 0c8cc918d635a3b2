//! Where in a plugin a call ended, as its author wants to read it.
//!
//! Names come from the component's `name` section; files, lines and what was inlined from its line tables (DWARF), where
//! the engine reads them ([`Options::source_lines`](crate::Options::source_lines)). All of it is the plugin's own word:
//! it is cut short, and nothing in it steers a terminal.

use moa_core::text::printable_line;
use std::fmt::Write as _;
use wasmtime::{FrameInfo, WasmBacktrace};

/// Frames that the engine collects, and lines that are kept of them: what was inlined is a line of its own.
pub(crate) const FRAMES: usize = 32;
/// Characters of a line.
const LINE: usize = 300;
/// Where the standard library's files are, as [`tidy`] leaves them.
const STANDARD: &str = "library/";
/// A name of more bytes is shown as it is: what it stands for may be much longer still.
const MANGLED: usize = 2 << 10;

/// Where this error came from, innermost first; nothing where that is not known.
pub(crate) fn of(error: &wasmtime::Error) -> Vec<String> {
    let frames = error
        .downcast_ref::<WasmBacktrace>()
        .map_or(&[][..], WasmBacktrace::frames);
    let all: Vec<Frame> = frames.iter().flat_map(frames_of).collect();
    let own = without_machinery(&all);
    own.iter().take(FRAMES).map(Frame::line).collect()
}

/// A function, and the place in it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Frame {
    name: String,
    file: String,
    line: Option<u32>,
    column: Option<u32>,
}

/// A frame of the engine's is several where functions were inlined.
fn frames_of(frame: &FrameInfo) -> Vec<Frame> {
    let outer = || match frame.func_name() {
        Some(name) => demangled(name),
        None => format!(
            "function {} of {}",
            frame.func_index(),
            frame.module().name().unwrap_or("the plugin")
        ),
    };
    if frame.symbols().is_empty() {
        return vec![Frame {
            name: outer(),
            ..Frame::default()
        }];
    }
    let symbols = frame.symbols().iter();
    let frames = symbols.map(|symbol| Frame {
        name: symbol.name().map_or_else(outer, demangled),
        file: symbol.file().map(tidy).unwrap_or_default().to_owned(),
        // 0 stands for "no line of its own".
        line: symbol.line().filter(|line| *line > 0),
        column: symbol.column().filter(|column| *column > 0),
    });
    frames.collect()
}

fn demangled(name: &str) -> String {
    match rustc_demangle::try_demangle(name) {
        // The alternate form leaves out the hash.
        Ok(demangled) if name.len() <= MANGLED => format!("{demangled:#}"),
        _ => name.to_owned(),
    }
}

/// A file's name without what says nothing to an author: where the standard library was built, and where cargo keeps
/// packages.
fn tidy(file: &str) -> &str {
    if let Some(standard) = file.strip_prefix("/rustc/") {
        return standard.split_once('/').map_or(file, |(_, rest)| rest);
    }
    match file.split_once("/registry/src/") {
        Some((_, package)) => package.split_once('/').map_or(file, |(_, rest)| rest),
        None => file,
    }
}

/// Without the standard library's own way from a panic to the trap, which is the same in every trace.
fn without_machinery(frames: &[Frame]) -> &[Frame] {
    let own = frames.iter().position(|frame| !frame.is_machinery());
    own.and_then(|own| frames.get(own..)).unwrap_or(frames)
}

impl Frame {
    fn is_machinery(&self) -> bool {
        const CRATES: [&str; 4] = ["std::", "core::", "alloc::", "__rustc::"];
        const FUNCTIONS: [&str; 5] = ["abort", "exit", "rust_panic", "__rust_start_panic", "__rust_abort"];
        // `<core::option::Option<T>>::unwrap`
        let name = self.name.trim_start_matches('<');
        // What was inlined has a name without its crate.
        self.file.starts_with(STANDARD)
            || CRATES.iter().any(|start| name.starts_with(start))
            || FUNCTIONS.contains(&name)
    }

    fn line(&self) -> String {
        let mut text = self.name.clone();
        if !self.file.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(text, " at {}", self.file);
            for number in [self.line, self.line.and(self.column)].into_iter().flatten() {
                let _ = write!(text, ":{number}");
            }
        }
        printable_line(&text, LINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &str) -> Frame {
        Frame {
            name: name.into(),
            ..Frame::default()
        }
    }

    #[test]
    fn names_lose_their_hash_and_others_stay() {
        for (mangled, name) in [
            (
                "_ZN4core6option13unwrap_failed17h0123456789abcdefE",
                "core::option::unwrap_failed",
            ),
            ("_RNvCskwGfYPst2Cb_4demo4toss", "demo::toss"),
            ("runtime.gopanic", "runtime.gopanic"),
        ] {
            assert_eq!(demangled(mangled), name);
        }
        let huge = format!("_ZN{}{}17h0123456789abcdefE", MANGLED, "a".repeat(MANGLED));
        assert_eq!(demangled(&huge), huge);
    }

    #[test]
    fn the_way_from_a_panic_to_its_trap_is_left_out() {
        let all = [
            "abort",
            "std::panicking::panic_handler::{closure#0}",
            "core::panicking::panic_fmt",
            "<core::option::Option<u32>>::unwrap",
            "demo::toss",
            "core::ops::function::FnOnce::call_once",
            "moa:plugin/commands@0.1.0#handle",
        ]
        .map(frame);
        let names = |frames: &[Frame]| frames.iter().map(|frame| frame.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            names(without_machinery(&all)),
            [
                "demo::toss",
                "core::ops::function::FnOnce::call_once",
                "moa:plugin/commands@0.1.0#handle"
            ]
        );
        let inlined = Frame {
            file: "library/core/src/option.rs".into(),
            ..frame("unwrap<u32>")
        };
        assert_eq!(names(without_machinery(&[inlined, frame("toss")])), ["toss"]);
        let nothing_else = all.get(..3).unwrap();
        assert_eq!(without_machinery(nothing_else).len(), 3);
    }

    #[test]
    fn a_line_is_short_and_steers_nothing() {
        let full = Frame {
            name: "demo::toss".into(),
            file: "src/lib.rs".into(),
            line: Some(12),
            column: Some(5),
        };
        assert_eq!(full.line(), "demo::toss at src/lib.rs:12:5");
        assert_eq!(Frame { column: None, ..full }.line(), "demo::toss at src/lib.rs:12");
        let rude = frame(&format!("a\nb\u{1b}[31m{}", "x".repeat(1_000))).line();
        assert!(rude.chars().count() <= LINE + 1, "{rude}");
        assert!(!rude.contains(['\n', '\u{1b}']), "{rude}");
    }

    #[test]
    fn files_are_told_as_they_are_known() {
        for (file, known) in [
            (
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
                "library/core/src/option.rs",
            ),
            (
                "/home/a/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.0/src/de.rs",
                "serde-1.0.0/src/de.rs",
            ),
            ("/home/a/demo/src/lib.rs", "/home/a/demo/src/lib.rs"),
        ] {
            assert_eq!(tidy(file), known);
        }
    }
}
