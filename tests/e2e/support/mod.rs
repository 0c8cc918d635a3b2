//! What all tests share: the workspace ([`sim`]), its record ([`record`], for long runs [`tally`]), the bot in it ([`bot`]),
//! processes that run to their end ([`process`]), disks that get full ([`disk`]), plugins ([`guests`]), servers that webhooks lead to ([`hooks`]).

pub mod bot;
pub mod disk;
pub mod guests;
pub mod hooks;
pub mod process;
pub mod record;
pub mod sim;
pub mod tally;

use std::time::Duration;

/// How long anything may take before a test gives up. Generous: a machine under load must not fail a test.
pub const DEADLINE: Duration = Duration::from_secs(45);

/// Between two looks at what is waited for.
pub const GLANCE: Duration = Duration::from_millis(20);

/// Whether the long form of a test is wanted.
pub fn long() -> bool {
    std::env::var("MOA_TEST_LONG").is_ok_and(|value| value == "1")
}

/// Whether a test that cannot run here has to fail instead of being skipped.
pub fn required() -> bool {
    std::env::var("MOA_TEST_REQUIRE").is_ok_and(|value| value == "all")
}

/// Keeps tests that build plugins from doing so side by side: each of them uses every core.
pub async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}
