//! GLib as a host: `MainContext::invoke` to a main loop on the main thread. It asks from a main
//! context of its own thread, with tokio's oneshot for the answers.

use std::thread;

use glib::{MainContext, MainLoop};

use super::{Asker, Host, Pumped, tokio::with_answer};

const NAME: &str = "glib";

pub struct Invoked;

/// Lives on the thread that asks.
#[derive(Clone)]
pub struct Asks {
    host: MainContext,
    here: MainContext,
}

impl Asker for Asks {
    fn ask(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> impl Future<Output = u64> + 'static {
        let (job, answer) = with_answer(job);
        self.host.invoke(job);
        answer
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        drop(self.here.spawn_local(task));
    }
}

impl Host for Invoked {
    const NAME: &'static str = NAME;

    type Asker = Asks;

    fn serve<T, F>(asks: impl FnOnce(Asks) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let host = MainContext::new();
        let main_loop = MainLoop::new(Some(&host), false);
        let quits = main_loop.clone();
        let thread = thread::spawn(move || {
            let here = MainContext::new();
            let asker = Asks { host: host.clone(), here: here.clone() };
            let answer = here
                .with_thread_default(|| here.block_on(asks(asker)))
                .expect("the context is this thread's");
            // On the host's thread: said before its loop runs, it would be lost.
            host.invoke(move || quits.quit());
            answer
        });
        main_loop.run();
        thread.join().expect("the asking thread ends well")
    }
}

/// `iteration(false)`.
pub struct Iteration(MainContext);

impl Pumped for Iteration {
    const NAME: &'static str = NAME;

    fn start() -> Iteration {
        Iteration(MainContext::new())
    }

    fn pump(&mut self) {
        assert!(!self.0.iteration(false), "there was nothing to do");
    }
}
