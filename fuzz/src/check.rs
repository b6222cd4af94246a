//! `check`: a script on a real loop and on the model, compared after each step.

use std::{
    cell::RefCell,
    fmt,
    ops::Add,
    panic::{self, AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Arc, Once},
};

use crate::{
    line::{Line, Uid},
    model::Model,
    script::{Script, Step},
    world::World,
};

/// Where loop and model part.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The number of the step, or that of steps if it is what comes after the last.
    pub step: usize,
    /// What was expected, and what came.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.what)
    }
}

/// What a script did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Its steps.
    pub steps: usize,
    /// The lines that loop and model told.
    pub lines: usize,
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally { steps: self.steps + other.steps, lines: self.lines + other.lines }
    }
}

/// Runs a script.
///
/// # Errors
/// What the loop did and the model didn't, or the other way round.
pub fn check(script: &Script) -> Result<Tally, Fault> {
    listen_for_panics();
    PANICS.take();
    let script = Rc::new(script.clone());
    let here = World::enter(&script);
    let world = World::here();
    let tally = match check_steps(&script, &world) {
        Ok(tally) => tally,
        Err(fault) => {
            // A loop that has done wrong may hang, or abort, when it is closed.
            std::mem::forget((world, here));
            return Err(fault);
        }
    };
    let book = Arc::clone(&world.book);
    drop(world);
    let dropped = run_caught(|| drop(here));
    let balanced = dropped.and_then(|()| book.unbalanced().map_or(Ok(()), Err));
    balanced.map(|()| tally).map_err(|what| Fault { step: script.steps.len(), what })
}

fn check_steps(script: &Rc<Script>, world: &World) -> Result<Tally, Fault> {
    let mut model = Model::new(script);
    let mut tally = Tally { steps: script.steps.len(), lines: 0 };
    for (at, step) in script.steps.iter().enumerate() {
        let fault = |what| Fault { step: at, what };
        let had_work = model.has_work();
        model.step(*step);
        run_caught(|| world.step(*step)).map_err(fault)?;
        let blocked = world.take_blocked();
        if blocked && had_work && *step == Step::Turn {
            return Err(fault("it was about to block, with work to do".into()));
        }
        tally.lines += compare(&mut model, world).map_err(fault)?;
    }
    let fault = |what| Fault { step: script.steps.len(), what };
    model.let_go();
    run_caught(|| world.let_go()).map_err(fault)?;
    tally.lines += compare(&mut model, world).map_err(fault)?;
    Ok(tally)
}

/// After a step: the lines, the counts, and that nothing happened which never may.
fn compare(model: &mut Model, world: &World) -> Result<usize, String> {
    let (mut expected, mut came) = (model.take_lines(), world.book.take_lines());
    let number = expected.len();
    let unordered = model.take_unordered();
    if !unordered.is_empty() {
        let (some, others) =
            (take_drops(&mut expected, &unordered), take_drops(&mut came, &unordered));
        if some != others {
            return Err(format!("expected, in any order, {some:?},\n  came {others:?}"));
        }
    }
    if let Some(what) = first_difference(&expected, &came) {
        return Err(what);
    }
    if !model.is_closed() {
        let (expected, came) = (model.count(), world.count());
        if expected != came {
            return Err(format!("expected {expected:?},\n  came {came:?}"));
        }
    }
    let panics = PANICS.take();
    if let Some(panic) = panics.first() {
        return Err(panic.clone());
    }
    world.book.first_fault().map_or(Ok(number), Err)
}

/// The drops of these, by number.
fn take_drops(lines: &mut Vec<Line>, of: &[Uid]) -> Vec<Line> {
    let is_one = |line: &mut Line| matches!(line, Line::Dropped(uid) if of.contains(uid));
    let mut drops: Vec<_> = lines.extract_if(.., is_one).collect();
    drops.sort_unstable();
    drops
}

fn first_difference(expected: &[Line], came: &[Line]) -> Option<String> {
    let longer = expected.len().max(came.len());
    let at = (0..longer).find(|at| expected.get(*at) != came.get(*at))?;
    let around = |lines: &[Line]| {
        let begin = at.saturating_sub(3).min(lines.len());
        format!("{:?}", &lines[begin..(at + 3).min(lines.len())])
    };
    Some(format!("line {at}: expected {},\n  came {}", around(expected), around(came)))
}

thread_local! {
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Programs panic past the hook. What comes here is an assertion of ours, or a borrow.
fn listen_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let what = format!("{info}");
            PANICS.try_with(|panics| panics.borrow_mut().push(what)).ok();
        }));
    });
}

fn run_caught(f: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let heard = PANICS.take().first().cloned();
        drop(payload);
        heard.unwrap_or_else(|| "a panic of the program got out".into())
    })
}
