//! What many plugins cost: how long they take to load, and what each of them holds while nobody asks it anything.

use crate::bot::{Build, FILE, Home, Kind};
use crate::load::general;
use crate::measure::{REST, milliseconds};
use crate::process::Process;
use crate::sim::Sim;
use anyhow::{Context, bail, ensure};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// Compiling thousands takes minutes.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Between two looks at the log.
const GLANCE: Duration = Duration::from_millis(5);
/// The text in the fixture where each plugin gets a name of its own, and the texts that take its place.
const NAME: &str = "plugin-0000";
/// What a plugin may hold while it is idle, in KB (a thousand bytes).
const BUDGET: f64 = 100.0;

/// One start.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    /// From the start of the process until all plugins answer, in milliseconds.
    pub all_answer: f64,
    /// Beyond what the same host takes without any, for each plugin, in milliseconds.
    pub each: f64,
    /// Memory of its own that each plugin holds two seconds later, beyond that host's, in KB.
    pub own_each: f64,
    /// The same with the pages of compiled code that are mapped from its file, which the system can drop at any time.
    pub mapped_each: f64,
    /// Open files, beyond that host's.
    pub files: usize,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Many {
    /// How many plugins.
    pub plugins: u16,
    /// Bytes of each file.
    pub bytes: usize,
    /// Nothing was compiled yet.
    pub cold: Start,
    /// All compiled code was there.
    pub warm: Start,
    /// From a command to its answer, of plugins that were never asked before, median in milliseconds.
    pub first_answer: f64,
}

impl Many {
    /// As a Markdown table.
    pub fn table(&self) -> String {
        let Self { cold, warm, .. } = self;
        let kept = |value: f64| if value <= BUDGET { "yes" } else { "**no**" };
        let rows = [
            format!(
                "| start → all {} answer | {:.1} s | {:.2} s | | |",
                self.plugins,
                cold.all_answer / 1e3,
                warm.all_answer / 1e3
            ),
            format!(
                "| each plugin of that | {:.1} ms | {:.2} ms | | |",
                cold.each, warm.each
            ),
            format!(
                "| memory of each, idle | {:.0} KB | {:.0} KB | ≤ {BUDGET:.0} KB | {} |",
                cold.own_each,
                warm.own_each,
                kept(cold.own_each.max(warm.own_each))
            ),
            format!(
                "| the same with mapped compiled code | {:.0} KB | {:.0} KB | | |",
                cold.mapped_each, warm.mapped_each
            ),
            format!("| open files | {} | {} | | |", cold.files, warm.files),
        ];
        format!(
            "| what | cache empty | cache full | budget | kept |\n|---|---|---|---|---|\n{}\n\n{} plugins of {} bytes; first \
             answer of one that was never asked: {:.2} ms (median)",
            rows.join("\n"),
            self.plugins,
            self.bytes,
            self.first_answer
        )
    }
}

/// What a host holds and how long it took to start.
struct Host {
    all_answer: f64,
    own: f64,
    memory: f64,
    files: usize,
}

impl Host {
    fn beside(&self, none: &Self, plugins: u16) -> Start {
        let each = |mine: f64, others: f64| (mine - others) / f64::from(plugins);
        Start {
            all_answer: self.all_answer,
            each: each(self.all_answer, none.all_answer),
            own_each: each(self.own, none.own) * 1e3,
            mapped_each: each(self.memory, none.memory) * 1e3,
            files: self.files.saturating_sub(none.files),
        }
    }
}

