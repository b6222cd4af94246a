//! `Options`: what the command line asked for.
//!
//! Anything it doesn't know is an error that says what it does.

use std::time::Duration;

/// What may stand on the command line.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How long the tour lasts; without it, until Ctrl-C.
    pub(crate) seconds: Option<Duration>,
    /// The port of the server; 0 lets the system choose.
    pub(crate) port: u16,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options::default();
        while let Some(name) = arguments.next() {
            let value = arguments.next();
            match name.as_str() {
                "--seconds" => {
                    let seconds = number(&name, value)?;
                    options.seconds = Some(Duration::from_secs(seconds.into()));
                }
                "--port" => options.port = number(&name, value)?,
                _ => return Err(format!("expected --seconds N or --port N, came `{name}`")),
            }
        }
        Ok(options)
    }
}

fn number(name: &str, value: Option<String>) -> Result<u16, String> {
    let came = value.unwrap_or_default();
    let wrong = |_| format!("expected a number from 0 to 65535 after {name}, came `{came}`");
    came.parse().map_err(wrong)
}
