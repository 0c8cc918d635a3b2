//! The text of a systemd unit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// From this version on systemd can wait longer after each failure.
const KNOWS_STEPS: u32 = 254;

/// Whose service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The machine's.
    System,
    /// A person's, without rights of root.
    User,
}

/// What a unit is made of. Paths are absolute.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Whose it is.
    pub scope: Scope,
    /// What it is called, without `.service`.
    pub name: String,
    /// This program.
    pub program: PathBuf,
    /// The configuration.
    pub config: PathBuf,
    /// Whom it runs as (the machine's alone), and in which group.
    pub runs_as: (String, String),
    /// What it writes to, beside `/var/lib/NAME`.
    pub writes: Vec<PathBuf>,
    /// Whether something that it needs lies where people are at home.
    pub at_home: bool,
    /// What it is given to read when it starts, and from where.
    pub credentials: Vec<(String, PathBuf)>,
    /// A file with further variables of its environment; it need not be there.
    pub environment: PathBuf,
    /// Which systemd it is for.
    pub systemd: u32,
}

impl Unit {
    /// The unit.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let (program, config) = (word(&self.program), word(&self.config));
        writeln!(
            text,
            "# Written by `moa service install`; it writes it anew. What is to be otherwise belongs into\n\
             # {name}.service.d/override.conf (`systemctl edit {name}`).\n\
             [Unit]\n\
             Description=Moa chat bot ({name})",
            name = self.name
        )?;
        if self.scope == Scope::System {
            writeln!(text, "Wants=network-online.target\nAfter=network-online.target")?;
        }
        // The pauses between restarts are long enough that only what is started by hand or by cron again and again meets it.
        writeln!(text, "StartLimitIntervalSec=1min\nStartLimitBurst=25\n")?;
        writeln!(
            text,
            "[Service]\n\
             Type=notify\n\
             NotifyAccess=main\n\
             ExecStart={program} --config {config} run\n\
             ExecReload=/bin/sh -c \"kill -HUP ${{MAINPID}}\"\n\
             EnvironmentFile=-{environment}",
            environment = path(&self.environment)
        )?;
        for (name, file) in &self.credentials {
            writeln!(text, "LoadCredential={}:{}", escaped(name), path(file))?;
        }
        writeln!(
            text,
            "\n# It is ready when it is connected and all plugins are loaded; a first start that compiles them all, or waits for\n\
             # Slack, asks for more time. A minute without a sign of life from its event loop, its connections and its store ends it.\n\
             TimeoutStartSec=90s\n\
             TimeoutStopSec=45s\n\
             WatchdogSec=60s\n\
             Restart=on-failure"
        )?;
        match self.systemd >= KNOWS_STEPS {
            true => writeln!(text, "RestartSec=1s\nRestartSteps=8\nRestartMaxDelaySec=60s")?,
            false => writeln!(text, "RestartSec=3s")?,
        }
        writeln!(
            text,
            "# Refused credentials: to try again would help nobody.\n\
             RestartPreventExitStatus=3\n\
             # A compiler that needed too much memory is no reason to end the bot.\n\
             OOMPolicy=continue\n\
             KillMode=mixed\n\
             LimitNOFILE=65536\n\
             LimitCORE=0\n\
             UMask=0077"
        )?;
        match self.scope {
            Scope::System => self.write_system(text)?,
            Scope::User => writeln!(
                text,
                "\nNoNewPrivileges=yes\nLockPersonality=yes\nRestrictSUIDSGID=yes\nRestrictRealtime=yes\nSystemCallArchitectures=native\n\n\
                 [Install]\nWantedBy=default.target"
            )?,
        }
        Ok(())
    }

    fn write_system(&self, text: &mut String) -> std::fmt::Result {
        let (user, group) = &self.runs_as;
        writeln!(
            text,
            "\nUser={}\nGroup={}\nStateDirectory={name}\nStateDirectoryMode=0700",
            escaped(user),
            escaped(group),
            name = self.name
        )?;
        for folder in &self.writes {
            writeln!(text, "ReadWritePaths={}", word(folder))?;
        }
        let home = if self.at_home { "no" } else { "yes" };
        writeln!(
            text,
            "\n# MemoryDenyWriteExecute= is not there: plugins are compiled to machine code, which has to be run.\n\
             NoNewPrivileges=yes\n\
             CapabilityBoundingSet=\n\
             AmbientCapabilities=\n\
             ProtectSystem=strict\n\
             ProtectHome={home}\n\
             PrivateTmp=yes\n\
             PrivateDevices=yes\n\
             PrivateUsers=yes\n\
             ProtectClock=yes\n\
             ProtectControlGroups=yes\n\
             ProtectHostname=yes\n\
             ProtectKernelLogs=yes\n\
             ProtectKernelModules=yes\n\
             ProtectKernelTunables=yes\n\
             ProtectProc=invisible\n\
             RemoveIPC=yes\n\
             LockPersonality=yes\n\
             RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n\
             RestrictNamespaces=yes\n\
             RestrictRealtime=yes\n\
             RestrictSUIDSGID=yes\n\
             SystemCallArchitectures=native\n\
             SystemCallErrorNumber=EPERM\n\
             SystemCallFilter=@system-service\n\
             SystemCallFilter=~@privileged @resources\n\n\
             [Install]\n\
             WantedBy=multi-user.target"
        )
    }
}

