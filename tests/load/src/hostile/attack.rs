//! The corpus at work: files that are no plugins, and plugins that do wrong what they can.

use crate::bot::Home;
use crate::sim::{Client, Place, Sim};
use anyhow::{Context, ensure};
use moa_test_guests::hostile::{Component, Fate, components, damaged};
use moa_test_guests::misdeeds::{MISDEEDS, Told, invocations};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many damaged files there are.
const DAMAGED: u64 = 20;
/// How long the host may take to look at all files.
const PATIENCE: Duration = Duration::from_secs(300);
/// A file larger than the host reads.
const LARGE: u64 = 200 << 20;

/// What is needed for it.
pub struct Attack<'a> {
    /// Where commands are given.
    pub sim: &'a Sim,
    /// Where files are put, and told of.
    pub home: &'a Home,
    /// A good component, to be damaged.
    pub hello: &'a [u8],
    /// How often each attacker goes through everything, at least: all go on until the files are dealt with.
    pub passes: u8,
}

/// What came of it.
#[derive(Default)]
pub struct Found {
    /// How many files and commands met their fate.
    pub misdeeds: u64,
    /// What did not.
    pub wrong: Vec<String>,
}

impl Attack<'_> {
    /// All of it, at the same time.
    pub async fn all(&self) -> anyhow::Result<Found> {
        let from = self.home.written()?;
        let over = AtomicBool::new(false);
        let over = &over;
        let by = |plugin: &'static str, user, skip| self.commands(plugin, user, skip, over);
        // Each lets `hostile` do well in between, so that with three of them it never fails five times in a row, after which
        // it would rest.
        let (files, one, two, three, four) = tokio::try_join!(
            async {
                let files = self.files().await;
                over.store(true, Ordering::Relaxed);
                files
            },
            by("hostile", "vincent", 0),
            by("hostile", "ben", 4),
            by("hostile", "rosie", 8),
            by("intruder", "vincent", 0),
        )?;
        let mut all = files;
        for found in [one, two, three, four] {
            all.misdeeds += found.misdeeds;
            all.wrong.extend(found.wrong);
            all.told.extend(found.told);
        }
        // Each is in the log too, with whose fault it was.
        let (log, _) = self.home.log_from(from)?;
        let blamed = "blame=\"plugin\"";
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(blamed)).collect();
        for (plugin, id) in all.told {
            let words = [format!("plugin=\"{plugin}\""), format!("invocation=\"{id}")];
            if !lines.iter().any(|line| words.iter().all(|word| line.contains(word))) {
                all.wrong
                    .push(format!("the log does not tell of {plugin}'s invocation {id}"));
            }
        }
        Ok(Found {
            misdeeds: all.misdeeds,
            wrong: all.wrong,
        })
    }

    /// Files, all at once; each has to be told of. Then they go.
    async fn files(&self) -> anyhow::Result<Done> {
        let from = self.home.written()?;
        let mut waiting = Vec::new();
        let mut files = Vec::new();
        for Component { name, bytes, fate } in components() {
            let why = match fate {
                Fate::Refused(why) | Fate::Faulted(why) | Fate::Misdescribed(why) => vec!["not loaded", why],
                Fate::Works => vec!["loaded"],
            };
            files.push((format!("{name}.wasm"), bytes, why));
        }
        files.extend((0..DAMAGED).map(|seed| {
            let bytes = damaged(self.hello, seed);
            (format!("damaged-{seed}.wasm"), bytes, vec!["not loaded"])
        }));
        let mut done = Done {
            misdeeds: files.len() as u64 + 1,
            ..Done::default()
        };
        for (file, bytes, why) in &files {
            fs::write(self.file(file), bytes)?;
            waiting.push((file.clone(), why.clone()));
        }
        fs::File::create(self.file("large.wasm"))?.set_len(LARGE)?;
        waiting.push(("large.wasm".to_owned(), vec!["209715200 bytes"]));
        let patience = Instant::now() + PATIENCE;
        let good = ["clock", "changing-a", "instances", "mischief"];
        self.told(from, waiting, patience, &mut done).await?;
        for (file, _, _) in &files {
            fs::remove_file(self.file(file))?;
        }
        fs::remove_file(self.file("large.wasm"))?;
        let gone = good.map(|name| (name.to_owned(), vec!["removed"])).to_vec();
        self.told(from, gone, patience, &mut done).await?;
        Ok(done)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.plugins().join(name)
    }

    /// Waits for a line for each of these, with these words.
    async fn told(
        &self,
        mut from: u64,
        mut waiting: Vec<(String, Vec<&str>)>,
        patience: Instant,
        done: &mut Done,
    ) -> anyhow::Result<()> {
        while !waiting.is_empty() && Instant::now() < patience {
            // Seldom: whoever waits for it does not want to be part of the load.
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (log, next) = self.home.log_from(from)?;
            from = next;
            let lines: Vec<&str> = log.lines().collect();
            waiting.retain(|(name, words)| {
                !lines
                    .iter()
                    .any(|line| line.contains(name.as_str()) && words.iter().all(|word| line.contains(word)))
            });
        }
        let missing = |(name, words): (String, Vec<&str>)| format!("the log does not tell of {name}: {words:?}");
        done.wrong.extend(waiting.into_iter().map(missing));
        Ok(())
    }

    /// Everything that one plugin does wrong, by one person; in between it does as it should.
    async fn commands(
        &self,
        plugin: &'static str,
        user: &'static str,
        skip: usize,
        over: &AtomicBool,
    ) -> anyhow::Result<Done> {
        let mut place = Place {
            user,
            channel: "#dev",
            thread: None,
        };
        let mut client = self.sim.client();
        place.thread = Some(client.say(&place, "an attack").await?);
        let mut done = Done::default();
        let all: Vec<_> = MISDEEDS.iter().filter(|(whose, ..)| *whose == plugin).collect();
        let least = all.len() * usize::from(self.passes);
        for (number, (_, command, told)) in all.iter().cycle().skip(skip).enumerate() {
            if number >= least && over.load(Ordering::Relaxed) {
                break;
            }
            done.misdeeds += 1;
            let said = ask(&mut client, &place, plugin, command).await?;
            match (told, &said) {
                (Told::Text(text), Some(said)) if said == text => {}
                (Told::Beginning(text), Some(said)) if said.starts_with(text) => {}
                (Told::Fault(_), Some(said)) if said.contains(plugin) && invocations(said).len() == 1 => {
                    let ids = invocations(said);
                    done.told.extend(ids.first().map(|id| (plugin, (*id).to_owned())));
                }
                _ => done
                    .wrong
                    .push(format!("!{plugin}:{command} is answered with {said:?}")),
            }
            let well = client.ask(&place, "!hostile:ok on").await?;
            if well.as_deref() != Some("ok on") {
                done.wrong
                    .push(format!("!ok after !{plugin}:{command} is answered with {well:?}"));
            }
        }
        Ok(done)
    }
}

/// What came of one attacker's doings.
#[derive(Default)]
struct Done {
    misdeeds: u64,
    wrong: Vec<String>,
    /// Faults that were told: plugin and invocation.
    told: Vec<(&'static str, String)>,
}

/// The answer, after what the command floods its conversation with.
async fn ask(client: &mut Client, place: &Place, plugin: &str, command: &str) -> anyhow::Result<Option<String>> {
    let line = format!("!{plugin}:{command}");
    if command != "messages" {
        return client.ask(place, &line).await;
    }
    let said = client.ask_for(place, &line, 4).await?;
    ensure!(
        said.iter().rev().skip(1).all(|text| text.starts_with("flood ")),
        "{line} is answered with {said:?}"
    );
    said.into_iter().next_back().context("no answer to !messages").map(Some)
}
