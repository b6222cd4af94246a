//! # 13. What an await costs
//!
//! Three async functions wait for what is there already, and a chain counts the steps. In
//! JavaScript every `await` is one step at least. A promise costs that one step, and so does what
//! is no promise; but an object of one's own that has a `then` costs two: one in which its `then`
//! is called, one to go on. In Rust an `await` asks, and goes on at once if the answer is ready;
//! `IntoFuture`, which is what a `then` of one's own comes to, costs nothing either. So the three
//! are over before the chain begins.

use std::future::{IntoFuture, Ready, ready};

use glassloop::yield_now;

use super::{
    Kind, Ours, Puzzle, Theirs,
    twin::{order, say, spawn},
};

pub(super) const PUZZLE: Puzzle = Puzzle {
    file: "p13",
    source: include_str!("p13.rs"),
    script: include_str!("p13.js"),
    run: |policy, recorded| order(program, policy, recorded),
    kind: Kind::Contrast,
    glassloop: Ours::Always("null own async m1 m2 m3"),
    node: Theirs::Orders(&["null async m1 own m2 m3"]),
    browser: Theirs::Orders(&["null async m1 own m2 m3"]),
};

fn program() {
    spawn(wait_for(ready(()), "null"));
    spawn(wait_for(Own, "own"));
    spawn(wait_for(async {}, "async"));
    spawn(async {
        for word in ["m1", "m2", "m3"] {
            say(word);
            yield_now().await;
        }
    });
}

async fn wait_for(what: impl IntoFuture<Output = ()>, word: &'static str) {
    what.await;
    say(word);
}

struct Own;

impl IntoFuture for Own {
    type Output = ();
    type IntoFuture = Ready<()>;

    fn into_future(self) -> Ready<()> {
        ready(())
    }
}
