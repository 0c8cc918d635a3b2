use crate::Texts;
use std::collections::BTreeMap;

#[test]
fn every_voice_says_everything_in_both_languages() {
    type Languages = BTreeMap<String, BTreeMap<String, String>>;
    let [plain, soldier]: [Languages; 2] = [
        include_str!("../voices/plain.toml"),
        include_str!("../voices/soldier.toml"),
    ]
    .map(|file| toml::from_str(file).unwrap());
    let known = &plain["en"];
    for (language, texts) in plain.iter().chain(&soldier) {
        assert!(language == "ko" || language == "en");
        assert!(texts.keys().eq(known.keys()), "{:?}", texts.keys().collect::<Vec<_>>());
    }
    assert_eq!((plain.len(), soldier.len()), (2, 2));
}

#[test]
fn an_operators_own_text_takes_its_place() {
    let own = BTreeMap::from([("up".to_owned(), "{schedule} rocks".to_owned())]);
    let texts = Texts::of("fr").voice("soldier").with(own);
    assert_eq!(texts.up("a*b", 3), "a*\u{2060}b rocks");
    assert_eq!(texts.start(), "reveille");
}
