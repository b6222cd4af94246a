//! `Account`: what a crowd has done until an instant, as one line of numbers.

use std::io::{self, Write};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub at: Duration,
    pub polls: u64,
    /// Recorded, whether or not they are held.
    pub events: u64,
    /// Processor time of the loop's thread, and of all threads.
    pub of_loop: Duration,
    pub of_process: Duration,
}

impl Account {
    /// Fails when nobody reads any more.
    pub fn tell(&self) -> io::Result<()> {
        let Account { at, polls, events, of_loop, of_process } = self;
        let [at, of_loop, of_process] = [at, of_loop, of_process].map(Duration::as_nanos);
        writeln!(io::stdout(), "{at} {polls} {events} {of_loop} {of_process}")
    }

    pub fn read(line: &str) -> Account {
        let numbers: Vec<u64> = line.split(' ').flat_map(str::parse).collect();
        let [at, polls, events, of_loop, of_process] = numbers[..] else {
            panic!("a crowd gives its account in five numbers, came {line:?}");
        };
        let [at, of_loop, of_process] = [at, of_loop, of_process].map(Duration::from_nanos);
        Account { at, polls, events, of_loop, of_process }
    }
}
