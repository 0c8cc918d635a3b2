use crate::commands::{Watch, incidents, note};
use crate::incident::take;
use crate::round::{daily, look};
use moa_plugin::prelude::*;
use moa_plugin::testing::Host;
use serde_json::json;

fn host(checks: serde_json::Value) -> Host {
    let config = json!({ "conversation": "C1", "open-after": 2, "close-after": 2, "hold": "0s", "checks": checks });
    Host::new().locale("ko", "Asia/Seoul").config(config)
}

fn page(name: &str) -> serde_json::Value {
    json!({ "url": format!("https://{name}.example/health"), "every": "10s", "group": "rack-1", "owners": ["U7"] })
}

/// Probes with these answers, one after the other.
fn rounds(host: &Host, statuses: &[u16]) -> Result<()> {
    for status in statuses {
        host.http(Ok(http::Response::of(*status, "")));
        host.run_job::<look>()?;
        host.advance(Duration::from_secs(10));
    }
    Ok(())
}

#[test]
fn an_outage_from_the_first_failure_to_its_end() -> Result<()> {
    let host = host(json!({ "shop": page("shop") }));
    rounds(&host, &[200, 503, 503])?;
    assert_eq!(
        host.texts(),
        ["🔴 *장애 1: shop*", "`12:00:20` 🔴 *shop*: HTTP 503 {@U7}"]
    );
    let host = host.speaker("로지");
    host.press::<take>("제가 볼게요")?;
    rounds(&host, &[500, 500, 200, 200])?;
    assert_eq!(
        host.texts()[2..],
        [
            "`12:00:30` 🙋 로지님이 보고 있습니다",
            "`12:00:30` 🔴 *shop*: 이제 HTTP 500",
            "`12:01:00` 🟢 *shop*: 40초 만에 돌아왔습니다\n✅ 장애가 끝났습니다. 40초 걸렸습니다.",
        ]
    );
    let first = &host.messages()[0];
    assert_eq!(first.content.text, "✅ *장애 1: shop* (40초 만에 해결)");
    let fields: Vec<&str> = first.content.cards[0]
        .fields
        .iter()
        .map(|field| field.title.as_str())
        .collect();
    assert_eq!(fields, ["shop", "보고 있는 사람", "경과"]);
    assert!(first.content.actions.is_empty(), "nobody has to take it any more");
    let thread = Some(first.address.id.clone());
    assert!(
        host.messages()[1..]
            .iter()
            .all(|message| message.address.place.thread == thread)
    );
    Ok(())
}

#[test]
fn what_fails_together_is_one_incident_and_ends_with_the_last() -> Result<()> {
    let host = host(json!({ "shop": page("shop"), "search": page("search") }));
    // Both are asked in each round.
    let both = |statuses: &[(u16, u16)]| -> Result<()> {
        for (search, shop) in statuses {
            host.http(Ok(http::Response::of(*search, "")));
            host.http(Ok(http::Response::of(*shop, "")));
            host.run_job::<look>()?;
            host.advance(Duration::from_secs(10));
        }
        Ok(())
    };
    both(&[(503, 503), (503, 503)])?;
    assert_eq!(host.messages()[0].content.text, "🔴 *장애 1: search, shop*");
    both(&[(200, 503), (200, 503)])?;
    assert_eq!(host.messages()[0].content.text, "🔴 *장애 1: search, shop*");
    both(&[(200, 200), (200, 200)])?;
    assert_eq!(
        host.messages()[0].content.text,
        "✅ *장애 1: search, shop* (40초 만에 해결)"
    );
    // The next one is another.
    both(&[(503, 200), (503, 200)])?;
    assert_eq!(host.texts().iter().filter(|text| text.contains("*장애")).count(), 2);
    let table = host.run::<incidents>("")?.unwrap_or_default().text;
    assert!(
        table.contains("2026-11-20 12:01:00") && table.contains("✅ 40초"),
        "{table}"
    );
    Ok(())
}

