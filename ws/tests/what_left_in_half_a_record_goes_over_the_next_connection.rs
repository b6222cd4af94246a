//! A message is done with when the socket has taken its last byte, and over TLS when it has taken
//! the whole record: half a record is nothing that anybody can read.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use common::Loop;
use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{Endpoint, Reconnect, accept_tls};
use tls::{Authority, HOST, believing};

/// The far ends of a client's connections.
type Dialed = Rc<RefCell<Vec<TcpStream>>>;

fn to(authority: &Authority, dialed: &Dialed) -> Reconnect {
    let config = believing(authority.client());
    let endpoint = Endpoint::new(&format!("wss://{HOST}/")).expect("good").config(config);
    let far = Rc::clone(dialed);
    let dialing = Reconnect::dialing(move |_| {
        let (far, endpoint) = (Rc::clone(&far), endpoint.clone());
        async move {
            let (here, there) = duplex()?;
            far.borrow_mut().push(there);
            endpoint.connect_on(here).await
        }
    });
    dialing.seed(7)
}

/// Brings what there is from one socket to another.
fn carry(from: &TcpStream, to: &TcpStream) {
    let mut buffer = vec![0; 8 * 1024];
    if let Ok(count) = from.try_read(&mut buffer) {
        assert_eq!(to.try_write(&buffer[..count]).expect("room"), count);
    }
}

#[test]
fn messages_in_a_record_that_left_in_part_are_sent_again() {
    let mut event_loop = Loop::with_pipes_of(8 * 1024);
    let authority = Authority::new();
    let server = authority.identity().server();
    let dialed = Dialed::default();
    let (client, driver) = to(&authority, &dialed).start().expect("a loop");
    let _driver = event_loop.spawn(driver);
    event_loop.settle();
    // The first connection, carried by hand until it stands, and then no further.
    let near = dialed.borrow_mut().pop().expect("an attempt");
    let (end, far) = duplex().expect("two ends");
    let first = event_loop.spawn(accept_tls(end, &server));
    for _ in 0..20 {
        event_loop.turn(Duration::ZERO);
        carry(&near, &far);
        carry(&far, &near);
        event_loop.settle();
    }
    assert!(client.state().is_open(), "{}", client.state());
    let first = event_loop.wait_for(&first).expect("a server");
    let first = event_loop.drive(first);
    for number in 0..15_u8 {
        assert!(client.try_send(vec![number; 1_000].into()).is_taken());
    }
    event_loop.settle();
    // All that the socket has is brought, and then the connection breaks.
    event_loop.turn(Duration::ZERO);
    carry(&near, &far);
    // (Whoever carried it is gone at the same moment: nothing more is read.)
    drop(near);
    event_loop.settle();
    let read = first.socket.counts().messages_received;
    drop(far);
    event_loop.settle();
    for _ in 0..120 {
        event_loop.pass(Duration::from_secs(1));
        if !dialed.borrow().is_empty() {
            break;
        }
    }
    let near = dialed.borrow_mut().pop().expect("another attempt");
    let second = event_loop.spawn(accept_tls(near, &server));
    let second = event_loop.wait_for(&second).expect("a server");
    let second = event_loop.drive(second);
    event_loop.settle();
    let came = second.socket.counts().messages_received;
    assert_eq!(read + came, 15, "{read} over the first, {came} over the second");
}
