//! Machine code of a component, made in a process of its own.
//!
//! A component is anybody's input, and compiling it may take all the time and memory there is. So it happens in a
//! short-lived child of the same binary (`moa __compile IN OUT`), a few at a time, at low priority and under limits. The
//! child gets no environment: the host's secrets are not its business.

use super::cache::Cache;
use super::problem::OneLine;
use crate::metrics;
use crate::settings::shortened;
use moa_engine::{Allocation, Engine, LoadError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// Processor time of one compilation; the largest plugins that are known take 12 s.
const CPU: Duration = Duration::from_secs(120);
/// Tests that want to see the end of it give a compilation only so many seconds of processor time.
const SHORTER_CPU: &str = "MOA_TEST_COMPILE_CPU";
/// Time from beginning to end, on a machine that has other things to do.
const WALL: Duration = Duration::from_secs(300);
/// Bytes of memory of one compilation; the largest plugins that are known take a quarter of it.
const MEMORY: u64 = 2 << 30;
/// Bytes of compiled code.
const CODE: u64 = 1 << 30;
const NICE: libc::c_int = 10;
/// Bytes of the child's last words that are read.
const WORDS: u64 = 16 << 10;
/// Tells the child which engine it compiles for.
const ALLOCATION: &str = "MOA_COMPILE_ALLOCATION";
const SOURCE_LINES: &str = "MOA_COMPILE_SOURCE_LINES";

/// How many components are compiled at the same time: as many as there are cores. At least two, so that one that takes all
/// its time keeps nobody waiting; no more than four, for each may take [`MEMORY`].
pub(super) fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4))
}

/// How machine code is made.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// By this executable, a `moa`, in a process of its own.
    Child(PathBuf),
    /// In this process, without limits: for components that are trusted, or where the process is the limit.
    InProcess,
}

impl Compiler {
    /// A child of the very binary that runs, also after its file was replaced by a newer one.
    pub fn own_child() -> Self {
        let own = PathBuf::from("/proc/self/exe");
        if own.exists() {
            return Self::Child(own);
        }
        match std::env::current_exe() {
            Ok(path) => Self::Child(path),
            Err(_) => Self::InProcess,
        }
    }
}

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompileError {
    /// The component's fault.
    #[error("{0}")]
    Refused(String),
    /// The host's; it may be different later.
    #[error("compiling failed for want of something else: {0}; it is tried again later")]
    Host(String),
}

impl From<std::io::Error> for CompileError {
    fn from(error: std::io::Error) -> Self {
        Self::Host(error.to_string())
    }
}

impl From<LoadError> for CompileError {
    fn from(error: LoadError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Machine code from the cache, or made as soon as it is its turn.
pub(super) async fn compiled(
    engine: &Engine,
    compiler: &Compiler,
    cache: &Cache,
    turns: &Semaphore,
    bytes: &Arc<Vec<u8>>,
    hash: &str,
) -> Result<PathBuf, CompileError> {
    if let Some(code) = find(cache, hash).await? {
        metrics::LOADS.add(0);
        return Ok(code);
    }
    let turn = turns.acquire().await;
    let _turn = turn.map_err(|error| CompileError::Host(error.to_string()))?;
    // Another file with the same content may have had its turn meanwhile.
    if let Some(code) = find(cache, hash).await? {
        metrics::LOADS.add(0);
        return Ok(code);
    }
    metrics::LOADS.add(1);
    let new = match compiler {
        Compiler::InProcess => {
            let (engine, cache, bytes) = (engine.clone(), cache.clone(), Arc::clone(bytes));
            blocking(move || {
                let code = engine.precompile(&bytes)?;
                let mut new = cache.temporary()?;
                new.write_all(&code)?;
                Ok(new)
            })
            .await?
        }
        Compiler::Child(exe) => {
            let (input, output) = {
                let (cache, bytes) = (cache.clone(), Arc::clone(bytes));
                blocking(move || {
                    // The child compiles exactly what was hashed, whatever becomes of the plugin's file meanwhile.
                    let mut input = cache.temporary()?;
                    input.write_all(&bytes)?;
                    Ok((input, cache.temporary()?))
                })
                .await?
            };
            run_child(exe, Settings::of(engine), &input, &output, WALL).await?;
            output
        }
    };
    let (cache, hash) = (cache.clone(), hash.to_owned());
    blocking(move || Ok(cache.store(&hash, new.into_temp_path())?)).await
}

async fn find(cache: &Cache, hash: &str) -> Result<Option<PathBuf>, CompileError> {
    let (cache, hash) = (cache.clone(), hash.to_owned());
    blocking(move || Ok(cache.find(&hash))).await
}

/// What the child must know of the engine that it compiles for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    allocation: Allocation,
    source_lines: bool,
}

impl Settings {
    fn of(engine: &Engine) -> Self {
        Self {
            allocation: engine.allocation(),
            source_lines: engine.source_lines(),
        }
    }

