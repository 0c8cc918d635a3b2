use super::*;
use crate::toolchain::source::ScriptEngine;

struct Project {
    dir: tempfile::TempDir,
    source: crate::toolchain::Source,
}

impl Project {
    fn new(plugin: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("plugin.py"), plugin).unwrap();
        let source = crate::toolchain::Source {
            dir: dir.path().canonicalize().unwrap(),
            name: "demo".into(),
            language: Language::Python,
            entry: "plugin.py".into(),
            engine: ScriptEngine::default(),
        };
        Self { dir, source }
    }

    fn job(&self) -> Job<'_> {
        Job {
            source: &self.source,
            lines: false,
            progress: &|_| {},
        }
    }

    /// What the build says before it would fetch any tool.
    async fn refused(&self) -> Vec<Diagnostic> {
        match build(&self.job()).await {
            Err(BuildError::Compiler { diagnostics, .. }) => diagnostics,
            other => panic!("{other:?}"),
        }
    }
}

fn told(diagnostics: &[Diagnostic]) -> Vec<(&str, u32, &str)> {
    let told = diagnostics.iter();
    told.map(|one| (one.file.as_str(), one.line, one.message.as_str()))
        .collect()
}

#[tokio::test]
async fn a_syntax_error_is_told_with_its_line_before_any_tool_is_fetched() {
    let project = Project::new("import moa\n\ndef hi(:\n    pass\n");
    let refused = project.refused().await;
    let [(file, line, message)] = told(&refused)[..] else {
        panic!("{refused:?}");
    };
    assert_eq!((file, line), ("plugin.py", 3));
    assert!(message.starts_with("syntax error"), "{message}");
}

#[tokio::test]
async fn imports_that_cannot_work_are_told_with_what_to_do_instead() {
    let project = Project::new("import moa\nimport parts\nimport socket\n");
    fs::write(project.dir.path().join("parts.py"), "import subprocess\nimport numpy\n").unwrap();
    let refused = project.refused().await;
    let mut all = told(&refused);
    all.sort_unstable();
    assert_eq!(
        all,
        [
            ("parts.py", 1, "`subprocess` can't work in the sandbox"),
            ("parts.py", 2, "`numpy` can't work in the sandbox: it has native code"),
            ("plugin.py", 3, "`socket` can't work in the sandbox"),
        ]
    );
    assert!(refused.iter().any(|one| one.plain().contains("= help: use moa.http")));
}

#[tokio::test]
async fn what_the_module_raises_is_told_at_the_authors_line() {
    let project = Project::new("");
    let words = "Traceback (most recent call last):\n  File \"/venv/bin/componentize-py\", line 8, in <module>\n\
                 AssertionError: Traceback (most recent call last):\n  File \"/1/moa_app.py\", line 3, in <module>\n    load()\n\
                 \x20 File \"/0/plugin.py\", line 7, in <module>\n    boom()\n  File \"/2/moa/brain.py\", line 9, in get\n\
                 ValueError: no such thing\n\n\nCaused by:\n    ValueError: no such thing\n";
    let raised = raised(words, &project.job(), &project.source.dir).unwrap();
    assert_eq!(told(&[raised]), [("plugin.py", 7, "ValueError: no such thing")]);
}

#[tokio::test]
async fn what_is_unchanged_is_not_made_again() {
    let project = Project::new("import moa\n");
    let job = project.job();
    let kept = || Kept::of(&job, "tools 1");
    assert_eq!(kept().find(), None);
    fs::create_dir_all(kept().file.parent().unwrap()).unwrap();
    fs::write(kept().file, "component").unwrap();
    assert_eq!(kept().find(), None, "without a note it may be half a component");
    kept().note().unwrap();
    assert_eq!(kept().find(), Some(kept().file));
    // What was built, and what moa put there itself, is no input.
    fs::create_dir_all(project.dir.path().join("dist")).unwrap();
    fs::write(project.dir.path().join("dist/demo.wasm"), "component").unwrap();
    sdk::unpack(Language::Python, project.dir.path()).unwrap();
    // Neither are tests, nor what people read.
    fs::create_dir_all(project.dir.path().join("tests")).unwrap();
    fs::write(project.dir.path().join("tests/hello.chat"), "Rosie: !hi\n").unwrap();
    fs::write(project.dir.path().join("README.md"), "# Demo\n").unwrap();
    assert_eq!(kept().find(), Some(kept().file));
    // Any other file may be read while the module is imported.
    for name in ["prompt.md", "examples.chat", "data/README.md"] {
        let file = project.dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "x").unwrap();
        assert_eq!(kept().find(), None, "{name}");
        kept().note().unwrap();
        assert_eq!(kept().find(), Some(kept().file), "{name}");
    }
    assert_eq!(Kept::of(&job, "tools 2").find(), None);
    fs::write(project.dir.path().join("requirements.txt"), "six\n").unwrap();
    assert_eq!(kept().find(), None);
}

#[tokio::test]
async fn a_list_of_packages_that_cannot_be_read_is_told() {
    let project = Project::new("import moa\n");
    let list = project.dir.path().join("requirements.txt");
    let utf16: Vec<u8> = "six\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&list, [&[0xff, 0xfe], &utf16[..]].concat()).unwrap();
    let refused = project.refused().await;
    assert_eq!(
        told(&refused),
        [("requirements.txt", 0, "requirements.txt can't be read as text")]
    );
    assert!(refused.iter().any(|one| one.plain().contains("save it as UTF-8")));
    fs::write(&list, "-r base.txt\n").unwrap();
    fs::write(project.dir.path().join("base.txt"), [0xff, 0xfe]).unwrap();
    let refused = project.refused().await;
    assert_eq!(told(&refused), [("base.txt", 0, "base.txt can't be read as text")]);
}

#[tokio::test]
async fn a_list_of_packages_elsewhere_is_an_input() {
    let project = Project::new("import moa\n");
    let shared = tempfile::tempdir().unwrap();
    let base = shared.path().canonicalize().unwrap().join("base.txt");
    fs::write(&base, "").unwrap();
    fs::write(project.dir.path().join("local.txt"), "").unwrap();
    let list = format!("-r {}\n-c local.txt\n", base.display());
    fs::write(project.dir.path().join("requirements.txt"), list).unwrap();
    assert_eq!(inputs(&project.job()).files, [base].into());
}

#[tokio::test]
async fn a_file_that_is_no_module_is_refused() {
    let mut project = Project::new("");
    fs::write(project.dir.path().join("my-plugin.py"), "").unwrap();
    project.source.entry = "my-plugin.py".into();
    let refused = project.refused().await;
    assert_eq!(
        told(&refused),
        [("plugin.toml", 0, "`my-plugin.py` can't be imported as a module")]
    );
}

/// Every file of the SDK is in the executable.
#[test]
fn the_whole_sdk_is_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/python");
    let mut there = Vec::new();
    let mut waiting = ["hongmoa", "moa", "tools"].map(|part| root.join(part)).to_vec();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("__pycache__") {
                waiting.push(path);
            } else if path.is_file() {
                there.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut known: Vec<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
    there.sort();
    known.sort();
    assert_eq!(there, known);
}
