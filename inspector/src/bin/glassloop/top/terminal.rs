//! The terminal: a screen of its own, keys as they are pressed, and back again.
//!
//! Promises that it is left as it was found when it is dropped and when the program panics; Ctrl-C
//! is a key like any other. A signal that ends the process leaves it as it is.

use std::{
    io::{self, IsTerminal, Write},
    panic,
    sync::{Mutex, Once, PoisonError},
};

use rustix::termios::{OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::{
    page::{Page, Style},
    size::{self, Size},
};

const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l";
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";

/// How long a look for keys takes, in tenths of a second, if there are none.
const KEY_WAIT: u8 = 1;

/// How the terminal was, while it is ours.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal, while it is ours.
#[derive(Debug)]
pub(crate) struct Terminal(());

impl Terminal {
    /// Whether there is one, on both sides, that can do what is needed.
    pub(crate) fn is_there() -> bool {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        !is_dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Takes it.
    pub(crate) fn take() -> io::Result<Terminal> {
        let found = tcgetattr(io::stdin())?;
        let mut raw = found.clone();
        raw.make_raw();
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = KEY_WAIT;
        restore_before_panics();
        *FOUND.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        // From here on it is given back, whatever fails.
        let terminal = Terminal(());
        tcsetattr(io::stdin(), OptionalActions::Flush, &raw)?;
        let mut out = io::stdout().lock();
        out.write_all(ENTER)?;
        out.flush()?;
        Ok(terminal)
    }

    /// How large it is now.
    pub(crate) fn size(&self) -> Size {
        size::of_terminal().unwrap_or(Size { width: 80, height: 24 })
    }

    /// The bytes of the keys that are pressed within a tenth of a second.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = [0; 64];
        let count = rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut bytes))?;
        Ok(bytes[..count].to_vec())
    }

    /// Shows a page, in place of what was there.
    pub(crate) fn show(&self, page: &Page, size: Size, style: Style) -> io::Result<()> {
        let mut frame = String::from("\x1b[H");
        for (n, line) in page.lines.iter().enumerate() {
            frame.push_str(if n > 0 { "\r\n" } else { "" });
            frame.push_str(&line.shown(style, size.width));
            // A line that fills its row has nothing left to clear, and would lose its last letter.
            if line.text.chars().count() < size.width {
                frame.push_str("\x1b[K");
            }
        }
        frame.push_str("\x1b[J");
        let mut out = io::stdout().lock();
        out.write_all(frame.as_bytes())?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once.
fn give_back() {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(found) = found {
        // What can't be given back any more has gone.
        io::stdout().write_all(LEAVE).and_then(|()| io::stdout().flush()).ok();
        tcsetattr(io::stdin(), OptionalActions::Flush, &found).ok();
    }
}

/// What a panic says must be seen: on a screen that stays.
fn restore_before_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
    });
}
