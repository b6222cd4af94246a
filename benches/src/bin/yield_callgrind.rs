//! Yields on glassloop, to be counted under callgrind: `yield_callgrind YIELDS`.
//!
//! A thousand tasks share the yields. With 0 they still live and are joined, so that the difference
//! of two runs is the price of the yields alone. It prints nothing; `callgrind.sh` does the rest.

use std::env;
use std::process::ExitCode;

const TASKS: u64 = 1_000;

fn main() -> ExitCode {
    let Some(yields) = env::args().nth(1).and_then(|yields| yields.parse::<u64>().ok()) else {
        eprintln!("usage: yield_callgrind YIELDS, a multiple of {TASKS}");
        return ExitCode::from(2);
    };
    glassloop::run(async move {
        let tasks: Vec<_> = (0..TASKS).map(|_| glassloop::spawn(share(yields / TASKS))).collect();
        for task in tasks {
            task.await.expect("it neither panics nor is aborted");
        }
    })
    .expect("the loop runs");
    ExitCode::SUCCESS
}

async fn share(yields: u64) {
    for _ in 0..yields {
        glassloop::yield_now().await;
    }
}