/// A path that is the whole of a value.
fn path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// A path that is one word of several.
fn word(path: &Path) -> String {
    let text = escaped(&path.to_string_lossy()).replace('$', "$$");
    match text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ';')) {
        false => text,
        true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Without what systemd would replace. A line's end cannot stand in a value.
fn escaped(text: &str) -> String {
    text.replace('%', "%%").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(scope: Scope) -> Unit {
        Unit {
            scope,
            name: "moa".into(),
            program: "/usr/bin/moa".into(),
            config: "/etc/moa/moa.toml".into(),
            runs_as: ("moa".into(), "moa".into()),
            writes: vec!["/srv/my data/50%".into()],
            at_home: false,
            credentials: vec![("slack-app-token".into(), "/etc/moa/credentials/slack-app-token".into())],
            environment: "/etc/moa/environment".into(),
            systemd: 252,
        }
    }

    #[test]
    fn a_unit_says_all_that_the_service_manager_must_know() {
        let text = unit(Scope::System).text();
        for line in [
            "Type=notify",
            "ExecStart=/usr/bin/moa --config /etc/moa/moa.toml run",
            "LoadCredential=slack-app-token:/etc/moa/credentials/slack-app-token",
            "Restart=on-failure",
            "RestartPreventExitStatus=3",
            "WatchdogSec=60s",
            "LimitNOFILE=65536",
            "StateDirectory=moa",
            "User=moa",
            "ReadWritePaths=\"/srv/my data/50%%\"",
            "RestartSec=3s",
            "ProtectHome=yes",
            "WantedBy=multi-user.target",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("RestartSteps") && !text.contains("\nMemoryDenyWriteExecute"));
        let new = Unit {
            systemd: 257,
            at_home: true,
            ..unit(Scope::System)
        };
        assert!(
            new.text().contains("RestartSteps=8\nRestartMaxDelaySec=60s\n") && new.text().contains("ProtectHome=no")
        );
    }

    #[test]
    fn a_persons_unit_asks_for_nothing_that_only_root_can_have() {
        let text = unit(Scope::User).text();
        assert!(text.contains("WantedBy=default.target") && text.contains("WatchdogSec=60s"));
        for roots in [
            "User=",
            "StateDirectory",
            "ProtectSystem",
            "CapabilityBoundingSet",
            "network-online",
        ] {
            assert!(!text.contains(roots), "{roots} in\n{text}");
        }
    }

    #[test]
    fn a_path_cannot_say_something_else() {
        assert_eq!(word(Path::new("/a b\nExecStart=/bin/x")), "\"/a b ExecStart=/bin/x\"");
        assert_eq!(word(Path::new("/a$HOME\"%i")), "\"/a$$HOME\\\"%%i\"");
        assert_eq!(path(Path::new("/x/a b")), "/x/a b");
    }
}
