//! Signs requests: AWS Signature Version 4, and an HMAC over the body.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2_of_hmac::{Digest, Sha256};
use std::fmt::Write;
use url::Url;

/// What AWS does not want to be signed: others on the way may change it.
const UNSIGNED: [&str; 5] = [
    "authorization",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    // A key of any length will do, so there is nothing to fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// A key of AWS and what it is for.
#[derive(Clone, Copy)]
pub struct Aws<'a> {
    /// The id of the key.
    pub id: &'a str,
    /// The key.
    pub key: &'a str,
    /// The region, such as `ap-northeast-2`.
    pub region: &'a str,
    /// The service, such as `s3`.
    pub service: &'a str,
}

impl Aws<'_> {
    /// The headers that sign a request. `headers` are those that it has, the names in lower case, `Host` not among them.
    pub fn sign(
        &self,
        method: &str,
        url: &Url,
        headers: &[(String, String)],
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(String, String)> {
        let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = time.get(..8).unwrap_or_default();
        let hash = hex(&Sha256::digest(body));
        let is_s3 = self.service == "s3";
        let mut added = vec![("x-amz-date".to_owned(), time.clone())];
        if is_s3 {
            added.push(("x-amz-content-sha256".to_owned(), hash.clone()));
        }
        let mut signed: Vec<(&str, String)> = Vec::new();
        let host = authority(url);
        let own = added.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let theirs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let theirs = theirs.filter(|(name, _)| !added.iter().any(|(own, _)| own == name) && !UNSIGNED.contains(name));
        for (name, value) in own.chain(theirs).chain([("host", host.as_str())]) {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            match signed.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                None => signed.push((name, value)),
            }
        }
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let path = if is_s3 { s3_path(url.path()) } else { path(url.path()) };
        let request = format!("{method}\n{path}\n{}\n{lines}\n{names}\n{hash}", query(url));
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(&request)));
        let first = hmac_sha256(format!("AWS4{}", self.key).as_bytes(), date.as_bytes());
        let parts = [self.region, self.service, "aws4_request", &text];
        let signature = parts.iter().fold(first, |key, part| hmac_sha256(&key, part.as_bytes()));
        added.push((
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
                self.id,
                hex(&signature)
            ),
        ));
        added
    }
}

/// Host and port as the `Host` header has them.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Of all services but S3: without empty segments, and what is encoded already is encoded once more.
fn path(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let end = if path.ends_with('/') && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    encoded(&format!("/{}{end}", segments.join("/")), b"/~")
}

/// Of S3: as it is sent.
fn s3_path(path: &str) -> String {
    encoded(path, b"/~%")
}

fn query(url: &Url) -> String {
    let Some(query) = url.query() else {
        return String::new();
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(&str, &str)> = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Percent-encoded but for letters, digits, `-._` and what is `safe`.
fn encoded(text: &str, safe: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ if safe.contains(&byte) => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
