//! `random`: draws scripts from a seed and runs them, for so many seconds.
//!
//! The first that fails is shrunk and printed with its seed, and ends the program with status 1.
//! One that doesn't come to an end within two seconds counts as failed.

use std::{
    env,
    process::ExitCode,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use script::{Fault, Random, Script, Tally, check, shrunk};

/// Longer than any script takes, a millisecond, by far.
const PATIENCE: Duration = Duration::from_secs(2);

/// Scripts that are checked in one go: threads that change cost more than scripts.
const BATCH: u64 = 64;

fn main() -> ExitCode {
    let (seconds, seed) = match options() {
        Ok(options) => options,
        Err(what) => {
            eprintln!("{what}\nusage: random [--seconds N] [--seed S]");
            return ExitCode::from(2);
        }
    };
    println!("seed {seed}, {seconds} s");
    let (began, end) = (Instant::now(), Duration::from_secs(seconds));
    let mut checker = Checker::new();
    let mut sum = Tally::default();
    let mut scripts = 0_u64;
    // With no time at all it is the one script of the seed.
    let batch = if seconds == 0 { 1 } else { BATCH };
    while began.elapsed() < end || scripts == 0 {
        // Each script has a seed of its own, so that it can be had again alone.
        let seeds: Vec<u64> = (scripts..scripts + batch).map(|at| seed.wrapping_add(at)).collect();
        let drawn = seeds.iter().map(|seed| Script::of(&Random::new(*seed).bytes())).collect();
        match checker.check_all(drawn) {
            Ok(tally) => sum = sum + tally,
            Err((at, script, fault)) => {
                report(&mut checker, seeds[at], &script, &fault);
                println!("after {} scripts, {:.1?}", scripts + at as u64, began.elapsed());
                return ExitCode::FAILURE;
            }
        }
        scripts += batch;
    }
    let Tally { steps, lines } = sum;
    println!("{scripts} scripts, {steps} steps, {lines} lines told alike by loop and model");
    ExitCode::SUCCESS
}

fn report(checker: &mut Checker, seed: u64, script: &Script, fault: &Fault) {
    println!("seed {seed} fails at {fault}");
    let smallest = shrunk(script, |smaller| checker.check(smaller).is_err());
    if let Err(fault) = checker.check(&smallest) {
        println!("shrunk, it fails at {fault}\n{smallest:#?}");
    }
    println!("again: cargo run --release --bin random -- --seconds 0 --seed {seed}");
}

/// A thread that checks scripts, replaced when it hangs.
struct Checker {
    batches: Sender<Vec<Script>>,
    results: Receiver<Result<Tally, (usize, Script, Fault)>>,
}

impl Checker {
    fn new() -> Checker {
        let (batches, taken) = mpsc::channel::<Vec<Script>>();
        let (told, results) = mpsc::channel();
        thread::spawn(move || {
            for batch in taken {
                if told.send(check_each(batch)).is_err() {
                    return;
                }
            }
        });
        Checker { batches, results }
    }

    fn check(&mut self, script: &Script) -> Result<(), Fault> {
        let checked = self.check_all(vec![script.clone()]);
        checked.map(drop).map_err(|(.., fault)| fault)
    }

    /// The number of the first that fails, that script, and its fault.
    fn check_all(&mut self, batch: Vec<Script>) -> Result<Tally, (usize, Script, Fault)> {
        let patience = PATIENCE * if batch.len() == 1 { 1 } else { 5 };
        self.batches.send(batch.clone()).expect("the thread lives as long as its sender");
        let error = match self.results.recv_timeout(patience) {
            Ok(result) => return result,
            Err(error) => error,
        };
        *self = Checker::new();
        let what = match error {
            RecvTimeoutError::Timeout => "it hangs",
            RecvTimeoutError::Disconnected => "its thread ended",
        };
        let fault = Fault { step: 0, what: what.into() };
        let found = match batch.len() {
            1 => None,
            // Which one, only each by itself can tell.
            _ => batch.iter().position(|script| self.check(script).is_err()),
        };
        let at = found.unwrap_or(0);
        Err((at, batch[at].clone(), fault))
    }
}

fn check_each(batch: Vec<Script>) -> Result<Tally, (usize, Script, Fault)> {
    let mut sum = Tally::default();
    for (at, script) in batch.into_iter().enumerate() {
        match check(&script) {
            Ok(tally) => sum = sum + tally,
            Err(fault) => return Err((at, script, fault)),
        }
    }
    Ok(sum)
}

fn options() -> Result<(u64, u64), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut seconds, mut seed) = (10, now.as_secs() << 24);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let option = match &word[..] {
            "--seconds" => &mut seconds,
            "--seed" => &mut seed,
            _ => return Err(format!("{word} is no option")),
        };
        let value = words.next().ok_or_else(|| format!("{word} wants a number"))?;
        *option = value.parse().map_err(|error| format!("{word} {value}: {error}"))?;
    }
    Ok((seconds, seed))
}
