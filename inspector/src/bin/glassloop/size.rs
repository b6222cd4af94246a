//! How large the terminal is.

/// How many characters a screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// The size of the terminal that standard output goes to, if it does and that can be asked.
#[cfg(unix)]
pub(crate) fn of_terminal() -> Option<Size> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    let is_known = size.ws_row > 0 && size.ws_col > 0;
    is_known.then_some(Size { width: size.ws_col.into(), height: size.ws_row.into() })
}

/// Not to be asked for without unsafe code or another crate.
#[cfg(not(unix))]
pub(crate) fn of_terminal() -> Option<Size> {
    None
}
