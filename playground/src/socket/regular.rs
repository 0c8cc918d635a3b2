//! Faults of connections and deliveries that come again and again, counted and not timed.

use crate::faults::Twin;
use crate::socket::envelope::Reason;
use crate::socket::hub::Order;
use std::time::Duration;

/// One of so many events comes twice.
pub(crate) struct Twice {
    /// all forms in turn where none is given
    form: Option<Twin>,
    every: u64,
    passed: u64,
}

impl Twice {
    /// One of `every` so many, in this form or in all in turn.
    pub fn new(form: Option<Twin>, every: u64) -> Self {
        let every = every.max(1);
        Self { form, every, passed: 0 }
    }

    /// How the event that is sent now comes a second time, if it does.
    pub fn next(&mut self) -> Option<Twin> {
        self.passed += 1;
        if !self.passed.is_multiple_of(self.every) {
            return None;
        }
        let turn = self.passed / self.every % 3;
        Some(self.form.unwrap_or(match turn {
            0 => Twin::Retry,
            1 => Twin::SameEnvelope,
            _ => Twin::NewEventId,
        }))
    }
}

/// How a connection ends because a fault wants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// it is told why, and closed after `grace`
    Told { reason: Reason, grace: Duration },
    /// without a word
    Sudden,
}

impl Ending {
    /// The order to the connection.
    pub fn order(self) -> Order {
        match self {
            Self::Told { reason, grace } => Order::Disconnect { reason, grace },
            Self::Sudden => Order::Drop,
        }
    }

    fn reason(self) -> Option<Reason> {
        match self {
            Self::Told { reason, .. } => Some(reason),
            Self::Sudden => None,
        }
    }
}

/// After every so many messages of people a connection ends, or all do.
pub(crate) struct Regular {
    ending: Ending,
    all: bool,
    every: u64,
    passed: u64,
    /// that were due when no connection was there to meet them
    owed: u64,
}

impl Regular {
    /// After every so many messages from now on.
    pub fn new(ending: Ending, all: bool, every: u64) -> Self {
        Self {
            ending,
            all,
            every: every.max(1),
            passed: 0,
            owed: 0,
        }
    }

    /// Whether it is the same fault, however often it comes and however long its grace.
    pub fn is_like(&self, ending: Ending) -> bool {
        self.ending.reason() == ending.reason()
    }

    /// A person wrote a message. `end` says whether it met a connection; what meets none is owed until the next message.
    pub fn said(&mut self, end: impl FnOnce(bool, Ending) -> bool) {
        self.passed += 1;
        self.owed += u64::from(self.passed.is_multiple_of(self.every));
        if self.owed > 0 && end(self.all, self.ending) {
            self.owed -= 1;
        }
    }
}
