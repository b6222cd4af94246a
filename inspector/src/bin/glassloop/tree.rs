//! The view `tree`: the tasks under those that spawned them.
//!
//! Promises that each task stands there once: one whose parent has ended stands at the root and
//! says so, and no chain of parents, however long or wrong, costs stack or an end. On a terminal a
//! crowd of one parent, or of none, in one state and born at one line is told by its first few, and
//! counted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    crowd::{Crowds, Said},
    field::{list, text, text_or_none},
    page::{Page, Style},
    state::{State, heading},
    waits::{self, Told},
};

/// Deeper levels are drawn no further to the right.
const DEPTH_MAX: usize = 32;

/// A task in its place.
struct Node<'a> {
    task: &'a Value,
    depth: usize,
    /// For each level above, then for its own, whether a sibling follows.
    followed: Vec<bool>,
    /// The parent that it names and that is no longer there.
    lost_parent: Option<&'a str>,
}

pub(crate) fn page(state: &State, style: Style) -> Page {
    let mut page = Page::default();
    for of in state.loops() {
        page.gap();
        page.extend(heading(of));
        let waits = Told::of(of);
        for line in lines(&waits, &nodes(list(of, "tasks")), style) {
            page.plain(format!("  {line}"));
        }
        if list(of, "tasks").is_empty() {
            page.plain("  no tasks");
        }
    }
    page
}

pub(crate) fn json(state: &State) -> Value {
    state.json_of(|of| {
        let nodes = nodes(list(of, "tasks"));
        let told = nodes.iter().map(|node| {
            json!({
                "id": node.task["id"], "name": node.task["name"], "state": node.task["state"],
                "parent": node.task["parent"], "depth": node.depth,
                "parent_ended": node.lost_parent.is_some(), "born": node.task["born"],
            })
        });
        json!({ "loop": of["loop"], "as_of": of["as_of"], "tree": told.collect::<Vec<_>>() })
    })
}

/// All tasks, each behind its parent.
fn nodes(tasks: &[Value]) -> Vec<Node<'_>> {
    let ids: BTreeSet<&str> = tasks.iter().map(|task| text(task, "id")).collect();
    let mut children: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let mut roots = Vec::new();
    for task in tasks {
        match text_or_none(task, "parent") {
            Some(parent) if ids.contains(parent) && parent != text(task, "id") => {
                children.entry(parent).or_default().push(task);
            }
            lost => roots.push((task, lost)),
        }
    }
    let mut nodes = Vec::new();
    // Backwards, since the last one pushed is the first one taken.
    let mut open: Vec<Node<'_>> = roots
        .into_iter()
        .rev()
        .map(|(task, lost_parent)| Node { task, depth: 0, followed: Vec::new(), lost_parent })
        .collect();
    while let Some(node) = open.pop() {
        let below = children.remove(text(node.task, "id")).unwrap_or_default();
        let last = below.len().saturating_sub(1);
        for (n, task) in below.into_iter().enumerate().rev() {
            let mut followed = node.followed.clone();
            if followed.len() < DEPTH_MAX {
                followed.push(n < last);
            }
            open.push(Node { task, depth: node.depth + 1, followed, lost_parent: None });
        }
        nodes.push(node);
    }
    // A ring of parents, which no loop makes, hangs under no root.
    let rings = children.into_values().flatten();
    nodes.extend(rings.map(|task| Node {
        task,
        depth: 0,
        followed: Vec::new(),
        lost_parent: None,
    }));
    nodes
}

/// The tasks as they stand on a screen; all of them, where it is none.
fn lines(waits: &Told<'_>, nodes: &[Node<'_>], style: Style) -> Vec<String> {
    let has_children = |at: usize| nodes.get(at + 1).is_some_and(|it| it.depth > nodes[at].depth);
    let may_fold = |&at: &usize| style.is_screen() && !has_children(at);
    let alike = |at: usize| ["parent", "state", "born"].map(|key| text(nodes[at].task, key));
    let mut crowds = Crowds::of((0..nodes.len()).filter(may_fold).map(alike));
    let mut lines = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let said = if may_fold(&at) { crowds.next(&alike(at)) } else { Said::Itself };
        let line = match said {
            Said::Itself => told(waits, node),
            Said::Nothing => continue,
            Said::LeftOut(more) => {
                let state = text(node.task, "state");
                format!("and {more} more {state}{} (`glassloop tree | less` has all)", birth(node))
            }
        };
        lines.push(format!("{}{line}", branch(node, style)));
    }
    lines
}

fn branch(node: &Node<'_>, style: Style) -> String {
    let [fork, end, line] =
        if style.ascii { ["|- ", "`- ", "|  "] } else { ["├─ ", "└─ ", "│  "] };
    let Some((own, above)) = node.followed.split_last() else { return String::new() };
    let mut branch = String::new();
    for &followed in above {
        branch.push_str(if followed { line } else { "   " });
    }
    branch.push_str(if *own { fork } else { end });
    branch
}

