//! The last lines of every plugin's log, in memory: what plugins say, and what the host says of their calls.
//!
//! A line comes in as a `tracing` event that names a plugin, whatever the level that the process logs at. Each plugin has
//! a ring of its own, so that one that floods its log pushes out nobody else's lines; all together have a bound too.

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::registry::Snapshot;

/// What of one plugin is kept, in bytes.
const OF_ONE: usize = 128 << 10;
/// What of all plugins is kept, in bytes.
const OF_ALL: usize = 4 << 20;
/// The longest text that is kept whole, in bytes.
const LONGEST: usize = 8 << 10;
/// What a line takes beside its text, about: five texts that are allocated each by itself, and its place in the ring.
const OVERHEAD: usize = 360;
/// Lines that are handed out at once.
const PAGE: usize = 256;
/// The target of what plugins say themselves.
const PLUGIN: &str = "plugin";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, RFC 3339.
    pub time: Timestamp,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The plugin.
    pub plugin: String,
    /// The first characters of its version; nothing where no version is loaded.
    pub version: String,
    /// The call; nothing for what is about no call.
    pub invocation: String,
    /// Whether the plugin says it (and not the host, of the plugin).
    pub own: bool,
    /// What is said. May have several lines.
    pub text: String,
}

impl LogLine {
    fn weight(&self) -> usize {
        self.text.len() + OVERHEAD
    }
}

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those of this plugin alone.
    pub plugin: Option<String>,
    /// Those of calls whose id begins so.
    pub invocation: Option<String>,
    /// Those that are at least so grave.
    pub level: Option<Level>,
    /// Those that have this in them, in whatever case.
    pub grep: Option<String>,
    /// Those from then on.
    pub since: Option<Timestamp>,
}

impl Wanted {
    fn fits(&self, line: &LogLine) -> bool {
        let plugin = self.plugin.as_ref().is_none_or(|plugin| line.plugin == *plugin);
        let of_call = |wanted: &String| !line.invocation.is_empty() && line.invocation.starts_with(wanted.as_str());
        let is_grave = |least: &Level| line.level.parse::<Level>().is_ok_and(|level| level <= *least);
        let has = |text: &String| line.text.to_lowercase().contains(&text.to_lowercase());
        plugin
            && self.invocation.as_ref().is_none_or(of_call)
            && self.level.as_ref().is_none_or(is_grave)
            && self.since.is_none_or(|since| line.time >= since)
            && self.grep.as_ref().is_none_or(has)
    }
}

/// The lines of all plugins.
#[derive(Debug)]
pub struct Logs {
    rings: Mutex<Rings>,
    /// The number of the latest line.
    latest: watch::Sender<u64>,
    /// Tells which version a plugin is, where a line does not.
    plugins: OnceLock<Arc<ArcSwap<Snapshot>>>,
}

#[derive(Debug, Default)]
struct Rings {
    by_plugin: HashMap<String, Ring>,
    bytes: usize,
    number: u64,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<(u64, Arc<LogLine>)>,
    bytes: usize,
}

impl Ring {
    fn drop_oldest(&mut self) -> usize {
        let freed = self.lines.pop_front().map_or(0, |(_, line)| line.weight());
        self.bytes -= freed.min(self.bytes);
        freed
    }
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            rings: Mutex::default(),
            latest: watch::channel(0).0,
            plugins: OnceLock::new(),
        }
    }
}

impl Logs {
    /// The plugins are being loaded: from now on lines tell which version they are of.
    pub fn know(&self, plugins: Arc<ArcSwap<Snapshot>>) {
        // Once, at the start.
        let _ = self.plugins.set(plugins);
    }

    /// Adds a line.
    pub fn add(&self, mut line: LogLine) {
        if line.text.len() > LONGEST {
            line.text.truncate(line.text.floor_char_boundary(LONGEST));
            line.text.push('…');
        }
        if line.version.is_empty()
            && let Some(plugins) = self.plugins.get()
        {
            let plugins = plugins.load();
            let known = plugins
                .plugins
                .get(&line.plugin)
                .or_else(|| plugins.stopped.get(&line.plugin));
            line.version = known.map(|known| known.short_version().to_owned()).unwrap_or_default();
        }
        let number = {
            let mut rings = self.rings();
            rings.add(line);
            rings.number
        };
        self.latest.send_replace(number);
    }

    /// The last so many lines that are wanted, the oldest first, and the number to go on behind.
    pub fn last(&self, wanted: &Wanted, lines: usize) -> (Vec<Arc<LogLine>>, u64) {
        let rings = self.rings();
        let mut found = rings.behind(wanted, 0);
        let skipped = found.len().saturating_sub(lines);
        let last = found.drain(..).skip(skipped).map(|(_, line)| line).collect();
        (last, rings.number)
    }

