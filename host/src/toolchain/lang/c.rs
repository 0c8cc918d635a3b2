//! Making a component of C, by Zig's compiler.

use super::sdk::SdkFile;
use super::{Job, Made};
use crate::toolchain::build::BuildError;

/// The SDK's files.
pub(super) fn sdk_files() -> Vec<SdkFile> {
    Vec::new()
}

/// What decides over the outcome besides the sources.
pub(super) async fn tools(job: &Job<'_>) -> Result<String, BuildError> {
    Err(super::unknown(job))
}

/// Makes the component.
pub(super) async fn build(job: &Job<'_>) -> Result<Made, BuildError> {
    Err(super::unknown(job))
}
