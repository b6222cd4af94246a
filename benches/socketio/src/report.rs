//! What a client is asked to measure, and the line in which it answers.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// What is to be done, as the arguments of the program say.
pub struct Plan {
    pub url: String,
    /// Events of [`SHORT`] letters, each way.
    pub events: u64,
    /// Events of [`LONG`] letters, each way.
    pub long_events: u64,
    /// Questions, one at a time.
    pub asks: u64,
    /// Questions, [`AT_ONCE`] of them at any time.
    pub asks_at_once: u64,
    /// What is left of the arguments.
    pub rest: Vec<String>,
}

/// With a number beside it and what JSON adds, 40 bytes.
pub const SHORT: usize = 32;
/// The same, 1 KiB.
pub const LONG: usize = 1_016;
pub const AT_ONCE: u64 = 64;
/// Before it is measured, a tenth of each is done.
pub const WARM_UP: u64 = 10;

impl Plan {
    pub fn of_arguments() -> Plan {
        let mut arguments = std::env::args().skip(1);
        let url = arguments.next().expect("the server's address");
        let mut number = || {
            let number = arguments.next().expect("four numbers: what is to be done");
            number.parse().expect("a number")
        };
        let (events, long_events, asks, asks_at_once) = (number(), number(), number(), number());
        Plan { url, events, long_events, asks, asks_at_once, rest: arguments.collect() }
    }
}

/// The clock, and the processor time of this process, when something began.
pub struct Watch {
    at: Instant,
    processor: Duration,
}

impl Watch {
    pub fn begin() -> Watch {
        Watch { at: Instant::now(), processor: processor_time() }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("processor time is not negative")
}

/// The figures so far, as the fields of a JSON object.
#[derive(Default)]
pub struct Report {
    fields: String,
}

impl Report {
    /// So many of something were done since then.
    pub fn add(&mut self, name: &str, count: u64, since: &Watch) {
        self.add_with(name, count, since, "");
    }

    /// The same, and how long each took.
    pub fn add_each(&mut self, name: &str, mut took: Vec<Duration>, since: &Watch) {
        took.sort();
        let quantile = |share: f64| {
            let at = ((took.len() - 1) as f64 * share).round() as usize;
            took[at].as_secs_f64() * 1e6
        };
        let more = format!(",\"median_us\":{},\"p99_us\":{}", quantile(0.5), quantile(0.99));
        self.add_with(name, took.len() as u64, since, &more);
    }

    /// It can't be measured, and why.
    #[allow(dead_code, reason = "one of the programs needs it")]
    pub fn add_broken(&mut self, name: &str, why: &str) {
        self.push(name, &format!("\"broken\":\"{why}\""));
    }

    fn add_with(&mut self, name: &str, count: u64, since: &Watch, more: &str) {
        let processor = (processor_time() - since.processor).as_secs_f64();
        let seconds = since.at.elapsed().as_secs_f64();
        let all =
            format!("\"count\":{count},\"seconds\":{seconds},\"processor\":{processor}{more}");
        self.push(name, &all);
    }

    fn push(&mut self, name: &str, fields: &str) {
        let comma = if self.fields.is_empty() { "" } else { "," };
        write!(self.fields, "{comma}\"{name}\":{{{fields}}}").expect("a string takes everything");
    }

    pub fn print(&self) {
        println!("{{{}}}", self.fields);
    }
}

/// What the server is to have heard: how many, and the sum of their numbers.
pub fn sum(count: u64) -> (u64, u64) {
    (count, (0..count).sum())
}