    fn environment(self) -> [(&'static str, &'static str); 2] {
        let allocation = match self.allocation {
            Allocation::OnDemand => "on-demand",
            Allocation::Auto | Allocation::Pooled => "pooled",
        };
        [
            (ALLOCATION, allocation),
            (SOURCE_LINES, if self.source_lines { "yes" } else { "no" }),
        ]
    }

    fn from_environment() -> Self {
        let is = |name, value: &str| std::env::var(name).is_ok_and(|set| set == value);
        Self {
            allocation: match is(ALLOCATION, "on-demand") {
                true => Allocation::OnDemand,
                false => Allocation::Pooled,
            },
            source_lines: is(SOURCE_LINES, "yes"),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CompileError> + Send + 'static,
) -> Result<T, CompileError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(CompileError::Host(error.to_string())))
}

async fn run_child(
    exe: &Path,
    settings: Settings,
    input: &NamedTempFile,
    output: &NamedTempFile,
    wall: Duration,
) -> Result<(), CompileError> {
    let mut child = Command::new(exe)
        .arg("__compile")
        .arg(input.path())
        .arg(output.path())
        .env_clear()
        .envs(settings.environment())
        .envs(std::env::var_os(SHORTER_CPU).map(|seconds| (SHORTER_CPU, seconds)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CompileError::Host(format!("{} cannot be started ({error})", exe.display())))?;
    let stderr = child.stderr.take();
    let words = async {
        let mut words = Vec::new();
        if let Some(mut stderr) = stderr {
            // What can't be read is only missing from the reason. The rest is thrown away, so that the child never
            // waits for somebody to read it.
            let _ = (&mut stderr).take(WORDS).read_to_end(&mut words).await;
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        words
    };
    let ended = tokio::time::timeout(wall, async { tokio::join!(child.wait(), words) }).await;
    let Ok((status, words)) = ended else {
        // Dropping the child kills it.
        return Err(CompileError::Refused(format!(
            "compiling took longer than {} s; make the plugin smaller",
            wall.as_secs()
        )));
    };
    let status = status?;
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&words);
    Err(CompileError::Refused(reason(status, words.trim())))
}

fn reason(status: ExitStatus, words: &str) -> String {
    use std::os::unix::process::ExitStatusExt;
    let said = if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", OneLine(words))
    };
    match status.signal() {
        None if !words.is_empty() => OneLine(words).to_string(),
        None => format!("the compiler ended with {status} and said nothing; build the plugin again"),
        Some(libc::SIGXCPU) => {
            format!(
                "compiling took more than {} s of processor time{said}; make the plugin smaller",
                cpu().as_secs()
            )
        }
        Some(libc::SIGABRT | libc::SIGKILL) => format!(
            "the compiler ran out of memory or was killed (its limit is {} MiB){said}; make the plugin smaller",
            MEMORY >> 20
        ),
        Some(signal) => format!("the compiler died of signal {signal}{said}; build the plugin again"),
    }
}

/// What `moa __compile IN OUT` does: limits itself, compiles, and says on standard error why if it can't.
pub fn compile_child_main(input: &Path, output: &Path) -> ExitCode {
    limit_this_process();
    end_with_parent();
    match compile_file(input, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn compile_file(input: &Path, output: &Path) -> Result<(), String> {
    let Settings {
        allocation,
        source_lines,
    } = Settings::from_environment();
    let wasm = std::fs::read(input).map_err(|error| format!("{} cannot be read: {error}", input.display()))?;
    let compiler = moa_engine::Compiler::new(allocation, source_lines).map_err(|error| error.to_string())?;
    let code = compiler.precompile(&wasm).map_err(|error| error.to_string())?;
    std::fs::write(output, code).map_err(|error| format!("{} cannot be written: {error}", output.display()))
}

fn cpu() -> Duration {
    shortened(SHORTER_CPU, CPU)
}

fn limit_this_process() {
    let limit = |what, value: u64| {
        let limit = libc::rlimit {
            rlim_cur: value,
            rlim_max: value,
        };
        // SAFETY: the struct outlives the call. A limit that can't be set is one below it already.
        unsafe { libc::setrlimit(what, &limit) };
    };
    limit(libc::RLIMIT_CPU, cpu().as_secs());
    // Not RLIMIT_AS, which would also count address space that is reserved and never used.
    limit(libc::RLIMIT_DATA, MEMORY);
    limit(libc::RLIMIT_FSIZE, CODE);
    limit(libc::RLIMIT_CORE, 0);
    // SAFETY: takes plain numbers. Threads started from here on inherit it; failing only costs others some time.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    // Where memory runs out, this process goes first and not the host.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// A host that is killed can't end its child. Asking is safer than `PR_SET_PDEATHSIG`, which fires when the thread that
/// started the child ends.
fn end_with_parent() {
    let parent = std::os::unix::process::parent_id();
    std::thread::spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(Duration::from_millis(500));
        }
        std::process::exit(1);
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{compile_script, write_script};
    use super::*;
    use std::time::Instant;

    struct Bench {
        dir: tempfile::TempDir,
        cache: Cache,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let cache = Cache::open(&dir.path().join("cache"), "key".into()).unwrap();
            Self { dir, cache }
        }

        /// Runs a script in the place of `moa`.
        async fn run(&self, script: &str, wall: Duration) -> Result<String, CompileError> {
            let exe = self.dir.path().join("moa.sh");
            write_script(&exe, script);
            let mut input = self.cache.temporary().unwrap();
            input.write_all(b"component").unwrap();
            let output = self.cache.temporary().unwrap();
            let settings = Settings {
                allocation: Allocation::OnDemand,
                source_lines: true,
            };
            run_child(&exe, settings, &input, &output, wall).await?;
            Ok(std::fs::read_to_string(output.path()).unwrap())
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_child_gets_both_files_and_no_environment() {
        let bench = Bench::new();
        let made = bench
            .run(
                "/bin/cat \"$2\" > \"$3\"; echo \"$1 $HOME $MOA_COMPILE_ALLOCATION $MOA_COMPILE_SOURCE_LINES\" >> \"$3\"",
                LONG,
            )
            .await;
        assert_eq!(made.unwrap(), "component__compile  on-demand yes\n");
    }

    #[tokio::test]
    async fn its_last_words_are_the_reason() {
        let bench = Bench::new();
        let error = bench.run("echo 'not a component' >&2; exit 1", LONG).await.unwrap_err();
        assert_eq!(error.to_string(), "not a component");
        let error = bench.run("exit 7", LONG).await.unwrap_err();
        assert!(error.to_string().contains('7'), "{error}");
        let error = bench.run("kill -XCPU $$", LONG).await.unwrap_err();
        assert!(error.to_string().contains("processor time"), "{error}");
        let error = bench
            .run("echo 'memory allocation failed' >&2; kill -ABRT $$", LONG)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("memory allocation failed"), "{error}");
        let flood = "i=0; while [ $i -lt 2000 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123 >&2; i=$((i+1)); done; exit 1";
        let error = bench.run(flood, LONG).await.unwrap_err();
        assert!(error.to_string().len() < 40 << 10);
    }

    /// Runs this very test binary as the child.
    async fn compile_for_real(bench: &Bench, bytes: Vec<u8>) -> Result<PathBuf, CompileError> {
        let exe = bench.dir.path().join("moa.sh");
        write_script(&exe, &compile_script());
        let engine = super::super::testing::engine();
        let (compiler, turns) = (Compiler::Child(exe), Semaphore::new(1));
        compiled(&engine, &compiler, &bench.cache, &turns, &Arc::new(bytes), "hash").await
    }

    #[test]
    #[ignore = "the other half of `a_real_child_compiles_within_its_limits`, which runs it"]
    fn the_childs_half() {
        let file = |name| PathBuf::from(std::env::var_os(name).unwrap());
        let code = compile_child_main(&file("TEST_IN"), &file("TEST_OUT"));
        // SAFETY: takes plain numbers.
        let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        assert_eq!(nice, NICE);
        std::process::exit(i32::from(code != ExitCode::SUCCESS));
    }

    #[tokio::test]
    async fn a_real_child_compiles_within_its_limits() {
        let bench = Bench::new();
        let code = compile_for_real(&bench, super::super::testing::plugin("a", "1"))
            .await
            .unwrap();
        // SAFETY: made a moment ago by a compiler for this engine.
        let plugin = unsafe { super::super::testing::engine().load_file(&code) }.unwrap();
        let text = plugin.describe(&moa_engine::Limits::default()).await.unwrap();
        assert!(text.contains("\"a\""), "{text}");
        assert_eq!(bench.cache.find("hash"), Some(code));

        let bench = Bench::new();
        let error = compile_for_real(&bench, wat::parse_str("(module)").unwrap())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("core WebAssembly module"), "{error}");
        assert_eq!(bench.cache.find("hash"), None);
    }

    #[tokio::test]
    async fn a_child_that_takes_too_long_is_killed() {
        let bench = Bench::new();
        let begun = Instant::now();
        let pid = bench.dir.path().join("pid");
        let script = format!("echo $$ > {}; exec /bin/sleep 600", pid.display());
        let error = bench.run(&script, Duration::from_millis(1500)).await.unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(60));
        let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        // SAFETY: signal 0 only asks whether the process is there.
        let gone = || unsafe { libc::kill(pid, 0) } != 0;
        while !gone() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the child lives on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn a_binary_that_is_not_there_is_the_hosts_trouble() {
        let bench = Bench::new();
        let input = bench.cache.temporary().unwrap();
        let output = bench.cache.temporary().unwrap();
        let settings = Settings::of(&super::super::testing::engine());
        let error = run_child(Path::new("/nowhere/moa"), settings, &input, &output, LONG)
            .await
            .unwrap_err();
        assert!(
            matches!(error, CompileError::Host(_)) && error.to_string().contains("/nowhere/moa"),
            "{error}"
        );
    }
}
