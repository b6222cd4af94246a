//! In whatever shape a loop lives in its host, what comes while it is parked is done without any
//! other event, and its host is called exactly once for it.
//!
//! The shapes are those of `common/shapes.rs`; each goes through the same rounds. What a round
//! waits for would come at once; the patience below is for a machine that has other things to do.
#![cfg(test)]
#![cfg(all(unix, not(miri)))]

#[path = "common/guest_host.rs"]
mod guest_host;
#[path = "common/shapes.rs"]
mod shapes;

use std::{
    cell::Cell,
    io::Write,
    net::{TcpListener, TcpStream},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use glassloop::{EventLoop, net};
use shapes::{Descriptor, Lodger, Pump, Shape};

const ROUNDS: u64 = 1_000;

/// A thread that does what it is told when it is told to.
struct Other {
    orders: mpsc::Sender<Box<dyn FnOnce() + Send>>,
}

impl Other {
    fn new() -> Other {
        let (orders, told) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        thread::spawn(move || told.into_iter().for_each(|order| order()));
        Other { orders }
    }

    fn does(&self, order: impl FnOnce() + Send + 'static) {
        self.orders.send(Box::new(order)).unwrap();
    }
}

/// Each round brings one thing to a parked loop; `bring` does it and gives how many have arrived.
fn rounds(shape: &mut dyn Shape, mut bring: impl FnMut(&EventLoop, u64), seen: &dyn Fn() -> u64) {
    for round in 1..=ROUNDS {
        shape.park();
        let before = shape.calls_of_host();
        bring(shape.event_loop(), round);
        shape.serve_until(&|| seen() == round);
        assert_eq!(shape.calls_of_host() - before, 1, "round {round}: the host is called once");
    }
}

fn a_call_of_another_thread(shape: &mut dyn Shape) {
    let (other, remote) = (Other::new(), shape.event_loop().remote());
    let ran = Arc::new(AtomicU64::new(0));
    let bring = |_: &EventLoop, _| {
        let (remote, ran) = (remote.clone(), Arc::clone(&ran));
        other.does(move || {
            remote.defer(move || _ = ran.fetch_add(1, SeqCst)).unwrap();
        });
    };
    rounds(shape, bring, &|| ran.load(SeqCst));
}

fn a_task_of_the_hosts_own_thread(shape: &mut dyn Shape) {
    let ran = Rc::new(Cell::new(0));
    let bring = |event_loop: &EventLoop, _| {
        let ran = Rc::clone(&ran);
        event_loop.spawn(async move { ran.set(ran.get() + 1) }).detach();
    };
    rounds(shape, bring, &|| ran.get());
}

fn an_earlier_timer_of_the_hosts_own_thread(shape: &mut dyn Shape) {
    let ran = Rc::new(Cell::new(0));
    let later = shape.event_loop().call_later(Duration::from_secs(3600), || {}).unwrap();
    let bring = |event_loop: &EventLoop, _| {
        let ran = Rc::clone(&ran);
        let soon = Duration::from_micros(50);
        event_loop.call_later(soon, move || ran.set(ran.get() + 1)).unwrap();
    };
    rounds(shape, bring, &|| ran.get());
    later.cancel();
}

fn a_frame_and_an_idle_callback_of_the_hosts_own_thread(shape: &mut dyn Shape) {
    let ran = Rc::new(Cell::new(0));
    let bring = |event_loop: &EventLoop, round: u64| {
        let ran = Rc::clone(&ran);
        let count = move || ran.set(ran.get() + 1);
        // A frame is due some milliseconds after the last one.
        if round.is_multiple_of(10) {
            event_loop.request_render(move |_| count()).unwrap();
        } else {
            event_loop.request_idle(move |_| count()).unwrap();
        }
    };
    rounds(shape, bring, &|| ran.get());
}

/// The host's own look at a socket is no call: it comes by itself, or by the descriptor.
fn a_byte_on_a_socket(shape: &mut dyn Shape) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let read = Rc::new(Cell::new(0));
    let counted = Rc::clone(&read);
    let stream = shape.event_loop().enter(|| net::TcpStream::from_std(stream)).unwrap();
    let reader = shape.event_loop().spawn(async move {
        while let Ok(1) = stream.read(&mut [0; 8]).await {
            counted.set(counted.get() + 1);
        }
    });
    shape.park();
    let before = shape.calls_of_host();
    for round in 1..=ROUNDS {
        shape.park();
        peer.write_all(b"!").unwrap();
        shape.look_until(&|| read.get() == round);
    }
    assert_eq!(shape.calls_of_host(), before, "a byte calls nobody");
    drop(reader);
}

macro_rules! acceptance {
    ($($name:ident: $shape:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn a_call_of_another_thread_runs() {
                super::a_call_of_another_thread(&mut $shape);
            }

            #[test]
            fn a_task_of_the_hosts_own_thread_runs() {
                super::a_task_of_the_hosts_own_thread(&mut $shape);
            }

            #[test]
            fn an_earlier_timer_of_the_hosts_own_thread_fires() {
                super::an_earlier_timer_of_the_hosts_own_thread(&mut $shape);
            }

            #[test]
            fn a_frame_and_an_idle_callback_of_the_hosts_own_thread_run() {
                super::a_frame_and_an_idle_callback_of_the_hosts_own_thread(&mut $shape);
            }

            #[test]
            fn a_byte_on_a_socket_is_read() {
                super::a_byte_on_a_socket(&mut $shape);
            }
        }
    )*};
}

acceptance! {
    pump: Pump::new();
    descriptor: Descriptor::new();
    guest: Lodger::new();
}
