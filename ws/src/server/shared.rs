//! What all parts of one server share.
//!
//! Promises that a connection without a place is told so and goes. It runs the program's `spawn`
//! while nothing of ours is borrowed.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use glassloop_reactor::net::TcpStream;

use crate::close::code;
use crate::http::{Body, Patience, Response, Then, deliver_last};
use crate::time::{deadline, millis_between};
use crate::waits::Waits;
use crate::woken::Woken;

use super::conversation::converse;
use super::counts::ServerCounts;
use super::front::Front;
use super::job::Job;
use super::limits::ServerLimits;
use super::report::StopReport;
use super::roster::{Roster, State, Summons};
use super::routes::Routes;
use super::secured::{Secured, Security, secure};

/// One server.
pub(crate) struct Shared {
    pub(crate) routes: Routes,
    pub(crate) front: Front,
    pub(crate) limits: ServerLimits,
    pub(crate) security: Security,
    pub(crate) roster: Rc<Roster>,
    pub(crate) counts: Cell<ServerCounts>,
    /// When a stop ends who is idle, in nanoseconds of the reactor's clock.
    part_at: Cell<u64>,
    /// When a stop drops who is left.
    stop_at: Cell<u64>,
    /// Who waits for the report of a stop.
    pub(crate) waits: RefCell<Waits>,
    report: RefCell<Option<StopReport>>,
    spawn: Box<dyn Fn(Job)>,
}

impl Shared {
    pub(crate) fn new(
        routes: Routes,
        front: Front,
        limits: ServerLimits,
        security: Security,
        spawn: Box<dyn Fn(Job)>,
    ) -> Rc<Shared> {
        Rc::new(Shared {
            routes,
            front,
            limits,
            security,
            roster: Rc::default(),
            counts: Cell::default(),
            part_at: Cell::new(u64::MAX),
            stop_at: Cell::new(u64::MAX),
            waits: RefCell::default(),
            report: RefCell::default(),
            spawn,
        })
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut ServerCounts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    /// Gives a connection a place and a job, or turns it away.
    pub(crate) fn admit(self: &Rc<Self>, socket: TcpStream, peer: Option<SocketAddr>) {
        if let Some(place) = self.roster.admit(peer, &self.limits) {
            let conversation = converse(Rc::clone(self), socket, Rc::clone(&place));
            self.spawn(Job::new(named("http", None, peer), &place, conversation));
            return;
        }
        self.count(|counts| counts.turned_away += 1);
        if let Some(place) = self.roster.admit_guest(peer, &self.limits) {
            let farewell = turn_away(Rc::clone(self), socket);
            self.spawn(Job::new(named("http 503", None, peer), &place, farewell));
        }
    }

    /// Hands a job to the program.
    pub(crate) fn spawn(&self, job: Job) {
        (self.spawn)(job);
    }

    /// Tells everybody that the server stops. Whoever is not gone in time is dropped then.
    pub(crate) fn stop(&self, now: u64, patience: Duration) {
        let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let idle = self.limits.stop_idle_ms_max.min(millis / 2);
        self.stop_at.set(self.stop_at.get().min(deadline(now, millis)));
        self.part_at.set(self.part_at.get().min(deadline(now, idle)));
        let is_over = self.part_at.get() <= now;
        let summons = if is_over { self.roster.part() } else { self.roster.stop() };
        let Summons { connections, mut woken } = summons;
        for connection in connections {
            connection.close(code::AWAY, "the server stops".into());
        }
        woken.extend(self.roster.serving.take());
        woken.wake();
    }

    /// The while in which a client may ask whose answer, told to stay, was delivered only now that
    /// we stop.
    pub(crate) fn while_ms(&self, now: u64) -> Option<u64> {
        let left_ms = millis_between(now, self.stop_at.get());
        let is_stopping = self.roster.state() > State::Open;
        is_stopping.then(|| self.limits.stop_idle_ms_max.min(left_ms / 2))
    }

    /// When the stop goes on by itself.
    pub(crate) fn next_step_at(&self) -> Option<u64> {
        match self.roster.state() {
            State::Stopping => Some(self.part_at.get()),
            State::Parting => Some(self.stop_at.get()),
            State::Open | State::Cut => None,
        }
    }

    /// The stop's next step: first who is idle goes, at its next poll, which comes now.
    pub(crate) fn step(&self) {
        match self.roster.state() {
            State::Stopping => self.roster.part().woken.wake(),
            State::Parting => self.cut(),
            State::Open | State::Cut => {}
        }
    }

    /// The deadline of a stop, or the end of who serves: who is left is dropped at its next poll,
    /// which comes now.
    pub(crate) fn cut(&self) {
        self.roster.cut(&self.limits).woken.wake();
    }

    pub(crate) fn report(&self) -> Option<StopReport> {
        self.report.borrow().clone()
    }

    /// The stop is over; everybody who waits for it learns it.
    pub(crate) fn finish(&self) -> StopReport {
        let report = self.roster.close();
        self.report.replace(Some(report.clone()));
        let mut woken = Woken::default();
        self.waits.borrow_mut().take_all(&mut woken);
        woken.wake();
        report
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("routes", &self.routes)
            .field("front", &self.front)
            .field("limits", &self.limits)
            .field("roster", &self.roster)
            .finish_non_exhaustive()
    }
}

/// The name of a job.
pub(crate) fn named(kind: &str, route: Option<&str>, peer: Option<SocketAddr>) -> String {
    let mut name = kind.to_owned();
    if let Some(route) = route {
        name.push(' ');
        name.push_str(route);
    }
    if let Some(peer) = peer {
        name.push_str(&format!(" {peer}"));
    }
    name
}

/// Says that there is no place.
async fn turn_away(shared: Rc<Shared>, socket: TcpStream) {
    let secured = secure(&shared, socket, shared.limits.linger_ms_max, || false).await;
    let Secured::Stream(mut stream, left_ms) = secured else { return };
    let answer = shared.front.write(Response::status(503), Body::Sent, Then::Close);
    // Who doesn't take it is turned away all the same.
    drop(deliver_last(&mut stream, &answer, Patience::in_all(left_ms)).await);
}