/// Measures a host without plugins, which the build has none of, then one with so many, started twice.
pub async fn measure(build: &Build, plugins: u16) -> anyhow::Result<Many> {
    let fixture = std::fs::read(moa_test_guests::fixture("edition"))?;
    let mut sim = Sim::start()?;
    let home = Home::new(Kind::Moa, build, &sim.address, FILE)?;
    let measured = async {
        // The first start makes the data.
        start(&mut sim, &home, 0).await?.0.stop().await?;
        let (process, none) = start(&mut sim, &home, 0).await?;
        process.stop().await?;
        for number in 0..plugins {
            write(&home.plugins(), &fixture, &name(number))?;
        }
        let (process, cold) = start(&mut sim, &home, plugins).await?;
        process.stop().await?;
        let (process, warm) = start(&mut sim, &home, plugins).await?;
        let first_answer = first_answers(&sim, plugins).await?;
        process.stop().await?;
        anyhow::Ok(Many {
            plugins,
            bytes: fixture.len(),
            cold: cold.beside(&none, plugins),
            warm: warm.beside(&none, plugins),
            first_answer,
        })
    };
    measured
        .await
        .with_context(|| format!("the run failed; Moa wrote:\n{}", home.last_words()))
}

fn name(number: u16) -> String {
    format!("plugin-{number:04}")
}

/// The fixture under a name of its own.
fn write(folder: &Path, fixture: &[u8], name: &str) -> anyhow::Result<()> {
    let mut bytes = fixture.to_vec();
    let places = bytes.windows(NAME.len()).enumerate();
    let places: Vec<usize> = places
        .filter_map(|(at, part)| (part == NAME.as_bytes()).then_some(at))
        .collect();
    ensure!(!places.is_empty(), "the fixture has no name");
    for at in places {
        if let Some(place) = bytes.get_mut(at..at + NAME.len()) {
            place.copy_from_slice(name.as_bytes());
        }
    }
    Ok(std::fs::write(folder.join(name).with_extension("wasm"), bytes)?)
}

async fn start(sim: &mut Sim, home: &Home, plugins: u16) -> anyhow::Result<(Process, Host)> {
    sim.catch_up().await?;
    let from = home.log().len();
    let said = format!("{plugins} plugins answer");
    let begun = Instant::now();
    let mut process = home.start()?;
    while !home.log().get(from..).unwrap_or_default().contains(&said) {
        ensure!(process.is_up()?, "Moa ended");
        if begun.elapsed() > PATIENCE {
            bail!("{plugins} plugins are not loaded after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(GLANCE).await;
    }
    let all_answer = milliseconds(begun);
    sim.connected().await?;
    tokio::time::sleep(REST).await;
    let host = Host {
        all_answer,
        own: process.own_memory()?,
        memory: process.memory()?,
        files: process.open_files()?,
    };
    Ok((process, host))
}

/// Asks up to a hundred of them, each for the first time.
async fn first_answers(sim: &Sim, plugins: u16) -> anyhow::Result<f64> {
    let mut client = sim.client();
    let mut times = Vec::new();
    for number in (0..plugins).step_by(usize::from(plugins.div_ceil(100))) {
        let begun = Instant::now();
        let reply = client.ask(&general(), &format!("!{} hello", name(number))).await?;
        times.push(milliseconds(begun));
        ensure!(
            reply.as_deref() == Some("edition-0000 hello"),
            "{} answers {reply:?}",
            name(number)
        );
    }
    Ok(crate::measure::median(&mut times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_plugin_costs_is_what_a_host_without_any_does_not() {
        let none = Host {
            all_answer: 10.0,
            own: 4.0,
            memory: 30.0,
            files: 20,
        };
        let many = Host {
            all_answer: 1010.0,
            own: 104.0,
            memory: 230.0,
            files: 1020,
        };
        let start = many.beside(&none, 1000);
        assert_eq!((start.each, start.own_each, start.mapped_each), (1.0, 100.0, 200.0));
        assert_eq!(start.files, 1000);
        let many = Many {
            plugins: 1000,
            bytes: 7,
            cold: start.clone(),
            warm: start,
            first_answer: 0.5,
        };
        assert!(
            many.table()
                .contains("| memory of each, idle | 100 KB | 100 KB | ≤ 100 KB | yes |")
        );
    }

    #[test]
    fn each_plugin_is_the_fixture_under_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), b"--plugin-0000--", "plugin-0042").unwrap();
        let written = std::fs::read(folder.path().join("plugin-0042.wasm")).unwrap();
        assert_eq!(written, b"--plugin-0042--");
        assert!(write(folder.path(), b"something else", "plugin-0042").is_err());
    }
}
