mod rules;

use super::*;
use moa_plugin::testing::Host;
use serde_json::json;
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

#[test]
fn a_status_shows_the_groups_in_the_order_of_their_needs() -> Result<()> {
    let address = "https://cloud.example.com/x";
    let group = |needs: &[&str]| json!({ "type": "webhook", "needs": needs, "start": address, "stop": address, "status": address });
    let groups = json!({ "app": group(&["db", "web"]), "db": group(&[]), "web": group(&["db"]) });
    let host = Host::new().config(json!({ "schedules": { "office": { "days": "all", "groups": groups } } }));
    for _ in 0..3 {
        let servers = json!({ "servers": [{ "name": "one", "state": "running" }] });
        host.http(Ok(http::Response::of(200, servers.to_string())));
    }
    let shown = host.run::<Server>("office status")?.unwrap_or_default();
    let titles: Vec<&str> = shown.cards[0].fields.iter().map(|field| field.title.as_str()).collect();
    assert_eq!(titles, ["db", "web", "app"]);
    Ok(())
}
