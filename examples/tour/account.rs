//! `Account`: what the loop has done in the last second, as text.
//!
//! Everything in it was written by the loop itself and is read from another thread, so it can be
//! printed while the loop hangs, and then says what it hangs in. Plain lines, for a terminal or a
//! pipe.

use std::{
    io::{self, Write},
    sync::Arc,
};

use glassloop::{Cause, ExecutorCounts, ReactorCounts, Snapshot, TaskLine, Watch};

use crate::{actions, longest::Longest};

/// Compares the loop with itself a second ago.
pub(crate) struct Account {
    watch: Watch,
    longest: Longest,
    seconds: u64,
    before: Before,
}

/// How far the loop was when it was last looked at.
#[derive(Default)]
struct Before {
    turn: u64,
    executor: ExecutorCounts,
    reactor: ReactorCounts,
}

impl Account {
    pub(crate) fn new(watch: Watch, longest: Longest) -> Account {
        Account { watch, longest, seconds: 0, before: Before::default() }
    }

    pub(crate) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.seconds += 1;
        match self.watch.snapshot() {
            Some(now) if now.turn > self.before.turn => self.write_second(out, &now),
            _ => self.write_standstill(out),
        }
    }

    fn write_second(&mut self, out: &mut impl Write, now: &Arc<Snapshot>) -> io::Result<()> {
        let Before { turn, executor, reactor } = std::mem::replace(
            &mut self.before,
            Before { turn: now.turn, executor: now.executor, reactor: now.reactor },
        );
        writeln!(
            out,
            "\nsecond {}: {} turns, {} polls, {} deferred calls, {} waits that blocked, {} woken \
             by another thread",
            self.seconds,
            now.turn - turn,
            now.executor.polls - executor.polls,
            now.executor.calls - executor.calls,
            now.reactor.blocked - reactor.blocked,
            now.reactor.wake_calls - reactor.wake_calls,
        )?;
        write!(out, "  wakes by cause:")?;
        let wakes = now.executor.wakes.iter().zip(executor.wakes);
        for (cause, (now, before)) in Cause::ALL.iter().zip(wakes) {
            write!(out, " {} {}", cause.name(), now - before)?;
        }
        writeln!(out, "\n  deepest queue so far: {}", now.executor.ready_depth_max)?;
        let longest = self.longest.take();
        writeln!(out, "  longest item: {:.1?}, {}", longest.took, longest.what)?;
        write_actions(out, now)
    }

    /// Not one turn has ended since the last account.
    fn write_standstill(&self, out: &mut impl Write) -> io::Result<()> {
        let now = self.watch.now();
        writeln!(out, "\nsecond {}: no turn; the loop is in {:?}", self.seconds, now.item)?;
        let [born, awaits] = self.watch.places();
        for (what, place) in [("spawned", born), ("last waited", awaits)] {
            if let Some(place) = place {
                writeln!(out, "  {what} at {}:{}", place.file(), place.line())?;
            }
        }
        Ok(())
    }
}

fn write_actions(out: &mut impl Write, now: &Snapshot) -> io::Result<()> {
    writeln!(out, "  {:<10} {:>7}  waits for", "action", "polls")?;
    for name in actions::NAMES {
        match now.tasks.iter().find(|task| task.name == name) {
            Some(task) => writeln!(out, "  {name:<10} {:>7}  {}", task.polls, waits_of(task))?,
            None => writeln!(out, "  {name:<10} {:>7}  nothing: it has ended", "")?,
        }
    }
    let others = now.tasks.len().saturating_sub(actions::NAMES.len());
    let (sources, timers) = (now.sources.len(), now.timers.len());
    writeln!(out, "  and {others} more tasks; {sources} sources, {timers} timers")
}

/// What a task waits for at this moment, or where it last did.
fn waits_of(task: &TaskLine) -> String {
    if !task.waits.is_empty() {
        let waits: Vec<_> = task.waits.iter().map(ToString::to_string).collect();
        return waits.join("; ");
    }
    match task.awaits {
        Some(place) => format!("{}; last at {}:{}", task.state.name(), place.file(), place.line()),
        None => task.state.name().to_owned(),
    }
}
