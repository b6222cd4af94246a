//! `Names`: the names that a loop is having looked up, and the thread that asks the OS for them.
//!
//! It promises that the loop never waits for the OS here. The thread starts with the first name and
//! asks for one after the other; at most `Limits::lookups_max` wait for it. It ends with the
//! reactor: at once if it is idle, else when the OS has answered. A question to the OS can't be
//! interrupted, so nobody joins the thread. It caches nothing.

use std::{
    io, mem,
    net::{SocketAddr, ToSocketAddrs},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    task::Waker,
    thread,
};

use slab::Slab;

use crate::{
    notifier::{Notifier, caught},
    waiter::Place,
};

/// What the thread is called. Linux shows fifteen letters.
const THREAD: &str = "glassloop-names";

/// A name that somebody waits for, as plain data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LookupView {
    /// The name.
    pub host: String,
    /// Whom the loop was running when it began to wait, 0 for nobody.
    pub owner: u64,
    /// Where it waits.
    pub place: Place,
}

/// The names of one reactor.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Dropping it ends the thread.
    questions: Option<SyncSender<Question>>,
    /// What futures wait for, until they have taken their answer.
    waiting: Slab<Waiting>,
}

/// A name that a future waits for.
#[derive(Debug)]
struct Waiting {
    view: LookupView,
    answer: Arc<Answer>,
}

/// A name to be looked up, and where its addresses go.
#[derive(Debug)]
struct Question {
    host: String,
    port: u16,
    answer: Arc<Answer>,
}

/// Where an answer is left, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Answer(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    addresses: Option<io::Result<Vec<SocketAddr>>>,
    waker: Option<Waker>,
    /// The answer was left, and whoever waited was woken.
    told: bool,
}

impl Names {
    /// Has a name looked up.
    pub(crate) fn ask(
        &mut self,
        host: &str,
        port: u16,
        lookups_max: usize,
        notifier: &Arc<Notifier>,
    ) -> io::Result<Arc<Answer>> {
        let answer = Arc::<Answer>::default();
        let question = Question { host: host.to_owned(), port, answer: Arc::clone(&answer) };
        let questions = match self.questions.take() {
            Some(questions) => questions,
            None => start(lookups_max.max(1), Arc::clone(notifier))?,
        };
        match self.questions.insert(questions).try_send(question) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(io::Error::other(format!(
                "expected at most {lookups_max} names that wait (Limits::lookups_max), \
                 came one more"
            ))),
            Err(TrySendError::Disconnected(_)) => {
                // The next name starts another one.
                self.questions = None;
                Err(io::Error::other("expected a thread that looks it up, came its end"))
            }
        }
    }

    /// Names whose questions nobody answers, as long as what this gives lives.
    #[cfg(test)]
    pub(crate) fn unheard(lookups_max: usize) -> (Names, impl Sized) {
        let (questions, asked) = sync_channel(lookups_max);
        (Names { questions: Some(questions), ..Names::default() }, asked)
    }

    /// A future waits for an answer. What this gives names it in the table.
    pub(crate) fn add(&mut self, view: LookupView, answer: Arc<Answer>) -> usize {
        self.waiting.insert(Waiting { view, answer })
    }

    /// It waits on behalf of this one now, and there.
    pub(crate) fn note(&mut self, key: usize, owner: u64, place: Place) {
        let view = &mut self.waiting[key].view;
        (view.owner, view.place) = (owner, place);
    }

    /// Nobody waits for this one any more.
    pub(crate) fn forget(&mut self, key: usize) {
        self.waiting.remove(key);
    }

    /// Who waits for which name.
    pub(crate) fn views(&self) -> impl Iterator<Item = &LookupView> {
        self.waiting.iter().map(|(_, waiting)| &waiting.view)
    }

    /// How many of them have no answer yet. One that has, and that nobody polls, brings nothing any
    /// more.
    pub(crate) fn unanswered(&self) -> usize {
        self.waiting.iter().filter(|(_, waiting)| !waiting.answer.is_told()).count()
    }
}

