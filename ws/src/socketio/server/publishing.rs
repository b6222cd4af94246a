//! The publishing: one event, encoded already, on its way to one of many.
//!
//! Promises that it leaves behind what was emitted to this client before, and that nothing comes
//! between its messages.

use std::rc::Rc;

use super::hall::Member;
use crate::{
    connection::Connection,
    hub::Letter,
    sending::{Posted, Sender},
    socketio::namespaces::{
        outbound::{Fate, Outbound},
        session::Session,
        space::Stage,
    },
};

/// What became of it.
pub(super) enum Fared {
    /// It leaves with this turn's write.
    Sent,
    /// The client is behind; it waits.
    Buffered,
    /// Too much waits for this client already.
    Full,
    /// The client has left.
    Gone,
}

/// Where it goes.
enum Way {
    /// To the connection, as it is encoded.
    Straight(Rc<Connection>),
    /// Behind what waits.
    Behind,
    Nowhere,
}

pub(super) fn publish(member: &Member, outbound: &Outbound, letters: &mut [Letter]) -> Fared {
    match way(member) {
        Way::Nowhere => Fared::Gone,
        Way::Behind => behind(member, outbound),
        Way::Straight(connection) => match straight(member, &connection, letters) {
            Some(fared) => fared,
            None => behind(member, outbound),
        },
    }
}

/// Looks where it goes. On the straight way, the session is busy from now on.
fn way(member: &Member) -> Way {
    let now = member.shared.reactor.read_clock();
    member.shared.with(|core, _| {
        let session = core.session.as_mut().filter(|session| session.is_usable());
        let (stage, waits) = member.space.peek(|it| (it.stage, it.buffer.len() > 0));
        match session {
            Some(session) if stage == Stage::In => {
                if waits || session.is_behind() || !session.may_send(now) {
                    return Way::Behind;
                }
                session.is_busy = true;
                Way::Straight(Rc::clone(session.connection()))
            }
            _ => Way::Nowhere,
        }
    })
}

/// `None` if there is no room for any of it.
fn straight(member: &Member, connection: &Rc<Connection>, letters: &mut [Letter]) -> Option<Fared> {
    let busy = Busy(member);
    let mut fared = Some(Fared::Sent);
    for at in 0..letters.len() {
        let outgoing = letters[at].to(connection);
        match connection.post(outgoing, Sender::Hub) {
            Posted::Sent => continue,
            Posted::Buffered(_) => fared = Some(Fared::Buffered),
            Posted::Full(_) | Posted::Dropped(_) if at == 0 => {
                fared = None;
                break;
            }
            Posted::Full(_) | Posted::Dropped(_) => {
                // It has begun: the rest goes before everything else.
                let rest = letters[at..].iter().map(|letter| letter.message.clone());
                with_session(member, |session| session.hand_over_rest(rest));
                fared = Some(Fared::Buffered);
                break;
            }
            Posted::Closed(_) => {
                fared = Some(Fared::Gone);
                break;
            }
        }
    }
    drop(busy);
    // What was emitted meanwhile, by a waker, has waited.
    member.shared.pump();
    fared
}

/// The session is busy; no more when this is dropped, also by the panic of a waker.
struct Busy<'a>(&'a Member);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        with_session(self.0, |session| session.is_busy = false);
    }
}

fn with_session(member: &Member, act: impl FnOnce(&mut Session)) {
    member.shared.with(|core, _| core.session.as_mut().map(act));
}

/// It waits as an event of this client's alone.
fn behind(member: &Member, outbound: &Outbound) -> Fared {
    let limits = &member.shared.limits;
    if !member.space.peek(|core| core.buffer.has_room(outbound.bytes(), limits)) {
        return Fared::Full;
    }
    let own = Outbound::new(outbound.body.clone(), Fate::Once);
    member.shared.accept(&member.space, own);
    Fared::Buffered
}
