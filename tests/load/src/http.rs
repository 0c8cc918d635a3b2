//! The barest HTTP/1.1 client: POST and GET on one kept connection, nothing else. A fuller one would cost more than
//! some of what is measured.

use anyhow::{Context, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that opens itself when it is first used.
pub struct Http {
    to: SocketAddr,
    headers: String,
    /// The status that an answer has to have.
    status: u16,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Http {
    /// To this address, with this token where there is one.
    pub fn new(to: SocketAddr, token: Option<&str>) -> Self {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let bearer = bearer.unwrap_or_default();
        Self {
            to,
            headers: format!("Host: {to}\r\nContent-Type: application/json; charset=utf-8\r\n{bearer}"),
            status: 200,
            stream: None,
            buffer: Vec::new(),
        }
    }

    /// To this address, with these headers, each with its line end.
    pub fn with_headers(to: SocketAddr, headers: &str) -> Self {
        let plain = Self::new(to, None);
        Self {
            headers: format!("{}{headers}", plain.headers),
            ..plain
        }
    }

    /// What is asked is to be answered with this status; otherwise 200.
    pub fn expecting(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Asks, and returns the body of the answer.
    pub async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.to).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let head = format!("{method} {path} HTTP/1.1\r\n{}", self.headers);
        let mut request = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request).await?;
        let answer = self
            .read(&mut stream)
            .await
            .with_context(|| format!("{method} {path}"))?;
        self.stream = Some(stream);
        Ok(answer)
    }

    async fn read(&mut self, stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
        self.buffer.clear();
        let (head, length) = loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection ended before the answer");
            }
            if let Some(end) = self.buffer.windows(4).position(|part| part == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(self.buffer.get(..end).unwrap_or_default()).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                let length: usize = length.context("an answer without a length")?.trim().parse()?;
                if !head.starts_with(&format!("http/1.1 {}", self.status)) {
                    bail!("{}", head.lines().next().unwrap_or_default());
                }
                break (end + 4, length);
            }
        };
        while self.buffer.len() < head + length {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection ended in the middle of the answer");
            }
        }
        Ok(self.buffer.split_off(head))
    }
}
