use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Served {
    address: SocketAddr,
    _listening: Listening,
}

async fn served(hosts: &[&str]) -> Served {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = config::Admin {
        wanted: true,
        listen: Some(address),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        proxies: Vec::new(),
        write_brain: false,
    };
    async fn echo(body: axum::body::Bytes) -> axum::body::Bytes {
        body
    }
    let live = || async { "alive\n" };
    let routes = Router::new()
        .route("/livez", axum::routing::get(live))
        .route("/echo", axum::routing::post(echo));
    let listening = serve(listener, address, &config, routes);
    Served {
        address,
        _listening: listening,
    }
}

async fn talk(served: &Served, request: &str) -> String {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    // What is refused early may be closed before all of it is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn health_is_told_under_a_known_name_with_headers_that_keep_browsers_from_harm() {
    let served = served(&["moa.example.com"]).await;
    let ask = async |host: &str, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        talk(&served, &request).await.to_ascii_lowercase()
    };
    let live = ask(&served.address.to_string(), "/livez").await;
    assert!(live.starts_with("http/1.1 200") && live.ends_with("alive\n"), "{live}");
    assert!(ask("moa.example.com", "/livez").await.starts_with("http/1.1 200"));
    let rebound = ask("evil.example", "/livez").await;
    assert!(rebound.starts_with("http/1.1 421"), "{rebound}");
    assert!(
        rebound.contains("admin.hosts") && !rebound.contains("alive"),
        "{rebound}"
    );
    let nowhere = ask("localhost", "/nowhere").await;
    assert!(nowhere.starts_with("http/1.1 404"), "{nowhere}");
    for answer in [&live, &rebound, &nowhere] {
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "content-security-policy: default-src 'none'",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.contains(header), "{header} in {answer}");
        }
    }
}

#[tokio::test]
async fn bodies_and_heads_have_a_bound() {
    let served = served(&[]).await;
    let post = async |length: usize| {
        let head =
            format!("POST /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        talk(&served, &(head + &"x".repeat(length))).await
    };
    assert!(post(100).await.starts_with("HTTP/1.1 200"));
    let refused = post(BODY + 1).await;
    assert!(refused.starts_with("HTTP/1.1 4"), "{refused:.40}");
    let many = "x: y\r\n".repeat(200);
    let refused = talk(
        &served,
        &format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
    )
    .await;
    assert!(refused.starts_with("HTTP/1.1 431"), "{refused:.40}");
}
