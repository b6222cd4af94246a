//! The lints: a loop that names its own faults.
//!
//! A lint is a pattern that is almost always a fault. `linter.rs` hears of items as they happen
//! (`polls.rs` of tasks that wait, `turns.rs` of turns), `look.rs` looks at the tables now and
//! then; what they find is a `Finding`, which `telling.rs` spreads. They promise to be silent where
//! they can't know: a warning that is wrong is worse than none.

mod finding;
mod kind;
mod limits;
mod linter;
mod look;
mod polls;
mod row;
mod switch;
mod telling;
mod turns;

pub use finding::{Finding, LintLine};
pub use kind::Lint;
pub use limits::LintLimits;
pub(crate) use linter::{Linter, Run};
pub(crate) use switch::from_environment;