/// Starts the thread.
fn start(lookups_max: usize, notifier: Arc<Notifier>) -> io::Result<SyncSender<Question>> {
    let (questions, asked) = sync_channel(lookups_max);
    // Detached: its end is that of the channel.
    thread::Builder::new().name(THREAD.to_owned()).spawn(move || answer_all(&asked, &notifier))?;
    Ok(questions)
}

/// What the thread does, until the reactor is gone.
fn answer_all(asked: &Receiver<Question>, notifier: &Notifier) {
    while let Ok(Question { host, port, answer }) = asked.recv() {
        // Whoever asked may have left: the OS need not be troubled.
        if Arc::strong_count(&answer) > 1 {
            let addresses = (host.as_str(), port).to_socket_addrs();
            answer.give(addresses.map(Iterator::collect));
            // The loop may have nothing left to wait for, and must look again.
            notifier.notify();
        }
    }
}

impl Answer {
    /// Leaves the answer and wakes whoever waits.
    fn give(&self, addresses: io::Result<Vec<SocketAddr>>) {
        let mut inside = self.lock();
        inside.addresses = Some(addresses);
        let waker = inside.waker.take();
        drop(inside);
        if let Some(waker) = waker {
            caught(|| waker.wake());
        }
        // Only now: who sees that nothing more is to come must find that it has come.
        self.lock().told = true;
    }

    /// Takes the answer, or has `waker` woken when it is there.
    pub(crate) fn take_or_wait(&self, waker: &Waker) -> Option<io::Result<Vec<SocketAddr>>> {
        let is_known =
            |inside: &Inside| inside.waker.as_ref().is_some_and(|stored| stored.will_wake(waker));
        let mut inside = self.lock();
        if inside.addresses.is_some() || is_known(&inside) {
            return inside.addresses.take();
        }
        drop(inside);
        // Cloned, and the one it replaces dropped, while the lock is free: both are anybody's code.
        let mut waker = Some(waker.clone());
        inside = self.lock();
        let addresses = inside.addresses.take();
        if addresses.is_none() {
            mem::swap(&mut inside.waker, &mut waker);
        }
        drop(inside);
        drop(waker);
        addresses
    }

    fn is_told(&self) -> bool {
        self.lock().told
    }

    /// Nobody waits any more.
    pub(crate) fn abandon(&self) {
        let waker = self.lock().waker.take();
        drop(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::Unblock;

    /// Names whose thread is this test.
    fn names(lookups_max: usize) -> (Names, Receiver<Question>) {
        let (questions, asked) = sync_channel(lookups_max);
        (Names { questions: Some(questions), ..Names::default() }, asked)
    }

    fn notifier() -> Arc<Notifier> {
        Arc::new(Notifier::new(Unblock::Parker(Arc::default())))
    }

    fn taken(answer: &Answer) -> Option<io::Result<Vec<SocketAddr>>> {
        answer.take_or_wait(Waker::noop())
    }

    #[test]
    fn one_name_too_many_is_an_error_that_names_the_limit() {
        let (mut names, _asked) = names(2);
        let waiting: Vec<_> =
            (0..2).map(|_| names.ask("::1", 7, 2, &notifier()).unwrap()).collect();
        let error = names.ask("::1", 7, 2, &notifier()).unwrap_err().to_string();
        assert!(error.contains("at most 2") && error.contains("lookups_max"), "{error}");
        assert!(waiting.iter().all(|answer| taken(answer).is_none()));
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_asked() {
        let (mut names, asked) = names(3);
        let notifier = notifier();
        let first = names.ask("::1", 7, 3, &notifier).unwrap();
        drop(names.ask("no such name\0", 7, 3, &notifier).unwrap());
        let last = names.ask("no such name\0", 7, 3, &notifier).unwrap();
        drop(names);
        answer_all(&asked, &notifier);
        assert_eq!(taken(&first).unwrap().unwrap(), ["[::1]:7".parse().unwrap()]);
        assert_eq!(taken(&last).unwrap().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_thread_that_has_ended_is_told_and_the_next_name_starts_another() {
        let (mut names, asked) = names(1);
        drop(asked);
        assert!(names.ask("::1", 7, 1, &notifier()).is_err());
        assert!(names.questions.is_none());
    }
}
