//! `random_bytes`: draws bytes from a seed and checks a target of the wire, for so many seconds.
//!
//! The first that fail are shortened and printed with their seed, and end the program with 1.

use std::{
    env, panic,
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use script::{Random, Target};

fn main() -> ExitCode {
    let (target, seconds, seed) = match options() {
        Ok(options) => options,
        Err(what) => {
            eprintln!(
                "{what}\nusage: random_bytes frames|upgrade|door|packets [--seconds N] [--seed S]"
            );
            return ExitCode::from(2);
        }
    };
    println!("{target}, seed {seed}, {seconds} s");
    let (began, end) = (Instant::now(), Duration::from_secs(seconds));
    let mut count = 0_u64;
    while began.elapsed() < end || count == 0 {
        // Each has a seed of its own, so that it can be had again alone.
        let seed = seed.wrapping_add(count);
        let bytes = Random::new(seed).bytes();
        if let Err(what) = caught(target, &bytes) {
            let (shortest, what) = shortened(target, bytes, what);
            println!("seed {seed} fails: {what}\nshortened to {shortest:?}");
            println!("again: random_bytes {target} --seconds 0 --seed {seed}");
            return ExitCode::FAILURE;
        }
        count += 1;
    }
    println!(
        "{count} times as it should be, {:.0} a second",
        count as f64 / began.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}

/// A panic is a fault like others.
fn caught(target: Target, bytes: &[u8]) -> Result<(), String> {
    panic::catch_unwind(|| target.check(bytes)).unwrap_or_else(|_| Err("a panic".into()))
}

/// Leaves out what can be left out with a fault remaining.
fn shortened(target: Target, mut bytes: Vec<u8>, mut what: String) -> (Vec<u8>, String) {
    let mut at = 0;
    while at < bytes.len() {
        let mut shorter = bytes.clone();
        shorter.remove(at);
        match caught(target, &shorter) {
            Ok(()) => at += 1,
            Err(other) => (bytes, what) = (shorter, other),
        }
    }
    (bytes, what)
}

fn options() -> Result<(Target, u64, u64), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut seconds, mut seed) = (10, now.as_secs() << 24);
    let mut words = env::args().skip(1);
    let named = words.next().ok_or("which target?")?;
    let target = Target::ALL.into_iter().find(|target| target.to_string() == named);
    let target = target.ok_or_else(|| format!("{named} is no target"))?;
    while let Some(word) = words.next() {
        let option = match &word[..] {
            "--seconds" => &mut seconds,
            "--seed" => &mut seed,
            _ => return Err(format!("{word} is no option")),
        };
        let value = words.next().ok_or_else(|| format!("{word} wants a number"))?;
        *option = value.parse().map_err(|error| format!("{word} {value}: {error}"))?;
    }
    Ok((target, seconds, seed))
}
