//! `shrunk`: a failing script made smaller, for as long as it still fails.
//!
//! It leaves out steps, then acts, then whole parts of bodies. What fails in the end may be another
//! fault than at the beginning; it is a fault all the same.

use std::sync::Arc;

use glassloop::RunPolicy;

use crate::script::{Body, Bounds, Script};

/// The smallest script that `fails` and that leaving things out of this one leads to.
pub fn shrunk(script: &Script, mut fails: impl FnMut(&Script) -> bool) -> Script {
    let mut best = script.clone();
    loop {
        let smaller = candidates(&best).into_iter().find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

/// Everything that is one thing less, the biggest things first.
fn candidates(script: &Script) -> Vec<Script> {
    let mut candidates = Vec::new();
    let steps = script.steps.len();
    for size in [steps / 2, steps / 4, 1] {
        for from in (0..steps).step_by(size.max(1)).rev() {
            let mut smaller = script.clone();
            smaller.steps.drain(from..(from + size.max(1)).min(steps));
            candidates.push(smaller);
        }
    }
    for (at, body) in script.bodies.iter().enumerate() {
        for body in smaller_bodies(body) {
            let mut smaller = script.clone();
            smaller.bodies[at] = Arc::new(body);
            candidates.push(smaller);
        }
    }
    candidates.push(Script { policy: RunPolicy::Batch, ..script.clone() });
    candidates.push(Script { bounds: Bounds::Wide, ..script.clone() });
    candidates.retain(|smaller| smaller != script);
    candidates
}

fn smaller_bodies(body: &Body) -> Vec<Body> {
    let mut bodies = vec![
        Body { on_drop: Vec::new(), ..body.clone() },
        Body { drop_panics: false, ..body.clone() },
        Body { output_panics: false, ..body.clone() },
    ];
    for part in 0..body.parts.len() {
        let mut smaller = body.clone();
        smaller.parts.remove(part);
        bodies.push(smaller);
        for act in 0..body.parts[part].len() {
            let mut smaller = body.clone();
            smaller.parts[part].remove(act);
            bodies.push(smaller);
        }
    }
    for act in 0..body.on_drop.len() {
        let mut smaller = body.clone();
        smaller.on_drop.remove(act);
        bodies.push(smaller);
    }
    bodies
}
