use super::*;
use axum::Extension;
use axum::extract::Request;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn http(rate: Option<&str>) -> Http {
    Http {
        wanted: true,
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        body: 1 << 20,
        rate: rate.and_then(moa_core::rate::Rate::parse),
        proxies: Vec::new(),
    }
}

fn routes() -> Router {
    async fn echo(request: Request) -> Response {
        match body::read(request.into_body(), 1000, |_| {}).await {
            Ok(body) => plain(StatusCode::OK, String::from_utf8_lossy(&body)),
            Err(refusal) => refusal,
        }
    }
    Router::new()
        .route("/echo", post(echo))
        .route(
            "/who",
            get(|Extension(source): Extension<Source>| async move { source.to_string() }),
        )
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_millis(300)).await }),
        )
}

async fn serve(rate: Option<&str>) -> Web {
    Web::open(&http(rate), routes()).await.unwrap()
}

/// Sends as it stands, and reads to the end.
async fn talk(web: &Web, request: &str) -> String {
    let mut stream = TcpStream::connect(web.address()).await.unwrap();
    // What is refused early may be closed before all of it is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn request(line: &str, rest: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{rest}")
}

#[tokio::test]
async fn routes_are_served_with_who_asks_and_the_rest_is_nowhere() {
    let web = serve(None).await;
    let who = talk(&web, &request("GET /who", "x-forwarded-for: 192.0.2.1\r\n\r\n")).await;
    assert!(who.starts_with("HTTP/1.1 200") && who.ends_with("127.0.0.1"), "{who}");
    let nowhere = talk(&web, &request("GET /hooks/a/b", "\r\n")).await;
    assert!(
        nowhere.starts_with("HTTP/1.1 404") && nowhere.ends_with("\r\n\r\nnot found\n"),
        "{nowhere}"
    );
    let taken = Http {
        listen: web.address(),
        ..http(None)
    };
    let error = Web::open(&taken, routes()).await.err().unwrap().to_string();
    assert!(error.contains("http.listen") && error.contains("port 0"), "{error}");
}

#[tokio::test]
async fn bodies_have_a_limit_announced_or_not() {
    let web = serve(None).await;
    let whole = talk(&web, &request("POST /echo", "content-length: 5\r\n\r\nhello")).await;
    assert!(
        whole.starts_with("HTTP/1.1 200") && whole.ends_with("hello\n"),
        "{whole}"
    );
    // Nothing of it is sent: it is refused by what it says of itself.
    let announced = talk(&web, &request("POST /echo", "content-length: 10000000\r\n\r\n")).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    let chunks = request(
        "POST /echo",
        &format!("transfer-encoding: chunked\r\n\r\n{chunk}{chunk}"),
    );
    let streamed = talk(&web, &chunks).await;
    assert!(streamed.starts_with("HTTP/1.1 413"), "{streamed}");
}

#[tokio::test]
async fn a_source_that_asks_too_often_is_told_when_to_come_again() {
    let web = serve(Some("2/1m")).await;
    for expected in ["200", "200", "429", "429"] {
        let answer = talk(&web, &request("GET /who", "\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer}");
        assert_eq!(answer.contains("retry-after: 30\r\n"), expected == "429", "{answer}");
    }
}

#[tokio::test]
async fn a_stop_lets_what_runs_end_and_nothing_else_begin() {
    let web = serve(None).await;
    let address = web.address();
    let slow = async { talk(&web, &request("GET /slow", "\r\n")).await };
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        web.pause();
        talk(&web, &request("GET /who", "\r\n")).await
    };
    let (slow, refused) = tokio::join!(slow, stop);
    assert!(slow.starts_with("HTTP/1.1 200"), "{slow}");
    assert!(
        refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after"),
        "{refused}"
    );
    web.close(Duration::from_secs(5)).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn one_source_has_so_many_connections_and_gets_new_ones_when_it_ends_some() {
    let web = serve(None).await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_OF_ONE {
        open.push(TcpStream::connect(web.address()).await.unwrap());
    }
    let refused = talk(&web, &request("GET /who", "\r\n")).await;
    assert_eq!(refused, "");
    open.clear();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while talk(&web, &request("GET /who", "\r\n")).await.is_empty() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
