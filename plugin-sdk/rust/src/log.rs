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
///
/// ```
/// moa_plugin::log::trace("the menu is read");
/// ```
pub fn trace(text: impl AsRef<str>) {
    log(Level::Trace, text.as_ref());
}

/// For finding a fault.
///
/// ```
/// moa_plugin::log::debug("the menu is read");
/// ```
pub fn debug(text: impl AsRef<str>) {
    log(Level::Debug, text.as_ref());
}

/// What happened, for everyday reading.
///
/// ```
/// moa_plugin::log::info("the menu is read");
/// ```
pub fn info(text: impl AsRef<str>) {
    log(Level::Info, text.as_ref());
}

/// Something is odd, and work goes on.
///
/// ```
/// moa_plugin::log::warn("the menu is read");
/// ```
pub fn warn(text: impl AsRef<str>) {
    log(Level::Warn, text.as_ref());
}

/// Something failed.
///
/// ```
/// moa_plugin::log::error("the menu is read");
/// ```
pub fn error(text: impl AsRef<str>) {
    log(Level::Error, text.as_ref());
}
