//! Races between attempts that a table of ports decides, on a clock that the test moves.

use std::{
    cell::{Cell, RefCell},
    panic::Location,
    rc::Rc,
    task::Waker,
};

use super::*;
use crate::{
    clock::Clock, events::Events, manual_clock::ManualClock, poller::PollerKind, reactor::Options,
    sleep::sleep, woken::Woken,
};

/// What the ports do.
const REFUSES: u16 = 1;
const HANGS: u16 = 2;
const ANSWERS: u16 = 3;
const ANSWERS_AFTER_100_MS: u16 = 4;

thread_local! {
    static BEGUN: RefCell<Begun> = const { RefCell::new(Vec::new()) };
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

struct Attempt {
    port: u16,
    sleep: Sleep,
}

impl Attempt {
    fn begin(address: SocketAddr, _: Place) -> Attempt {
        let now = Reactor::current().unwrap().read_clock() / 1_000_000;
        BEGUN.with_borrow_mut(|begun| begun.push((now, address.port())));
        ALIVE.set(ALIVE.get() + 1);
        Attempt { port: address.port(), sleep: sleep(Duration::from_millis(100)) }
    }
}

impl Future for Attempt {
    type Output = io::Result<u16>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u16>> {
        match self.port {
            REFUSES => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
            ANSWERS => Poll::Ready(Ok(ANSWERS)),
            ANSWERS_AFTER_100_MS => Pin::new(&mut self.sleep).poll(cx).map(|()| Ok(self.port)),
            _ => Poll::Pending,
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

/// When each attempt was begun, in milliseconds, and on which port.
type Begun = Vec<(u64, u16)>;

/// Runs a race; the clock jumps to each deadline. Gives its end, or `None` once nothing is left
/// that could end it.
fn run(addresses: Vec<SocketAddr>, max: usize) -> (Option<Result<u16, Failures>>, Begun) {
    BEGUN.with_borrow_mut(Vec::clear);
    let clock = ManualClock::new();
    let options = Options {
        poller: PollerKind::TimersOnly,
        clock: Clock::Manual(clock.clone()),
        ..Options::default()
    };
    let reactor: Rc<Reactor> = Reactor::new(options).unwrap();
    let _entered = reactor.enter();
    let mut race = Race::new(addresses, max, Location::caller(), Attempt::begin);
    let mut cx = Context::from_waker(Waker::noop());
    let ended = loop {
        if let Poll::Ready(ended) = race.poll(&mut cx) {
            break Some(ended.unwrap());
        }
        let Some(deadline) = reactor.earliest_deadline() else { break None };
        clock.jump_to(deadline);
        reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap();
        reactor.timers(&mut Woken::default());
    };
    drop(race);
    assert_eq!(ALIVE.get(), 0, "losers are dropped");
    (ended, BEGUN.take())
}

fn v4(ports: &[u16]) -> Vec<SocketAddr> {
    ports.iter().map(|&port| SocketAddr::from(([127, 0, 0, 1], port))).collect()
}

#[test]
fn one_that_hangs_delays_the_next_by_a_stagger() {
    let (ended, begun) = run(v4(&[HANGS, HANGS, ANSWERS, ANSWERS]), 16);
    assert!(matches!(ended, Some(Ok(ANSWERS))));
    assert_eq!(begun, [(0, HANGS), (250, HANGS), (500, ANSWERS)]);
}

#[test]
fn one_that_answers_before_the_stagger_is_over_is_the_only_one() {
    let (ended, begun) = run(v4(&[ANSWERS_AFTER_100_MS, ANSWERS]), 16);
    assert!(matches!(ended, Some(Ok(ANSWERS_AFTER_100_MS))));
    assert_eq!(begun, [(0, ANSWERS_AFTER_100_MS)]);
}

#[test]
fn one_that_refuses_delays_nobody_and_the_stagger_counts_anew() {
    let (ended, begun) = run(v4(&[REFUSES, HANGS, REFUSES, HANGS, ANSWERS_AFTER_100_MS]), 16);
    assert!(matches!(ended, Some(Ok(ANSWERS_AFTER_100_MS))));
    let expected =
        [(0, REFUSES), (0, HANGS), (250, REFUSES), (250, HANGS), (500, ANSWERS_AFTER_100_MS)];
    assert_eq!(begun, expected);
}

#[test]
fn every_failure_is_told_and_no_address_is_tried_past_the_limit() {
    let addresses = v4(&[REFUSES; 20]);
    let (ended, begun) = run(addresses.clone(), 16);
    let Some(Err(failures)) = ended else { panic!("nobody answers") };
    assert_eq!((failures.len(), begun.len()), (16, 16));
    assert!(failures.iter().all(|(address, _)| *address == addresses[0]));
    let (ended, begun) = run(Vec::new(), 16);
    assert!(matches!(ended, Some(Err(failures)) if failures.is_empty() && begun.is_empty()));
}

#[test]
fn a_race_in_which_nobody_says_anything_has_no_end_of_its_own() {
    let (ended, begun) = run(v4(&[HANGS, HANGS]), 16);
    assert!(ended.is_none());
    assert_eq!(begun, [(0, HANGS), (250, HANGS)]);
}

#[test]
fn families_take_turns_beginning_with_the_first() {
    let addresses = ["[::1]:1", "[::1]:2", "[::1]:3", "127.0.0.1:4", "127.0.0.1:5"];
    let addresses = addresses.map(|address| address.parse::<SocketAddr>().unwrap());
    let ports = |addresses: Vec<SocketAddr>| -> Vec<u16> {
        in_turns(addresses).iter().map(SocketAddr::port).collect()
    };
    assert_eq!(ports(addresses.to_vec()), [1, 4, 2, 5, 3]);
    assert_eq!(ports(addresses[2..].to_vec()), [3, 4, 5]);
    assert_eq!(ports(addresses[3..].to_vec()), [4, 5]);
    let reversed: Vec<_> = addresses.into_iter().rev().collect();
    assert_eq!(ports(reversed), [5, 3, 4, 2, 1]);
}
