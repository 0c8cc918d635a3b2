//! Where Redis is.

use super::RedisOpenError;
use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};

/// A parsed address.
#[derive(Clone)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    /// By TLS, checked against the system's certificates.
    pub secure: bool,
    /// Database, user, password.
    pub login: RedisConnectionInfo,
}

impl Address {
    /// Reads `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or the same with `rediss://`.
    pub(super) fn parse(url: &str) -> Result<Self, RedisOpenError> {
        let bad = |why: String| RedisOpenError::Address { why };
        let (plain, secure) = match url.split_once("://") {
            Some(("redis", _)) => (url.to_owned(), false),
            // What makes it secure is done here, not by the library that reads the rest.
            Some(("rediss", rest)) => (format!("redis://{rest}"), true),
            Some(("redis-sentinel", _)) => {
                return Err(bad(
                    "this moa can't ask Sentinels; give the address of the server itself".into(),
                ));
            }
            _ => return Err(bad("it must begin with redis:// or rediss://".into())),
        };
        let parsed = plain
            .as_str()
            .into_connection_info()
            // The library's text may repeat the address, which may hold a password.
            .map_err(|_| bad("it must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]".into()))?;
        match parsed.addr() {
            ConnectionAddr::Tcp(host, port) => Ok(Self {
                host: host.clone(),
                port: *port,
                secure,
                login: parsed.redis_settings().clone(),
            }),
            _ => Err(bad("it names no host".into())),
        }
    }

    /// For people: no password.
    pub(super) fn place(&self) -> String {
        let database = match self.login.db() {
            0 => String::new(),
            number => format!("/{number}"),
        };
        if self.host.contains(':') {
            format!("[{}]:{}{database}", self.host, self.port)
        } else {
            format!("{}:{}{database}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |url| Address::parse(url).map(|address| (address.place(), address.secure));
        assert_eq!(read("redis://db.example").unwrap(), ("db.example:6379".into(), false));
        assert_eq!(
            read("rediss://moa:pa%40ss@db.example:7000/3").unwrap(),
            ("db.example:7000/3".into(), true)
        );
        assert_eq!(read("redis://[::1]:1").unwrap(), ("[::1]:1".into(), false));
        let login = Address::parse("rediss://moa:pa%40ss@db.example").unwrap().login;
        assert_eq!((login.username(), login.password()), (Some("moa"), Some("pa@ss")));
    }

    #[test]
    fn what_is_no_address_is_told_without_its_password() {
        for url in [
            "redis://:secret@",
            "redis://:secret@db:port",
            "http://:secret@db",
            "redis-sentinel://:secret@a,b/m",
        ] {
            let told = Address::parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
