//! From a host's name to its addresses.

use async_trait::async_trait;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use tokio::sync::Semaphore;

/// How many look-ups may go on at once. One that nobody waits for any more cannot be stopped; without a bound such could
/// take every thread that there is for work that blocks.
const AT_ONCE: usize = 32;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Looks names up. The client asks once for each connection, and connects to what it was told.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a name.
    ///
    /// # Errors
    /// Why there are none.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own way (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let name = name.to_owned();
        let look = move || Ok((name.as_str(), 0).to_socket_addrs()?.map(|found| found.ip()).collect());
        in_turn(&PLACES, look).await
    }
}

/// Does what blocks, once there is a place for it; the place is taken until that is over, however long anybody waits.
async fn in_turn<T: Send + 'static>(
    places: &'static Semaphore,
    look: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let place = places.acquire().await.map_err(io::Error::other)?;
    let looking = tokio::task::spawn_blocking(move || {
        let found = look();
        drop(place);
        found
    });
    looking.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_look_up_that_was_given_up_keeps_its_place() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (end, ended) = mpsc::channel::<()>();
        let slow = in_turn(&ONE, move || Ok(ended.recv().is_ok()));
        assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
        let second = in_turn(&ONE, || Ok(()));
        tokio::pin!(second);
        assert!(
            tokio::time::timeout(Duration::from_millis(20), &mut second)
                .await
                .is_err()
        );
        end.send(()).unwrap();
        second.await.unwrap();
    }

    #[tokio::test]
    async fn this_machine_is_found() {
        let found = System.resolve("localhost").await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
    }
}
