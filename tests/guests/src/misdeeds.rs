//! What the commands of the fixtures `hostile` and `intruder` do wrong, and what comes of it.

/// What a person is told of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Exactly this.
    Text(&'static str),
    /// A text that begins like this.
    Beginning(&'static str),
    /// That the plugin failed: one line with the plugin and the invocation, which the log knows as the plugin's fault and
    /// whose reason holds this.
    Fault(&'static str),
}

/// Plugin, command, and what comes of it, within [`limits`].
pub const MISDEEDS: &[(&str, &str, Told)] = &[
    ("hostile", "loop", Told::Fault("computed")),
    ("hostile", "alloc", Told::Fault("memory")),
    ("hostile", "trap", Told::Fault("trapped")),
    ("hostile", "panic", Told::Fault("this was to be expected")),
    ("hostile", "exit", Told::Fault("exit code")),
    ("hostile", "deep", Told::Fault("too deeply")),
    ("hostile", "sleep", Told::Fault("not done within")),
    ("hostile", "flood", Told::Fault("")),
    ("hostile", "brainflood", Told::Fault("")),
    ("hostile", "bigtext", Told::Fault("")),
    ("hostile", "chatter", Told::Fault("computed")),
    ("hostile", "greedy", Told::Text("denied")),
    ("hostile", "chance", Told::Fault("65537")),
    ("intruder", "environment", Told::Text("found 0")),
    ("intruder", "files", Told::Text("tried 11, done: []")),
    ("intruder", "sockets", Told::Text("tried 7, done: []")),
    ("intruder", "messages", Told::Beginning("sent 3, then Error::OverLimit")),
    ("intruder", "quota", Told::Beginning("kept 10, then Error::OverLimit")),
    (
        "intruder",
        "sizes",
        Told::Beginning("over-limit over-limit over-limit invalid over-limit over-limit invalid invalid"),
    ),
    (
        "intruder",
        "keys",
        Told::Text("own 340, failed 0, mixed 0, foreign [], shared false"),
    ),
    (
        "intruder",
        "teach",
        Told::Text("invalid invalid invalid invalid invalid taught"),
    ),
    ("intruder", "forge", Told::Text("logged")),
    ("intruder", "shout", Told::Beginning("")),
    ("intruder", "answers", Told::Fault("computed")),
    ("intruder", "chances", Told::Fault("")),
];

/// The configuration for them, in which `hostile` may take so many seconds: small, so that whoever runs into a limit does
/// so soon.
pub fn limits(wall: u32) -> String {
    format!(
        r#"
[plugin.hostile.limits]
cpu = "200ms"
wall = "{wall}s"
memory = "32MiB"
host-calls = 2000

[plugin.intruder.limits]
cpu = "400ms"
wall = "40s"
messages = 3
brain = "1MiB"
"#
    )
}

/// The ids in a line that tells of a fault: hexadecimal words of eight digits and more. There should be one.
pub fn invocations(told: &str) -> Vec<&str> {
    told.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit()))
        .collect()
}
