//! A client over names that the test makes up, and what it logs.
#![allow(dead_code, reason = "each test program uses its own part of it")]

pub mod dns;
pub mod server;

use async_trait::async_trait;
use axum::Router;
use moa_egress::{Caller, Client, Internal, Outside, Pace, Permit, Proxies, Redactor, Request, Resolver, Vault};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Names and what they stand for, one answer after the other; the last one stays.
#[derive(Default)]
pub struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn set(&self, name: &str, answers: &[&[&str]]) {
        let parse = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers);
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let known = answers.get_mut(name).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if known.len() > 1 {
            known.remove(0)
        } else {
            known[0].clone()
        })
    }
}

/// Serves on this machine until the test ends.
pub async fn serve(app: Router) -> SocketAddr {
    serve_at("127.0.0.1:0", app).await
}

pub async fn serve_at(address: &str, app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

pub fn roots() -> Arc<rustls::ClientConfig> {
    moa_egress::tls::with_roots(rustls::RootCertStore::empty()).unwrap()
}

pub fn outside<R: Resolver + 'static>(names: &Arc<R>) -> Outside {
    Outside {
        resolver: Arc::clone(names) as Arc<dyn Resolver>,
        tls: roots(),
        proxies: Proxies::default(),
        pace: Pace {
            per_second: 1e6,
            burst: 1e6,
            at_once: 100,
        },
        redactor: Redactor::default(),
    }
}

pub fn client<R: Resolver + 'static>(names: &Arc<R>) -> Client {
    Client::new(outside(names))
}

/// One whose requests are all granted as they stand, with these hosts opened.
pub fn caller(rules: &[String], internal: &[&str]) -> Caller {
    Caller {
        plugin: "probe".into(),
        invocation: "f00d".into(),
        permit: Permit::new(rules, None, &[], Internal::parse(internal).unwrap()),
        vault: Vault::default(),
    }
}

pub fn vault(secrets: &[(&str, &str)]) -> Vault {
    let all: BTreeMap<String, String> = secrets.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let names: Vec<String> = all.keys().cloned().collect();
    Vault::new(Arc::new(all), names)
}

pub fn get(url: impl Into<String>) -> Request {
    Request {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body: Default::default(),
        sign: None,
        idempotency_key: None,
        follow: true,
        timeout: Duration::from_secs(10),
        limit: 1 << 20,
    }
}

/// What is logged on this thread while the guard lives.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn start(&self) -> tracing::subscriber::DefaultGuard {
        let own = self.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false);
        tracing::subscriber::set_default(log.with_writer(move || own.clone()).finish())
    }

    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
