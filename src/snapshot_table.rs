//! A snapshot as a table that a person can read. It decides nothing but widths and words.

use std::{fmt, path::MAIN_SEPARATOR, time::Duration};

use glassloop_executor::Cause;

use crate::snapshot::{Place, Snapshot, TaskLine, WaitLine};

/// How a time is shown: three figures and a unit.
fn short(ns: u64) -> String {
    format!("{:.3?}", Duration::from_nanos(ns))
}

/// When something is due.
pub(crate) fn due(at: u64, now: u64) -> String {
    match at {
        u64::MAX => "never due".to_owned(),
        at if at <= now => "due".to_owned(),
        at => format!("due in {}", short(at - now)),
    }
}

/// A place with `/` on every platform.
pub(crate) fn at(place: Place) -> String {
    let file = place.file();
    if MAIN_SEPARATOR == '/' {
        format!("{file}:{}", place.line())
    } else {
        format!("{}:{}", file.replace(MAIN_SEPARATOR, "/"), place.line())
    }
}

impl fmt::Display for WaitLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.operation, self.of)?;
        self.place.map_or(Ok(()), |place| write!(f, " at {}", at(place)))
    }
}

/// One line, for reports: what it is, where it was born, what it waits for.
impl fmt::Display for TaskLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} `{}`, {}, {} polls", self.id, self.name, self.state.name(), self.polls)?;
        if let Some(born) = self.born {
            write!(f, ", spawned at {}", at(born))?;
        }
        for wait in &self.waits {
            write!(f, ", waits: {wait}")?;
        }
        match self.awaits {
            Some(place) if self.waits.is_empty() => write!(f, ", last waited at {}", at(place)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "loop made at {}: turn {}, clock {}",
            at(self.made),
            self.turn,
            short(self.now_ns)
        )?;
        self.fmt_counts(f)?;
        self.fmt_tasks(f)?;
        writeln!(f, "sources: {}", self.sources.len())?;
        for source in &self.sources {
            let mut row = format!("  {:<34} {:<20}", source.name, source.readiness);
            for (owner, operation) in &source.waiters {
                row += &format!(" {operation} by {owner}");
            }
            writeln!(f, "{}", row.trim_end())?;
        }
        writeln!(f, "timers: {}", self.timers.len())?;
        for timer in &self.timers {
            let due = if timer.in_ns == u64::MAX { due(u64::MAX, 0) } else { due(timer.in_ns, 0) };
            let (operation, owner) = (timer.operation, timer.owner);
            writeln!(f, "  {due:<20} {operation} by {owner} at {}", at(timer.place))?;
        }
        if !self.jobs.is_empty() {
            writeln!(f, "jobs: {}", self.jobs.len())?;
        }
        for job in &self.jobs {
            writeln!(f, "  {job}")?;
        }
        write!(f, "queues:")?;
        for queue in &self.queues {
            write!(f, " {} {}", queue.name, queue.depth)?;
            if let Some(max) = queue.max {
                write!(f, "/{max}")?;
            }
        }
        writeln!(f)
    }
}

impl Snapshot {
    fn fmt_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.executor;
        write!(f, "polls {}, wakes {}", counts.polls, counts.wakes.iter().sum::<u64>())?;
        for (cause, wakes) in Cause::ALL.into_iter().zip(counts.wakes) {
            if wakes > 0 {
                write!(f, ", {} {wakes}", cause.name())?;
            }
        }
        writeln!(
            f,
            "; calls {}, callbacks {}, events {}, timers fired {}",
            counts.calls, counts.callbacks, self.reactor.events, self.reactor.timers_fired
        )
    }

    fn fmt_tasks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tasks: {}", self.tasks.len())?;
        if self.tasks.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "  {:<8} {:<16} {:<8} {:>5} {:>5}  waits",
            "id", "name", "state", "polls", "wakes"
        )?;
        for task in &self.tasks {
            let mut waits = task.waits.iter();
            let first = waits.next().map_or_else(
                || task.awaits.map_or(String::new(), |place| format!("(last) at {}", at(place))),
                WaitLine::to_string,
            );
            let id = task.id.to_string();
            let (name, state) = (&task.name, task.state.name());
            let row = format!(
                "  {id:<8} {name:<16} {state:<8} {:>5} {:>5}  {first}",
                task.polls, task.wakes
            );
            writeln!(f, "{}", row.trim_end())?;
            for wait in waits {
                writeln!(f, "{:>49}{wait}", "")?;
            }
        }
        Ok(())
    }
}
