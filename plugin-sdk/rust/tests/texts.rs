//! `texts!`, on files.

moa_plugin::texts!("tests/texts/plain.toml", "tests/texts/loud.toml");

#[test]
fn each_text_is_a_method_with_its_values_in_order() {
    let moved = |locale: &str| Texts::of(locale).moved("{@U1}", "*memo*", 7);
    assert_eq!(moved("en"), "{@U1} moved *\u{2060}memo*\u{2060} to 7");
    assert_eq!(moved("ko-KR"), "{@U1}님이 *\u{2060}memo*\u{2060}을 7으로 옮겼습니다");
    // A word of the language is a key like others.
    assert_eq!(Texts::of("fr").r#loop(), "turns");
    assert_eq!(Texts::of("fr").voice("loud").r#loop(), "TURNS");
    assert_eq!(Texts::of("ko").voice("loud").r#loop(), "돕니다");
    assert_eq!(
        Texts::of("ko").say("moved", &[("who", &"a"), ("what", &"b"), ("time", &1)]),
        "a님이 b을 1으로 옮겼습니다"
    );
    let own = [("loop".to_owned(), "빙글".to_owned())].into();
    assert_eq!(Texts::of("ko").with(own).r#loop(), "빙글");
}
