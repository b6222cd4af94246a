//! The floor of a host call: no loop at all, two threads and the standard library's channels.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Seat, job};
use crate::machine::cpu_time;
use crate::peer::Call;

pub const NAME: &str = "std mpsc";

/// Runs `asks` on a thread of its own and answers here.
fn serve<T: Send + 'static>(asks: impl FnOnce(mpsc::Sender<Call>) -> T + Send + 'static) -> T {
    let (post, posted) = mpsc::channel::<Call>();
    let thread = thread::spawn(move || asks(post));
    posted.into_iter().for_each(|job| job());
    thread.join().expect("the asking thread ends well")
}

fn ask(host: &mpsc::Sender<Call>, number: u64, answers: &mpsc::Sender<u64>) {
    let (job, answers) = (job(number), answers.clone());
    let run = move || answers.send(job()).expect("somebody waits for the answer");
    host.send(Box::new(run)).expect("the host is there");
}

/// How long each of so many calls took, one after the other.
pub fn one_at_a_time(calls: u64, seat: Seat) -> Vec<Duration> {
    serve(move |host| {
        seat.take();
        let (answers, answered) = mpsc::channel();
        let trip = |number| {
            let begun = Instant::now();
            ask(&host, number, &answers);
            assert_eq!(answered.recv(), Ok(number));
            begun.elapsed()
        };
        (0..calls).map(trip).collect()
    })
}

/// The clock's and the processors' time of `in_flight` times `each` calls.
pub fn in_flight(in_flight: u64, each: u64, seat: Seat) -> [Duration; 2] {
    serve(move |host| {
        seat.take();
        let (answers, answered) = mpsc::channel();
        let (begun, cpu_before) = (Instant::now(), cpu_time());
        let calls = in_flight * each;
        (0..in_flight).for_each(|number| ask(&host, number, &answers));
        let mut sum = 0;
        for number in in_flight..in_flight + calls {
            sum += answered.recv().expect("the host answers");
            if number < calls {
                ask(&host, number, &answers);
            }
        }
        let took = [begun.elapsed(), cpu_time() - cpu_before];
        assert_eq!(sum, calls * (calls - 1) / 2, "each call was answered once");
        took
    })
}
