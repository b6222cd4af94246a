//! Spawn and join: tasks that end at their first poll, joined in the order of their birth.

use super::OfTasks;
use crate::contest::Reading;
use crate::machine::cpu_time;
use crate::peer::Tasks;

/// `tasks` in all, `batch` of them alive at once.
#[derive(Clone, Copy)]
pub struct SpawnJoin {
    pub tasks: u64,
    pub batch: u64,
}

impl OfTasks for SpawnJoin {
    fn sample<P: Tasks>(self) -> Reading {
        let nanos = P::block_on(async move {
            let mut handles = Vec::with_capacity(self.batch as usize);
            let mut sum = 0;
            let begun = cpu_time();
            for first in (0..self.tasks).step_by(self.batch as usize) {
                let numbers = first..first + self.batch;
                handles.extend(numbers.map(|number| P::spawn(async move { number })));
                for handle in handles.drain(..) {
                    sum += handle.await;
                }
            }
            let nanos = (cpu_time() - begun).as_nanos();
            assert_eq!(sum, self.tasks * (self.tasks - 1) / 2, "{}: each task joined", P::NAME);
            nanos
        });
        vec![nanos as f64 / self.tasks as f64]
    }
}
