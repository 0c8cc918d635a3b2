use super::*;

#[test]
fn lines_are_chained_and_leave_out_what_is_empty() {
    let mut head = Head::NONE;
    let mut first = Vec::new();
    let entry = Entry {
        who: "U1".into(),
        service: "slack".into(),
        ..Entry::own(What::Manage, Outcome::Done)
    };
    let entry = entry.command("role", &["grant"]).arg("role", "deployer").arg("n", 3);
    head.chain("2026-11-21T00:00:00.000Z".into(), entry, &mut first)
        .unwrap();
    let zeros = "0".repeat(64);
    assert_eq!(
        String::from_utf8(first.clone()).unwrap(),
        format!(
            "{}{zeros}{}\n",
            r#"{"seq":1,"time":"2026-11-21T00:00:00.000Z","prev":""#,
            r#"","what":"manage","who":{"service":"slack","id":"U1"},"command":"role","path":["grant"],"args":{"n":3,"role":"deployer"},"outcome":"done"}"#
        )
    );
    let hash = Hash::of(first.trim_ascii_end());
    assert_eq!(head, Head { seq: 1, hash });
    let mut second = Vec::new();
    head.chain(String::new(), Entry::own(What::Log, Outcome::Closed), &mut second)
        .unwrap();
    let line: Line = serde_json::from_slice(&second).unwrap();
    assert_eq!(
        (line.seq, line.prev, line.what, line.outcome),
        (2, hash, What::Log, Outcome::Closed)
    );
}

#[test]
fn a_hash_is_64_hexadecimal_digits() {
    let hash = Hash::of(b"x");
    assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
    for wrong in [
        "",
        "0",
        &"0".repeat(63),
        &"0".repeat(65),
        &"g".repeat(64),
        &"é".repeat(32),
    ] {
        assert_eq!(Hash::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn what_a_later_version_writes_can_be_read() {
    let line: Line = serde_json::from_str(r#"{"seq":7,"what":"moonshot","outcome":"landed","more":[1]}"#).unwrap();
    assert_eq!((line.seq, line.what, line.outcome), (7, What::Other, Outcome::Other));
}
