use super::*;
use crate::control::{Invitation, Quotas};
use crate::web::Source;
use axum::http::HeaderMap;
use http_body_util::BodyExt;
use moa_store::{MemoryStore, NewRecord, Outcome, Scope, Seq, Space, Store, SystemClock, Write};

const HOSTILE: &str = "\"><script>alert(1)</script><b title='";

struct Desk {
    dashboard: Arc<Dashboard>,
    control: Arc<Control>,
    store: Arc<dyn Store>,
}

fn desk(text: &str) -> Desk {
    let config = Config::parse(Some(("moa.toml", text)), []).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(SystemClock));
    let control = Control::new(Arc::clone(&store), config.store.url.clone(), Quotas::of(&config));
    let dashboard = Dashboard::new(&control, Settings::of(&config));
    dashboard.opened(&config, "0.0.0.0:7701".parse().unwrap());
    Desk {
        dashboard,
        control,
        store,
    }
}

/// An answer, read to its end.
struct Told {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Told {
    fn cookie(&self) -> Option<String> {
        let line = self.headers.get(header::SET_COOKIE)?.to_str().unwrap();
        Some(line.split(';').next().unwrap().to_owned())
    }

    fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

const HERE: (&str, &str) = ("origin", "http://127.0.0.1:7701");

impl Desk {
    async fn ask(&self, method: Method, path: &str, lines: &[(&str, &str)], form: &[(&str, &str)]) -> Told {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Asked {
            source: Source::of("127.0.0.1".parse().unwrap()),
            https: false,
            host: "127.0.0.1:7701".into(),
        });
        let (head, body) = self.dashboard.answer(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Told {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn invitation(&self) -> Invitation {
        let client = crate::control::client::Client::inside(&self.control);
        let empty = crate::control::http::empty();
        client.ask(Method::POST, "/v1/dashboard", empty).await.unwrap()
    }

    async fn token(&self) -> String {
        self.invitation().await.url.rsplit_once('=').unwrap().1.to_owned()
    }

    /// The cookie of somebody who came in.
    async fn enter(&self) -> String {
        let token = self.token().await;
        let told = self.ask(Method::POST, "/sign-in", &[HERE], &[("token", &token)]).await;
        assert_eq!(told.leads_to(), "/");
        told.cookie().unwrap()
    }

    async fn get(&self, cookie: &str, path: &str) -> Told {
        self.ask(Method::GET, path, &[("cookie", cookie), ("accept-language", "en")], &[])
            .await
    }

    async fn post(&self, cookie: &str, path: &str, form: &[(&str, &str)]) -> Told {
        let csrf = self.csrf(cookie).await;
        let form = [form, &[("csrf", &csrf), ("back", "/brain")]].concat();
        let lines = [HERE, ("cookie", cookie), ("accept-language", "en")];
        self.ask(Method::POST, path, &lines, &form).await
    }

    async fn csrf(&self, cookie: &str) -> String {
        let page = self.get(cookie, "/brain").await;
        let (_, rest) = page.text.split_once("name='csrf' value='").unwrap();
        rest.split('\'').next().unwrap().to_owned()
    }

    async fn put(&self, plugin: &str, key: &str, value: &str) {
        let cell = Space::new(plugin, Scope::Plugin).cell(key);
        self.store.write(vec![Write::set(cell, value)], None).await.unwrap();
    }

    async fn value(&self, plugin: &str, key: &str) -> Option<String> {
        let cell = Space::new(plugin, Scope::Plugin).cell(key);
        let entry = self.store.get(&cell).await.unwrap()?;
        Some(String::from_utf8(entry.value).unwrap())
    }
}

#[tokio::test]
async fn a_link_lets_in_once_and_the_cookie_is_the_browsers_alone() {
    let desk = desk("");
    let link = desk.invitation().await;
    assert!(link.url.starts_with("http://127.0.0.1:7701/sign-in?token="), "{link:?}");
    assert!(link.others.is_empty() && link.seconds == 600);
    let (_, path) = link.url.split_once("7701").unwrap();
    // Looking at the link does not use it up.
    for _ in 0..2 {
        let asked = desk.ask(Method::GET, path, &[], &[]).await;
        assert_eq!((asked.status, asked.cookie()), (StatusCode::OK, None));
    }
    let token = path.rsplit_once('=').unwrap().1;
    let come = async || desk.ask(Method::POST, "/sign-in", &[HERE], &[("token", token)]).await;
    let told = come().await;
    assert_eq!(told.leads_to(), "/");
    let kept = told.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        kept.starts_with("moa-7701=") && kept.contains("HttpOnly; SameSite=Strict"),
        "{kept}"
    );
    assert!(!kept.contains(token));
    let again = come().await;
    assert_eq!((again.status, again.cookie()), (StatusCode::FORBIDDEN, None));
    let cookie = told.cookie().unwrap();
    assert_eq!(desk.get(&cookie, "/brain").await.status, StatusCode::OK);
    for wrong in ["", "moa-7701=", "moa-7701=x", "moa-7702=y"] {
        let locked = desk.get(wrong, "/brain").await;
        assert_eq!(locked.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(locked.text.contains("moa dashboard") && !locked.text.contains("<nav"));
    }
}

#[tokio::test]
async fn who_tries_too_often_has_to_wait() {
    let desk = desk("");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let told = desk.ask(Method::POST, "/sign-in", &[HERE], &[("token", "guess")]).await;
        statuses.push(told.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[9], statuses[11]), (403, 403, 429));
    let token = desk.token().await;
    let told = desk.ask(Method::POST, "/sign-in", &[HERE], &[("token", &token)]).await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn nothing_is_changed_but_from_a_form_of_the_session() {
    let desk = desk("[admin]\nwrite-brain = true\n");
    desk.put("memo", "k", "old").await;
    let cookie = desk.enter().await;
    let other = desk.enter().await;
    let (own, foreign) = (desk.csrf(&cookie).await, desk.csrf(&other).await);
    let path = "/brain/entry/delete?plugin=memo&scope=plugin&key=k";
    let with = ("cookie", cookie.as_str());
    for (lines, csrf, status) in [
        (&[with][..], &own, 403),
        (&[with, ("origin", "http://evil.example")], &own, 403),
        (&[with, ("origin", "http://127.0.0.1:7702")], &own, 403),
        (&[with, ("origin", "null")], &own, 403),
        (&[with, ("sec-fetch-site", "cross-site")], &own, 403),
        (&[with, HERE, ("sec-fetch-site", "same-site")], &own, 403),
        (&[with, HERE], &foreign, 403),
        (&[with, HERE], &String::new(), 403),
        (&[HERE], &own, 401),
    ] {
        let told = desk.ask(Method::POST, path, lines, &[("csrf", csrf)]).await;
        assert_eq!(told.status.as_u16(), status, "{lines:?}");
        assert_eq!(desk.value("memo", "k").await.as_deref(), Some("old"), "{lines:?}");
    }
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS] {
        let told = desk.ask(method, path, &[with, HERE], &[("csrf", &own)]).await;
        assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(
        desk.get(&cookie, path).await.status,
        StatusCode::NOT_FOUND,
        "by an address alone"
    );
    let told = desk.post(&cookie, path, &[]).await;
    assert_eq!(told.leads_to(), "/brain");
    assert_eq!(desk.value("memo", "k").await, None);
    let page = desk.get(&cookie, "/brain").await.text;
    assert!(page.contains("role='status'>k: deleted<"), "{page}");
    assert!(
        !desk.get(&cookie, "/brain").await.text.contains("k: deleted"),
        "it is told once"
    );
}

#[tokio::test]
async fn the_brain_is_only_shown_unless_the_configuration_says_otherwise() {
    let desk = desk("");
    desk.put("memo", "k", "old").await;
    let cookie = desk.enter().await;
    let entry = "plugin=memo&scope=plugin&key=k";
    let page = desk.get(&cookie, &format!("/brain/entry?{entry}")).await.text;
    assert!(
        page.contains("<pre id='value'>old</pre>") && !page.contains("<textarea"),
        "{page}"
    );
    for what in ["set", "delete"] {
        let told = desk
            .post(&cookie, &format!("/brain/entry/{what}?{entry}"), &[("value", "new")])
            .await;
        assert_eq!(told.leads_to(), "/brain");
        assert!(desk.get(&cookie, "/brain").await.text.contains("admin.write-brain"));
    }
    let korean = format!("{cookie}; moa-language=ko");
    desk.post(&korean, &format!("/brain/entry/set?{entry}"), &[("value", "new")])
        .await;
    let page = desk.get(&korean, "/brain").await.text;
    assert!(
        page.contains("role='alert'>여기서는 브레인을 볼 수만 있습니다"),
        "{page}"
    );
    assert_eq!(desk.value("memo", "k").await.as_deref(), Some("old"));
}

#[tokio::test]
async fn an_entry_is_changed_as_it_was_shown_and_what_is_the_hosts_is_not() {
    let desk = desk("[admin]\nwrite-brain = true\n");
    let value = "\n  a < b & \"c\"\n</textarea><script>";
    desk.put("memo", "k", value).await;
    desk.put("moa:roles", "k", "[]").await;
    let cookie = desk.enter().await;
    let entry = "plugin=memo&scope=plugin&key=k";
    let page = desk.get(&cookie, &format!("/brain/entry?{entry}")).await.text;
    assert!(
        page.contains("\n\n  a &lt; b &amp; &quot;c&quot;\n&lt;/textarea&gt;"),
        "{page}"
    );
    let (_, rest) = page.split_once("name='version' value='").unwrap();
    let version = rest.split('\'').next().unwrap();
    let set = format!("/brain/entry/set?{entry}");
    desk.put("memo", "k", "changed meanwhile").await;
    desk.post(&cookie, &set, &[("value", "lost"), ("version", version)])
        .await;
    assert_eq!(desk.value("memo", "k").await.as_deref(), Some("changed meanwhile"));
    let said = "<span lang='en'>the entry `k` has changed meanwhile";
    let page = desk.get(&cookie, "/brain").await.text;
    assert!(
        page.contains(&format!("role='alert'>This was not done. The host says why: {said}")),
        "{page}"
    );
    let korean = format!("{cookie}; moa-language=ko");
    desk.post(&korean, &set, &[("value", "lost"), ("version", version)])
        .await;
    let page = desk.get(&korean, "/brain").await.text;
    assert!(
        page.contains(&format!("role='alert'>하지 못했습니다. 호스트가 말한 이유: {said}")),
        "{page}"
    );
    let page = desk.get(&cookie, &format!("/brain/entry?{entry}")).await.text;
    let (_, rest) = page.split_once("name='version' value='").unwrap();
    let version = rest.split('\'').next().unwrap();
    desk.post(&cookie, &set, &[("value", "two\r\nlines"), ("version", version)])
        .await;
    assert_eq!(desk.value("memo", "k").await.as_deref(), Some("two\nlines"));
    let own = "plugin=moa%3Aroles&scope=plugin&key=k";
    let page = desk.get(&cookie, &format!("/brain/entry?{own}")).await.text;
    assert!(
        !page.contains("<textarea") && !page.contains("/brain/entry/delete"),
        "{page}"
    );
    desk.post(
        &cookie,
        &format!("/brain/entry/set?{own}"),
        &[("value", "[1]"), ("version", "1")],
    )
    .await;
    assert_eq!(desk.value("moa:roles", "k").await.as_deref(), Some("[]"));
}

#[tokio::test]
async fn whatever_plugins_and_people_write_is_shown_as_text() {
    let desk = desk("");
    desk.put("memo", HOSTILE, HOSTILE).await;
    let cookie = desk.enter().await;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("plugin", HOSTILE)
        .append_pair("key", HOSTILE)
        .append_pair("text", HOSTILE)
        .append_pair("prefix", "\"")
        .append_pair("scope", "plugin")
        .finish();
    for path in [
        "/brain/list?plugin=memo".to_owned(),
        format!("/brain/list?{query}"),
        format!("/brain/entry?{query}"),
        format!("/brain/entry?plugin=memo&{}", query.split_once('&').unwrap().1),
        format!("/log?{query}"),
        format!("/sign-in?token={}", query.split_once('=').unwrap().1),
        format!("/journal?{query}"),
    ] {
        let page = desk.get(&cookie, &path).await.text;
        assert!(
            !page.contains("<script>") && !page.contains("<b title="),
            "{path}: {page}"
        );
        assert!(page.len() < 50_000);
    }
    let list = desk.get(&cookie, "/brain/list?plugin=memo").await.text;
    assert!(list.contains("&quot;&gt;&lt;script&gt;alert(1)"), "{list}");
}

#[tokio::test]
async fn records_are_shown_and_dropped_and_retried() {
    let desk = desk("");
    let record = |identity: &str| NewRecord {
        identity: identity.to_owned(),
        kind: "slack".into(),
        body: b"{}".to_vec(),
        received_ms: 1_000,
    };
    for identity in ["one", "two"] {
        desk.store.accept(record(identity)).await.unwrap();
    }
    let cookie = desk.enter().await;
    let open = desk.get(&cookie, "/journal?which=open").await.text;
    assert!(open.contains(">1</a>") && open.contains(">2</a>"), "{open}");
    desk.post(&cookie, "/journal/1/drop", &[]).await;
    let page = desk.get(&cookie, "/journal/1").await.text;
    assert!(page.contains("pill off'>dropped"), "{page}");
    let failed = Outcome::Failed {
        reason: HOSTILE.to_owned(),
    };
    desk.store.finish(Seq(2), failed).await.unwrap();
    let page = desk.get(&cookie, "/journal?which=failed").await.text;
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    desk.post(&cookie, "/journal/2/retry", &[]).await;
    assert!(desk.get(&cookie, "/journal/2").await.text.contains("pill busy'>open"));
    assert_eq!(
        desk.get(&cookie, "/journal/77").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(desk.get(&cookie, "/journal/x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn language_and_theme_are_kept_by_the_browser() {
    let desk = desk("[bot]\nname = \"Mango\"\n");
    let cookie = desk.enter().await;
    let page = desk.get(&cookie, "/brain").await.text;
    assert!(
        page.contains("<html lang='en' data-theme='auto'>") && page.contains("<title>Brain · Mango</title>"),
        "{page}"
    );
    let told = desk.post(&cookie, "/look", &[("language", "ko")]).await;
    assert_eq!(told.leads_to(), "/brain");
    assert_eq!(told.cookie().as_deref(), Some("moa-language=ko"));
    let both = format!("{cookie}; moa-language=ko; moa-theme=dark");
    let page = desk.get(&both, "/brain").await.text;
    assert!(
        page.contains("<html lang='ko' data-theme='dark'>") && page.contains("본문으로 건너뛰기"),
        "{page}"
    );
    let told = desk
        .post(&cookie, "/look", &[("theme", "dark"), ("back", "//evil.example")])
        .await;
    assert_eq!(told.leads_to(), "/");
    assert!(
        desk.post(&cookie, "/look", &[("theme", "x; Path=/evil")])
            .await
            .cookie()
            .is_none()
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_and_the_operator_ends_all() {
    let desk = desk("");
    let (one, two) = (desk.enter().await, desk.enter().await);
    let told = desk.post(&one, "/sign-out", &[]).await;
    assert!(told.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(desk.get(&one, "/brain").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(desk.get(&two, "/brain").await.status, StatusCode::OK);
    let client = crate::control::client::Client::inside(&desk.control);
    let ended: crate::control::SignedOut = client
        .ask(Method::DELETE, "/v1/dashboard", crate::control::http::empty())
        .await
        .unwrap();
    assert_eq!(ended.sessions, 1);
    assert_eq!(desk.get(&two, "/brain").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_from_harm() {
    let desk = desk("");
    let cookie = desk.enter().await;
    let style = assets::STYLE.address();
    for (cookie, path) in [
        (cookie.as_str(), "/brain"),
        ("", "/brain"),
        ("", "/sign-in"),
        ("", style.as_str()),
        (&cookie, "/x"),
    ] {
        let told = desk.get(cookie, path).await;
        let policy = told.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"),
            "{path}"
        );
        assert_eq!(told.headers[header::X_FRAME_OPTIONS], "DENY", "{path}");
        let kept = told.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert_eq!(kept.contains("immutable"), path == style.as_str(), "{path}: {kept}");
    }
}

#[tokio::test]
async fn links_have_the_names_that_proxies_give() {
    let text = "[admin]\nhosts = [\"moa.example.com\"]\ntrusted-proxies = [\"10.0.0.1\"]\n";
    let link = desk(text).invitation().await;
    assert!(
        link.others[0].starts_with("https://moa.example.com/sign-in?token="),
        "{link:?}"
    );
}