fn told(waits: &Told<'_>, node: &Node<'_>) -> String {
    let task = node.task;
    let wait = waits::first(waits, task).swap_remove(0);
    let more = match list(task, "waits").len() {
        0 | 1 => String::new(),
        waits => format!(" and {} more", waits - 1),
    };
    let waits = match (text(task, "state"), wait.what.as_str()) {
        ("waiting", "-") => "waiting".to_owned(),
        ("waiting", what) => format!("waiting: {what}{more}"),
        (state, _) => state.to_owned(),
    };
    format!("{} `{}` {waits}{}", text(task, "id"), text(task, "name"), birth(node))
}

/// Where it was spawned, and by whom, if that one has ended.
fn birth(node: &Node<'_>) -> String {
    let born = match text_or_none(node.task, "born") {
        Some(born) => format!(", spawned at {born}"),
        None => String::new(),
    };
    let lost = match node.lost_parent {
        Some(parent) => format!(" by {parent}, which has ended"),
        None => String::new(),
    };
    format!("{born}{lost}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tasks: &[Value]) -> Vec<(String, usize)> {
        nodes(tasks).iter().map(|node| (text(node.task, "id").to_owned(), node.depth)).collect()
    }

    fn task(id: &str, parent: Option<&str>) -> Value {
        json!({ "id": id, "name": "t", "parent": parent, "state": "ready" })
    }

    #[test]
    fn each_task_stands_under_its_parent_and_only_once() {
        let tasks = [
            task("#1.1", None),
            task("#2.2", Some("#1.1")),
            task("#3.3", Some("#9.9")),
            task("#4.4", Some("#2.2")),
            task("#5.5", Some("#1.1")),
        ];
        let order = [("#1.1", 0), ("#2.2", 1), ("#4.4", 2), ("#5.5", 1), ("#3.3", 0)];
        assert_eq!(shown(&tasks), order.map(|(id, depth)| (id.to_owned(), depth)));
        let lost: Vec<_> = nodes(&tasks).iter().filter_map(|node| node.lost_parent).collect();
        assert_eq!(lost, ["#9.9"]);
        let ascii = Style { ascii: true, colour: false, width: usize::MAX };
        let branches: Vec<String> = nodes(&tasks).iter().map(|it| branch(it, ascii)).collect();
        assert_eq!(branches, ["", "|- ", "|  `- ", "`- ", ""]);
    }

    #[test]
    fn a_crowd_of_one_parent_is_told_by_its_first_and_counted_on_a_terminal() {
        let guest = |n: u32| {
            let mut guest = task(&format!("#{n}.1"), Some("#0.1"));
            guest["born"] = json!("hotel.rs:7");
            guest
        };
        let mut tasks = vec![task("#0.1", None)];
        tasks.extend((1..=300).map(guest));
        // One who has a child, one of another line, and one whose parent has ended.
        tasks.push(task("#301.1", Some("#5.1")));
        tasks.push(task("#302.1", Some("#0.1")));
        tasks.push(task("#303.1", Some("#9.9")));
        let of = json!({ "tasks": &tasks });
        let lines_of = |width: usize| {
            let style = Style { ascii: true, colour: false, width };
            lines(&Told::of(&of), &nodes(&tasks), style)
        };
        let folded = lines_of(80);
        assert_eq!(folded.len(), 1 + 10 + 2 + 1 + 1 + 1, "{folded:#?}");
        assert_eq!(
            folded[5..=7],
            [
                "|- #5.1 `t` ready, spawned at hotel.rs:7",
                "|  `- #301.1 `t` ready",
                "|- #6.1 `t` ready, spawned at hotel.rs:7",
            ]
        );
        assert_eq!(
            folded[13..],
            [
                "|- and 289 more ready, spawned at hotel.rs:7 (`glassloop tree | less` has all)",
                "`- #302.1 `t` ready",
                "#303.1 `t` ready by #9.9, which has ended",
            ]
        );
        assert_eq!(lines_of(usize::MAX).len(), tasks.len());
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_costs_no_stack() {
        let tasks: Vec<Value> = (0..100_000)
            .map(|n: u32| {
                let parent = n.checked_sub(1).map(|parent| format!("#{parent}.1"));
                task(&format!("#{n}.1"), parent.as_deref())
            })
            .collect();
        let order = shown(&tasks);
        assert_eq!((order.len(), order[99_999].1), (100_000, 99_999));
        // Its own parent is none, and a ring of parents has no root.
        assert_eq!(shown(&[task("#1.1", Some("#1.1"))]).len(), 1);
        assert_eq!(shown(&[task("#1.1", Some("#2.2")), task("#2.2", Some("#1.1"))]).len(), 2);
    }
}
