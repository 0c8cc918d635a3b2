//! Components that mean no good, written by hand and made in a moment: each with the fate that it must meet.
//!
//! One table, [`components`], which the tests of the engine walk by themselves and the end-to-end tests beside a plugin
//! that must notice nothing. What guests of a real language do wrong while they are called is in the fixtures `hostile`
//! and `intruder`.

/// What becomes of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is refused before any of it runs; the reason holds this.
    Refused(&'static str),
    /// It runs, when it is asked for its manifest, and ends with a fault of its own; the fault's text holds this.
    Faulted(&'static str),
    /// It answers, and what it answers is no manifest that can be used; the reason holds this.
    Misdescribed(&'static str),
    /// It does what it does in vain, and is a plugin like any other.
    Works,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Component {
    /// The name of its file, without the ending; also the plugin's, where it comes to that.
    pub name: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// What becomes of it.
    pub fate: Fate,
}

/// A core module in a component that answers `describe`; what is left out is as in a well-behaved one.
#[derive(Clone, Copy, Default)]
struct Parts<'a> {
    /// What stands beside the memory: globals, tables, more functions, a start.
    fields: &'a str,
    /// The body of `describe`, which returns where pointer and length stand.
    describe: &'a str,
    /// The body of the allocator, which returns a pointer.
    realloc: &'a str,
    /// Runs after `describe`, with what it returned.
    after: &'a str,
    /// The memory's size.
    memory: &'a str,
    /// What it answers.
    manifest: &'a [u8],
}

/// Where the answer's pointer and length stand.
const ANSWER: &str = "i32.const 8";

impl Parts<'_> {
    fn build(self) -> Vec<u8> {
        let or = |text: &str, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text.to_owned()
            }
        };
        let (describe, realloc) = (or(self.describe, ANSWER), or(self.realloc, "i32.const 65536"));
        let (memory, fields) = (or(self.memory, "4"), self.fields);
        let after = match self.after {
            "" => String::new(),
            after => format!(r#"(func (export "after") (param i32) {after})"#),
        };
        let post_return = if self.after.is_empty() {
            ""
        } else {
            r#"(post-return (core func $i "after"))"#
        };
        let pair = bytes(&[16_u32.to_le_bytes(), (self.manifest.len() as u32).to_le_bytes()].concat());
        let text = bytes(self.manifest);
        parse(&format!(
            r#"(component
                (import "moa:plugin/system@0.1.0" (instance $system
                    (export "now" (func (result string)))
                    (export "local" (func (param "instant" string) (param "timezone" string)
                        (result (result string (error string)))))
                    (export "random" (func (param "len" u32) (result (list u8))))))
                (alias export $system "now" (func $now))
                (alias export $system "local" (func $local))
                (alias export $system "random" (func $random))
                (core module $memory
                    (memory (export "memory") {memory})
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc}))
                (core instance $own (instantiate $memory))
                (core func $now (canon lower (func $now)
                    (memory (core memory $own "memory")) (realloc (core func $own "realloc")) string-encoding=utf8))
                (core func $local (canon lower (func $local)
                    (memory (core memory $own "memory")) (realloc (core func $own "realloc")) string-encoding=utf8))
                (core func $random (canon lower (func $random) (memory (core memory $own "memory")) (realloc (core func $own "realloc"))))
                (core module $m
                    (import "own" "memory" (memory 1))
                    (import "host" "now" (func $now (param i32)))
                    (import "host" "local" (func $local (param i32 i32 i32 i32 i32)))
                    (import "host" "random" (func $random (param i32 i32)))
                    (data (i32.const 8) "{pair}")
                    (data (i32.const 16) "{text}")
                    {fields}
                    (func (export "describe") (result i32) {describe})
                    {after})
                (core instance $i (instantiate $m
                    (with "own" (instance $own))
                    (with "host" (instance
                        (export "now" (func $now)) (export "local" (func $local)) (export "random" (func $random))))))
                (func $describe (result string)
                    (canon lift (core func $i "describe") (memory (core memory $own "memory")) string-encoding=utf8 {post_return}))
                (instance $guest (export "describe" (func $describe)))
                (export "moa:plugin/guest@0.1.0" (instance $guest)))"#
        ))
    }
}

/// A component whose `describe` answers this.
pub fn describing(manifest: &[u8]) -> Vec<u8> {
    Parts {
        manifest,
        memory: "64",
        ..Parts::default()
    }
    .build()
}

