//! The command line: what to run, how long, and how to print it.

use crate::effort::Effort;

pub const USAGE: &str = "\
usage: cargo run --release -- [--quick | --smoke] [--only NAME[,NAME..]] [--peers NAME[,NAME..]]
                              [--markdown]
       cargo run --release -- --list
       cargo run --release -- footprint [--markdown]
       cargo run --release -- probe PEER CONNECTIONS DEPTH BYTES MESSAGES [INSTRUMENT..]

  --quick      fewer and smaller samples: some minutes instead of ten or more
  --smoke      each workload once and tiny: checks that it runs and counts right
  --only       the workloads whose names begin like this (see --list)
  --peers      the peers whose names contain this (tokio is needed for ratios)
  --markdown   print the table as Markdown
  --list       print the names of the workloads
  footprint    build a small program with each peer: crates, seconds, bytes
  probe        one WebSocket server under valgrind, strace or perf (see websocket.sh)";

/// What was asked for.
#[derive(Debug)]
pub struct Options {
    pub command: Command,
    pub effort: Effort,
    pub only: Vec<String>,
    pub peers: Vec<String>,
    pub style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Measure,
    Footprint,
    List,
    Help,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Text,
    Markdown,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            command: Command::Measure,
            effort: Effort::Full,
            only: Vec::new(),
            peers: Vec::new(),
            style: Style::Text,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "footprint" => options.command = Command::Footprint,
                "--list" => options.command = Command::List,
                "--help" | "-h" => options.command = Command::Help,
                "--quick" => options.effort = Effort::Quick,
                "--smoke" => options.effort = Effort::Smoke,
                "--markdown" => options.style = Style::Markdown,
                "--only" => options.only = names(&argument, arguments.next())?,
                "--peers" => options.peers = names(&argument, arguments.next())?,
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        Ok(options)
    }

    /// True for a workload that was asked for.
    pub fn includes_workload(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only))
    }

    /// True for a peer that was asked for.
    pub fn includes_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|part| name.contains(part))
    }
}

fn names(option: &str, list: Option<String>) -> Result<Vec<String>, String> {
    let list = list.ok_or_else(|| format!("{option} needs a list of names"))?;
    Ok(list.split(',').map(str::to_owned).collect())
}
