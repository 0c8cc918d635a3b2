use super::*;
use moa_plugin::testing::Host;
use serde_json::json;

fn host() -> Host {
    let config = json!({ "url": "https://ci.example/deployments", "servers": ["test-1", "test-2"],
        "authorization": "Bearer {{secret:CI_TOKEN}}" });
    let host = Host::new().speaker("로지").config(config);
    host.http(Ok(http::Response::of(
        202,
        r#"{"id": "d-7", "url": "https://ci.example/7"}"#,
    )));
    host
}

/// The job runs once, and the CI service answers this.
fn asked(host: &Host, status: u16, body: serde_json::Value) -> Result<()> {
    host.http(Ok(http::Response::of(status, body.to_string())));
    host.advance(Duration::from_secs(5));
    assert_eq!(host.run_job::<follow>()?, 1);
    Ok(())
}

#[test]
fn it_is_followed_in_one_message_to_its_end() -> Result<()> {
    let host = host();
    host.run::<deploy>("main")?;
    assert_eq!(host.requests()[0].url(), "https://ci.example/deployments");
    assert_eq!(host.texts(), ["⏳ *main* → *test-1* ▰▱▱▱ waiting"]);
    asked(&host, 200, json!({"state": "building", "step": "3 of 5"}))?;
    assert_eq!(host.requests()[1].url(), "https://ci.example/deployments/d-7");
    assert_eq!(host.texts(), ["🔨 *main* → *test-1* ▰▰▱▱ building: 3 of 5"]);
    asked(&host, 502, json!({}))?;
    asked(&host, 200, json!({"state": "building", "step": "3 of 5"}))?;
    assert_eq!(host.messages()[0].edits, 1, "nothing new, no edit");
    asked(&host, 200, json!({"state": "succeeded"}))?;
    let by = host.user("로지").id;
    assert_eq!(
        host.texts(),
        [
            "✅ *main* → *test-1* ▰▰▰▰ succeeded".to_owned(),
            format!("{{@{by}}} it is deployed.")
        ]
    );
    assert_eq!(host.run_job::<follow>()?, 0);
    let table = host.run::<deployments>("")?.unwrap_or_default().text;
    assert!(table.contains("test-1 main   succeeded"), "{table}");
    Ok(())
}

#[test]
fn one_at_a_time_goes_to_a_server() -> Result<()> {
    let host = host();
    host.run::<deploy>("main test-2")?;
    host.advance(Duration::from_secs(4));
    let error = host.run::<deploy>("other test-2").unwrap_err().to_string();
    assert_eq!(
        error,
        "로지 is deploying main to test-2 (for 4s): try again when that is over."
    );
    asked(&host, 200, json!({"state": "failed", "log": "error: no `main`\n"}))?;
    let by = host.user("로지").id;
    assert_eq!(
        host.texts()[1],
        format!("{{@{by}}} it failed.\n```\nerror: no 'main'\n```")
    );
    host.http(Ok(http::Response::of(202, r#"{"id": "d-8"}"#)));
    host.run::<deploy>("other test-2")?;
    Ok(())
}

#[test]
fn what_is_refused_or_away_leaves_the_server_free() -> Result<()> {
    for (answer, says) in [
        (
            Ok(http::Response::of(422, r#"{"error": "no such branch"}"#)),
            "no such branch",
        ),
        (Ok(http::Response::of(401, "")), "HTTP 401"),
        (Ok(http::Response::of(500, "")), "does not answer"),
        (Ok(http::Response::of(202, "<html>")), "does not answer"),
        (Err(HostError::Unavailable(String::new())), "does not answer"),
        (Err(HostError::Uncertain(String::new())), "perhaps not"),
    ] {
        let host = Host::new().config(json!({ "url": "https://ci.example/deployments", "servers": ["test-1"] }));
        host.http(answer);
        let error = host.run::<deploy>("nope").unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        host.http(Ok(http::Response::of(202, r#"{"id": "d-9"}"#)));
        host.run::<deploy>("main")?;
    }
    assert!(
        host().run::<deploy>("main production").is_err(),
        "it is none of these servers"
    );
    Ok(())
}

#[test]
fn nobody_waits_for_ever() -> Result<()> {
    let host = host();
    host.run::<deploy>("main")?;
    asked(&host, 200, json!({"state": "deploying"}))?;
    host.advance(Duration::from_secs(15 * 60));
    asked(&host, 200, json!({"state": "deploying"}))?;
    assert_eq!(host.texts()[0], "⌛ *main* → *test-1* deploying");
    assert!(host.texts()[1].contains("takes too long"), "{}", host.texts()[1]);
    host.http(Ok(http::Response::of(202, r#"{"id": "d-8"}"#)));
    host.run::<deploy>("main")?;
    Ok(())
}

#[test]
fn the_service_may_tell_by_itself() -> Result<()> {
    let host = host();
    host.run::<deploy>("main")?;
    let post = |body: serde_json::Value| {
        host.serve::<finished>(http::post("/").json(&body))
            .map(|answer| answer.status)
    };
    assert_eq!(post(json!({"id": "d-6", "state": "succeeded"}))?, 404);
    assert_eq!(
        post(json!({"id": "d-7", "state": "deploying", "step": "copying"}))?,
        200
    );
    assert_eq!(host.texts(), ["🚚 *main* → *test-1* ▰▰▰▱ deploying: copying"]);
    assert_eq!(post(json!({"id": "d-7", "state": "succeeded"}))?, 200);
    assert_eq!(host.texts().len(), 2);
    assert_eq!(post(json!({"id": "d-7", "state": "succeeded"}))?, 404, "it is over");
    host.advance(Duration::from_secs(5));
    assert_eq!(host.run_job::<follow>()?, 0);
    assert!(post(json!({"id": "d-7"})).is_err());
    Ok(())
}
