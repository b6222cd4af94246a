//! `Player`: one peer of a script at work, the far end of one connection.
//!
//! It does one step at a time, as far as it can without waiting, and says whether there is more.
//! When it acts, and before or after whom, is the stage's affair.

use std::{
    io, mem,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    sync::Arc,
};

use super::{
    line::{Line, Opening},
    setting::Setting,
    step::Step,
};
use crate::{
    clock::nanoseconds,
    net::{PipeEnd, ScriptedStream},
    reactor::Reactor,
    readiness::{Direction, Readiness},
};

/// How much of what was sent a line of the transcript shows.
const SHOWN_BYTES_MAX: usize = 32;

/// One peer.
#[derive(Debug)]
pub(crate) struct Player {
    number: usize,
    /// Where it connects to, if it is one that does.
    calls: Option<SocketAddr>,
    steps: Arc<[Step]>,
    next: usize,
    /// How many bytes of the step under way are done.
    moved: usize,
    /// What was read since the last answer.
    read: Vec<u8>,
    /// The answer under way.
    answer: Option<Vec<u8>>,
    /// When the time is over that the step under way lets pass.
    due: Option<u64>,
    connection: Connection,
}

/// How a peer stands to its connection.
#[derive(Debug)]
enum Connection {
    /// It will connect to our listener there, once there is one.
    Calls(SocketAddr),
    /// It has one. Ours may not be open yet.
    Has { far: PipeEnd, line: Rc<Line> },
    /// It had one, or never got it.
    Gone,
}

/// What came of an attempt to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A step is done, there may be more.
    Done,
    /// There is more, but for the next wait: what was done is to be an edge of its own.
    Rests,
    /// Nothing can be done now.
    Waits,
}

impl Player {
    /// A peer that will connect to our listener.
    pub(crate) fn calling(number: usize, to: SocketAddr, steps: Arc<[Step]>) -> Player {
        Player {
            number,
            calls: Some(to),
            steps,
            next: 0,
            moved: 0,
            read: Vec::new(),
            answer: None,
            due: None,
            connection: Connection::Calls(to),
        }
    }

    /// A peer that we connect to.
    pub(crate) fn called(
        number: usize,
        steps: Arc<[Step]>,
        far: PipeEnd,
        line: Rc<Line>,
    ) -> Player {
        let connection = Connection::Has { far, line };
        let (read, answer) = (Vec::new(), None);
        Player {
            number,
            calls: None,
            steps,
            next: 0,
            moved: 0,
            read,
            answer,
            due: None,
            connection,
        }
    }

    /// When it can go on, if that is a matter of time.
    pub(crate) fn due(&self) -> Option<u64> {
        self.due
    }

    /// Whether it will never act again, and holds nothing that anybody could notice.
    pub(crate) fn is_over(&self) -> bool {
        match &self.connection {
            Connection::Calls(_) => false,
            Connection::Has { far, .. } => self.next >= self.steps.len() && far.far_is_gone(),
            Connection::Gone => true,
        }
    }

    /// Does one step, or what can be done of it.
    pub(crate) fn act(&mut self, setting: &Setting, reactor: &Rc<Reactor>, now: u64) -> Act {
        let steps = Arc::clone(&self.steps);
        let step = steps.get(self.next);
        if !step.is_some_and(Step::comes_before_the_connection)
            && !self.connect(setting, reactor, now)
        {
            return Act::Waits;
        }
        let Some(step) = step else { return Act::Waits };
        let act = match self.perform(step, setting, now) {
            Ok(act) => act,
            Err(error) => {
                setting.note(now, self.number, format_args!("is told {:?}", error.kind()));
                self.connection = Connection::Gone;
                Act::Waits
            }
        };
        if act == Act::Done {
            self.next += 1;
            self.moved = 0;
        }
        act
    }

