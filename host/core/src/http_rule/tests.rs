use super::*;

fn rule(text: &str) -> Rule {
    Rule::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_rule_is_about_scheme_host_port_path_and_method() {
    for (text, method, url, matches) in [
        ("https://api.example.com", "GET", "https://api.example.com/a?b#c", true),
        ("https://api.example.com", "DELETE", "https://api.example.com:443", true),
        ("https://api.example.com", "GET", "http://api.example.com/", false),
        ("https://api.example.com", "GET", "https://api.example.com:444/", false),
        ("https://api.example.com", "GET", "https://example.com/", false),
        ("https://api.example.com", "GET", "https://x.api.example.com/", false),
        (
            "https://api.example.com",
            "GET",
            "https://api.example.com.evil.example/",
            false,
        ),
        ("https://API.Example.com", "GET", "https://api.eXample.com./", true),
        ("http://localhost:9000", "GET", "http://localhost:9000/", true),
        // Names below, not the name itself, and not one that only ends alike.
        ("https://*.example.com", "GET", "https://a.b.example.com/", true),
        ("https://*.example.com", "GET", "https://example.com/", false),
        ("https://*.example.com", "GET", "https://notexample.com/", false),
        ("https://*", "GET", "https://whatever.example/", true),
        ("https://*", "GET", "https://1.2.3.4/", false),
        ("http://127.0.0.1:*/a", "GET", "http://127.0.0.1:9000/a", true),
        ("http://127.0.0.1:*/a", "GET", "http://127.0.0.1/b", false),
        ("https://*.example.com:*", "GET", "https://a.example.com:1/", true),
        ("https://*:8443", "GET", "https://a.example:8443/", true),
        // International names, however they are written.
        ("https://한글.example", "GET", "https://xn--bj0bj06e.example/", true),
        ("https://xn--bj0bj06e.example", "GET", "https://한글.example", true),
        ("https://example.com", "GET", "https://ＥＸＡＭＰＬＥ.com/", true),
        ("https://example.com", "GET", "https://example。com/", true),
        // Addresses in every form that is read as the same one.
        ("http://127.0.0.1:80", "GET", "http://0x7f.1/", true),
        ("http://127.0.0.1", "GET", "http://2130706433/", true),
        ("http://127.0.0.1", "GET", "http://0177.0.0.1/", true),
        ("http://127.0.0.1", "GET", "http://127.0.0.1./", true),
        ("http://127.0.0.1", "GET", "http://[::ffff:127.0.0.1]/", false),
        ("http://[::1]:8080", "GET", "http://[0:0:0:0:0:0:0:1]:8080/", true),
        // Methods.
        ("GET,HEAD https://a.example", "HEAD", "https://a.example/", true),
        ("GET,HEAD https://a.example", "POST", "https://a.example/", false),
        ("GET https://a.example", "GETX", "https://a.example/", false),
        // Paths: whole segments.
        ("https://a.example/v1", "GET", "https://a.example/v1", true),
        ("https://a.example/v1", "GET", "https://a.example/v1/x", true),
        ("https://a.example/v1", "GET", "https://a.example/v10", false),
        ("https://a.example/v1/", "GET", "https://a.example/v1/x", true),
        ("https://a.example/v1/", "GET", "https://a.example/v1", false),
        ("https://a.example/v1/", "GET", "https://a.example/v1/../admin", false),
        ("https://a.example/v1/", "GET", "https://a.example/x/../v1/y", true),
        (
            "https://a.example/v1/",
            "GET",
            "https://a.example/v1/%2e%2e/admin",
            false,
        ),
        ("https://a.example/v1/", "GET", "https://a.example/v1/..%2fadmin", false),
        (
            "https://a.example/v1/",
            "GET",
            "https://a.example/v1/%252e%252e/admin",
            false,
        ),
        (
            "https://a.example/v1/",
            "GET",
            "https://a.example/v1/%2525252525252e/admin",
            false,
        ),
        ("https://a.example/v1/", "GET", "https://a.example/v1/..;x/admin", false),
        ("https://a.example/v1/", "GET", "https://a.example/v1/a%5c..%5cb", false),
        ("https://a.example/v1/", "GET", "https://a.example/v1/x%00", false),
        ("https://a.example/v1/", "GET", "https://a.example/v1/100%", true),
        ("https://a.example/v1/", "GET", "https://a.example/%761/x", true),
        ("https://a.example/caf%c3%a9", "GET", "https://a.example/café/x", true),
        // Where no path is asked for, none is refused.
        ("https://a.example", "GET", "https://a.example/v1/..%2fadmin", true),
    ] {
        let found = rule(text).matches(method, &address(url).unwrap());
        assert_eq!(found, matches, "{text} and {method} {url}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for (url, says) in [
        ("", "no address"),
        ("/path", "no address"),
        ("ftp://a.example/", "ftp"),
        ("file:///etc/passwd", "file"),
        ("gopher://a.example", "gopher"),
        ("https://user@a.example/", "no user"),
        ("https://user:pw@a.example/", "no user"),
        ("https://:pw@a.example/", "no user"),
        ("https://api.example.com\\@evil.example/", "backslash"),
        ("https://a.example\t.evil.example/", "control"),
        ("https://a.example/a b", "space"),
        (" https://a.example/", "space"),
        ("https://a.example:99999/", "port"),
        ("https://a..example/", "no name"),
        ("https://a.example../", "no name"),
        ("https://./", "no address"),
        ("https://[::1/", "no address"),
        ("https://1.2.3.4.5.6/", "no address"),
        ("https://", "no address"),
    ] {
        let error = address(url).unwrap_err().to_string();
        assert!(error.contains(says), "{url:?}: {error}");
    }
    assert_eq!(
        address(&format!("https://a.example/{}", "x".repeat(9_000))),
        Err(AddressError::TooLong)
    );
    assert_eq!(
        address("HTTPS://A.example:443#x").unwrap().as_str(),
        "https://a.example/"
    );
}

#[test]
fn a_rule_has_one_form() {
    for (text, shown) in [
        ("https://api.example.com", "https://api.example.com"),
        ("https://API.example.com:443/", "https://api.example.com"),
        ("http://*.example.com:8080/a/%7e", "http://*.example.com:8080/a/~"),
        ("GET,POST https://*", "GET,POST https://*"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("http://[::1]:*/x", "http://[::1]:*/x"),
        ("https://*.a.example:*", "https://*.a.example:*"),
    ] {
        assert_eq!(rule(text).to_string(), shown);
        assert_eq!(rule(shown), rule(text));
    }
    for (text, says) in [
        ("api.example.com", "begin with"),
        ("*", "begin with"),
        ("get https://a.example", "capitals"),
        ("GET, POST https://a.example", "capitals"),
        ("https://a.*.example", "whole host"),
        ("https://*a.example", "whole host"),
        ("https://a.example/*", "whole host"),
        ("https://*.1.2.3.4", "nothing below"),
        ("https://a.example/?q=1", "ends with the path"),
        ("https://a.example/a/..%2fb", "encoded"),
        ("https://u@a.example", "no user"),
        ("ftp://a.example", "ftp"),
    ] {
        let error = Rule::parse(text).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("such are"), "{text}: {error}");
    }
}

#[test]
fn one_rule_covers_another() {
    for (wide, narrow, covers) in [
        ("https://*.example.com", "https://api.example.com", true),
        ("https://*.example.com", "GET https://*.eu.example.com/v1", true),
        ("https://*.example.com", "https://*.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*", "https://*.example.com", true),
        ("https://*", "https://1.2.3.4", false),
        ("https://a.example", "http://a.example", false),
        ("GET https://a.example", "https://a.example", false),
        ("GET,POST https://a.example", "POST https://a.example/x", true),
        ("https://a.example/v1", "https://a.example/v1/x", true),
        ("https://a.example/v1", "https://a.example", false),
        ("https://a.example:1", "https://a.example:2", false),
        ("https://a.example:*", "https://a.example:2", true),
        ("https://a.example", "https://a.example:*", false),
    ] {
        assert_eq!(rule(wide).covers(&rule(narrow)), covers, "{wide} and {narrow}");
    }
}

#[test]
fn a_denial_is_not_passed_by_writing_the_path_in_another_way() {
    for (text, path, denies) in [
        ("https://a.example/admin", "/admin", true),
        ("https://a.example/admin", "/admin/users", true),
        ("https://a.example/admin", "/x/..%2fadmin", true),
        ("https://a.example/admin", "/x/%252e%252e/admin", true),
        ("https://a.example/admin", "/%61dmin%2f", true),
        ("https://a.example/admin", "/%2561dmin", true),
        ("https://a.example/admin", "//admin", true),
        ("https://a.example/admin", "/;x//admin", true),
        ("https://a.example/admin", "/admin;x", true),
        ("https://a.example/admin", "/admin%3Bx/users", true),
        ("https://a.example/admin", "/ADMIN", true),
        ("https://a.example/%C3%84mt", "/%C3%A4mt", true),
        ("https://a.example/Admin/", "/admin//users", true),
        ("https://a.example/admin/", "/admin/;x", true),
        ("https://a.example/admin/", "/admin", false),
        ("https://a.example/admin", "/administration", false),
        ("https://a.example/admin", "/public/admin", false),
        ("https://a.example/admin", "/public?to=/admin", false),
        ("POST https://a.example/admin", "//admin", false),
        ("https://b.example/admin", "//admin", false),
        ("https://a.example", "/whatever", true),
    ] {
        let url = address(&format!("https://a.example{path}")).unwrap();
        assert_eq!(rule(text).denies("GET", &url), denies, "{text} {path}");
    }
}