    /// Some wanted lines behind this number, and the number to go on behind.
    pub fn behind(&self, wanted: &Wanted, number: u64) -> (Vec<Arc<LogLine>>, u64) {
        let rings = self.rings();
        let mut found = rings.behind(wanted, number);
        let next = match found.get(PAGE - 1) {
            Some((last, _)) if found.len() > PAGE => *last,
            _ => rings.number,
        };
        found.truncate(PAGE);
        (found.into_iter().map(|(_, line)| line).collect(), next)
    }

    /// Tells when there are further lines: the number of the latest.
    pub fn latest(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// Lines are added whole; a panic elsewhere leaves them as they are.
    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
    fn add(&mut self, line: LogLine) {
        self.number += 1;
        let weight = line.weight();
        let ring = match self.by_plugin.get_mut(&line.plugin) {
            Some(ring) => ring,
            None => self.by_plugin.entry(line.plugin.clone()).or_default(),
        };
        ring.lines.push_back((self.number, Arc::new(line)));
        ring.bytes += weight;
        self.bytes += weight;
        while ring.bytes > OF_ONE {
            self.bytes -= ring.drop_oldest();
        }
        while self.bytes > OF_ALL {
            // Whoever has most gives.
            let fullest = self.by_plugin.values_mut().max_by_key(|ring| ring.bytes);
            let freed = fullest.map_or(0, Ring::drop_oldest);
            if freed == 0 {
                break;
            }
            self.bytes -= freed;
        }
    }

    fn behind(&self, wanted: &Wanted, number: u64) -> Vec<(u64, Arc<LogLine>)> {
        let rings: Vec<&Ring> = match &wanted.plugin {
            Some(plugin) => self.by_plugin.get(plugin).into_iter().collect(),
            None => self.by_plugin.values().collect(),
        };
        let mut found: Vec<(u64, Arc<LogLine>)> = rings
            .into_iter()
            .flat_map(|ring| {
                let from = ring.lines.partition_point(|(at, _)| *at <= number);
                ring.lines.range(from..)
            })
            .filter(|(_, line)| wanted.fits(line))
            .cloned()
            .collect();
        found.sort_unstable_by_key(|(at, _)| *at);
        found
    }
}

/// Takes the lines about plugins from the log of this process.
pub fn layer<S>(logs: &Arc<Logs>) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Tap(Arc::clone(logs)).with_filter(filter_fn(is_kept).with_max_level_hint(LevelFilter::DEBUG))
}

/// What plugins say, but for their finest details; of the host what is worth a line in its own log.
fn is_kept(line: &Metadata<'_>) -> bool {
    let most = match line.target() {
        PLUGIN => Level::DEBUG,
        _ => Level::INFO,
    };
    *line.level() <= most && line.fields().field("plugin").is_some()
}

struct Tap(Arc<Logs>);

impl<S: Subscriber> Layer<S> for Tap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.add(LogLine {
            time: Timestamp::now(),
            level: metadata.level().as_str().to_lowercase(),
            plugin: fields.plugin,
            version: crate::registry::snapshot::short(&fields.version).to_owned(),
            invocation: fields.invocation,
            own: metadata.target() == PLUGIN,
            text: fields.text + &fields.more,
        });
    }
}

