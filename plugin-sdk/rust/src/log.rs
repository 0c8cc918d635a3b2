//! Writing to the plugin's log. The host adds the invocation, the plugin and its version.
//!
//! ```
//! use moa_plugin::log;
//!
//! log::info(format!("{} teams made", 3));
//! ```

use crate::host::Level;
use crate::host::system::log;

/// Each step.
pub fn trace(text: impl AsRef<str>) {
    log(Level::Trace, text.as_ref());
}

/// For finding a fault.
pub fn debug(text: impl AsRef<str>) {
    log(Level::Debug, text.as_ref());
}

/// What happened, for everyday reading.
pub fn info(text: impl AsRef<str>) {
    log(Level::Info, text.as_ref());
}

/// Something is odd, and work goes on.
pub fn warn(text: impl AsRef<str>) {
    log(Level::Warn, text.as_ref());
}

/// Something failed.
pub fn error(text: impl AsRef<str>) {
    log(Level::Error, text.as_ref());
}
