//! Every public item of the SDK shows how it is used, by an example that is run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::fs;
use std::path::Path;

/// The files with items for authors; the others carry what the macros write. Public items of these that are hidden from
/// the documentation, or serve the macros alone, are none of authors' business.
const FILES: &[&str] = &[
    "argument.rs",
    "aws.rs",
    "aws/fleet.rs",
    "brain.rs",
    "brain/error.rs",
    "brain/keys.rs",
    "chat.rs",
    "chat/progress.rs",
    "config.rs",
    "content.rs",
    "context.rs",
    "error.rs",
    "events.rs",
    "form.rs",
    "http.rs",
    "http/response.rs",
    "log.rs",
    "objects.rs",
    "press.rs",
    "press/reply.rs",
    "reply.rs",
    "schedule.rs",
    "sql.rs",
    "sql/cell.rs",
    "sql/named.rs",
    "sql/read.rs",
    "system.rs",
    "testing.rs",
    "testing/outside.rs",
    "testing/press.rs",
    "text.rs",
    "time.rs",
    "time/instant.rs",
    "time/span.rs",
    "time/of_day.rs",
    "time/order.rs",
    "time/days.rs",
    "time/moment.rs",
    "time/timetable.rs",
    "time/weekdays.rs",
    "triggers.rs",
    "types.rs",
    "webhooks.rs",
    "xml.rs",
    "../macros/src/lib.rs",
];
/// Public for the macros; they stand in `__private`.
const PRIVATE: &[&str] = &[
    "NumberArgument",
    "Args",
    "required_list",
    "optional_list",
    "required",
    "optional",
    "required_any",
    "optional_any",
    "rest_of",
    "answer_of",
];

/// What a line makes public: `fn add`, `use types::Card`; nothing for most lines.
fn item(line: &str) -> Option<&str> {
    let item = line.trim_start().strip_prefix("pub ")?;
    let kinds = [
        "fn ",
        "const fn ",
        "struct ",
        "enum ",
        "trait ",
        "type ",
        "use types::",
        "use wit::",
        "use crate::bindings::",
    ];
    kinds.iter().any(|kind| item.starts_with(kind)).then_some(item)
}

#[test]
fn every_public_item_has_an_example() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut without = Vec::new();
    let mut count = 0;
    for file in FILES {
        let text = fs::read_to_string(sources.join(file)).unwrap();
        let mut documentation = String::new();
        for line in text.lines() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("///") || trimmed.starts_with("#[doc(hidden)]") {
                documentation.push_str(trimmed);
            } else if let Some(included) = trimmed.strip_prefix("#[doc = include_str!(\"") {
                let path = sources.join(file).with_file_name(included.split('"').next().unwrap());
                documentation.push_str(&fs::read_to_string(path).unwrap());
            } else if let Some(item) = item(line) {
                let name = item.split(|c: char| !c.is_alphanumeric() && c != '_').nth(1).unwrap();
                let hidden = documentation.contains("#[doc(hidden)]") || PRIVATE.contains(&name);
                if !hidden {
                    count += 1;
                    if !documentation.contains("```") {
                        without.push(format!("{file}: {item}"));
                    }
                }
                documentation.clear();
            } else if trimmed.is_empty() || trimmed.ends_with([';', '}']) {
                documentation.clear();
            }
        }
    }
    assert!(without.is_empty(), "without an example:\n{}", without.join("\n"));
    assert!(count > 100, "only {count} items were found");
}
