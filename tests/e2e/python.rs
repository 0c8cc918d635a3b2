//! The SDK for Python by itself, and a machine on which Python's tools are missing.

use super::support::process::{finish, moa};
use super::support::required;
use std::path::Path;
use std::process::{Command, Stdio};

const PROJECT: &str = "name = \"demo\"\nlanguage = \"python\"\n";

fn has_python() -> bool {
    if Command::new("python3").arg("--version").output().is_ok() {
        return true;
    }
    assert!(!required(), "there is no python3");
    eprintln!("skipped: python3 not found");
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdks_own_tests_pass() {
    if !has_python() {
        return;
    }
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk/python");
    let mut python = Command::new("python3");
    python.args(["-B", "-m", "unittest"]).current_dir(sdk);
    python.stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = finish(&mut python).await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("\nOK"), "no test ran:\n{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_python_the_build_tells_the_way_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plugin.toml"), PROJECT).unwrap();
    std::fs::write(dir.path().join("plugin.py"), "import moa\n").unwrap();
    let ended = finish(moa(dir.path()).arg("build").env("PATH", dir.path())).await;
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(1), "{told}");
    for words in ["python3 cannot be used", "3.10", "apt install python3"] {
        assert!(told.contains(words), "nothing about {words:?} in:\n{told}");
    }
}
