//! The benchmarks of glassloop: one command, one table, medians of interleaved runs, ratios.
//!
//! Promises that every peer runs the same workload in the same process, in turns, and that every
//! sample checks its own counts. It does not tell how fast a program of yours will be.

mod child;
mod contest;
mod echo_client;
mod effort;
mod floors;
mod footprint;
mod hosts;
#[cfg(feature = "observe")]
mod inspection;
mod machine;
mod measure;
mod options;
mod peer;
mod peers;
mod raw;
mod series;
mod table;
mod tally;
mod toil;
mod websocket;
mod workloads;

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use effort::Effort;
use machine::{Place, Processors};
use options::{Command, Options};
use table::Group;
use websocket::probe;
use workloads::{ALL, Workload};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).peekable();
    if arguments.next_if_eq(child::ROLE).is_some() {
        run_child(&arguments.collect::<Vec<_>>());
        return ExitCode::SUCCESS;
    }
    if arguments.next_if_eq(probe::ROLE).is_some() {
        if probe::run(&arguments.collect::<Vec<_>>()).is_some() {
            return ExitCode::SUCCESS;
        }
        eprintln!("{}", probe::USAGE);
        return ExitCode::from(2);
    }
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match options.command {
        Command::Help => println!("{}", options::USAGE),
        Command::List => ALL.iter().for_each(|work| println!("{:<12} {}", work.name, work.title)),
        Command::Footprint => footprint::print(&options),
        Command::Measure => measure(&options),
    }
    ExitCode::SUCCESS
}

/// This program in the role of one peer; the parent is `child::Child`.
fn run_child(role: &[String]) {
    match role.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["echo", peer] => workloads::tcp::child(peer),
        #[cfg(feature = "observe")]
        ["inspected"] => inspection::child(),
        #[cfg(feature = "observe")]
        ["crowd", shape, every_ms, of_loop] => inspection::crowd(shape, every_ms, of_loop),
        ["websocket", peer, duty] => websocket::server::child(peer, duty),
        ["memory", peer, tasks] => {
            workloads::memory::child(peer, tasks.parse().expect("the parent gives a number"));
        }
        _ => panic!("a role that no parent asks for: {role:?}"),
    }
}

fn measure(options: &Options) {
    let processors = Processors::find();
    processors.pin(Place::Loop);
    machine::raise_descriptor_limit();
    print_conditions(options, processors);
    let mut groups = Vec::new();
    let mut ratios_to = None;
    for workload in ALL.iter().filter(|workload| options.includes_workload(workload.name)) {
        let of_workload = run(workload, options, processors);
        if ratios_to != Some(workload.ratios_to) && !of_workload.is_empty() {
            table::print_head(workload.ratios_to, options.style);
            ratios_to = Some(workload.ratios_to);
        }
        of_workload.iter().for_each(|group| group.print(options.style));
        groups.extend(of_workload);
    }
    println!();
    match options.effort {
        Effort::Smoke => println!("Smoke run: every count was right. Its times mean nothing."),
        Effort::Full | Effort::Quick => floors::print(&groups),
    }
}

fn print_conditions(options: &Options, processors: Processors) {
    let Processors { of_loop, of_feeder } = processors;
    println!("{:?} run; loop on cpu {of_loop}, feeders on cpu {of_feeder}", options.effort);
    if of_loop == of_feeder {
        println!("Only one processor: threads and servers get in each other's way.");
    }
}

fn run(workload: &Workload, options: &Options, processors: Processors) -> Vec<Group> {
    let begun = Instant::now();
    let mut contestants = (workload.enter)(options.effort, processors);
    contestants.retain(|contestant| options.includes_peer(contestant.peer));
    if contestants.is_empty() {
        return Vec::new();
    }
    let standings = contest::interleave(contestants, options.effort.rounds(workload.rounds));
    // To the standard error, so that a table sent to a file shows its progress.
    eprintln!("[{}: {:.1} s]", workload.name, begun.elapsed().as_secs_f64());
    let measures = workload.measures.iter().copied().enumerate();
    measures.map(|measure| Group::new(workload, measure, &standings)).collect()
}