#[derive(Default)]
struct Fields {
    plugin: String,
    version: String,
    invocation: String,
    text: String,
    /// What is to stand behind the text.
    more: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "plugin" => value.clone_into(&mut self.plugin),
            "version" => value.clone_into(&mut self.version),
            "invocation" => value.clone_into(&mut self.invocation),
            "message" => value.clone_into(&mut self.text),
            // The call says the same.
            "trace" => {}
            name => self.more.push_str(&format!(" {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    fn line(plugin: &str, invocation: &str, text: &str) -> LogLine {
        LogLine {
            time: Timestamp::UNIX_EPOCH,
            level: "info".into(),
            plugin: plugin.into(),
            version: String::new(),
            invocation: invocation.into(),
            own: true,
            text: text.into(),
        }
    }

    fn texts(lines: &[Arc<LogLine>]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    fn of(plugin: &str) -> Wanted {
        Wanted {
            plugin: Some(plugin.into()),
            ..Wanted::default()
        }
    }

    #[test]
    fn the_log_of_the_process_is_tapped_at_every_level_that_matters() {
        let logs = Arc::<Logs>::default();
        let log = tracing_subscriber::registry().with(layer(&logs));
        tracing::subscriber::with_default(log, || {
            let (plugin, invocation, version) = ("hello", "abc", "0123456789abcdef");
            tracing::debug!(target: "plugin", plugin, invocation, version, "counted to {}", 3);
            tracing::trace!(target: "plugin", plugin, invocation, "its finest details");
            tracing::error!(plugin = %plugin, invocation = %invocation, blame = "plugin", "it trapped");
            tracing::debug!(plugin, invocation, "details of the host");
            tracing::error!("not about a plugin");
        });
        let (lines, _) = logs.last(&Wanted::default(), 10);
        assert_eq!(texts(&lines), ["counted to 3", "it trapped blame=plugin"]);
        let own = &lines[0];
        assert_eq!(
            (
                own.plugin.as_str(),
                own.version.as_str(),
                own.invocation.as_str(),
                own.level.as_str(),
                own.own
            ),
            ("hello", "0123456789ab", "abc", "debug", true)
        );
        assert!(!lines[1].own && lines[1].version.is_empty());
    }

    #[test]
    fn lines_are_found_by_level_text_and_time() {
        let logs = Logs::default();
        logs.add(line("a", "1", "Counted to three"));
        logs.add(LogLine {
            level: "error".into(),
            time: "2026-01-01T00:00:00Z".parse().unwrap(),
            ..line("a", "1", "it broke")
        });
        let found = |wanted: Wanted| texts(&logs.last(&wanted, 9).0).join(",");
        let wanted = Wanted::default;
        let grave = Some(Level::WARN);
        assert_eq!(
            found(Wanted {
                level: grave,
                ..wanted()
            }),
            "it broke"
        );
        let level = Some(Level::INFO);
        assert_eq!(found(Wanted { level, ..wanted() }), "Counted to three,it broke");
        let grep = Some("COUNTED".into());
        assert_eq!(found(Wanted { grep, ..wanted() }), "Counted to three");
        let since = "2025-01-01T00:00:00Z".parse().ok();
        assert_eq!(found(Wanted { since, ..wanted() }), "it broke");
    }

    #[test]
    fn who_floods_pushes_out_its_own_lines() {
        let logs = Logs::default();
        logs.add(line("quiet", "1", "still here"));
        for n in 0..3_000 {
            logs.add(line("loud", "2", &format!("{n} {}", "x".repeat(1_000))));
        }
        logs.add(line("loud", "2", &"가".repeat(LONGEST)));
        assert_eq!(texts(&logs.last(&of("quiet"), 9).0), ["still here"]);
        let (loud, _) = logs.last(&of("loud"), usize::MAX);
        assert!(loud.iter().map(|line| line.weight()).sum::<usize>() <= OF_ONE);
        let oldest: usize = loud[0].text.split(' ').next().unwrap().parse().unwrap();
        assert!(oldest + loud.len() >= 3_000 && loud.len() > 50, "{oldest}");
        assert!(loud.last().unwrap().text.len() <= LONGEST + 3);
    }

    #[test]
    fn all_together_have_a_bound() {
        let logs = Logs::default();
        let many = OF_ALL / OF_ONE + 40;
        for n in 0..many {
            for _ in 0..20 {
                logs.add(line(&format!("p{n}"), "", &"x".repeat(7_000)));
            }
        }
        let rings = logs.rings();
        assert!(rings.bytes <= OF_ALL, "{}", rings.bytes);
        let counted: usize = rings.by_plugin.values().map(|ring| ring.bytes).sum();
        assert_eq!(counted, rings.bytes);
        assert!(rings.by_plugin.values().all(|ring| ring.lines.len() > 5));
    }

    #[tokio::test]
    async fn lines_are_found_by_plugin_and_call_and_followed_without_a_gap() {
        let logs = Logs::default();
        logs.add(line("a", "f00d1", "one"));
        logs.add(line("b", "beef2", "two"));
        logs.add(line("a", "f00d1", "three"));
        logs.add(line("a", "", "of no call"));
        assert_eq!(
            texts(&logs.last(&Wanted::default(), 3).0),
            ["two", "three", "of no call"]
        );
        let call = Wanted {
            invocation: Some("f00d".into()),
            ..Wanted::default()
        };
        let (lines, from) = logs.last(&call, 10);
        assert_eq!(texts(&lines), ["one", "three"]);

        let mut latest = logs.latest();
        latest.mark_unchanged();
        for n in 0..PAGE + 20 {
            logs.add(line("a", "f00d1", &n.to_string()));
        }
        latest.changed().await.unwrap();
        let (first, next) = logs.behind(&call, from);
        let (second, end) = logs.behind(&call, next);
        assert_eq!((first.len(), second.len()), (PAGE, 20));
        assert_eq!((first[0].text.as_str(), second[19].text.as_str()), ("0", "275"));
        assert!(logs.behind(&call, end).0.is_empty());
    }
}
