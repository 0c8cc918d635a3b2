//! What stands between the dashboard and the web: cookies, where a change comes from, and what browsers may do with a page.

use super::session::{Look, Theme};
use crate::admin::Asked;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use moa_core::locale::Locale;

/// The cookie that a session is kept in. Cookies know no ports, so hosts side by side have names of their own; and where
/// the connection is encrypted a name that nobody beside the host itself can set.
pub fn session_cookie(asked: &Asked) -> String {
    let port = asked.host.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok());
    match (asked.https, port) {
        (true, _) => "__Host-moa".to_owned(),
        (false, Some(port)) => format!("moa-{port}"),
        (false, None) => "moa-80".to_owned(),
    }
}

/// A header that keeps a session, or ends it.
pub fn keep(asked: &Asked, session: Option<&str>) -> String {
    let secure = if asked.https { "; Secure" } else { "" };
    let (value, age) = match session {
        Some(value) => (value, ""),
        None => ("", "; Max-Age=0"),
    };
    let name = session_cookie(asked);
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
}

/// A header that keeps how the page is to look.
pub fn keep_look(asked: &Asked, name: &str, value: &str) -> String {
    let secure = if asked.https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age=31536000")
}

/// The cookie for the language.
pub const LANGUAGE: &str = "moa-language";
/// The cookie for dark and light.
pub const THEME: &str = "moa-theme";

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// How somebody wants the page.
pub fn look(headers: &HeaderMap) -> Look {
    let locale = match cookie(headers, LANGUAGE) {
        Some("ko") => Locale::Ko,
        Some("en") => Locale::En,
        _ => accepted(headers),
    };
    let theme = cookie(headers, THEME).and_then(Theme::of).unwrap_or_default();
    Look { locale, theme }
}

/// The language that a browser likes best, of those that there are; Korean also where it says nothing.
fn accepted(headers: &HeaderMap) -> Locale {
    let said = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let Some(said) = said else { return Locale::default() };
    let mut best = (0.0, None);
    for part in said.split(',') {
        let mut words = part.split(';').map(str::trim);
        let tag = words.next().unwrap_or_default();
        let weight = words
            .find_map(|word| word.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse::<f64>().ok());
        let language = tag.split('-').next().unwrap_or_default();
        let known = match () {
            () if language.eq_ignore_ascii_case("ko") => Locale::Ko,
            () if language.eq_ignore_ascii_case("en") => Locale::En,
            () => continue,
        };
        if let Some(weight) = weight.filter(|weight| *weight > best.0) {
            best = (weight, Some(known));
        }
    }
    // Who speaks neither reads English.
    best.1.unwrap_or(Locale::En)
}

/// Whether a change comes from a page of this dashboard: browsers say so, in one header or the other, and no page can make
/// them say something else.
pub fn is_from_here(headers: &HeaderMap, asked: &Asked) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = said("sec-fetch-site");
    let origin = said("origin");
    let fits = site.is_none_or(|site| site == "same-origin") && origin.is_none_or(|origin| origin == asked.origin());
    fits && (site.is_some() || origin.is_some())
}

/// What a page may do: nothing but its own files, its own server, and no text that becomes script.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The headers of every answer.
pub fn harden(headers: &mut HeaderMap) {
    let all = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Forms are to say where they come from; nobody else is to know.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Whether an address is a place of the dashboard, and not somewhere else that only looks like it.
pub fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2_000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Source;

    fn via(origin: &str) -> Asked {
        let (scheme, host) = origin.split_once("://").unwrap();
        Asked {
            source: Source::of("127.0.0.1".parse().unwrap()),
            https: scheme == "https",
            host: host.to_owned(),
        }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_change_comes_from_this_dashboard_or_is_none() {
        let here = via("http://127.0.0.1:7701");
        for (lines, from_here) in [
            (&[("origin", "http://127.0.0.1:7701")][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (
                &[("origin", "http://127.0.0.1:7701"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            (&[("origin", "http://127.0.0.1:7702")], false),
            (&[("origin", "https://127.0.0.1:7701")], false),
            (&[("origin", "null")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[("origin", "http://127.0.0.1:7701"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            (
                &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
                false,
            ),
            (&[], false),
        ] {
            assert_eq!(is_from_here(&headers(lines), &here), from_here, "{lines:?}");
        }
    }

    #[test]
    fn the_cookie_is_for_this_host_alone() {
        let plain = keep(&via("http://127.0.0.1:7701"), Some("x"));
        assert_eq!(plain, "moa-7701=x; Path=/; HttpOnly; SameSite=Strict");
        let behind = keep(&via("https://moa.example.com"), Some("x"));
        assert_eq!(behind, "__Host-moa=x; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(keep(&via("http://localhost"), None).ends_with("Max-Age=0"));
        let sent = headers(&[("cookie", "a=b; moa-7701=x=y"), ("cookie", "moa-7702=z")]);
        assert_eq!(
            (cookie(&sent, "moa-7701"), cookie(&sent, "moa-7702")),
            (Some("x=y"), Some("z"))
        );
        assert_eq!(cookie(&sent, "moa-770"), None);
    }

    #[test]
    fn the_language_is_what_was_chosen_or_what_the_browser_likes_best() {
        let said = |lines: &[(&'static str, &str)]| look(&headers(lines)).locale;
        for (accepted, locale) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Locale::Ko),
            ("en-US,en;q=0.9,ko;q=0.5", Locale::En),
            ("fr, ko;q=0.3, en;q=0.2", Locale::Ko),
            ("fr", Locale::En),
            ("*", Locale::En),
            ("ko;q=0, en", Locale::En),
        ] {
            assert_eq!(said(&[("accept-language", accepted)]), locale, "{accepted}");
        }
        assert_eq!(said(&[]), Locale::Ko);
        assert_eq!(
            said(&[("accept-language", "ko"), ("cookie", "moa-language=en")]),
            Locale::En
        );
        assert_eq!(look(&headers(&[("cookie", "moa-theme=dark")])).theme, Theme::Dark);
        assert_eq!(
            look(&headers(&[("cookie", "moa-theme=\"><script>")])).theme,
            Theme::Auto
        );
    }

    #[test]
    fn every_answer_says_what_browsers_may_do_with_it() {
        let mut headers = HeaderMap::new();
        harden(&mut headers);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn what_is_gone_back_to_is_a_place_of_the_dashboard() {
        for path in ["/", "/plugins/a%20b?x=1", "/log?text=%EC%95%88"] {
            assert!(is_own_path(path), "{path}");
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb: c",
            "/가",
        ] {
            assert!(!is_own_path(path), "{path}");
        }
    }
}
