//! What wakes did, as predicates of who made them: "woke task #3.9 `conn` and left a call".
//!
//! Long lists are cut and counted. Who the subject is, and when it was, others say.

use glassloop::{Entry, Kind};

use super::Teller;
use crate::{
    rows,
    turns::{Effect, Step, Wake},
};

/// So many wakes of one step are told one by one.
const WAKES_TOLD: usize = 8;

/// Whether an item woke itself while it ran: it waits for nothing.
pub(super) fn is_ready_again(step: &Step, own: Entry) -> bool {
    step.wakes.iter().any(|wake| wake.item == own)
}

impl Teller<'_> {
    /// What each wake did, as predicates.
    pub(super) fn effects(&self, wakes: &[Wake], own: Entry) -> Vec<String> {
        let calls = wakes.iter().filter(|wake| is_call(wake)).count();
        let mut effects = Vec::new();
        if calls > 0 {
            let plural = if calls == 1 { "a call".to_owned() } else { format!("{calls} calls") };
            effects.push(format!("left {plural}"));
        }
        let others: Vec<_> = wakes.iter().filter(|wake| !is_call(wake)).collect();
        let told = others.iter().take(WAKES_TOLD);
        effects.extend(told.map(|wake| self.effect(wake, own)));
        if others.len() > WAKES_TOLD {
            effects.push(format!("woke {} more", others.len() - WAKES_TOLD));
        }
        effects
    }

    fn effect(&self, wake: &Wake, own: Entry) -> String {
        let itself = wake.item == own;
        let item = if itself { "itself".to_owned() } else { self.names.item(wake.item) };
        match wake.effect {
            Effect::Born(place) => match place.location() {
                Some(place) => format!("spawned {item} at {}", rows::place(place)),
                None => format!("spawned {item}"),
            },
            Effect::Queued if wake.item.kind() == Kind::Callback => format!("queued {item}"),
            Effect::Queued => format!("woke {item}"),
            Effect::Nothing => {
                let gone = self.ended.contains(&wake.item.task_id());
                let why = if gone { "had ended" } else { "was awake already" };
                format!("woke {item}, which {why}")
            }
        }
    }
}

/// What wakes did, counted, as predicates of several.
pub(super) fn counted<'w>(wakes: impl IntoIterator<Item = &'w Wake>) -> Vec<String> {
    let (mut calls, mut spawned, mut woke, mut again) = (0, 0, 0, 0);
    for wake in wakes {
        *match wake.effect {
            _ if is_call(wake) => &mut calls,
            Effect::Born(_) => &mut spawned,
            Effect::Queued => &mut woke,
            Effect::Nothing => &mut again,
        } += 1;
    }
    let several = |count: u64, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let mut parts = Vec::new();
    for (count, did, what) in
        [(calls, "left", "call"), (spawned, "spawned", "task"), (woke, "woke", "item")]
    {
        if count > 0 {
            parts.push(format!("{did} {}", several(count, what)));
        }
    }
    if again > 0 {
        let items = several(again, "item");
        parts.push(format!("woke {items} that were awake already or had ended"));
    }
    parts
}

fn is_call(wake: &Wake) -> bool {
    wake.item.kind() == Kind::Deferred
}

/// "a", "a and b", "a, b, and c".
pub(super) fn together(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "did nothing".to_owned(),
        1 | 2 => parts.join(" and "),
        _ => {
            let last = parts.pop().unwrap_or_default();
            format!("{}, and {last}", parts.join(", "))
        }
    }
}
