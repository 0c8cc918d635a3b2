use super::*;
use std::sync::{Arc, Mutex};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What is written, kept for a look.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(form: Form, filter: &str, say: impl FnOnce()) -> String {
    let kept = Kept::default();
    let to = kept.clone();
    let lines = Lines::new(form, move || Box::new(to.clone()) as Box<dyn Write>);
    let lines = lines.with_filter(levels::Own(EnvFilter::new(filter)));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), say);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn around(say: impl FnOnce()) {
    let identity = Identity("slack/T1/C1/1.2".into());
    let span = tracing::info_span!("event", trace = trace(&identity), conversation = "C1");
    span.in_scope(|| call("lunch", "0123", "abcd").in_scope(say));
}

#[test]
fn a_line_tells_what_it_is_about_once_in_each_form() {
    let say = || around(|| tracing::warn!(plugin = "lunch", seconds = 3, ok = true, "a message \"waits\"\nlong"));
    let human = logged(Form::Human { color: false }, "info", say);
    let (_, rest) = human.split_once(' ').unwrap();
    assert_eq!(
        rest,
        format!(
            " WARN a message \"waits\"\n    long plugin=\"lunch\" seconds=3 ok=true version=\"0123\" invocation=\"abcd\" trace=\"{}\" conversation=\"C1\"\n",
            trace(&Identity("slack/T1/C1/1.2".into()))
        )
    );
    let json = logged(Form::Json, "info", say);
    let line: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.lines().count(), 1);
    for (name, value) in [
        ("level", serde_json::json!("warn")),
        ("message", serde_json::json!("a message \"waits\"\nlong")),
        ("plugin", serde_json::json!("lunch")),
        ("version", serde_json::json!("0123")),
        ("invocation", serde_json::json!("abcd")),
        ("conversation", serde_json::json!("C1")),
        ("seconds", serde_json::json!(3)),
        ("ok", serde_json::json!(true)),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line["trace"].as_str().unwrap().len(), 16);
}

#[test]
fn plugins_have_levels_of_their_own_while_the_host_runs() {
    let say = || {
        for plugin in ["loud-one", "other-one"] {
            tracing::debug!(target: "plugin", plugin, "details");
            tracing::info!(target: "plugin", plugin, "news");
            tracing::error!(plugin, "it trapped");
        }
        tracing::info!("of no plugin");
    };
    let heard = || {
        let json = logged(Form::Json, "info", say);
        let lines = json
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let words = lines.map(|line| {
            format!(
                "{} {}",
                line["plugin"].as_str().unwrap_or("-"),
                line["message"].as_str().unwrap()
            )
        });
        words.collect::<Vec<_>>()
    };
    let usual = [
        "loud-one news",
        "loud-one it trapped",
        "other-one news",
        "other-one it trapped",
        "- of no plugin",
    ];
    assert_eq!(heard(), usual);
    levels::set("loud-one", Some(Level::Debug));
    levels::set("other-one", Some(Level::Off));
    assert_eq!(
        heard(),
        [
            "loud-one details",
            "loud-one news",
            "loud-one it trapped",
            "- of no plugin"
        ]
    );
    levels::set("loud-one", None);
    levels::set("other-one", None);
    assert_eq!(heard(), usual);
}

#[test]
fn a_trace_is_the_same_for_ever() {
    assert_eq!(trace(&Identity(String::new())), "cbf29ce484222325");
    assert_eq!(trace(&Identity("a".into())), "af63dc4c8601ec8c");
}
