//! The text that Prometheus reads (exposition format 0.0.4).

use super::families::{self as f, Family, Kind};
use super::number::{Histogram, Row};
use super::plugin::{KINDS, Meters, OTHER};
use super::{process, slack, store};
use crate::schedule::JobState;
use crate::sight::{PluginState, Sight};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// What the text is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text, as it is written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Begins a family.
    fn family(&mut self, family: Family) -> Rows<'_> {
        let _ = writeln!(self.text, "# HELP {} {}", family.name, family.help);
        let _ = writeln!(self.text, "# TYPE {} {}", family.name, family.kind.name());
        Rows {
            text: &mut self.text,
            family,
        }
    }

    /// A family of one number, if it is known.
    fn one(&mut self, family: Family, value: impl Into<Option<f64>>) {
        if let Some(value) = value.into() {
            self.family(family).put(&[], value);
        }
    }

    /// A family of one histogram.
    fn times(&mut self, family: Family, times: &Histogram) {
        self.family(family).times(&[], times);
    }

    /// A family with a number for each name.
    fn row<const N: usize>(&mut self, family: Family, row: &Row<N>) {
        let mut rows = self.family(family);
        for (name, count) in row.each() {
            rows.put(&[name], count as f64);
        }
    }
}

/// The numbers of a family.
struct Rows<'a> {
    text: &'a mut String,
    family: Family,
}

