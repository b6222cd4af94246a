//! The live view: asks four times a second at most, and draws what it heard and what keys did.
//!
//! Promises to go on while an inspector is slow, and to end when it has gone: with a failure, on
//! the screen that was there before.

use std::{io, time::Instant};

use super::{
    EVERY,
    keys::{Wish, keys, press},
    sample::Sample,
    screen,
    terminal::Terminal,
    view::{Middle, View},
};
use crate::{
    arguments::Arguments,
    client::Client,
    failure::Failure,
    page::Style,
    reasons,
    state::{State, as_of},
    task_id::Found,
};

/// Questions in a row that may fail.
const FAILURES_MAX: usize = 5;

/// Shows everything until `q`. `false` if there is no terminal to show it on.
pub(crate) fn live(client: &Client, arguments: &Arguments, style: Style) -> Result<bool, Failure> {
    // What fails at once is said where it is read.
    if !Terminal::is_there() {
        return Ok(false);
    }
    let state = State::fetch(client, arguments)?;
    let mut view = View::of(&state);
    let sample = Sample::of_loop(&view.of_loop, state, None).with_story(client);
    let terminal = Terminal::take().map_err(|error| lost(&error))?;
    let ended = watch(&terminal, client, arguments, style, &mut view, sample);
    drop(terminal);
    ended.map(|()| true)
}

fn watch(
    terminal: &Terminal,
    client: &Client,
    arguments: &Arguments,
    style: Style,
    view: &mut View,
    mut sample: Sample,
) -> Result<(), Failure> {
    let (mut asked, mut failures) = (Instant::now(), 0);
    // The size of what is on the screen, while that is as it should be.
    let mut shown = None;
    loop {
        let size = terminal.size();
        if shown != Some(size) {
            let page = screen::draw(&sample, view, size, style);
            terminal.show(&page, size, style).map_err(|error| lost(&error))?;
            shown = Some(size);
        }
        let pressed = terminal.read().map_err(|error| lost(&error))?;
        if !pressed.is_empty() {
            shown = None;
        }
        let mut is_due = !view.is_paused && asked.elapsed() >= EVERY;
        for key in keys(&pressed) {
            match press(view, &sample, key) {
                Wish::Nothing => {}
                Wish::Leave => return Ok(()),
                Wish::Ask => is_due = true,
            }
        }
        if !is_due {
            continue;
        }
        (asked, shown) = (Instant::now(), None);
        match State::fetch(client, arguments) {
            Ok(state) => {
                let now = Sample::of_loop(&view.of_loop, state, Some(&sample));
                sample = now.with_story(client);
                (failures, view.failure) = (0, None);
            }
            Err(failure) => {
                failures += 1;
                if failures >= FAILURES_MAX {
                    return Err(failure);
                }
                view.failure = Some(failure.text);
            }
        }
        if matches!(view.middle, Middle::Detail(_)) {
            view.middle = Middle::Detail(detail(client, view, &sample));
        }
    }
}

/// Why the marked task ran, and why it does not.
fn detail(client: &Client, view: &View, sample: &Sample) -> Vec<String> {
    let Some(task) = view.marked(sample) else { return vec!["it has ended".to_owned()] };
    let found = Found { of: sample.of(), task, ended: false };
    match reasons::why(client, &found) {
        // The first line is the task, which stands there already.
        Ok(answer) => {
            let lines = reasons::why_page(&found, &answer).lines.into_iter().skip(1);
            // It was asked after what stands above, and its turns are later ones.
            let asked = format!("asked again: {}", as_of(&answer).0);
            std::iter::once(asked).chain(lines.map(|line| line.text)).collect()
        }
        Err(failure) => vec![failure.text],
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::arguments(format!("the terminal: {error}"))
}
