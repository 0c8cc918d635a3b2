//! What runs by itself: a group's default, and a job at a moment.

use super::*;

#[test]
fn a_default_is_one_of_the_subcommands_and_runs_by_itself() {
    let subcommands = json!([
        {"name": "now", "aliases": ["n"], "args": [{"name": "what", "type": "string", "optional": true}]},
        {"name": "about", "args": [{"name": "what", "type": "string"}]},
        {"name": "wipe", "restricted": true},
        {"name": "stop", "confirm": "self"},
        {"name": "deep", "subcommands": [{"name": "a"}]},
        {"name": "deeper", "default": "a", "subcommands": [{"name": "a"}]},
    ]);
    let with = |default: Value| parse(&with_command(json!({"subcommands": subcommands, "default": default})));
    for good in ["now", "deeper"] {
        let parsed = with(json!(good)).unwrap();
        assert_eq!(parsed.warnings, Vec::<String>::new());
        let command = &parsed.manifest.commands[0];
        assert_eq!(command.default_subcommand().map(|sub| sub.name.as_str()), Some(good));
        let written = serde_json::to_value(&parsed.manifest).unwrap();
        assert_eq!(serde_json::from_value::<Manifest>(written).unwrap(), parsed.manifest);
    }
    for (bad, reason) in [
        (json!("n"), "must be the name of one"),
        (json!("about"), "needs `what`"),
        (json!("wipe"), "restricted or confirmed"),
        (json!("stop"), "restricted or confirmed"),
        (json!("deep"), "no `default` of its own"),
        (json!(1), "a text"),
    ] {
        let error = with(bad).unwrap_err();
        assert!(
            error.contains("`commands[0].default` ") && error.contains(reason),
            "{error}"
        );
    }
    let error = parse(&with_command(json!({"default": "now"}))).unwrap_err();
    assert!(error.contains("must be the name of one"), "{error}");
}

#[test]
fn a_job_on_load_has_no_times() {
    let parsed = parse(&with("jobs", json!([{"id": "follow", "on": "load", "after": "first"}]))).unwrap();
    assert_eq!(parsed.warnings, Vec::<String>::new());
    let job = &parsed.manifest.jobs[0];
    assert_eq!((job.on, job.cron.as_str()), (Some(Moment::Load), ""));
    let written = serde_json::to_value(&parsed.manifest).unwrap();
    assert_eq!(serde_json::from_value::<Manifest>(written).unwrap(), parsed.manifest);
    for (key, value) in [
        ("cron", json!("0 9 * * *")),
        ("rules", json!(["mon 09:00"])),
        ("timezone", json!("UTC")),
        ("except", json!(["12-25"])),
        ("missed", json!("all")),
        ("jitter", json!("5m")),
    ] {
        let error = parse(&with("jobs", json!([{"id": "a", "on": "load", key: value}]))).unwrap_err();
        assert!(
            error.contains(&format!("`jobs[0].{key}` stands beside `on`")),
            "{error}"
        );
    }
    let error = parse(&with("jobs", json!([{"id": "a", "on": "start"}]))).unwrap_err();
    assert!(error.contains("jobs[0].on") && error.contains("load"), "{error}");
    let error = parse(&with("jobs", json!([{"id": "a"}]))).unwrap_err();
    assert!(error.contains("`on`"), "{error}");
}