    /// Makes the connection, unless there is one. False if that must wait.
    fn connect(&mut self, setting: &Setting, reactor: &Rc<Reactor>, now: u64) -> bool {
        match &self.connection {
            Connection::Gone => false,
            Connection::Has { far, line } => {
                if matches!(line.opening(), Opening::Pending) {
                    setting.note(now, self.number, format_args!("lets us connect"));
                    line.set_opening(Opening::Open);
                    far.tell_far(Readiness::WRITABLE);
                }
                true
            }
            Connection::Calls(to) => {
                let backlog = setting.backlog(*to).filter(|backlog| backlog.has_room());
                let Some(backlog) = backlog else { return false };
                let from = Setting::caller_address(*to, self.number);
                let name = format!("peer {}", self.number);
                let line = setting.line(name, (backlog.address(), from), Opening::Open);
                let (ours, far) = PipeEnd::pair(reactor);
                let stream = ScriptedStream::new(ours, Rc::clone(&line), Rc::downgrade(reactor));
                setting.note(now, self.number, format_args!("connects from {from}"));
                self.connection = Connection::Has { far, line };
                backlog.push(reactor, stream, from);
                true
            }
        }
    }

    /// The step itself. An error ends the peer's life.
    fn perform(&mut self, step: &Step, setting: &Setting, now: u64) -> io::Result<Act> {
        match step {
            Step::After(time) => {
                let due = *self.due.get_or_insert(now.saturating_add(nanoseconds(*time)));
                if now < due {
                    return Ok(Act::Waits);
                }
                self.due = None;
            }
            Step::Emfile { times } => return Ok(self.lack_descriptors(setting, *times)),
            Step::Refuse => self.fail(setting, now, io::ErrorKind::ConnectionRefused),
            Step::TimeOut => self.fail(setting, now, io::ErrorKind::TimedOut),
            Step::Reset | Step::Close => self.leave(setting, now, step),
            _ => {
                let connection = mem::replace(&mut self.connection, Connection::Gone);
                let Connection::Has { far, line } = &connection else { return Ok(Act::Waits) };
                let act = self.play(step, (far, line), setting, now)?;
                self.connection = connection;
                return Ok(act);
            }
        }
        Ok(Act::Done)
    }

    /// A step upon a connection.
    fn play(
        &mut self,
        step: &Step,
        (far, line): (&PipeEnd, &Line),
        setting: &Setting,
        now: u64,
    ) -> io::Result<Act> {
        let number = self.number;
        match step {
            Step::Send(bytes) => return self.send(bytes, usize::MAX, far, setting, now),
            Step::SendInChunks { bytes, chunk_bytes_max } => {
                let chunk = setting.dice.up_to((*chunk_bytes_max).max(1));
                return self.send(bytes, chunk, far, setting, now);
            }
            Step::Answer(answer) => {
                let bytes = match self.answer.take() {
                    Some(begun) => begun,
                    None => (answer.0)(&mem::take(&mut self.read)),
                };
                let act = self.send(&bytes, usize::MAX, far, setting, now)?;
                self.answer = (act != Act::Done).then_some(bytes);
                return Ok(act);
            }
            Step::ReadUntil(bytes) => return self.read(*bytes, None, far, setting, now),
            Step::ReadFor(time) => {
                let due = *self.due.get_or_insert(now.saturating_add(nanoseconds(*time)));
                let act = self.read(usize::MAX, None, far, setting, now)?;
                if now < due {
                    return Ok(if act == Act::Done { Act::Waits } else { act });
                }
                self.due = None;
            }
            Step::ReadPast(end) => return self.read(usize::MAX, Some(end), far, setting, now),
            Step::ReadToEnd => return self.read(usize::MAX, None, far, setting, now),
            Step::HalfClose => {
                far.shutdown(Shutdown::Write);
                setting.note(now, number, format_args!("shuts down its write side"));
            }
            Step::ShortReads { bytes_max } => line.set_bytes_max(Direction::Read, *bytes_max),
            Step::ShortWrites { bytes_max } => line.set_bytes_max(Direction::Write, *bytes_max),
            Step::WouldBlockOnce => {
                line.would_block_once();
                far.tell_far(Readiness::READABLE);
            }
            Step::Interrupted => line.interrupt_once(),
            Step::Noise { one_in } => line.set_noise(*one_in),
            _ => {}
        }
        Ok(Act::Done)
    }

