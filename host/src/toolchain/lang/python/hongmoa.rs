//! The project around a folder of apps for hongmoa.
//!
//! A script of the SDK copies the apps, without hongmoa's own modules among them and without secrets, writes the module
//! that loads them, and tells each place where they will not do what they did.

use super::super::{Job, sdk};
use super::{compiler, io, told};
use crate::toolchain::build::BuildError;
use crate::toolchain::diagnostic::Diagnostic;
use crate::toolchain::source::Language;
use moa_core::router::host_words;
use std::path::Path;

/// Makes the project in the job's folder. The differences are told, and are the error where an app cannot work.
pub(in crate::toolchain) async fn project(job: &Job<'_>, apps: &Path) -> Result<(), BuildError> {
    let sdk = sdk::unpack(Language::Python, &job.source.dir).map_err(io)?;
    let base = apps.parent().unwrap_or(apps);
    let script = sdk.join("tools/moa_hongmoa.py");
    let found = told(job, base, |python| {
        python.arg(script).arg(apps).arg(&job.source.dir).arg(&job.source.name);
        python.args(host_words());
    })
    .await?;
    match found.iter().any(Diagnostic::is_error) {
        true => Err(compiler(found)),
        false => Ok(()),
    }
}
