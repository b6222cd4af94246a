//! The view `top`: everything at once, live.
//!
//! Promises at most four questions a second, a terminal that is left as it was found, also by a
//! panic, and one screen instead where there is no terminal (or on Windows, where no key can be
//! read without unsafe code or another crate). It changes nothing in the program.

// Where no key is read, a view never changes.
#![cfg_attr(not(unix), allow(dead_code))]

#[cfg(unix)]
mod keys;
#[cfg(unix)]
mod live;
mod sample;
mod screen;
#[cfg(unix)]
mod terminal;
mod view;

use std::{thread, time::Duration};

use crate::{
    arguments::Arguments,
    client::Client,
    page::{Page, Style},
    size::Size,
    state::State,
};
use sample::Sample;
use view::View;

/// From one question to the next.
const EVERY: Duration = Duration::from_millis(250);

/// A screen where there is none to ask for its size.
const SIZE: Size = Size { width: 160, height: 50 };

/// One screen of what is now, and of the moment before it: a load is one of some time.
pub(crate) fn one_screen(
    client: &Client,
    arguments: &Arguments,
    state: State,
    style: Style,
) -> Page {
    let mut view = View::of(&state);
    let mut sample = Sample::of_loop(&view.of_loop, state, None);
    thread::sleep(EVERY);
    match State::fetch(client, arguments) {
        Ok(state) => sample = Sample::of_loop(&view.of_loop, state, Some(&sample)),
        Err(failure) => view.failure = Some(failure.text),
    }
    let size = Size { width: style.width.min(SIZE.width), ..SIZE };
    screen::draw(&sample.with_story(client), &view, size, style)
}

#[cfg(unix)]
pub(crate) use live::live;

/// Whether there was a terminal to live on: none whose keys can be read.
#[cfg(not(unix))]
pub(crate) fn live(_: &Client, _: &Arguments, _: Style) -> Result<bool, crate::failure::Failure> {
    Ok(false)
}
