//! Yield: many tasks that do nothing but let each other run.

use std::cell::Cell;
use std::rc::Rc;

use super::OfTasks;
use crate::contest::Reading;
use crate::machine::cpu_time;
use crate::peer::Tasks;

/// `tasks` that yield `yields` times each.
#[derive(Clone, Copy)]
pub struct Yields {
    pub tasks: u64,
    pub yields: u64,
}

impl OfTasks for Yields {
    fn sample<P: Tasks>(self) -> Reading {
        let nanos = P::block_on(async move {
            let polls = Rc::new(Cell::new(0));
            let begun = cpu_time();
            let handles: Vec<_> = (0..self.tasks)
                .map(|_| {
                    let polls = Rc::clone(&polls);
                    P::spawn(async move {
                        for _ in 0..self.yields {
                            P::yield_now().await;
                            polls.set(polls.get() + 1);
                        }
                        self.yields
                    })
                })
                .collect();
            for handle in handles {
                assert_eq!(handle.await, self.yields);
            }
            let nanos = (cpu_time() - begun).as_nanos();
            assert_eq!(polls.get(), self.tasks * self.yields, "{}: each yield returned", P::NAME);
            nanos
        });
        vec![nanos as f64 / (self.tasks * self.yields) as f64]
    }
}
