//! What only the thread of glib's main context may touch: an action with a state, such as the
//! buttons and menus of a GTK program hang on.

use std::{cell::RefCell, rc::Rc};

use gio::{SimpleAction, prelude::*};
use glib::MainContext;

/// An action, and somebody who listens to its changes.
#[derive(Debug)]
pub struct Action {
    action: SimpleAction,
    shown: Rc<RefCell<Vec<String>>>,
}

impl Default for Action {
    fn default() -> Action {
        Action::new()
    }
}

impl Action {
    /// One for this thread, whose state is some text.
    #[must_use]
    pub fn new() -> Action {
        let action = SimpleAction::new_stateful("title", None, &"".to_variant());
        let shown = Rc::new(RefCell::new(Vec::new()));
        let showing = Rc::clone(&shown);
        // Stands for a widget: glib tells it, in the middle of `set_state`.
        action.connect_state_notify(move |action| {
            let state = action.state().and_then(|state| state.get::<String>());
            showing.borrow_mut().extend(state);
        });
        Action { action, shown }
    }

    /// Changes the state and gives what is shown then, with the number of changes.
    ///
    /// # Panics
    /// On a thread that doesn't run the main context.
    #[must_use]
    pub fn set(&self, text: &str) -> String {
        assert!(MainContext::default().is_owner(), "this thread doesn't run the main context");
        self.action.set_state(&text.to_variant());
        let shown = self.shown.borrow();
        format!("{}: {}", shown.len(), shown.last().map_or("nothing", String::as_str))
    }
}
