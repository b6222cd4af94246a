//! `Failure`: what ends a run by itself, until the run that it ends is told.

use crate::{Difference, Finding, RunError};

/// What ends a run by itself.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Something failed, and nobody handled it, where such failures end the run.
    Unhandled(String),
    /// A lint found something that is denied.
    Found(Box<Finding>),
    /// A run that is run again goes another way.
    Differs(Box<Difference>),
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> RunError {
        match failure {
            Failure::Unhandled(what) => RunError::Failed(what),
            Failure::Found(finding) => RunError::Found(finding),
            Failure::Differs(difference) => RunError::Differs(difference),
        }
    }
}
