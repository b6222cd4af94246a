//! A failure: why a command did not do what it was asked, and the exit code that says so.
//!
//! Promises a text of one sentence that says what was expected and what came. It holds no token.

use std::fmt;

/// What went wrong, by the exit code that it ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no such process, loop or task.
    NothingFound,
    /// The command line, or a file that it names.
    WrongArguments,
    /// No inspector listens there, or none that answers.
    NobodyAnswers,
    /// The inspector said no.
    Refused,
    /// A lint has found what is denied.
    Denied,
}

/// Why a command did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Failure {
        Failure { kind, text: text.into() }
    }

    pub(crate) fn nothing(text: impl Into<String>) -> Failure {
        Failure::new(Kind::NothingFound, text)
    }

    pub(crate) fn arguments(text: impl Into<String>) -> Failure {
        Failure::new(Kind::WrongArguments, text)
    }

    pub(crate) fn nobody(text: impl Into<String>) -> Failure {
        Failure::new(Kind::NobodyAnswers, text)
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::NothingFound => 1,
            Kind::WrongArguments => 2,
            Kind::NobodyAnswers => 3,
            Kind::Refused => 4,
            Kind::Denied => 5,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
