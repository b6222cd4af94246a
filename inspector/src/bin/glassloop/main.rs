//! The terminal `glassloop`: looks at a running program whose inspector listens.
//!
//! Promises to change nothing in the program unless told to by a command that `help.txt` lists as
//! one that does, to print text that no name in the program can turn into orders to the terminal,
//! and to end with an exit code that says what went wrong (`help.txt` has them).

#![forbid(unsafe_code)]

mod arguments;
mod client;
mod clock;
mod command;
mod crowd;
mod failure;
mod field;
mod history;
mod jobs;
mod lints;
mod log;
mod pace;
mod page;
mod ps;
mod quantity;
mod reasons;
mod recording;
mod resources;
mod size;
mod slowest;
mod state;
mod table;
mod target;
mod task_id;
mod top;
mod tree;
mod waits;
mod whereabouts;

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use arguments::{Arguments, Command};
use client::Client;
use failure::Failure;
use page::{Style, clean, clean_json};
use target::Target;

fn main() -> ExitCode {
    match Arguments::parse(env::args_os().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let said = clean(&failure.to_string(), false);
            // Where nobody listens to what went wrong, the code still says it.
            writeln!(io::stderr(), "glassloop: {said}").ok();
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = io::stdout();
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = Style {
        ascii: arguments.ascii,
        colour: out.is_terminal() && !no_colour,
        width: size::of_terminal().map_or(usize::MAX, |size| size.width),
    };
    let (page, json) = match command::alone(&arguments.command) {
        Some(answer) => answer,
        None => {
            let target = Target::find(arguments.process.as_deref())?;
            let client = Client::new(target, arguments.timeout.saturating_add(arguments.fresh));
            let is_top = arguments.command == Command::Top && !arguments.json;
            if is_top && top::live(&client, arguments, style)? {
                return Ok(());
            }
            command::run(&client, arguments, style)?
        }
    };
    let mut out = io::BufWriter::new(out.lock());
    let written = match arguments.json {
        true => {
            let text = serde_json::to_string_pretty(&json).unwrap_or_default();
            writeln!(out, "{}", clean_json(&text, style.ascii)).and_then(|()| out.flush())
        }
        false => page.write(&mut out, style),
    };
    match written {
        // Who reads the first lines of a pipe has what they wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::arguments(format!("standard output: {error}"))),
        Ok(()) => lints::verdict(arguments, &json),
    }
}
