//! The view `top`: everything at once, live.
//!
//! Promises at most four questions a second, a terminal that is left as it was found, also by a
//! panic, and one screen instead where there is no terminal (or on Windows, where no key can be
//! read without unsafe code). It changes nothing in the program.

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

use crate::{
    client::Client,
    page::{Page, Style},
    size::Size,
    state::State,
};
use sample::Sample;
use view::View;

/// A screen where there is none to ask for its size.
const SIZE: Size = Size { width: 160, height: 50 };

/// One screen of what is now.
pub(crate) fn one_screen(client: &Client, state: State, style: Style) -> Page {
    let view = View::of(&state);
    let sample = Sample::take(client, state, None, view.loop_at);
    screen::draw(&sample, &view, SIZE, style)
}

#[cfg(unix)]
pub(crate) use live::live;

/// Whether there was a terminal to live on: none whose keys can be read.
#[cfg(not(unix))]
pub(crate) fn live(
    _: &Client,
    _: &crate::arguments::Arguments,
    _: Style,
) -> Result<bool, crate::failure::Failure> {
    Ok(false)
}
