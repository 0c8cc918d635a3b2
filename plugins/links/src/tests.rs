use super::*;
use moa_plugin::testing::Host;
use serde_json::json;

fn host() -> Host {
    Host::new().locale("ko", "Asia/Seoul").speaker("로지")
}

fn hear(host: &Host, text: &str) -> Result<Vec<String>> {
    let said = host.hear::<heard>(text)?;
    Ok(said.into_iter().map(|content| content.text).collect())
}

#[test]
fn what_is_taught_is_heard_until_it_is_taken_back() -> Result<()> {
    let host = host().config(json!({ "pause": "0s" }));
    host.run::<add>("가이드,guide https://example.com/1")?;
    for said in [
        "가이드 어디 있어요?",
        "가이드가 있나요",
        "the GUIDE, please",
        "guide는요?",
    ] {
        assert_eq!(hear(&host, said)?, ["가이드: https://example.com/1"], "{said}");
    }
    for said in ["가이드라인", "misguided", "안녕"] {
        assert!(hear(&host, said)?.is_empty(), "{said}");
    }
    host.run::<add>("guide https://example.com/2")?;
    assert_eq!(hear(&host, "guide")?, ["guide: https://example.com/2"]);
    assert_eq!(hear(&host, "가이드")?, ["가이드: https://example.com/1"]);
    host.run::<remove>("Guide")?;
    assert!(hear(&host, "guide")?.is_empty());

    host.run::<undo>("")?;
    assert_eq!(hear(&host, "guide")?, ["guide: https://example.com/2"]);
    host.run::<undo>("")?;
    assert_eq!(hear(&host, "guide")?, ["가이드: https://example.com/1"]);
    host.run::<undo>("")?;
    assert!(hear(&host, "가이드")?.is_empty());
    assert_eq!(host.run::<undo>(""), Err(Error::rejected("되돌릴 변경이 없습니다.")));
    Ok(())
}

#[test]
fn words_mean_themselves() -> Result<()> {
    let host = host().config(json!({ "pause": "0s" }));
    host.run::<add>(r#""c++ (새  문서)" https://example.com/c"#)?;
    assert_eq!(hear(&host, "C++ (새 문서)는 어디에?")?.len(), 1);
    assert!(hear(&host, "ccc 새 문서")?.is_empty());
    host.run::<regex>(r"(\w+) 문의$ https://example.com/ask ambient")?;
    assert_eq!(hear(&host, "결제 문의")?, ["결제 문의: https://example.com/ask"]);
    assert!(host.run::<regex>("( https://example.com").is_err());
    Ok(())
}

#[test]
fn a_link_is_for_some_messages_and_some_conversations() -> Result<()> {
    let host = host().config(json!({ "pause": "0s" }));
    host.run::<add>("api https://example.com/api 언급 direct")?;
    assert!(hear(&host, "api")?.is_empty());
    assert_eq!(hear(&host, "@moa api")?.len(), 1);
    let host = host.channel("elsewhere");
    assert!(hear(&host, "@moa api")?.is_empty());
    host.run::<Links>("공통 추가 api https://example.com/all")?;
    assert_eq!(hear(&host, "api")?, ["api: https://example.com/all"]);
    // Where it was taught it is another one, whoever is asked.
    let host = host.channel("general");
    assert!(hear(&host, "api")?.is_empty());
    assert_eq!(hear(&host, "@moa api")?, ["api: https://example.com/api"]);
    Ok(())
}

#[test]
fn nobody_is_flooded() -> Result<()> {
    let host = host().config(json!({ "pause": "10m" }));
    host.run::<add>("가이드 https://example.com/guide")?;
    assert_eq!(hear(&host, "가이드")?.len(), 1);
    assert!(hear(&host, "가이드")?.is_empty());
    assert_eq!(hear(&host, "@moa 가이드")?.len(), 1);
    host.advance(Duration::from_secs(600));
    assert_eq!(hear(&host, "가이드")?.len(), 1);
    Ok(())
}

#[test]
fn the_configuration_is_followed() -> Result<()> {
    let links = json!({
        "업무보고": "https://example.com/report",
        "guide": { "words": ["가이드", "guide", "튜토리얼"], "address": "https://example.com/guide" },
        "docs/api": "https://example.com/api",
        "here": { "regex": "비품( 정리)?", "address": "https://example.com/things", "conversations": ["C2"] },
    });
    let host = host().config(json!({ "links": links, "scopes": ["direct", "direct-mention", "mention"] }));
    assert!(hear(&host, "@moa 업무보고")?.is_empty());
    host.advance(Duration::from_secs(60));
    host.run_job::<settings::configured>()?;
    assert_eq!(
        hear(&host, "@moa 업무보고 링크 줘")?,
        ["업무보고: https://example.com/report"]
    );
    assert_eq!(hear(&host, "@moa 튜토리얼")?.len(), 1);
    // Whatever stands in a name.
    assert_eq!(hear(&host, "@moa docs/api")?, ["docs/api: https://example.com/api"]);
    assert!(hear(&host, "업무보고")?.is_empty() && hear(&host, "@moa 비품")?.is_empty());
    assert_eq!(host.conversation("stuff").id, "C2");
    let host = host.channel("stuff");
    assert_eq!(hear(&host, "@moa 비품 정리")?.len(), 1);
    assert!(host.run::<remove>("튜토리얼").is_err());
    // What is no longer in it is not heard any more.
    let host = host.config(json!({}));
    host.run::<list>("")?;
    assert!(hear(&host, "@moa 업무보고")?.is_empty());
    Ok(())
}

#[test]
fn what_is_wrong_is_told_with_its_key() {
    let told = |config: serde_json::Value| host().config(config).run::<list>("").unwrap_err().to_string();
    let no_scope = told(json!({ "scopes": ["everything"] }));
    assert!(
        no_scope.contains("`scopes`: `everything`") && no_scope.contains("ambient"),
        "{no_scope}"
    );
    let no_address = told(json!({ "links": { "a": "example.com" } }));
    assert!(no_address.contains("`links.a`: `address` must begin"), "{no_address}");
    let unknown = told(json!({ "links": { "a": { "adress": "https://example.com" } } }));
    assert!(unknown.contains("`links.a`: unknown field `adress`"), "{unknown}");
    let both = told(json!({ "links": { "a": { "address": "https://x", "regex": "a", "words": ["b"] } } }));
    assert!(both.contains("leave one of them out"), "{both}");
    assert!(host().run::<add>("guide javascript:alert(1)").is_err());
    assert!(host().run::<add>("guide https://x loudly").is_err());
    assert!(
        host()
            .run::<add>(&format!("{} https://example.com", "x".repeat(201)))
            .is_err()
    );
    assert!(host().run::<remove>("guide").is_err());
}

#[test]
fn a_wrong_configuration_takes_nothing_away_that_was_taught() -> Result<()> {
    let host = host();
    host.run::<add>("가이드 https://example.com/guide")?;
    let host = host.config(json!({ "pause": "0s", "links": { "a": "example.com" } }));
    assert_eq!(hear(&host, "가이드")?, ["가이드: https://example.com/guide"]);
    assert!(host.run::<list>("").is_err());
    Ok(())
}
