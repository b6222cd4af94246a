//! `TaskTree`: which task spawned which.
//!
//! Children stand below their parent, in the order of their birth. A task whose parent has ended
//! stands below the loop and says so.

use std::{collections::HashMap, fmt};

use glassloop::{Snapshot, TaskId, TaskLine};
use serde_json::{Value, json};

use crate::{names, rows};

/// The tasks of a loop as a tree. Its `Display` is a line a task, indented.
///
/// ```
/// use glassloop::{EventLoop, spawn, yield_now};
/// use glassloop_inspector::TaskTree;
///
/// let event_loop = EventLoop::test();
/// let tree = event_loop.block_on(async {
///     let child = spawn(yield_now()).named("child");
///     let tree = TaskTree::of(&glassloop::snapshot());
///     child.await.unwrap();
///     tree
/// })?;
/// assert_eq!(tree.rows.iter().map(|row| row.depth).collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(tree.to_json()["tasks"][1]["name"], "child");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskTree {
    /// The loop: "loop 1 (main)".
    pub of_loop: String,
    /// The tasks, each below its parent.
    pub rows: Vec<TreeRow>,
}

/// A task in a [`TaskTree`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeRow {
    /// How many of its forebears are in the tree.
    pub depth: usize,
    /// Its id.
    pub id: TaskId,
    /// Its name, or the type of its future.
    pub name: String,
    /// The task that spawned it.
    pub parent: TaskId,
    /// Whether that is gone.
    pub is_orphan: bool,
    /// What it is doing, how often it ran, where it was spawned.
    pub text: String,
}

impl TaskTree {
    /// The tree of a snapshot's tasks.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> TaskTree {
        let there: HashMap<TaskId, &TaskLine> =
            snapshot.tasks.iter().map(|task| (task.id, task)).collect();
        let mut children: HashMap<TaskId, Vec<&TaskLine>> = HashMap::new();
        for task in &snapshot.tasks {
            let parent = if there.contains_key(&task.parent) { task.parent } else { TaskId::NONE };
            children.entry(parent).or_default().push(task);
        }
        // The last of a list is told first.
        for siblings in children.values_mut() {
            siblings.sort_unstable_by_key(|task| std::cmp::Reverse(task.birth));
        }
        let name = &snapshot.name;
        let mut tree =
            TaskTree { of_loop: format!("loop {} ({})", name.number, name.thread), rows: vec![] };
        let roots = children.remove(&TaskId::NONE).unwrap_or_default();
        let mut todo: Vec<_> = roots.into_iter().map(|task| (0, task)).collect();
        while let Some((depth, task)) = todo.pop() {
            tree.rows.push(row(depth, task, !there.contains_key(&task.parent)));
            let below = children.remove(&task.id).unwrap_or_default();
            todo.extend(below.into_iter().map(|child| (depth + 1, child)));
        }
        tree
    }

    /// The same as JSON: the tasks in their order, each with its depth.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let row = |row: &TreeRow| {
            json!({
                "depth": row.depth,
                "id": row.id.to_string(),
                "name": row.name,
                "parent": (!row.parent.is_none()).then(|| row.parent.to_string()),
                "orphan": row.is_orphan,
                "text": row.text,
            })
        };
        json!({ "loop": self.of_loop, "tasks": self.rows.iter().map(row).collect::<Vec<_>>() })
    }
}

fn row(depth: usize, task: &TaskLine, parent_gone: bool) -> TreeRow {
    let is_orphan = parent_gone && !task.parent.is_none();
    let mut text = format!("{} {}, {} polls", names::line(task), task.state.name(), task.polls);
    if let Some(born) = task.born {
        text += &format!(", spawned at {}", rows::place(born));
    }
    if is_orphan {
        text += &format!("; its parent {} has ended", task.parent);
    }
    let name = task.name.clone().into_owned();
    TreeRow { depth, id: task.id, name, parent: task.parent, is_orphan, text }
}

impl fmt::Display for TaskTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} tasks", self.of_loop, self.rows.len())?;
        for row in &self.rows {
            writeln!(f, "{:indent$}{}", "", row.text, indent = 2 + 2 * row.depth)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use glassloop::{EventLoop, sleep, spawn, yield_now};

    use super::*;

    #[test]
    fn an_orphan_stands_below_the_loop_and_says_whose_it_was() {
        let event_loop = EventLoop::test();
        event_loop
            .spawn(async {
                spawn(async {
                    let grandchild = async { sleep(Duration::MAX).await };
                    spawn(grandchild).named("grandchild").detach();
                    sleep(Duration::MAX).await;
                })
                .named("child")
                .detach();
            })
            .named("gone")
            .detach();
        let tree = event_loop
            .block_on(async {
                yield_now().await;
                yield_now().await;
                TaskTree::of(&glassloop::snapshot())
            })
            .unwrap();
        let told: Vec<_> =
            tree.rows.iter().map(|row| (row.depth, &*row.name, row.is_orphan)).collect();
        assert_eq!(told, [(0, "main", false), (0, "child", true), (1, "grandchild", false)]);
        let text = tree.to_string();
        assert!(text.contains("; its parent #0.0 has ended\n"), "{text}");
        assert_eq!(tree.to_json()["tasks"][1]["orphan"], true);
        event_loop.close(Duration::ZERO);
    }

    #[test]
    fn a_line_of_thousands_needs_no_stack() {
        let event_loop = EventLoop::test();
        fn spawn_next(left: usize) {
            if left > 0 {
                spawn(async move {
                    spawn_next(left - 1);
                    sleep(Duration::MAX).await;
                })
                .detach();
            }
        }
        let tree = event_loop
            .block_on(async {
                spawn_next(5_000);
                while glassloop::snapshot().tasks.len() < 5_001 {
                    for _ in 0..1_000 {
                        yield_now().await;
                    }
                }
                TaskTree::of(&glassloop::snapshot())
            })
            .unwrap();
        assert_eq!(tree.rows.last().map(|row| row.depth), Some(5_000));
        event_loop.close(Duration::ZERO);
    }
}
