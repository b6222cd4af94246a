//! What only the main thread of a program with windows should touch: a window.

use std::cell::{Cell, OnceCell};

use host_common::Failure;
use winit::{
    dpi::LogicalSize,
    event_loop::ActiveEventLoop,
    window::{Window, WindowAttributes},
};

/// A window whose title tells what came from outside.
#[derive(Debug, Default)]
pub struct Titled {
    window: OnceCell<Window>,
    changes: Cell<u32>,
}

impl Titled {
    /// Opens the window, which can be done only while winit's loop runs.
    ///
    /// # Errors
    /// What the window system says.
    pub fn open(&self, host: &ActiveEventLoop) -> Result<(), Failure> {
        let size = LogicalSize::new(480, 120);
        let looks = WindowAttributes::default().with_title("nobody came yet").with_inner_size(size);
        let window = host.create_window(looks)?;
        self.window.set(window).map_err(|_second| "the window is open already")?;
        Ok(())
    }

    /// Changes the title, and gives it with the number of changes.
    ///
    /// # Errors
    /// When there is no window yet.
    pub fn change(&self, title: &str) -> Result<String, Failure> {
        let window = self.window.get().ok_or("there is no window yet")?;
        window.set_title(title);
        self.changes.set(self.changes.get() + 1);
        Ok(format!("{}: {title}", self.changes.get()))
    }
}
