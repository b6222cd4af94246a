//! The eight faults: their letters, and how each would show.

/// What a patient may suffer from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BlockingSleep,
    LostWake,
    SelfWakeStorm,
    Deadlock,
    Starvation,
    MissedWouldBlock,
    Leak,
    UnboundedQueue,
}

impl Fault {
    pub(crate) const ALL: [Fault; 8] = [
        Fault::BlockingSleep,
        Fault::LostWake,
        Fault::SelfWakeStorm,
        Fault::Deadlock,
        Fault::Starvation,
        Fault::MissedWouldBlock,
        Fault::Leak,
        Fault::UnboundedQueue,
    ];

    pub(crate) fn letter(self) -> char {
        char::from(b'a' + self as u8)
    }

    pub(crate) fn of_letter(said: &str) -> Option<Fault> {
        let said = said.to_ascii_lowercase();
        Fault::ALL.into_iter().find(|fault| said.chars().eq([fault.letter()]))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Fault::BlockingSleep => "a blocking call on the loop",
            Fault::LostWake => "a lost wake: a waker let go of without a wake",
            Fault::SelfWakeStorm => "a storm of wakes by itself",
            Fault::Deadlock => "a deadlock: two who wait for each other",
            Fault::Starvation => "starvation: one that is ready waits for many",
            Fault::MissedWouldBlock => "a source that wasn't read until it would block",
            Fault::Leak => "a leak: what is done is never let go of",
            Fault::UnboundedQueue => "a queue that grows: nothing holds those back who fill it",
        }
    }

    /// What one would see if it were this.
    pub(crate) fn would_show(self) -> &'static str {
        match self {
            Fault::BlockingSleep => {
                "then `top` would show a longest poll of about a second, and `where`, at the right \
                 moment, one task that holds the loop"
            }
            Fault::LostWake => {
                "then `ps` would show a task that is `waiting`, for nothing of the loop's (WAITS \
                 `-`), with WAKERS 0 (where the terminal has 100 columns), and `why TASK` would \
                 say that nobody holds a waker of it"
            }
            Fault::SelfWakeStorm => {
                "then one task's POLLS would grow by millions, and `wakes TASK` would say that it \
                 wakes itself"
            }
            Fault::Deadlock => {
                "then `why TASK` would lead from one task to another and back to the first"
            }
            Fault::Starvation => {
                "then no poll would be long, and yet `ps` would show tasks with much SCHED, the \
                 time for which they were woken and had not run (where the terminal has 100 \
                 columns), and `top` a long delay"
            }
            Fault::MissedWouldBlock => {
                "then `res` would show a source that is `readable` and has no waiter"
            }
            Fault::Leak => {
                "then there would be ever more tasks, all waiting at one line, and none would end"
            }
            Fault::UnboundedQueue => {
                "then one of the figures behind `queued` in `top` would grow, and never be 0 again"
            }
        }
    }
}
