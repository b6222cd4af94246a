//! The patients: a program each, with what its users complain of.

mod courier;
mod form;
mod guests;
mod mail;
mod night_watch;
mod post_office;
mod printer;
mod ward;

use std::io;

use glassloop::EventLoop;

use crate::{evidence::Evidence, fault::Fault};

/// A program with a fault.
pub(crate) struct Patient {
    pub(crate) name: &'static str,
    pub(crate) complaint: &'static str,
    /// Makes its loop, with its first tasks.
    pub(crate) admit: fn() -> io::Result<EventLoop>,
    pub(crate) fault: Fault,
    pub(crate) evidence: Evidence,
    /// What to look at, and what is seen there.
    pub(crate) look: &'static str,
    pub(crate) mended: &'static str,
    pub(crate) file: &'static str,
}

/// In no order that would tell.
pub(crate) static PATIENTS: [Patient; 8] = [
    guests::PATIENT,
    printer::PATIENT,
    form::PATIENT,
    mail::PATIENT,
    night_watch::PATIENT,
    post_office::PATIENT,
    courier::PATIENT,
    ward::PATIENT,
];
