use crate::HostError;

/// Why the brain did not do it.
///
/// ```
/// # use moa_plugin::{brain::BrainError, prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// ctx.brain().set("size", "many")?;
/// let error = ctx.brain().get::<u32>("size").unwrap_err();
/// assert!(matches!(error, BrainError::Value { .. }));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrainError {
    /// The host refused.
    #[error("brain key `{key}`: {source}")]
    Host {
        /// The key; of a listing, the prefix.
        key: String,
        /// Why.
        source: HostError,
    },
    /// What is stored is not what was asked for, or what was to be stored has no JSON form.
    #[error(
        "brain key `{key}`: the value does not fit the type; read it as what it was written, or delete it: {source}"
    )]
    Value {
        /// The key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// What is stored is not text.
    #[error("brain key `{key}`: the value is not text; read it by `get_bytes`")]
    NotText {
        /// The key.
        key: String,
    },
}

impl BrainError {
    /// Whether another writer was first, after [`Brain::compare_and_swap`](super::Brain::compare_and_swap).
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set("n", &1)?;
    /// let error = ctx.brain().compare_and_swap("n", &2, None).unwrap_err();
    /// assert!(error.is_conflict(), "there is an entry already");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::Host {
                source: HostError::Conflict(_),
                ..
            }
        )
    }
}

/// What the functions of a [`Brain`](super::Brain) return.
///
/// ```
/// use moa_plugin::Brain;
/// use moa_plugin::brain::BrainResult;
///
/// fn next_number(brain: &Brain) -> BrainResult<i64> {
///     brain.increment("number", 1)
/// }
/// # moa_plugin::testing::Host::new().with(|ctx| assert_eq!(next_number(&ctx.brain()).ok(), Some(1)));
/// ```
pub type BrainResult<T> = Result<T, BrainError>;
