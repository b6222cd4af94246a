//! A command, carried out: what is asked of the inspector, and what becomes of the answer.
//!
//! Promises an answer both as a page and as JSON, of `top` as the one that was asked for, or a
//! failure. It prints nothing.

use serde_json::{Value, json};

use crate::{
    arguments::{Arguments, Command, Idle},
    client::Client,
    clock,
    failure::Failure,
    history, lints, log, pace,
    page::{Page, Style},
    ps, reasons, recording, resources, slowest,
    state::State,
    task_id::find,
    top, tree, whereabouts,
};

const HELP: &str = include_str!("help.txt");
const USAGE: &str = include_str!("usage.txt");

#[cfg(test)]
#[test]
fn the_help_fits_eighty_columns() {
    let wide = |text: &'static str| text.lines().find(|line| line.chars().count() > 80);
    assert_eq!([HELP, USAGE].map(wide), [None, None]);
}

/// The answer of a command that needs no process.
pub(crate) fn alone(command: &Command) -> Option<(Page, Value)> {
    let text = match command {
        Command::Usage => USAGE,
        Command::Help => HELP,
        Command::Version => concat!("glassloop ", env!("CARGO_PKG_VERSION")),
        _ => return None,
    };
    let mut page = Page::default();
    text.lines().for_each(|line| page.plain(line));
    Some((page, json!({ "text": text })))
}

/// The answer of any other.
pub(crate) fn run(
    client: &Client,
    arguments: &Arguments,
    style: Style,
) -> Result<(Page, Value), Failure> {
    let state = State::fetch(client, arguments)?;
    Ok(match &arguments.command {
        Command::Usage | Command::Help | Command::Version => (Page::default(), Value::Null),
        Command::Ps => (ps::page(&state, style), ps::json(&state)),
        Command::Tree => (tree::page(&state, style), tree::json(&state)),
        Command::Where(None) => (whereabouts::page(&state), whereabouts::json(&state)),
        Command::Where(Some(id)) => {
            let found = find(&state, id)?;
            (whereabouts::page_of_task(&found, style), whereabouts::json_of_task(&found))
        }
        Command::Why(id) => {
            let found = find(&state, id)?;
            let answer = reasons::why(client, &found)?;
            (reasons::why_page(&found, &answer), answer)
        }
        Command::Wakes(id) => {
            let found = find(&state, id)?;
            let answer = reasons::wakes(client, &found)?;
            (reasons::wakes_page(&found, &answer, style), answer)
        }
        Command::Resources => (resources::page(&state, style), resources::json(&state)),
        Command::Turns(turns) => {
            let answers = history::ask(client, "/turns", &state, &last(*turns, arguments))?;
            (history::turns_page(&answers, style), history::json(&answers))
        }
        Command::Story(turns) => {
            let answers = history::ask(client, "/story", &state, &last(*turns, arguments))?;
            (history::story_page(&answers), history::json(&answers))
        }
        Command::Slow(runs) => {
            let answers = history::ask(client, "/slow", &state, &format!("runs={runs}"))?;
            (slowest::page(&answers, style), history::json(&answers))
        }
        Command::Record(on) => recording::switch(client, &state, *on)?,
        Command::RecordTo(time, file) => recording::record(client, state.only()?, *time, file)?,
        Command::Trace(file) => recording::keep(client, state.only()?, None, file)?,
        Command::Cancel(id) => recording::cancel(client, &find(&state, id)?)?,
        Command::Lint(None) => (lints::page(&state), lints::json(&state)),
        Command::Lint(Some(on)) => lints::switch(client, &state, *on)?,
        Command::Log => (log::page(&state, style), log::json(&state)),
        Command::Pause => pace::pause(client, &state)?,
        Command::Resume => pace::resume(client, &state)?,
        Command::Step(to) => pace::step(client, &state, to)?,
        Command::Clock(order) => clock::clock(client, &state, order.as_ref())?,
        Command::Url => url(client),
        Command::Top if arguments.json => (Page::default(), state.value().clone()),
        Command::Top => (top::one_screen(client, arguments, state, style), Value::Null),
    })
}

/// The query for so many turns.
fn last(turns: u64, arguments: &Arguments) -> String {
    let idle = match arguments.idle {
        Idle::Counted => "",
        Idle::Told => "&idle=1",
    };
    format!("turns={turns}{idle}")
}

/// The address of the page. It has the token in it: who asks for this may read the file that has.
fn url(client: &Client) -> (Page, Value) {
    let url = client.url();
    let mut page = Page::default();
    page.plain(url.as_str());
    (page, json!({ "url": url }))
}
