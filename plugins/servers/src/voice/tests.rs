use super::*;

type Languages = BTreeMap<String, Texts>;

#[test]
fn every_voice_says_everything_in_both_languages() {
    let [plain, soldier]: [Languages; 2] = [
        include_str!("../../voices/plain.toml"),
        include_str!("../../voices/soldier.toml"),
    ]
    .map(|file| toml::from_str(file).unwrap());
    let known = &plain["en"];
    for (language, texts) in plain.iter().chain(&soldier) {
        assert!(language == "ko" || language == "en");
        assert!(texts.keys().eq(known.keys()), "{:?}", texts.keys().collect::<Vec<_>>());
    }
    assert_eq!((plain.len(), soldier.len()), (2, 2));
    // And what is said is there.
    for source in [
        include_str!("../lib.rs"),
        include_str!("../show.rs"),
        include_str!("../desk.rs"),
    ] {
        for key in source
            .split("say(\"")
            .chain(source.split("told(\""))
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(known.contains_key(key) || source.starts_with(key), "{key}");
        }
    }
}

#[test]
fn an_operators_own_text_takes_its_place() {
    let own = Texts::from([("up".to_owned(), "{schedule} rocks".to_owned())]);
    let voice = Voice::of("soldier", "fr", Some(own));
    assert_eq!(voice.say("up", &[("schedule", "a*b")]), "a*\u{2060}b rocks");
    assert_eq!(voice.say("start", &[]), "reveille");
}