/// A component of one function that is as large as functions may be, and joined to itself at every turn: what compiling it
/// takes grows with the square of its size.
///
/// `locals` variables are all changed in each of `turns` branches, so that at each of as many joins each of them may have
/// come from anywhere.
pub fn exploding(locals: usize, turns: usize) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut body = format!("(local {})", "i32 ".repeat(locals));
    body.push_str("(loop $again ");
    for turn in 0..turns {
        let _ = write!(body, "(block $b{turn} (br_if $b{turn} (local.get {}))", turn % locals);
        for local in 0..locals {
            let _ = write!(
                body,
                "(local.set {local} (i32.add (local.get {}) (i32.const {turn})))",
                (local + turn + 1) % locals
            );
        }
        body.push_str(") (br_if $again (local.get 0))");
    }
    body.push(')');
    let fields = format!(r#"(func (export "large") {body})"#);
    Parts {
        fields: &fields,
        manifest: br#"{"name": "exploding"}"#,
        ..Parts::default()
    }
    .build()
}

/// All of them.
pub fn components() -> Vec<Component> {
    let mut all = refused();
    all.extend(faulted());
    all.extend(answering());
    all
}

/// Nothing of these ever runs.
fn refused() -> Vec<Component> {
    let plain = |body: &str| parse(&format!("(component {body})"));
    let guest = r#"(instance $empty) (export "moa:plugin/guest@0.1.0" (instance $empty))"#;
    let good = describing(br#"{"name": "good"}"#);
    let refused = |name, bytes, why| Component {
        name,
        bytes,
        fate: Fate::Refused(why),
    };
    vec![
        refused("text", b"#!/bin/sh\nrm -rf /\n".to_vec(), "no WebAssembly"),
        refused("nothing", Vec::new(), "no WebAssembly"),
        refused("core-module", parse("(module)"), "moa build"),
        refused(
            "half",
            good.get(..good.len() / 2).unwrap_or_default().to_vec(),
            "cut off",
        ),
        refused(
            "other-version",
            plain(r#"(instance $i) (export "moa:plugin/guest@9.0.0" (instance $i))"#),
            "9.0.0",
        ),
        refused(
            "other-world",
            plain(r#"(import "wasi:keyvalue/store@0.2.0" (instance))"#),
            "wasi:keyvalue",
        ),
        refused("no-describe", plain(guest), "describe"),
        refused(
            "shared-memory",
            plain(&format!("(core module (memory 1 1 shared)) {guest}")),
            "shared",
        ),
        refused(
            "memory-of-16-exbibytes",
            plain(&format!("(core module (memory i64 0x1000000000000)) {guest}")),
            "",
        ),
        refused(
            "many-memories",
            plain(&format!("(core module {}) {guest}", "(memory 1)".repeat(101))),
            "memories",
        ),
        refused(
            "many-tables",
            plain(&format!(
                "(core module $t {}) {} {guest}",
                "(table 1 funcref)".repeat(8),
                "(core instance (instantiate $t))".repeat(20)
            )),
            "table",
        ),
        refused(
            "many-locals",
            plain(&format!(
                "(core module (func (local {}))) {guest}",
                "i64 ".repeat(50_001)
            )),
            "locals",
        ),
        refused(
            "module-from-the-host",
            plain(&format!(r#"(import "m" (core module)) {guest}"#)),
            "m",
        ),
        refused("many-instances", many_instances(1_100, 0), "instances"),
        refused("deep-types", deep_types(), ""),
    ]
}

/// An empty module, instantiated so many times before it answers, and all of that so many times more.
fn many_instances(count: usize, again: usize) -> Vec<u8> {
    let all = format!("(core module $e) {}", "(core instance (instantiate $e))".repeat(count));
    let nested = match again {
        0 => all,
        again => format!("(component $c {all}) {}", "(instance (instantiate $c))".repeat(again)),
    };
    parse(&format!(
        r#"(component {nested}
            (core module $m (memory (export "memory") 1)
                (data (i32.const 8) "\10\00\00\00\15\00\00\00") (data (i32.const 16) "{{\22name\22: \22instances\22}}")
                (func (export "describe") (result i32) i32.const 8))
            (core instance $i (instantiate $m))
            (func $describe (result string)
                (canon lift (core func $i "describe") (memory (core memory $i "memory")) string-encoding=utf8))
            (instance $guest (export "describe" (func $describe)))
            (export "moa:plugin/guest@0.1.0" (instance $guest)))"#
    ))
}

/// Types within types: what looks at them must not do so by calling itself without end.
fn deep_types() -> Vec<u8> {
    use std::fmt::Write as _;
    let mut text = String::from("(component (type $t0 (list u8))");
    for depth in 1..2_000 {
        let _ = write!(text, "(type $t{depth} (list $t{}))", depth - 1);
    }
    text.push_str(r#"(instance $empty) (export "moa:plugin/guest@0.1.0" (instance $empty)))"#);
    parse(&text)
}

/// These run, when they are asked what they are, and go no further.
fn faulted() -> Vec<Component> {
    let case = |name, why, parts: Parts<'_>| Component {
        name,
        bytes: parts.build(),
        fate: Fate::Faulted(why),
    };
    let timers = |name, why, count| Component {
        name,
        bytes: holding(count),
        fate: Fate::Faulted(why),
    };
    let none = Parts::default();
    let spin = "(loop $l (br $l)) unreachable";
    let deep = "(func $deep (param i64) (result i64) (i64.add (i64.const 1) (call $deep (local.get 0))))";
    vec![
        timers("timers-without-end", "more than 4096 streams", u32::MAX),
        // Each timer is two of what is counted: it gets to where it traps.
        timers("timers-to-the-limit", "trapped", 2_048),
        case(
            "trap-in-start",
            "trapped",
            Parts {
                fields: "(func $s unreachable) (start $s)",
                ..none
            },
        ),
        case(
            "loop-in-start",
            "computed",
            Parts {
                fields: "(func $s (loop $l (br $l))) (start $s)",
                ..none
            },
        ),
        case(
            "depth-in-start",
            "too deeply",
            Parts {
                fields: &format!("{deep} (func $s (drop (call $deep (i64.const 0)))) (start $s)"),
                ..none
            },
        ),
        case(
            "trap-in-describe",
            "trapped",
            Parts {
                describe: "unreachable",
                ..none
            },
        ),
        case("loop-in-describe", "computed", Parts { describe: spin, ..none }),
        case(
            "depth-in-describe",
            "too deeply",
            Parts {
                fields: deep,
                describe: "(drop (call $deep (i64.const 0))) i32.const 8",
                ..none
            },
        ),
        case(
            "division",
            "divide by zero",
            Parts {
                describe: "(i32.div_u (i32.const 1) (i32.const 0))",
                ..none
            },
        ),
        case(
            "beyond-memory",
            "out of bounds",
            Parts {
                describe: "(i32.load (i32.const -1))",
                ..none
            },
        ),
        case(
            "loop-after-describe",
            "computed",
            Parts {
                after: "(loop $l (br $l))",
                manifest: b"{}",
                ..none
            },
        ),
        case(
            "trap-after-describe",
            "trapped",
            Parts {
                after: "unreachable",
                manifest: b"{}",
                ..none
            },
        ),
        case(
            "answer-outside",
            "unusable",
            Parts {
                describe: "i32.const -4",
                ..none
            },
        ),
        case(
            "text-outside",
            "unusable",
            Parts {
                describe: "(i32.store (i32.const 8) (i32.const -16)) i32.const 8",
                manifest: b"x",
                ..none
            },
        ),
        case(
            "text-of-4-gigabytes",
            "unusable",
            Parts {
                describe: "(i32.store (i32.const 12) (i32.const -1)) i32.const 8",
                manifest: b"x",
                ..none
            },
        ),
        case(
            "no-utf-8",
            "unusable",
            Parts {
                manifest: b"{\"name\": \"\xff\xfe\"}",
                ..none
            },
        ),
        case(
            "half-a-character",
            "unusable",
            Parts {
                manifest: b"\xed\xa0\x80",
                ..none
            },
        ),
        case(
            "manifest-of-2-megabytes",
            "at most 1048576",
            Parts {
                describe: "(i32.store (i32.const 12) (i32.const 2097152)) i32.const 8",
                memory: "64",
                ..none
            },
        ),
        case(
            "text-of-32-megabytes",
            "unusable",
            Parts {
                describe: "(i32.store (i32.const 12) (i32.const 33554432)) i32.const 8",
                memory: "1024",
                ..none
            },
        ),
        // The host writes what it answers where the guest's allocator says.
        case(
            "trap-in-realloc",
            "trapped",
            Parts {
                describe: "(call $now (i32.const 8)) i32.const 8",
                realloc: "unreachable",
                ..none
            },
        ),
        case(
            "loop-in-realloc",
            "computed",
            Parts {
                describe: "(call $now (i32.const 8)) i32.const 8",
                realloc: spin,
                ..none
            },
        ),
        case(
            "realloc-outside",
            "unusable",
            Parts {
                describe: "(call $now (i32.const 8)) i32.const 8",
                realloc: "i32.const -16",
                ..none
            },
        ),
        case(
            "result-outside",
            "unusable",
            Parts {
                describe: "(call $now (i32.const -4)) i32.const 8",
                ..none
            },
        ),
        case(
            "argument-outside",
            "unusable",
            Parts {
                describe: "(call $local (i32.const -64) (i32.const 128) (i32.const 0) (i32.const 0) (i32.const 32)) i32.const 8",
                ..none
            },
        ),
        case(
            "argument-no-utf-8",
            "unusable",
            Parts {
                describe: "(call $local (i32.const 16) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 32)) i32.const 8",
                manifest: b"\xff\xff",
                ..none
            },
        ),
        case(
            "argument-of-32-megabytes",
            "unusable",
            Parts {
                describe: "(call $local (i32.const 64) (i32.const 33554432) (i32.const 0) (i32.const 0) (i32.const 32)) i32.const 8",
                memory: "1024",
                ..none
            },
        ),
        case(
            "chance-of-4-gigabytes",
            "random",
            Parts {
                describe: "(call $random (i32.const -1) (i32.const 32)) i32.const 8",
                ..none
            },
        ),
        case(
            "endless-host-calls",
            "called the host more than",
            Parts {
                describe: "(loop $l (call $now (i32.const 32)) (br $l)) unreachable",
                ..none
            },
        ),
        case(
            "growing-memory",
            "bytes of memory",
            Parts {
                describe: "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable",
                ..none
            },
        ),
        case(
            "memory-of-4-gigabytes",
            "bytes of memory",
            Parts {
                memory: "65535",
                ..none
            },
        ),
        case(
            "growing-tables",
            "trapped",
            Parts {
                fields: "(table $t 1 funcref)",
                describe: "(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 4096)) (i32.const -1)))) unreachable",
                ..none
            },
        ),
    ]
}

/// These answer.
fn answering() -> Vec<Component> {
    let case = |name, fate, manifest: &str| Component {
        name,
        bytes: describing(manifest.as_bytes()),
        fate,
    };
    let mis = Fate::Misdescribed;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let commands: Vec<String> = (0..5_000).map(|n| format!(r#"{{"name": "c{n}"}}"#)).collect();
    let commands = format!(r#"{{"name": "many", "commands": [{}]}}"#, commands.join(","));
    let pattern = |pattern: &str| format!(r#"{{"name": "p", "hears": [{{"id": "a", "pattern": "{pattern}"}}]}}"#);
    vec![
        case("empty-manifest", mis("JSON"), ""),
        case("deep-manifest", mis("JSON"), &deep),
        case("name-of-control-characters", mis("name"), r#"{"name": "a\u001b[2Jb"}"#),
        case("name-from-the-right", mis("name"), r#"{"name": "a\u202eb"}"#),
        case("name-of-another-folder", mis("name"), r#"{"name": "../../etc/passwd"}"#),
        case("name-of-the-host", mis("name"), r#"{"name": "moa:taught"}"#),
        case("name-of-the-shared-brain", mis("name"), r#"{"name": "shared brain"}"#),
        case("name-with-a-zero", mis("name"), r#"{"name": "a\u0000b"}"#),
        case("name-that-calls-everybody", mis("name"), r#"{"name": "<!channel>"}"#),
        case(
            "command-from-the-right",
            mis("commands[0].name"),
            r#"{"name": "c", "commands": [{"name": "\u202eo"}]}"#,
        ),
        case(
            "command-of-another",
            mis("colon"),
            r#"{"name": "c", "commands": [{"name": "hello:echo"}]}"#,
        ),
        case(
            "command-that-nobody-sees",
            mis("commands[0].name"),
            r#"{"name": "c", "commands": [{"name": "a\u200b"}]}"#,
        ),
        case("many-commands", mis("commands"), &commands),
        case(
            "pattern-that-explodes",
            mis("pattern"),
            &pattern("(?:(?:(?:a{1,1000}){1,1000}){1,1000}){1,1000}"),
        ),
        case("pattern-that-looks-back", mis("pattern"), &pattern(r"(a)\\1")),
        Component {
            name: "clock",
            bytes: clock(),
            fate: Fate::Works,
        },
        Component {
            name: "instances",
            bytes: many_instances(900, 0),
            fate: Fate::Works,
        },
        Component {
            name: "instances-of-instances",
            bytes: many_instances(900, 2),
            fate: Fate::Faulted("instance"),
        },
        Component {
            name: "changing",
            bytes: changing(),
            fate: Fate::Works,
        },
        case(
            "mischief",
            Fate::Works,
            r#"{"name": "mischief", "version": "<!channel>\u202e\u0007", "summary": "*x*\n• `!fake` <!here> <@U1> \u202e"}"#,
        ),
    ]
}

/// Holds so many timers of WASI at once, and then traps.
fn holding(timers: u32) -> Vec<u8> {
    parse(&format!(
        r#"(component
            (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
                (alias outer 1 $pollable (type $timer))
                (export "subscribe-duration" (func (param "when" u64) (result (own $timer))))))
            (core func $subscribe (canon lower (func $clock "subscribe-duration")))
            (core module $m
                (import "clock" "subscribe" (func $subscribe (param i64) (result i32)))
                (memory (export "memory") 1)
                (func (export "describe") (result i32) (local $held i32)
                    (loop $more
                        (drop (call $subscribe (i64.const 1000000000)))
                        (br_if $more (i32.lt_u
                            (local.tee $held (i32.add (local.get $held) (i32.const 1))) (i32.const {timers}))))
                    unreachable))
            (core instance $i (instantiate $m
                (with "clock" (instance (export "subscribe" (func $subscribe))))))
            (func $describe (result string)
                (canon lift (core func $i "describe") (memory (core memory $i "memory")) string-encoding=utf8))
            (instance $guest (export "describe" (func $describe)))
            (export "moa:plugin/guest@0.1.0" (instance $guest)))"#
    ))
}

/// Tries to see by the clock how long something takes: in `describe` no time passes.
fn clock() -> Vec<u8> {
    let wait = "(local $n i32) (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $l (i32.lt_u (local.get $n) (i32.const 1000000))))";
    let differs = "(loop $c
            (if (i32.ne (i32.load8_u (i32.add (local.get $a) (local.get $n)))
                        (i32.load8_u (i32.add (local.get $b) (local.get $n)))) (then unreachable))
            (br_if $c (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 24))))";
    let describe = format!(
        "(local $a i32) (local $b i32) {wait_first}
         (call $now (i32.const 4096)) (local.set $a (i32.load (i32.const 4096)))
         {wait}
         (call $now (i32.const 4096)) (local.set $b (i32.load (i32.const 4096)))
         (local.set $n (i32.const 0)) {differs} i32.const 8",
        wait_first = "(local $n i32)",
        wait = wait.trim_start_matches("(local $n i32)"),
    );
    Parts {
        describe: &describe,
        // Each answer to a place of its own.
        realloc: "(i32.store (i32.const 65532) (i32.add (i32.load (i32.const 65532)) (i32.const 64)))
                  (i32.add (i32.const 65536) (i32.load (i32.const 65532)))",
        manifest: br#"{"name": "clock"}"#,
        ..Parts::default()
    }
    .build()
}

/// Would be called something else each time, if it could remember that it was asked.
fn changing() -> Vec<u8> {
    Parts {
        fields: "(global $asked (mut i32) (i32.const 0))",
        describe: "(i32.store8 (i32.const 35) (i32.add (i32.const 97) (global.get $asked)))
                   (global.set $asked (i32.add (global.get $asked) (i32.const 1))) i32.const 8",
        manifest: br#"{"name": "changing-x"}"#,
        ..Parts::default()
    }
    .build()
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[expect(clippy::panic, reason = "a test without its component cannot go on")]
fn parse(text: &str) -> Vec<u8> {
    match wat::parse_str(text) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}"),
    }
}

/// The same numbers for the same seed, wherever a test runs.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// Begins with this.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }
}

/// The file with something of it damaged: bits turned over, a piece left out, doubled or taken from elsewhere, or the end
/// missing.
pub fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Seeded::new(seed);
    let mut damaged = bytes.to_vec();
    if bytes.is_empty() {
        return damaged;
    }
    for _ in 0..=random.below(3) {
        let length = damaged.len();
        let (from, size) = (random.below(length), 1 + random.below(16));
        let to = (from + size).min(length);
        match random.below(6) {
            0 => damaged.truncate(from),
            1 => drop(damaged.drain(from..to)),
            2 => {
                let piece = damaged.get(from..to).unwrap_or_default().to_vec();
                drop(damaged.splice(from..from, piece));
            }
            3 => {
                let other = random.below(length);
                let piece = damaged
                    .get(other..(other + to - from).min(length))
                    .unwrap_or_default()
                    .to_vec();
                drop(damaged.splice(from..to, piece));
            }
            _ => {
                let bit = random.below(8);
                if let Some(byte) = damaged.get_mut(from) {
                    *byte ^= 1 << bit;
                }
            }
        }
        if damaged.is_empty() {
            break;
        }
    }
    damaged
}
