//! A contest: the peers take samples of one workload in turns.
//!
//! Round by round every contestant gives one sample, and each round begins with the next one, so
//! that a slow minute of the machine, or the peer that ran before, meets all of them alike. One
//! round beforehand warms the allocator and the caches and is thrown away.

use crate::series::Series;

/// One value for each measure of the workload, in their order.
pub type Reading = Vec<f64>;

/// A peer that runs a workload.
pub struct Contestant {
    pub peer: &'static str,
    sample: Box<dyn FnMut() -> Reading>,
}

impl Contestant {
    pub fn new(peer: &'static str, sample: impl FnMut() -> Reading + 'static) -> Contestant {
        Contestant { peer, sample: Box::new(sample) }
    }
}

/// How many samples to take.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    pub counted: usize,
    pub warm_up: usize,
}

/// What a contestant gave: a series for each measure.
pub struct Standing {
    pub peer: &'static str,
    pub series: Vec<Series>,
}

/// Runs all rounds.
pub fn interleave(mut contestants: Vec<Contestant>, rounds: Rounds) -> Vec<Standing> {
    let mut readings: Vec<Vec<Reading>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds.warm_up + rounds.counted {
        for step in 0..contestants.len() {
            let index = (round + step) % contestants.len();
            let reading = (contestants[index].sample)();
            if round >= rounds.warm_up {
                readings[index].push(reading);
            }
        }
    }
    let standing = |(contestant, readings): (&Contestant, &Vec<Reading>)| Standing {
        peer: contestant.peer,
        series: (0..readings[0].len())
            .map(|measure| Series::new(readings.iter().map(|reading| reading[measure]).collect()))
            .collect(),
    };
    contestants.iter().zip(&readings).map(standing).collect()
}