    /// Sends what is left of `bytes`, at most `chunk` of it.
    fn send(
        &mut self,
        bytes: &[u8],
        chunk: usize,
        far: &PipeEnd,
        setting: &Setting,
        now: u64,
    ) -> io::Result<Act> {
        let left = &bytes[self.moved..];
        if left.is_empty() {
            return Ok(Act::Done);
        }
        let sent = match far.write(&left[..left.len().min(chunk)]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Act::Waits),
            sent => sent?,
        };
        let shown = left[..sent.min(SHOWN_BYTES_MAX)].escape_ascii();
        setting.note(now, self.number, format_args!("sends {sent} bytes: {shown}"));
        self.moved += sent;
        let is_all = self.moved == bytes.len();
        Ok(match (is_all, sent < chunk) {
            (true, _) => Act::Done,
            (false, true) => Act::Waits,
            (false, false) => Act::Rests,
        })
    }

    /// Reads until `bytes` have come in this step, or these bytes, or the end.
    fn read(
        &mut self,
        bytes: usize,
        past: Option<&[u8]>,
        far: &PipeEnd,
        setting: &Setting,
        now: u64,
    ) -> io::Result<Act> {
        let mut buffer = [0; 4_096];
        // What is behind the bytes looked for stays where it is.
        let piece = if past.is_some() { 1 } else { buffer.len() };
        while self.moved < bytes {
            let most = piece.min(bytes - self.moved);
            let came = match far.read(&mut buffer[..most]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Act::Waits),
                came => came?,
            };
            if came == 0 {
                setting.note(now, self.number, format_args!("reads the end"));
                break;
            }
            setting.transcript.keep(self.number, &buffer[..came]);
            if self.steps[self.next..].iter().any(Step::looks_back) {
                self.read.extend_from_slice(&buffer[..came]);
            }
            self.moved += came;
            let is_found = past.is_some_and(|past| self.read.ends_with(past));
            if past.is_none() {
                setting.note(now, self.number, format_args!("reads {came} bytes"));
            }
            if is_found {
                setting.note(now, self.number, format_args!("reads {} bytes", self.moved));
                break;
            }
        }
        Ok(Act::Done)
    }

    /// Accepts will fail at our listener, once there is one.
    fn lack_descriptors(&self, setting: &Setting, times: u32) -> Act {
        let Some(address) = self.calls else { return Act::Done };
        let Some(backlog) = setting.backlog(address) else { return Act::Waits };
        backlog.lack_descriptors(times);
        Act::Done
    }

    /// Our connection does not come about. Of one that is open nothing is to be refused any more.
    fn fail(&mut self, setting: &Setting, now: u64, kind: io::ErrorKind) {
        if let Connection::Has { far, line } = &self.connection
            && matches!(line.opening(), Opening::Pending)
        {
            setting.note(now, self.number, format_args!("gives {kind:?}"));
            line.set_opening(Opening::Failed(kind));
            far.tell_far(Readiness::WRITABLE | Readiness::ERROR);
            self.connection = Connection::Gone;
        }
    }

    /// Goes: in order, if it may.
    fn leave(&mut self, setting: &Setting, now: u64, step: &Step) {
        if let Connection::Has { far, .. } = mem::replace(&mut self.connection, Connection::Gone) {
            if *step == Step::Reset {
                far.reset_on_drop();
            }
            let how = if *step == Step::Reset { "resets the connection" } else { "closes" };
            setting.note(now, self.number, format_args!("{how}"));
        }
    }
}
