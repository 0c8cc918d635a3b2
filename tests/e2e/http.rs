//! Plugins that ask the outside world, by the contract and by an HTTP client of their language's own: a real server, real
//! addresses, secrets that go out and do not come back.

use super::support::bot::Plan;
use super::support::sim::{Line, Workspace};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "s3cret-of-the-operator";

/// What a server was asked: method and path, what it was told, and what the body was.
type Asked = Arc<Mutex<Vec<String>>>;

async fn serve() -> (u16, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    // All of this machine's own addresses: some are granted, and some are not.
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move { answer(stream, port, &seen).await });
        }
    });
    (port, asked)
}

/// One request of a connection.
async fn answer(mut stream: TcpStream, port: u16, asked: &Asked) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let header = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let words: Vec<&str> = head.split(' ').collect();
    let (method, path) = (words[0], words[1]);
    let token = header("x-token").unwrap_or_default();
    let shown = if token.is_empty() { "-" } else { token.as_str() };
    asked.lock().unwrap().push(format!("{method} {path} {shown}"));
    let (status, more, told) = match path {
        "/inside" => (
            "302 Found",
            format!("location: http://127.0.0.2:{port}/secret\r\n"),
            String::new(),
        ),
        "/there" => ("303 See Other", "location: /end\r\n".to_owned(), String::new()),
        _ => {
            let body = String::from_utf8(body).unwrap();
            let parts = [method.to_owned(), token.clone(), body];
            let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            ("200 OK", String::new(), told.join(" "))
        }
    };
    let length = told.len();
    let text = format!(
        "HTTP/1.1 {status}\r\nx-there: yes\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{told}"
    );
    let _ = stream.write_all(text.as_bytes()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_reach_what_is_granted_and_nothing_else() {
    let (port, asked) = serve().await;
    let workspace = Workspace::start().await;
    let mut bot = Plan::new(&workspace)
        .plugin(&moa_test_guests::fixture("surfer"))
        .config(&format!(
            "[secrets]\nTOKEN = {{ env = \"THE_TOKEN\" }}\n[plugin.surfer.grant]\n\
             http = [\"http://127.0.0.1:{port}\"]\nsecrets = [\"TOKEN\"]\n"
        ))
        .env("THE_TOKEN", SECRET)
        .start()
        .await;
    let say = |text: String| {
        let workspace = &workspace;
        async move { workspace.ask(&Line::new(&text)).await.text }
    };
    let here = format!("http://127.0.0.1:{port}");
    // By the contract.
    assert_eq!(say(format!("!fetch GET {here}/a")).await, "200 yes GET");
    assert_eq!(say(format!("!fetch POST {here}/there")).await, "200 yes GET");
    let told = say(format!("!fetch GET {here}/a x-token={{{{secret:TOKEN}}}}")).await;
    assert_eq!(told, "200 yes GET [secret:TOKEN]");
    // By the language's own.
    let at = format!("127.0.0.1:{port}");
    assert_eq!(say(format!("!surf GET http {at} /b?c=d")).await, "200 yes GET");
    assert_eq!(
        say(format!("!surf POST http {at} /b one two")).await,
        "200 yes POST onetwo"
    );
    assert!(say(format!("!surf GET http {at} /there")).await.starts_with("303"));
    let lines = std::mem::take(&mut *asked.lock().unwrap());
    assert_eq!(
        lines,
        [
            "GET /a -".to_owned(),
            "POST /there -".into(),
            "GET /end -".into(),
            format!("GET /a {SECRET}"),
            "GET /b?c=d -".into(),
            "POST /b -".into(),
            "GET /there -".into(),
        ]
    );

    // Neither directly, nor by a redirect, nor in another form of writing.
    for (line, says) in [
        (format!("!fetch GET http://127.0.0.2:{port}/"), "[plugin.surfer.grant]"),
        (format!("!fetch GET {here}/inside"), "[plugin.surfer.grant]"),
        (format!("!fetch GET http://[::ffff:127.0.0.1]:{port}/"), "did not ask"),
        (format!("!fetch GET http://localhost:{port}/"), "did not ask"),
        (format!("!fetch GET http://2130706434:{port}/"), "[plugin.surfer.grant]"),
        ("!fetch GET http://169.254.169.254/latest".to_owned(), "did not ask"),
        (format!("!surf GET http 127.0.0.2:{port} /"), "HttpRequestDenied"),
        (format!("!fetch GET {here}/ x={{{{secret:OTHER}}}}"), "did not ask"),
    ] {
        let told = say(line.clone()).await;
        assert!(told.starts_with("error") && told.contains(says), "{line}: {told}");
    }
    assert_eq!(*asked.lock().unwrap(), ["GET /inside -"]);
    bot.stop().await;
    let log = bot.log().text();
    assert!(log.contains("refused GET http://127.0.0.2"), "{log}");
    assert!(!log.contains(SECRET));
}