impl Rows<'_> {
    fn put(&mut self, labels: &[&str], value: f64) {
        self.line("", labels, None, value);
    }

    fn times(&mut self, labels: &[&str], times: &Histogram) {
        debug_assert_eq!(self.family.kind, Kind::Histogram);
        let mut counted = 0;
        for (end, count) in times.up_to() {
            counted = count;
            self.line("_bucket", labels, Some(&(end as f64 / 1e6).to_string()), count as f64);
        }
        // Counted while it is read: never fewer than in the steps.
        let count = times.count().max(counted);
        self.line("_bucket", labels, Some("+Inf"), count as f64);
        self.line("_sum", labels, None, times.seconds());
        self.line("_count", labels, None, count as f64);
    }

    fn line(&mut self, part: &str, labels: &[&str], end: Option<&str>, value: f64) {
        self.text.push_str(self.family.name);
        self.text.push_str(part);
        let named = self.family.labels.iter().copied().zip(labels.iter().copied());
        let mut mark = '{';
        for (name, value) in named.chain(end.map(|end| ("le", end))) {
            let _ = write!(self.text, "{mark}{name}=\"{}\"", Escaped(value));
            mark = ',';
        }
        if mark == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// All numbers of this process and of the host in it.
pub async fn of(sight: &Sight) -> String {
    let mut page = Page::default();
    let sample = sight.sample().await;
    page.family(f::BUILD)
        .put(&[env!("CARGO_PKG_VERSION"), moa_engine::CONTRACT_VERSIONS], 1.0);
    page.one(f::READY, truth(sight.reasons(&sample).is_empty()));
    page.one(f::LATENESS, sight.health().lateness().as_secs_f64());
    events(&mut page);
    plugins(&mut page, sight);
    page.one(f::JOURNAL_OPEN, sample.open.map(|open| open as f64));
    let oldest = sample
        .open
        .map(|_| sample.oldest_age().unwrap_or_default().as_secs_f64());
    page.one(f::JOURNAL_OLDEST, oldest);
    page.one(f::STORE_UP, truth(sample.store.is_ok()));
    page.one(f::STORE_BYTES, sample.store_bytes.map(|bytes| bytes as f64));
    stores(&mut page);
    page.row(f::NOT_SAMPLED, &super::NOT_SAMPLED);
    brains(&mut page, sight).await;
    messages(&mut page);
    links(&mut page);
    jobs(&mut page, sight);
    page.row(f::WEBHOOKS, &super::WEBHOOKS);
    page.one(f::CACHE_FILES, sample.cache.map(|(files, _)| files as f64));
    page.one(f::CACHE_BYTES, sample.cache.map(|(_, bytes)| bytes as f64));
    page.row(f::LOG_LINES, &super::LOG_LINES);
    system(&mut page);
    page.text
}

fn truth(truth: bool) -> f64 {
    if truth { 1.0 } else { 0.0 }
}

fn events(page: &mut Page) {
    page.row(f::RECEIVED, &super::RECEIVED);
    let mut rows = page.family(f::EVENTS);
    for (service, row) in super::SERVICES.iter().zip(&super::EVENTS) {
        for (result, count) in row.each() {
            rows.put(&[service, result], count as f64);
        }
    }
    page.one(f::RESUMED, super::RESUMED.get() as f64);
    page.one(f::OWN, super::OWN.get() as f64);
    let mut rows = page.family(f::STAGES);
    for (stage, times) in [
        ("queue", &super::QUEUE),
        ("call", &super::CALL),
        ("commit", &super::COMMIT),
        ("post", &super::POST),
    ] {
        rows.times(&[stage], times);
    }
}

fn plugins(page: &mut Page, sight: &Sight) {
    let states = sight.plugin_states();
    // Also of what was never called: a counter that begins at 1 has grown for nobody who looks at how it grows.
    states
        .keys()
        .take(super::plugin::MOST)
        .for_each(|name| drop(super::plugin::of(name)));
    let counted: Vec<(String, std::sync::Arc<Meters>)> = super::plugin::all()
        .into_iter()
        // What is not there any more has no label.
        .filter(|(name, _)| name == OTHER || states.contains_key(name))
        .collect();
    let shown: Vec<(&String, &PluginState)> = states.iter().take(super::plugin::MOST).collect();
    let mut rows = page.family(f::CALLS);
    for (plugin, meters) in &counted {
        for (kind, row) in KINDS.iter().zip(&meters.calls) {
            for (result, count) in row.each().filter(|(_, count)| *count > 0) {
                rows.put(&[plugin, kind, result], count as f64);
            }
        }
    }
    counts(page, f::RETRIES, &counted, |meters| meters.retries.get() as f64);
    all(page, f::FAULTS, &counted, |meters| &meters.faults);
    all(page, f::TURNED_AWAY, &counted, |meters| &meters.turned_away);
    some(page, f::HTTP, &counted, |meters| &meters.http);
    some(page, f::SQL, &counted, |meters| &meters.sql);
    some(page, f::OBJECTS, &counted, |meters| &meters.objects);
    counts(page, f::CPU, &counted, |meters| meters.cpu.get() as f64 / 1e6);
    let mut rows = page.family(f::ANSWERS);
    for (plugin, meters) in counted.iter().filter(|(_, meters)| meters.answers.count() > 0) {
        rows.times(&[plugin], &meters.answers);
    }
    let mut rows = page.family(f::MEMORY);
    for (plugin, state) in &shown {
        rows.put(&[plugin], state.memory_peak as f64);
    }
    let mut rows = page.family(f::STATE);
    for (plugin, state) in &shown {
        rows.put(&[plugin, state.state], 1.0);
    }
    let mut rows = page.family(f::PLUGINS);
    for name in ["serving", "resting", "stopped"] {
        let many = states.values().filter(|state| state.state == name).count();
        rows.put(&[name], many as f64);
    }
    rows.put(&["broken"], sight.broken().len() as f64);
    page.row(f::LOADS, &super::LOADS);
    page.one(f::LOAD_FAILURES, super::LOAD_FAILURES.get() as f64);
    let loads = sight.loads();
    let load = |plugin: &str| loads.get(plugin).copied().unwrap_or_default();
    let mut rows = page.family(f::WAITING);
    for (plugin, _) in &shown {
        rows.put(&[plugin], load(plugin).waiting as f64);
    }
    let mut rows = page.family(f::RUNNING);
    for (plugin, _) in &shown {
        rows.put(&[plugin], load(plugin).running as f64);
    }
    let in_flight: usize = loads.values().map(|load| load.waiting + load.running).sum();
    page.one(f::IN_FLIGHT, in_flight as f64);
}

fn counts(
    page: &mut Page,
    family: Family,
    counted: &[(String, std::sync::Arc<Meters>)],
    count: impl Fn(&Meters) -> f64,
) {
    let mut rows = page.family(family);
    for (plugin, meters) in counted {
        rows.put(&[plugin], count(meters));
    }
}

/// What can happen, also what never did.
fn all<const N: usize>(
    page: &mut Page,
    family: Family,
    counted: &[(String, std::sync::Arc<Meters>)],
    row: impl Fn(&Meters) -> &Row<N>,
) {
    let mut rows = page.family(family);
    for (plugin, meters) in counted {
        for (name, count) in row(meters).each() {
            rows.put(&[plugin, name], count as f64);
        }
    }
}

/// What happened at all.
fn some<const N: usize>(
    page: &mut Page,
    family: Family,
    counted: &[(String, std::sync::Arc<Meters>)],
    row: impl Fn(&Meters) -> &Row<N>,
) {
    let mut rows = page.family(family);
    for (plugin, meters) in counted {
        for (name, count) in row(meters).each().filter(|(_, count)| *count > 0) {
            rows.put(&[plugin, name], count as f64);
        }
    }
}

fn stores(page: &mut Page) {
    let mut rows = page.family(f::STORE_TIMES);
    for (operation, times) in store::OPERATIONS.iter().zip(&store::TIMES) {
        rows.times(&[operation], times);
    }
    let mut rows = page.family(f::STORE_FAILURES);
    for (operation, count) in store::OPERATIONS.iter().zip(&store::FAILURES) {
        rows.put(&[operation], count.get() as f64);
    }
}

async fn brains(page: &mut Page, sight: &Sight) {
    let states = sight.plugin_states();
    let mut shown: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for usage in sight.brains().await.iter() {
        let known = states.contains_key(&usage.holder) || usage.holder == moa_store::SHARED_HOLDER;
        let name = match known && shown.len() < super::plugin::MOST {
            true => usage.holder.clone(),
            false => OTHER.to_owned(),
        };
        let (keys, bytes) = shown.entry(name).or_default();
        *keys += usage.keys;
        *bytes += usage.bytes;
    }
    let mut rows = page.family(f::BRAIN_BYTES);
    for (plugin, (_, bytes)) in &shown {
        rows.put(&[plugin], *bytes as f64);
    }
    let mut rows = page.family(f::BRAIN_KEYS);
    for (plugin, (keys, _)) in &shown {
        rows.put(&[plugin], *keys as f64);
    }
}

fn messages(page: &mut Page) {
    page.row(f::MESSAGES, &super::MESSAGES);
    page.row(f::AGAIN, &super::AGAIN);
    page.one(f::FOUND, super::FOUND.get() as f64);
}

fn links(page: &mut Page) {
    let open = slack::open();
    page.one(f::LINKS, open.len() as f64);
    page.one(f::CONNECTED, slack::CONNECTED.get() as f64);
    page.one(f::ENDED, slack::ENDED.get() as f64);
    let silence = open.iter().map(slack::Link::silent).min();
    page.one(f::SILENCE, silence.as_ref().map(Duration::as_secs_f64));
    page.one(f::PINGS, slack::PINGS.get() as f64);
    page.times(f::ROUND_TRIPS, &slack::ROUND_TRIPS);
    page.one(f::ENVELOPES, slack::ENVELOPES.get() as f64);
    page.row(f::SLACK_CALLS, &slack::CALLS);
    page.times(f::SLACK_TIMES, &slack::CALL_TIMES);
}

fn jobs(page: &mut Page, sight: &Sight) {
    page.row(f::JOBS, &super::JOBS);
    page.one(f::MISSED, super::MISSED.get() as f64);
    page.times(f::LATE, &super::LATE);
    let rows = sight.jobs();
    let mut family = page.family(f::JOB_STATES);
    for (name, state) in [
        ("waiting", JobState::Waiting),
        ("running", JobState::Running),
        ("paused", JobState::Paused),
        ("idle", JobState::Idle),
        ("broken", JobState::Broken),
    ] {
        let many = rows.iter().filter(|row| row.state == state).count();
        family.put(&[name], many as f64);
    }
}

fn system(page: &mut Page) {
    let usage = process::usage();
    let number = |number: Option<u64>| number.map(|number| number as f64);
    let since = process::started().duration_since(UNIX_EPOCH).ok();
    page.one(f::STARTED, since.as_ref().map(Duration::as_secs_f64));
    page.one(f::RESIDENT, number(usage.resident));
    page.one(f::RESIDENT_PEAK, number(usage.resident_peak));
    page.one(f::PROCESS_CPU, usage.cpu.as_ref().map(Duration::as_secs_f64));
    page.one(f::FILES, number(usage.files));
    page.one(f::MOST_FILES, number(usage.most_files));
    page.one(f::THREADS, number(usage.threads));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let mut page = Page::default();
        page.one(f::LINKS, 2.0);
        page.one(f::STORE_BYTES, None);
        let odd = Row::new(["a\"b\\c\nd"]);
        odd.add(0);
        page.row(f::MESSAGES, &odd);
        let times = Histogram::new();
        times.took(Duration::from_micros(250));
        times.took(Duration::from_secs(60));
        page.family(f::STAGES).times(&["call"], &times);
        let text = page.text;
        assert!(text.starts_with(
            "# HELP moa_slack_connections Websockets to Slack that are open.\n# TYPE moa_slack_connections gauge\nmoa_slack_connections 2\n"
        ));
        assert!(!text.contains("moa_store_bytes"));
        assert!(
            text.contains("moa_messages_total{result=\"a\\\"b\\\\c\\nd\"} 1\n"),
            "{text}"
        );
        for line in [
            "moa_stage_seconds_bucket{stage=\"call\",le=\"0.0001\"} 0",
            "moa_stage_seconds_bucket{stage=\"call\",le=\"0.00025\"} 1",
            "moa_stage_seconds_bucket{stage=\"call\",le=\"30\"} 1",
            "moa_stage_seconds_bucket{stage=\"call\",le=\"+Inf\"} 2",
            "moa_stage_seconds_sum{stage=\"call\"} 60.00025",
            "moa_stage_seconds_count{stage=\"call\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
