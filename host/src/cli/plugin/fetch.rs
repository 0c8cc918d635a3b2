//! A component from a file or from the web.

use super::super::output::Progress;
use super::usage;
use crate::adapter::slack::tls;
use anyhow::Context;
use moa_engine::MAX_PLUGIN_BYTES;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, Url};
use std::path::Path;
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(15);
/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(60);
/// How often an address may lead to another one.
const REDIRECTS: usize = 5;

/// A component, and where it came from.
pub(super) struct Fetched {
    pub(super) bytes: Vec<u8>,
    pub(super) source: String,
}

/// Reads a file, or fetches a URL.
pub(super) async fn fetch(from: &str) -> anyhow::Result<Fetched> {
    match from.contains("://") {
        true => {
            let url = Url::parse(from).map_err(|error| usage(format!("{from} is no URL ({error})")))?;
            if !is_safe(&url) {
                return Err(usage(format!(
                    "{from}: a component is fetched by https, or by http from this machine; fetch it another way and install the file"
                )));
            }
            let bytes = download(url.clone()).await?;
            Ok(Fetched {
                bytes,
                source: shareable(&url),
            })
        }
        false => read(Path::new(from)).await,
    }
}

async fn read(file: &Path) -> anyhow::Result<Fetched> {
    let unreadable = || {
        format!(
            "{} cannot be read; give the path of a component, or its URL",
            file.display()
        )
    };
    let metadata = tokio::fs::metadata(file).await.with_context(unreadable)?;
    anyhow::ensure!(
        metadata.is_file(),
        "{} is no file; give the path of a component",
        file.display()
    );
    check_size(metadata.len())?;
    let bytes = tokio::fs::read(file).await.with_context(unreadable)?;
    let source = std::path::absolute(file)?.to_string_lossy().into_owned();
    Ok(Fetched { bytes, source })
}

async fn download(url: Url) -> anyhow::Result<Vec<u8>> {
    let unfetched = |error: reqwest::Error| {
        let error = anyhow::Error::new(error.without_url());
        anyhow::anyhow!("{} cannot be fetched: {error:#}", shareable(&url))
    };
    let mut response = client(&url)?.get(url.clone()).send().await.map_err(unfetched)?;
    let status = response.status();
    anyhow::ensure!(
        status.is_success(),
        "{} answers {status}; is the address right?",
        shareable(&url)
    );
    check_size(response.content_length().unwrap_or(0))?;
    collect(&mut response).await?.map_err(unfetched)
}

/// Reads the body, telling how far it is.
async fn collect(response: &mut Response) -> anyhow::Result<Result<Vec<u8>, reqwest::Error>> {
    let mut progress = Progress::new("fetching");
    let whole = response.content_length();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                check_size((bytes.len() + chunk.len()) as u64)?;
                bytes.extend_from_slice(&chunk);
                progress.tell_bytes(bytes.len() as u64, whole);
            }
            Ok(None) => return Ok(Ok(bytes)),
            Err(error) => return Ok(Err(error)),
        }
    }
}

fn client(url: &Url) -> anyhow::Result<Client> {
    let mut tls = match url.scheme() {
        "https" => tls::system()?,
        _ => tls::none()?,
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let local = is_loopback(url);
    let follow = move |attempt: Attempt<'_>| {
        // Not from the web to this machine: what runs here may trust whoever asks from here.
        let allowed = is_safe(attempt.url()) && (local || !is_loopback(attempt.url()));
        match allowed && attempt.previous().len() <= REDIRECTS {
            true => attempt.follow(),
            false => attempt.error("it leads to an address that is not fetched from"),
        }
    };
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("moa/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(Policy::custom(follow));
    if local {
        builder = builder.no_proxy();
    }
    Ok(builder.build()?)
}

fn check_size(bytes: u64) -> anyhow::Result<()> {
    match bytes > MAX_PLUGIN_BYTES {
        true => anyhow::bail!(
            "it has more than {} MiB, the most that a component may have",
            MAX_PLUGIN_BYTES >> 20
        ),
        false => Ok(()),
    }
}

fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<std::net::IpAddr>();
            address.is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// Where it is, without what may be secret in it: a password, or what allows whoever holds it to fetch it.
fn shareable(url: &Url) -> String {
    let mut shown = url.clone();
    // Of no URL that is fetched these fail.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown.set_query(None);
    shown.set_fragment(None);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers every request with this text, and returns the address.
    async fn server(answer: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}/x.wasm")
    }

    async fn failure(from: &str) -> String {
        format!("{:#}", fetch(from).await.err().unwrap())
    }

    #[test]
    fn only_what_cannot_be_read_on_the_way_is_fetched() {
        for (url, safe) in [
            ("https://x.example/a.wasm", true),
            ("http://127.0.0.1:8080/a", true),
            ("http://[::1]/a", true),
            ("http://localhost/a", true),
            ("http://x.example/a", false),
            ("http://localhost.example/a", false),
            ("file:///etc/passwd", false),
            ("ftp://x.example/a", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), safe, "{url}");
        }
    }

    #[tokio::test]
    async fn a_component_comes_whole_or_not_at_all() {
        let url = server("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".into()).await;
        let secret = format!("{}?signature=secret#x", url.replace("http://", "http://me:secret@"));
        let fetched = fetch(&secret).await.unwrap();
        assert_eq!((fetched.bytes.as_slice(), fetched.source), (b"abc".as_slice(), url));

        let cut = server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nabc".into()).await;
        assert!(failure(&cut).await.contains("cannot be fetched"));
        let large = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", MAX_PLUGIN_BYTES + 1);
        assert!(failure(&server(large).await).await.contains("64 MiB"));
        let missing = server("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".into()).await;
        let told = failure(&format!("{missing}?signature=secret")).await;
        assert!(
            told.contains("404") && told.contains(&missing) && !told.contains("secret"),
            "{told}"
        );
        let away = "HTTP/1.1 302 Found\r\nlocation: http://plugins.example/x.wasm\r\ncontent-length: 0\r\n\r\n";
        assert!(failure(&server(away.into()).await).await.contains("not fetched from"));
        assert!(failure("http://plugins.example/x.wasm").await.contains("https"));
        // A port that nobody listens at any more.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let told = failure(&format!("http://{free}/x.wasm")).await;
        assert!(told.contains(&free.to_string()) && told.contains("refused"), "{told}");
    }

    #[tokio::test]
    async fn a_file_is_named_by_its_whole_path() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.wasm");
        std::fs::write(&file, "abc").unwrap();
        let fetched = fetch(file.to_str().unwrap()).await.unwrap();
        assert_eq!(fetched.source, file.to_string_lossy());
        assert!(failure(dir.path().to_str().unwrap()).await.contains("no file"));
        assert!(failure("gone.wasm").await.contains("gone.wasm"));
    }
}