#[test]
fn what_is_muted_is_left_alone_and_not_counted() -> Result<()> {
    let host = host(json!({ "shop": page("shop") })).speaker("로지");
    rounds(&host, &[200, 200])?;
    let said = host.run::<Watch>("점검 전체 1시간 이사")?.unwrap_or_default().text;
    assert_eq!(said, "🔧 *shop*: 13:00:20까지 점검 (로지) 이사");
    assert!(host.run::<Watch>("mute nothing 1h").is_err());
    for _ in 0..5 {
        host.run_job::<look>()?;
        host.advance(Duration::from_secs(10));
    }
    assert_eq!(host.requests().len(), 2, "nothing is asked meanwhile");
    host.advance(Duration::from_secs(3_600));
    rounds(&host, &[200, 200, 503])?;
    let report = host.run::<Watch>("가동률")?.unwrap_or_default().text;
    assert!(
        report.contains("66.66%"),
        "10 s up before and after, 10 s down: {report}"
    );
    Ok(())
}

#[test]
fn the_day_before_is_summed_up_once() -> Result<()> {
    let host = host(json!({ "shop": page("shop") }));
    rounds(&host, &[200, 503, 503, 200, 200])?;
    let told = host.texts().len();
    host.run_job::<daily>()?;
    assert_eq!(host.texts().len(), told, "of yesterday nothing is known");
    host.advance(Duration::from_secs(21 * 3_600));
    host.run_job::<daily>()?;
    host.run_job::<daily>()?;
    let reports = &host.texts()[told..];
    assert_eq!(reports.len(), 1);
    assert!(
        reports[0].contains("2026-11-20 가동률") && reports[0].contains("50%"),
        "{}",
        reports[0]
    );
    assert!(reports[0].contains("···▄···"), "{}", reports[0]);
    Ok(())
}

#[test]
fn notes_go_to_the_incident_that_is_meant() -> Result<()> {
    let host = host(json!({ "shop": page("shop") })).speaker("로지");
    assert!(host.run::<note>("DB를 다시 켰습니다").is_err(), "there is none");
    rounds(&host, &[503, 503])?;
    host.run::<note>("DB를 *다시* 켰습니다")?;
    let last = host.texts().pop().unwrap_or_default();
    assert!(last.contains("📝 로지: DB를 *\u{2060}다시"), "{last}");
    Ok(())
}

#[test]
fn what_cannot_be_asked_is_no_outage() -> Result<()> {
    let host = host(json!({ "shop": page("shop"), "bad": {} }));
    for _ in 0..5 {
        host.http(Err(HostError::AccessDenied("grant it".into())));
        host.run_job::<look>()?;
        host.advance(Duration::from_secs(10));
    }
    let status = host.run::<Watch>("상태")?.unwrap_or_default().text;
    assert!(
        status.contains("⚪ *shop*: 확인하지 못합니다") && status.contains("⚠️"),
        "{status}"
    );
    assert_eq!(host.texts().len(), 1, "nothing but the answer");
    Ok(())
}

#[test]
fn time_that_nobody_looked_at_is_not_counted() -> Result<()> {
    let host = host(json!({ "shop": page("shop") }));
    rounds(&host, &[200, 200])?;
    host.advance(Duration::from_secs(600));
    rounds(&host, &[503])?;
    let report = host.run::<Watch>("가동률")?.unwrap_or_default().text;
    assert!(report.contains("33.33%"), "10 s up, and twice `every` down: {report}");
    Ok(())
}

#[test]
fn an_incident_of_a_check_that_is_no_longer_watched_is_over() -> Result<()> {
    let host = host(json!({ "shop": page("shop") }));
    rounds(&host, &[503, 503])?;
    let host = host.config(json!({ "conversation": "C1", "checks": { "search": page("search") } }));
    rounds(&host, &[200])?;
    assert_eq!(host.texts()[0], "✅ *장애 1: shop* (20초 만에 해결)");
    assert!(host.run::<note>("어느 장애?").is_err(), "none is open");
    Ok(())
}

#[test]
fn wrong_settings_are_told_to_who_asks() {
    let host = Host::new().config(json!({ "open-after": "soon" }));
    let told = host.run::<Watch>("상태").unwrap_err().to_string();
    assert!(told.contains("`open-after` must be a whole number"), "{told}");
}
