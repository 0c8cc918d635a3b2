//! The plugins that the guides show (docs/languages): each is built as it stands there, and answers as it says. Python's is
//! run by the tests of its SDK.

use super::projects::run;
use super::root;
use moa::toolchain::Language;
use std::fs;
use std::path::Path;

/// Where a script's guide says what to add to a new project's file, and which names to its import.
const ADDED: &str = "name: \"toss\"";
const IMPORTED: &str = "RejectedError, system";

/// What stands in a guide.
struct Guide {
    file: &'static str,
    /// Behind the three back quotes.
    fence: &'static str,
    /// What a block has that is a whole plugin, or a whole file of one.
    whole: &'static str,
    /// Where it goes.
    source: &'static str,
    /// The file of a new project to which the block with [`ADDED`] is added, and which imports the whole one.
    extended: Option<&'static str>,
    chat: &'static str,
}

const SCRIPT: &str = "로지: !toss pizza, pizza\nmoa: I say pizza.\n로지: !toss pizza\nmoa~ /Give me something/\n\
    @http GET https://api.example.com/menu 200 {\"name\": \"국밥\", \"price\": \"9000\"}\n\
    로지: !lunch\nmoa: *Lunch for 4?*\n  [Me too]\n로지> click \"Me too\"\nmoa! 로지: 1 so far\n\
    로지: good night\nmoa+ wave\n";

fn guide(language: Language) -> Option<Guide> {
    let one = |file, fence, whole, source, chat| Guide {
        file,
        fence,
        whole,
        source,
        extended: None,
        chat,
    };
    let script = |file, fence, source, extended| Guide {
        extended: Some(extended),
        ..one(file, fence, "import { action", source, SCRIPT)
    };
    match language {
        Language::Rust => Some(one(
            "rust.md",
            "rust",
            "plugin!(",
            "src/lib.rs",
            "로지: !toss pizza\nmoa: I say pizza.\n",
        )),
        Language::JavaScript => Some(script("javascript.md", "js", "lunch.js", "plugin.js")),
        Language::TypeScript => Some(script("typescript.md", "ts", "lunch.ts", "plugin.ts")),
        Language::Go => Some(one(
            "go.md",
            "go",
            "package main",
            "plugin.go",
            "로지: !order soup 2\nmoa: soup × 2, 2 so far\n로지: !주문 rice 3 1h30m\nmoa: rice × 3, 3 so far\n\
             로지: !order soup 11\nmoa~ /There is not that much soup/\n",
        )),
        Language::C => Some(one(
            "c.md",
            "c",
            "MOA_PLUGIN(",
            "plugin.c",
            "로지: !order soup 2\nmoa: soup: 2\n  [Cancel]\n로지> click \"Cancel\"\nmoa= No soup.\n\
             로지: !주문 rice 6\nmoa~ /6그릇은 너무 많아요/\n",
        )),
        Language::Python | Language::Hongmoa => None,
    }
}

/// The blocks of a text that begin with this fence.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let begin = format!("\n```{fence}\n");
    let inner = |rest: &'a str| rest.split_once("\n```").map(|(block, _)| block);
    text.split(&begin).skip(1).filter_map(inner).collect()
}

/// The plugin of the guide in the place of a new project's, which has the tools already.
pub async fn holds(language: Language, project: &Path) {
    let Some(guide) = guide(language) else { return };
    let text = fs::read_to_string(root().join("docs/languages").join(guide.file)).unwrap();
    let found = blocks(&text, guide.fence);
    let with = |words: &str| -> &str {
        let block = found.iter().find(|block| block.contains(words));
        block.unwrap_or_else(|| panic!("docs/languages/{} has no block with {words}", guide.file))
    };
    fs::write(project.join(guide.source), format!("{}\n", with(guide.whole))).unwrap();
    if let Some(extended) = guide.extended {
        let before = fs::read_to_string(project.join(extended)).unwrap();
        assert!(text.contains("and `RejectedError` and `system` to its import"));
        let imported = before.replacen("import {", &format!("import {{ {IMPORTED},"), 1);
        let after = format!("import \"./{}\";\n{imported}\n{}\n", guide.source, with(ADDED));
        fs::write(project.join(extended), after).unwrap();
    }
    fs::write(project.join("tests/hello.chat"), guide.chat).unwrap();
    let tested = run(project, &["test"]).await;
    let said = format!("{}{}", tested.stdout, tested.stderr);
    assert!(
        tested.code == Some(0) && said.contains("tests/hello.chat"),
        "docs/languages/{}:\n{said}",
        guide.file
    );
}
