//! Idle wake: how long a call takes to a loop that sleeps in the kernel.
//!
//! On a virtual machine this is mostly the price of waking a halted processor.

use std::thread;
use std::time::{Duration, Instant};

use super::OfInboxes;
use crate::contest::Reading;
use crate::machine::{Place, Processors};
use crate::peer::{Inbox, Sender};
use crate::series::Series;
use crate::tally;

/// `wakes` of them, one after the other.
#[derive(Clone, Copy)]
pub struct IdleWake {
    pub wakes: u64,
    pub processors: Processors,
}

/// Between two calls: the loop is asleep again long before the next.
const PAUSE: Duration = Duration::from_millis(1);

impl OfInboxes for IdleWake {
    fn sample<P: Inbox>(self) -> Reading {
        let wakes = self.wakes.max(2);
        tally::begin(wakes);
        let mut producer = None;
        P::serve(|sender: P::Sender| {
            producer = Some(thread::spawn(move || {
                self.processors.pin(Place::Feeder);
                for _ in 0..wakes {
                    thread::sleep(PAUSE);
                    let sent = Instant::now();
                    sender.send(move || tally::hit_late(sent.elapsed()));
                }
            }));
        });
        let producer = producer.expect("serve calls start");
        producer.join().expect("the producer ends well");
        let late = tally::lateness().iter().map(|late| late.as_secs_f64() * 1e6).collect();
        let late = Series::new(late);
        vec![late.median(), late.quantile(0.99)]
    }
}
