//! `LintLimits`: from where on something is a fault, each with its default and why.

/// From where on something is told. Part of [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LintLimits {
    /// How long an item runs that is a slow poll. 10,000: a frame of a screen is 16,667.
    pub slow_poll_us_min: u64,
    /// How long a turn takes that is a slow one, though no item of it is slow. 50,000.
    pub slow_turn_us_min: u64,
    /// How long a first poll takes of a task that never yielded. 1,000.
    pub never_yielded_ms_min: u64,
    /// How many turns on end a busy loop makes. 1,000,000: about a second.
    pub busy_turns_min: u32,
    /// How many polls on end a task wakes itself in. 1,000.
    pub self_wakes_min: u32,
    /// How long items take, on average, that do nothing but ask again. 20: whoever works for longer
    /// between two yields is a good neighbour.
    pub idle_item_us_max: u64,
    /// How long a task waits in the ready queue that starves. 100.
    pub starved_ms_min: u64,
    /// How many polls on end find nothing. 1,000.
    pub spurious_polls_min: u32,
    /// After how many rounds of a sleep it is looked whether they keep the time. A tenth may be
    /// lost, and 2 ms in each. 100.
    pub drift_rounds_min: u32,
    /// How many lie in a queue that grows without a bound, at least. 1,000.
    pub queue_depth_min: usize,
    /// How often on end it was found longer than before. 10.
    pub queue_rises_min: u32,
    /// From one look at how long queues are to the next, by the loop's clock. 1,000.
    pub rise_ms_min: u64,
    /// How many bytes a large future has. 16,384.
    pub future_bytes_min: usize,
    /// How long a source has something to read that nobody ever asked for. 1,000.
    pub unheard_ms_min: u64,
    /// From one look at all tasks and sources to the next, by the loop's clock; more if looks take
    /// long. 100.
    pub look_ms_min: u64,
    /// Findings that are kept; of one that was found again the last is. What comes beyond them is
    /// counted. 64.
    pub findings_max: usize,
}

impl Default for LintLimits {
    fn default() -> LintLimits {
        LintLimits {
            slow_poll_us_min: 10_000,
            slow_turn_us_min: 50_000,
            never_yielded_ms_min: 1_000,
            busy_turns_min: 1_000_000,
            self_wakes_min: 1_000,
            idle_item_us_max: 20,
            starved_ms_min: 100,
            spurious_polls_min: 1_000,
            drift_rounds_min: 100,
            queue_depth_min: 1_000,
            queue_rises_min: 10,
            rise_ms_min: 1_000,
            future_bytes_min: 16_384,
            unheard_ms_min: 1_000,
            look_ms_min: 100,
            findings_max: 64,
        }
    }
}
