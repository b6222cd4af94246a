//! # 5. The kernel can wake you
//!
//! What comes over a network comes to the operating system first, whose kernel keeps it until it is
//! read. So it is the kernel that brings what a reader waits for, but a waker is nothing that it
//! could hold. The loop stands between: when it has nothing to do it sleeps in the kernel, which
//! ends that sleep with a list of *sources* that something has happened to. The loop looks up who
//! waits for each of them, and wakes that task.
//!
//! What the list says of a source is its *readiness*: a read is worth trying. It doesn't say how
//! much is there, and it says so once, when something comes: at the *edge*. Of what is left behind
//! nothing is said again. So who reads must go on until a read answers `WouldBlock`, nothing is
//! here; only then the next edge is still to come, and can be waited for.
//!
//! Here a shopping list comes in two parts, of two words each. `poll_read_ready` is the question
//! whether a read is worth trying; where it isn't, the loop keeps the waker beside the source. The
//! `read` of a stream, which we shall use from now on, does all of this for you.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch05_the_kernel_can_wake_you -- broken
//! ```
//!
//! The shopper reads one word and says `Pending`, in the belief that it will be woken for the rest
//! as well. But the rest was told of with the word, and nobody waits for the source any more. In
//! `glassloop res` it is `readable` and has no waiter: `nobody has tried since`. And of the shopper
//! `glassloop why shopper` says: `nobody holds a waker of it`.
//!
//! ## A question
//!
//! The shopper is polled three times for four words. How often if they come in one part, and how
//! often in four?
#![allow(clippy::print_stdout)]

use std::{
    env,
    future::poll_fn,
    io::{self, ErrorKind},
    net,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use glassloop::{EventLoop, call_later, net::TcpStream};

pub(crate) const PARTS: &[&str] = &["milkeggs", "ricefigs"];
const WORDS: usize = 4;

/// Two ends of a connection: what is written at one is read at the other.
pub(crate) type Ends = (Rc<TcpStream>, Rc<TcpStream>);

pub(crate) fn program(on: &EventLoop, (home, phone): &Ends, parts: &'static [&str]) {
    on.spawn(shop(Rc::clone(phone), true)).named("shopper").detach();
    on.enter(|| send(Rc::clone(home), parts));
    on.run().expect("the list comes");
}

/// One part of the list every 20 ms.
fn send(home: Rc<TcpStream>, parts: &'static [&str]) {
    let Some((part, rest)) = parts.split_first() else { return };
    let sends = move || {
        home.try_write(part.as_bytes()).expect("there is room for a few words");
        send(home, rest);
    };
    call_later(Duration::from_millis(20), sends).expect("there is room");
}

fn shop(phone: Rc<TcpStream>, reads_on: bool) -> impl Future<Output = ()> {
    let mut words = 0;
    poll_fn(move |context| {
        while words < WORDS {
            if phone.poll_read_ready(context).is_pending() {
                println!("waits"); // and its waker lies beside the source
                return Poll::Pending;
            }
            let mut word = [0; 4];
            match phone.try_read(&mut word) {
                Ok(4) => {
                    words += 1;
                    println!("reads {}", String::from_utf8_lossy(&word));
                }
                // From now on the loop believes that a read is not worth trying.
                Err(error) if error.kind() == ErrorKind::WouldBlock => println!("finds nothing"),
                ended => panic!("the line is dead: {ended:?}"),
            }
            if !reads_on {
                println!("waits, as it believes");
                return Poll::Pending;
            }
        }
        println!("has the whole list");
        Poll::Ready(())
    })
}

fn broken(on: &EventLoop, (home, phone): &Ends) {
    on.spawn(shop(Rc::clone(phone), false)).named("shopper").detach();
    on.enter(|| send(Rc::clone(home), PARTS));
    let minute = Duration::from_secs(60);
    on.call_later(minute, || println!("the shop closes")).expect("there is room");
    on.run().unwrap_or_else(|error| println!("{error}"));
}

/// A connection by the kernel, both ends of which become sources of this loop.
fn connect(on: &EventLoop) -> io::Result<Ends> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let home = net::TcpStream::connect(listener.local_addr()?)?;
    let (phone, _) = listener.accept()?;
    on.enter(|| Ok((Rc::new(TcpStream::from_std(home)?), Rc::new(TcpStream::from_std(phone)?))))
}

fn main() -> io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let on = EventLoop::new()?;
    let ends = connect(&on)?;
    match env::args().nth(1).as_deref() {
        Some("broken") => broken(&on, &ends),
        _ => program(&on, &ends, PARTS),
    }
    Ok(())
}
