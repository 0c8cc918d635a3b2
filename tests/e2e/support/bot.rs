//! `moa run` in a simulated workspace, with a folder of its own.

use super::DEADLINE;
use super::disk::Disk;
use super::process::{Ended, Log, Running, finish, moa, moa_within};
use super::sim::{Sim, Workspace};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;

/// A bot that is to be started.
pub struct Plan {
    dir: tempfile::TempDir,
    config: String,
    env: Vec<(String, String)>,
    within: Vec<String>,
    sim: Arc<Sim>,
    connections: usize,
}

impl Plan {
    /// A bot without plugins in this workspace.
    pub fn new(workspace: &Workspace) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("plugins")).unwrap();
        let (app, bot) = workspace.tokens();
        let connections = 2;
        let config = format!(
            r#"
[bot]
name = "moa"
locale = "ko"
data-dir = "./data"

[slack]
api-url = "{api}"
connections = {connections}

[outbox]
per-conversation-per-second = 0

[http]
listen = "127.0.0.1:0"

[admin]
listen = "127.0.0.1:0"

[plugins]
dir = "./plugins"
"#,
            api = workspace.api_url(),
        );
        let env = vec![("SLACK_APP_TOKEN".to_owned(), app), ("SLACK_BOT_TOKEN".to_owned(), bot)];
        Self {
            dir,
            config,
            env,
            within: Vec::new(),
            sim: workspace.sim(),
            connections,
        }
    }

    /// With this plugin in its folder.
    pub fn plugin(self, file: &Path) -> Self {
        let name = file.file_name().unwrap();
        std::fs::copy(file, self.dir.path().join("plugins").join(name)).unwrap();
        self
    }

    /// With these further tables in its configuration.
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self
    }

    /// With this many connections.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self.env("MOA_SLACK__CONNECTIONS", &connections.to_string())
    }

    /// With this environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder that its data directory is made in.
    pub fn home(&self) -> &Path {
        self.dir.path()
    }

    /// Where this disk is mounted.
    pub fn within(mut self, disk: &Disk) -> Self {
        self.within = disk.entrance();
        self
    }

    /// Started by another program, which is given its command line.
    pub fn by(mut self, program: &[&str]) -> Self {
        self.within = program.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Starts it and waits until it is connected and its plugins are loaded.
    pub async fn start(self) -> Bot {
        std::fs::write(self.dir.path().join("moa.toml"), &self.config).unwrap();
        let process = self.spawn(Log::default());
        let mut bot = Bot { plan: self, process };
        bot.ready(0, 0).await;
        bot
    }

    /// Starts it where it must end by itself.
    pub async fn start_in_vain(&self) -> Ended {
        std::fs::write(self.dir.path().join("moa.toml"), &self.config).unwrap();
        finish(&mut self.command()).await
    }

    fn command(&self) -> Command {
        let mut command = match self.within.as_slice() {
            [] => moa(self.home()),
            entrance => moa_within(self.home(), entrance),
        };
        command
            .arg("run")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn spawn(&self, log: Log) -> Running {
        Running::logging(&mut self.command(), log)
    }
}

/// A bot that runs, or was killed.
pub struct Bot {
    plan: Plan,
    pub process: Running,
}

impl Bot {
    /// The folder that its data directory is in.
    pub fn home(&self) -> &Path {
        self.plan.home()
    }

    /// The folder that it takes plugins from.
    pub fn plugins(&self) -> PathBuf {
        self.plan.dir.path().join("plugins")
    }

    /// What it wrote, over all its starts.
    pub fn log(&self) -> &Log {
        &self.process.log
    }

    /// How many lines it wrote so far.
    pub fn lines(&self) -> usize {
        self.log().lines().len()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(&mut self) -> ExitStatus {
        self.process.signal(libc::SIGTERM);
        self.process.end().await
    }

    /// Starts it again on the same data, without waiting for anything.
    pub fn start_again(&mut self) {
        let log = self.log().clone();
        self.process = self.plan.spawn(log);
    }

    /// Starts another one on the same data, which must end by itself.
    pub async fn start_in_vain(&self) -> Ended {
        finish(&mut self.plan.command()).await
    }

    /// Starts it again on the same data and waits until it is connected and its plugins are loaded.
    pub async fn restart(&mut self) {
        let since = self.plan.sim.record().await.entries.len();
        let from = self.lines();
        self.start_again();
        self.ready(since, from).await;
    }

    async fn ready(&mut self, since: usize, from: usize) {
        let wanted = self.plan.connections;
        let process = &mut self.process;
        self.plan
            .sim
            .until("the bot to connect", |record| {
                assert!(process.is_up(), "the bot ended instead of connecting");
                let entries = record.entries.iter().skip(since);
                (entries.filter(|entry| entry["kind"] == "open").count() >= wanted).then_some(())
            })
            .await;
        for file in std::fs::read_dir(self.plugins()).unwrap() {
            let name = file.unwrap().path();
            let name = name.file_stem().unwrap().to_string_lossy().into_owned();
            // A large one is compiled first, while other tests compile too.
            self.log().wait_long_for(from, &["loaded", &name], DEADLINE * 6).await;
        }
    }
}
