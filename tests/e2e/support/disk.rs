//! A small disk of a test's own, which can get full and read-only: a file system in memory, in a namespace that needs no
//! rights.

use super::required;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A mounted disk. Only what is run [within](Self::entrance) its namespace sees it; it goes when this is dropped.
pub struct Disk {
    /// Keeps the namespace, until its standard input ends.
    keeper: Child,
    at: PathBuf,
}

impl Disk {
    /// Mounts a disk of this size (as `mount` takes it) over a folder that it makes; nothing, with a word about it, on a
    /// machine that does not allow it.
    pub fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let script = r#"mount -t tmpfs -o "size=$1,mode=700" moa-test "$0" && echo mounted && exec cat"#;
        let keeper = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", script])
            .arg(at)
            .arg(size)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut said = String::new();
        let mounted = keeper.and_then(|mut keeper| {
            BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said)?;
            Ok(keeper)
        });
        match mounted {
            Ok(keeper) if said == "mounted\n" => Some(Self {
                keeper,
                at: at.to_owned(),
            }),
            other => {
                let why = match other {
                    Ok(keeper) => String::from_utf8_lossy(&keeper.wait_with_output().unwrap().stderr).into_owned(),
                    Err(error) => error.to_string(),
                };
                let said = format!("no disk of its own for a test: `unshare --map-root-user --mount` says: {why}");
                assert!(!required(), "{said}");
                println!("SKIPPED: {said}");
                None
            }
        }
    }

    /// The command line that runs what follows it where the disk is mounted, in the folder that the disk is mounted in.
    pub fn entrance(&self) -> Vec<String> {
        let keeper = self.keeper.id().to_string();
        let enter = [
            "nsenter",
            "--user",
            "--mount",
            "--preserve-credentials",
            "--target",
            &keeper,
        ];
        let there = [
            "sh",
            "-c",
            r#"cd "$0" && exec "$@""#,
            self.at.parent().unwrap().to_str().unwrap(),
        ];
        enter.iter().chain(&there).map(|part| (*part).to_owned()).collect()
    }

    /// Runs a shell script on the disk; whether it succeeded, and what it said.
    pub fn run(&self, script: &str) -> Result<String, String> {
        let entrance = self.entrance();
        let output = Command::new(&entrance[0])
            .args(&entrance[1..])
            .args(["sh", "-c", &format!("cd \"$0\" && {script}")])
            .arg(&self.at)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// Fills it to the last page.
    pub fn fill(&self) {
        let filled = self.run("! cat /dev/zero > filler && test -s filler");
        filled.expect("the disk gets full");
    }

    /// Takes away what filled it.
    pub fn free(&self) {
        self.run("rm filler").expect("the disk has room again");
    }

    /// Makes it read-only, or writable again. Fails while a file is open for writing.
    pub fn remount(&self, how: &str) -> Result<String, String> {
        self.run(&format!("mount -o remount,{how} \"$0\""))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
