//! Why a schedule cannot be read.

/// Why a schedule cannot be read, and what would do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// More characters than a pattern has.
    #[error("the schedule is longer than {max} characters; make several jobs of it")]
    TooLong {
        /// The most.
        max: usize,
    },
    /// Not five and not six fields.
    #[error("`{text}` has {count} fields; write five (minute, hour, day, month, weekday), or six with seconds first")]
    Fields {
        /// What was written.
        text: String,
        /// How many there are.
        count: usize,
    },
    /// A name with `@` that stands for no expression.
    #[error("`{name}` is no schedule; there are @yearly, @monthly, @weekly, @daily, @midnight and @hourly")]
    Nickname {
        /// What was written.
        name: String,
    },
    /// A part of a field cannot be read.
    #[error("`{part}` in the field for the {field}: {problem}")]
    Part {
        /// Which field.
        field: &'static str,
        /// What was written.
        part: String,
        /// What is wrong with it, and what would do.
        problem: String,
    },
    /// A rule cannot be read.
    #[error("the rule `{rule}`: {problem}")]
    Rule {
        /// What was written.
        rule: String,
        /// What is wrong with it, and what would do.
        problem: String,
    },
    /// No rules, or too many.
    #[error("there are {count} rules; write 1 to {max}")]
    Rules {
        /// How many.
        count: usize,
        /// The most.
        max: usize,
    },
    /// No such time zone.
    #[error("`{name}` is no time zone; write an IANA name such as `Asia/Seoul`")]
    Zone {
        /// What was written.
        name: String,
    },
    /// No due time.
    #[error("`{text}` never comes due; no month has such a day, or every one of them is left out")]
    Never {
        /// The pattern.
        text: String,
    },
    /// A day to leave out that is none.
    #[error("`{text}` is no day to leave out; write `2026-12-25`, or `12-25` for every year")]
    Day {
        /// What was written.
        text: String,
    },
    /// An instant that is none.
    #[error("`{text}` is no instant; write one like `2026-11-21T09:50:00+09:00`, or a time from now like `10m`")]
    Instant {
        /// What was written.
        text: String,
    },
}
