//! `Hall`: who is in a namespace, and in which of its rooms.
//!
//! Promises that who has left the namespace is in none of its rooms, that members are told in the
//! order in which they came, and that an empty room costs nothing. It runs no foreign code while
//! its table is borrowed.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::{Rc, Weak},
};

use super::ServerLimits;
use crate::{
    Request,
    socketio::{
        NamespaceState,
        namespaces::{shared::Shared, space::Space},
    },
};

pub(super) struct Hall {
    pub(super) name: Box<str>,
    table: RefCell<Table>,
    entered: Cell<u64>,
}

/// By the number under which each entered the namespace.
type Members = BTreeMap<u64, Rc<Member>>;

#[derive(Default)]
struct Table {
    members: Members,
    /// Each by its id: a room of its own.
    alone: HashMap<Rc<str>, Rc<Member>>,
    rooms: HashMap<Rc<str>, Members>,
}

/// A client in a namespace.
pub(super) struct Member {
    pub(super) number: u64,
    pub(super) sid: Rc<str>,
    pub(super) shared: Rc<Shared>,
    pub(super) space: Rc<Space>,
    pub(super) request: Rc<Request>,
    pub(super) hall: Rc<Hall>,
    rooms_max: usize,
    room_bytes_max: usize,
    rooms: RefCell<BTreeSet<Rc<str>>>,
}

impl Hall {
    pub(super) fn new(name: &str) -> Rc<Hall> {
        Rc::new(Hall { name: name.into(), table: RefCell::default(), entered: Cell::new(0) })
    }

    /// Those who are in one of these rooms, each once; without rooms, all. In the order in which
    /// they entered the namespace.
    pub(super) fn members(&self, rooms: &[Rc<str>]) -> Vec<Rc<Member>> {
        let table = self.table.borrow();
        let found = |room: &Rc<str>| {
            let alone = table.alone.get(room).into_iter();
            alone.chain(table.rooms.get(room).into_iter().flat_map(Members::values)).cloned()
        };
        match rooms {
            [] => table.members.values().cloned().collect(),
            [room] => found(room).collect(),
            rooms => {
                let all = rooms.iter().flat_map(found);
                let all: Members = all.map(|member| (member.number, member)).collect();
                all.into_values().collect()
            }
        }
    }

    /// How many are here.
    pub(super) fn count(&self) -> usize {
        self.table.borrow().members.len()
    }

    fn leave(&self, member: &Member, room: &str) {
        let mut table = self.table.borrow_mut();
        let Some(members) = table.rooms.get_mut(room) else { return };
        let left = members.remove(&member.number);
        if members.is_empty() {
            table.rooms.remove(room);
        }
        drop(table);
        drop(left);
    }
}

impl Member {
    /// A client enters. It leaves when its space does.
    pub(super) fn enter(
        hall: &Rc<Hall>,
        (shared, space): (&Rc<Shared>, &Rc<Space>),
        sid: &str,
        request: &Rc<Request>,
        limits: &ServerLimits,
    ) -> Rc<Member> {
        let number = hall.entered.get();
        hall.entered.set(number + 1);
        let member = Rc::new(Member {
            number,
            sid: sid.into(),
            shared: Rc::clone(shared),
            space: Rc::clone(space),
            request: Rc::clone(request),
            hall: Rc::clone(hall),
            rooms_max: limits.rooms_per_socket_max,
            room_bytes_max: limits.room_bytes_max,
            rooms: RefCell::default(),
        });
        let mut table = hall.table.borrow_mut();
        table.members.insert(number, Rc::clone(&member));
        table.alone.insert(Rc::clone(&member.sid), Rc::clone(&member));
        drop(table);
        let leaves = Rc::downgrade(&member);
        space.sinks.add(Box::new(move |state| {
            if let (NamespaceState::Disconnected(_), Some(member)) = (state, Weak::upgrade(&leaves))
            {
                member.leave_all();
            }
        }));
        member
    }

    /// False if it is there already, has left the namespace, or is in too many; if the name is too
    /// long, or the id of somebody.
    pub(super) fn join(self: &Rc<Self>, room: &str) -> bool {
        let mut rooms = self.rooms.borrow_mut();
        let is_gone = self.space.peek(|core| core.is_over);
        let has_room = rooms.len() < self.rooms_max && room.len() <= self.room_bytes_max;
        if is_gone || rooms.contains(room) || !has_room {
            return false;
        }
        let mut table = self.hall.table.borrow_mut();
        if table.alone.contains_key(room) {
            return false;
        }
        let room = match table.rooms.get_key_value(room) {
            Some((room, _)) => Rc::clone(room),
            None => Rc::from(room),
        };
        let members = table.rooms.entry(Rc::clone(&room)).or_default();
        members.insert(self.number, Rc::clone(self));
        rooms.insert(room);
        true
    }

    /// False if it wasn't there.
    pub(super) fn leave(&self, room: &str) -> bool {
        let was_there = self.rooms.borrow_mut().remove(room);
        if was_there {
            self.hall.leave(self, room);
        }
        was_there
    }

    fn leave_all(&self) {
        for room in self.rooms.take() {
            self.hall.leave(self, &room);
        }
        let mut table = self.hall.table.borrow_mut();
        let left = (table.members.remove(&self.number), table.alone.remove(&self.sid));
        drop(table);
        drop(left);
    }
}
