//! A large page lies in memory once, however many clients are slow to read it. Measured as resident
//! memory of the process.

#![cfg(target_os = "linux")]

mod common;
#[path = "common/page.rs"]
mod page;
#[path = "common/process.rs"]
mod process;

use common::{Loop, Raw};
use page::{ask, serve};

#[test]
fn a_hundred_clients_that_do_not_read_share_one_page() {
    const CLIENTS: usize = 100;
    const BYTES_MAX: usize = 32 * 1_024;
    let mut event_loop = Loop::with_pipes_of(4 * 1_024);
    let server = serve(&event_loop, None);
    // The first ones pay for the pools of the allocator.
    let mut clients: Vec<Raw> = (0..20).map(|_| ask(&mut event_loop, &server)).collect();
    let before = process::resident_bytes();
    clients.extend((0..CLIENTS).map(|_| ask(&mut event_loop, &server)));
    let each = process::resident_bytes().saturating_sub(before) / CLIENTS;
    assert_eq!(server.connections(), 20 + CLIENTS);
    assert!(each <= BYTES_MAX, "expected at most {BYTES_MAX} bytes each, came {each}");
    println!("{each} bytes each");
}
