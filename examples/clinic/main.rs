//! A clinic: eight programs, each with one fault, to be found with the inspector alone.
//!
//! Without a number the patients are listed. With one the program runs, and says what its users
//! complain of. Look into it from a second terminal, or in the page; then say which of eight faults
//! it is. A wrong answer is told how that fault would look; the right one, what the loop itself
//! has to say of it, and what mends it. What each fault is tells chapter 14, "When it hangs".
//!
//! ```text
//! cargo run --example clinic
//! cargo run --example clinic -- 3
//! cargo run -q -p glassloop-inspector -- ps
//! ```
#![allow(clippy::print_stdout)]

mod evidence;
mod fault;
mod patients;

use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use fault::Fault;
use glassloop::{LoopThread, ThreadError};
use patients::{PATIENTS, Patient};

/// What is explained is broken to fit these.
const COLUMNS: usize = 80;
/// How long a patient has to let go of its loop.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let Some(number) = env::args().nth(1) else {
        list();
        return Ok(());
    };
    let patient = number.parse().ok().and_then(|n: usize| PATIENTS.get(n.checked_sub(1)?));
    let most = PATIENTS.len();
    let patient =
        patient.ok_or_else(|| format!("expected a number from 1 to {most}, came {number}"))?;
    treat(patient, &mut io::stdin().lock())
}

fn list() {
    println!("cargo run --example clinic -- NUMBER");
    for (patient, number) in PATIENTS.iter().zip(1..) {
        println!("  {number}  {:<16} {}", patient.name, patient.complaint);
    }
}

/// Has a patient run until its fault is named.
fn treat(patient: &'static Patient, answers: &mut impl BufRead) -> Result<(), Box<dyn Error>> {
    // Whoever starts a patient has asked for an inspector.
    let inspector = glassloop_inspector::Builder::new().record(true).start()?;
    let mut running = LoopThread::start_with(patient.name, patient.admit)?;
    println!("{}: {}", patient.name, patient.complaint);
    let process = std::process::id();
    println!("It runs now, as process {process}. Look into it from a second terminal:");
    println!(
        "    cargo run -q -p glassloop-inspector -- top        (the book says `glassloop top`)"
    );
    println!("or ps, tree, where, why TASK, wakes TASK, res, slow, turns, story; or in a browser:");
    println!("    {}\n", inspector.url());
    println!("Which fault is it?");
    for fault in Fault::ALL {
        println!("  {}  {}", fault.letter(), fault.name());
    }
    let asked = ask(patient, answers)?;
    println!("\n{asked} It is {}.", patient.fault.name());
    println!("What shows it:\n{}", lines(patient.look));
    println!("{}", patient.evidence.heading());
    for line in patient.evidence.lines(&running.watch())? {
        println!("{}", lines(&line));
    }
    println!("What mends it:\n{}", lines(patient.mended));
    println!("Its program:\n    {}", patient.file);
    running.stop(Duration::ZERO);
    match running.join(PATIENCE) {
        // Whom it leaves is part of the fault.
        Ok(_) | Err(ThreadError::StillRuns(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Asks until the fault is named, or nobody answers any more. How that went.
fn ask(patient: &Patient, answers: &mut impl BufRead) -> io::Result<String> {
    let (begun, mut wrong) = (Instant::now(), 0);
    loop {
        print!("\nA letter, or `?` to give up: ");
        io::stdout().flush()?;
        let mut said = String::new();
        let is_over = answers.read_line(&mut said)? == 0;
        match Fault::of_letter(said.trim()) {
            Some(fault) if fault == patient.fault => {
                let seconds = begun.elapsed().as_secs();
                return Ok(format!("Right, after {seconds} s and {wrong} wrong answer(s)."));
            }
            Some(fault) => {
                wrong += 1;
                println!("No: {}", fault.would_show());
            }
            None if is_over || said.trim() == "?" => return Ok("You gave up.".to_owned()),
            None => println!("expected a letter from a to h, or `?`; came `{}`", said.trim()),
        }
    }
}

/// A sentence in lines that fit any terminal.
fn lines(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::from("   "));
    for word in text.split(' ') {
        if line.len() + word.len() >= COLUMNS {
            lines += &std::mem::replace(&mut line, "\n   ".to_owned());
        }
        line += &format!(" {word}");
    }
    lines + &line
}
