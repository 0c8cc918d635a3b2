//! A name server on a UDP port of this machine that answers what the test says, and a resolver that asks it.

use async_trait::async_trait;
use moa_egress::Resolver;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;

const A: u16 = 1;
const AAAA: u16 = 28;
/// Where the question's name stands in every message.
const NAME: [u8; 2] = [0xc0, 12];

type Answers = VecDeque<Vec<IpAddr>>;

/// What the server knows. Each question takes the next answer, and the last one stays.
#[derive(Default)]
struct Zone {
    answers: Mutex<HashMap<(String, u16), Answers>>,
    asked: Mutex<Vec<(String, u16)>>,
}

impl Zone {
    /// The answer to a question, as it is sent.
    fn answer(&self, asked: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = name_at(asked, 12)?;
        let kind = u16::from_be_bytes(asked.get(rest..rest + 2)?.try_into().ok()?);
        self.asked.lock().unwrap().push((name.clone(), kind));
        let mut answers = self.answers.lock().unwrap();
        let known = answers.get_mut(&(name, kind));
        // Recursion is there; no error, or no such name.
        let (flags, found) = match known {
            Some(known) if known.len() > 1 => (0x8180_u16, known.pop_front()?),
            Some(known) => (0x8180, known.front()?.clone()),
            None => (0x8183, Vec::new()),
        };
        let mut told = asked.get(..2)?.to_vec();
        for number in [flags, 1, u16::try_from(found.len()).ok()?, 0, 0] {
            told.extend(number.to_be_bytes());
        }
        told.extend(asked.get(12..rest + 4)?);
        for ip in found {
            let bytes = match ip {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            told.extend(NAME);
            told.extend(kind.to_be_bytes());
            // The internet's, and good for no second.
            told.extend([0, 1, 0, 0, 0, 0]);
            told.extend(u16::try_from(bytes.len()).ok()?.to_be_bytes());
            told.extend(bytes);
        }
        Some(told)
    }
}

/// The name at this place, and where it ends.
fn name_at(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8(bytes.get(at..at + length)?.to_vec()).ok()?);
        at += length;
    }
}

/// The server, and the resolver that asks it over UDP.
pub struct Dns {
    zone: Arc<Zone>,
    server: SocketAddr,
    number: AtomicU16,
}

impl Dns {
    pub async fn start() -> Arc<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = socket.local_addr().unwrap();
        let zone = Arc::new(Zone::default());
        let answers = Arc::clone(&zone);
        tokio::spawn(async move {
            let mut asked = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut asked).await {
                if let Some(told) = answers.answer(&asked[..length]) {
                    let _ = socket.send_to(&told, from).await;
                }
            }
        });
        Arc::new(Self {
            zone,
            server,
            number: AtomicU16::new(1),
        })
    }

    /// What a name stands for, one answer after the other.
    pub fn set(&self, name: &str, answers: &[&[&str]]) {
        let mut all = self.zone.answers.lock().unwrap();
        for kind in [A, AAAA] {
            let fits = |ip: &IpAddr| ip.is_ipv4() == (kind == A);
            let of = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).filter(fits).collect();
            all.insert((name.to_owned(), kind), answers.iter().map(of).collect());
        }
    }

    /// Which names were looked up since the last time, by what came in at the server.
    pub fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.zone.asked.lock().unwrap());
        let of = |kind| {
            asked
                .iter()
                .filter(move |(_, asked)| *asked == kind)
                .map(|(name, _)| name.clone())
        };
        let names: Vec<String> = of(A).collect();
        assert_eq!(names, of(AAAA).collect::<Vec<_>>());
        names
    }

    async fn ask(&self, name: &str, kind: u16) -> io::Result<Vec<IpAddr>> {
        let odd = || io::Error::other("an odd answer of the name server");
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let mut question = Vec::new();
        for part in [number, 0x0100, 1, 0, 0, 0] {
            question.extend(part.to_be_bytes());
        }
        for label in name.trim_end_matches('.').split('.') {
            question.push(u8::try_from(label.len()).map_err(io::Error::other)?);
            question.extend(label.as_bytes());
        }
        question.push(0);
        question.extend([kind, 1].map(u16::to_be_bytes).concat());
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(self.server).await?;
        socket.send(&question).await?;
        let mut told = [0; 512];
        let length = tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut told)).await??;
        let told = &told[..length];
        if told[..2] != number.to_be_bytes() || told[12..question.len()] != question[12..] {
            return Err(odd());
        }
        if told[3] & 0x0f != 0 {
            return Err(io::Error::other("no such name"));
        }
        let mut rest = &told[question.len()..];
        let mut found = Vec::new();
        while let Some((head, after)) = rest.split_at_checked(12) {
            let size = usize::from(u16::from_be_bytes([head[10], head[11]]));
            let (bytes, after) = after.split_at_checked(size).ok_or_else(odd)?;
            found.push(match size {
                4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).unwrap()).into(),
                16 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap()).into(),
                _ => return Err(odd()),
            });
            rest = after;
        }
        Ok(found)
    }
}

#[async_trait]
impl Resolver for Dns {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut found = self.ask(name, A).await?;
        found.extend(self.ask(name, AAAA).await?);
        Ok(found)
    }
}
