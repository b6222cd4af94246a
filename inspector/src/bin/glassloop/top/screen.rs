//! The screen: a sample and a view, drawn as lines.
//!
//! Promises no more lines than the screen has, whatever there is to show, with what hangs in red
//! and above all else. It reads nothing and keeps nothing.

use serde_json::Value;

use super::{
    sample::Sample,
    view::{Middle, View},
};
use crate::{
    field::{count, flag, list, number, present, text, text_or_dash, text_or_none},
    jobs,
    page::{Page, Paint, Style, fit, wrapped},
    quantity::{longest_poll, percent, time, time_or_dash},
    size::Size,
    state::{as_of, file, item, name},
    table::{Column, Table, names, numbers, words},
    waits::{self, Told},
};

/// As many lines of the story as stand below the table.
const STORY_LINES_MAX: usize = 6;
/// How wide the bar is on a wide screen.
const BAR: usize = 20;
/// What of a task's name stands in the line that tells of a stall.
const ITEM_WIDTH_MAX: usize = 40;

const RECORDING_OFF: &str = "recording is off: no loads, and times as of when it was switched off";

const HELP: [&str; 14] = [
    "q             quit",
    "up, down      select a task (also k, j, page up, page down)",
    "enter         why the selected task ran, and why it does not",
    "esc           back from there, and from this help",
    "s             sort by load, busy, sched, polls, wakes, name",
    "/             filter by part of id, name, state, place; enter keeps, esc ends it",
    "space         pause",
    "l             the next loop",
    "?             this help",
    "LOAD is the share of the last moment that a task ran for, BUSY all that it ran",
    "since it is recorded. A delay is the time from a wake to the poll, SCHED all of",
    "a task's delays. The time behind a queue is how long it has not been empty.",
    "What holds the loop stands above all, whatever the order; its longest poll in",
    "the second line, each task's in `glassloop ps`.",
];

const COLUMNS: [Column; 10] = [
    words(" STATE"),
    words("ID"),
    names("NAME", 24),
    numbers("POLLS"),
    numbers("WAKES").from(WIDE),
    numbers("LOAD"),
    numbers("BUSY").from(WIDE),
    numbers("SCHED").from(ROOMY),
    names("WAITS", 44),
    words("AT"),
];

const NAME: usize = 2;
const WAITS: usize = COLUMNS.len() - 2;
const AT: usize = COLUMNS.len() - 1;

/// Room for what tells starvation.
const ROOMY: usize = 100;

/// Room for all. A screen with fewer columns is narrow, and has places by their file's name.
const WIDE: usize = 130;

/// The lines of a screen.
pub(crate) fn draw(sample: &Sample, view: &View, size: Size, style: Style) -> Page {
    let mut page = Page::default();
    header(&mut page, sample, view, size, style);
    queues(&mut page, sample);
    let story = match view.middle {
        Middle::Help => &[][..],
        _ => last(&sample.story, STORY_LINES_MAX.min(size.height / 4)),
    };
    let below = 1 + if story.is_empty() { 0 } else { story.len() + 1 };
    let room = size.height.saturating_sub(page.lines.len() + below);
    let mut middle = middle(sample, view, Size { height: room, ..size }, style);
    middle.lines.truncate(room);
    page.extend(middle);
    if !story.is_empty() {
        page.plain("");
        story.iter().for_each(|line| page.push(Paint::Dim, line.as_str()));
    }
    page.lines.truncate(size.height.saturating_sub(1));
    page.push(Paint::Dim, foot(sample, view));
    page
}

fn header(page: &mut Page, sample: &Sample, view: &View, size: Size, style: Style) {
    let of = sample.of();
    let (as_of, is_fresh) = as_of(of);
    let paused = if view.is_paused { "  PAUSED" } else { "" };
    let process = present(sample.state.value(), "process");
    let program = process.map_or("", |process| text(process, "program"));
    let pid = process.map_or_else(String::new, |process| count(process, "pid"));
    let others = match sample.state.loops().len() {
        0 | 1 => String::new(),
        loops => format!(" ({} of {loops} loops)", sample.at + 1),
    };
    page.push(Paint::Bold, format!("{program} {pid}  {}{others}: {as_of}{paused}", name(of)));
    page.plain(utilisation(sample, size, style));
    if present(of, "recorded").is_none_or(|recorded| !flag(recorded, "on")) {
        page.push(Paint::Dim, RECORDING_OFF);
    }
    if let Some(stall) = present(of, "stall") {
        page.push(Paint::Red, held(stall, size, style));
    } else if !is_fresh {
        page.push(Paint::Red, "the loop has not answered");
    }
    if let Some(failure) = &view.failure {
        page.push(Paint::Red, failure.as_str());
    }
}

/// How busy the loop is, how long its longest poll took, and how long most things do.
fn utilisation(sample: &Sample, size: Size, style: Style) -> String {
    let recorded = present(sample.of(), "recorded").and_then(|it| present(it, "times"));
    let p99 = |what: &str| {
        let of = recorded.and_then(|times| present(times, what));
        time_or_dash(of.and_then(|of| number(of, "p99_ns")))
    };
    let (cells, most) = if size.width < WIDE { (8, "99%:") } else { (BAR, "99% below:") };
    let utilisation = match sample.utilisation {
        Some(share) => format!("{} {}", bar(share, cells, style), percent(share)),
        None => "-".to_owned(),
    };
    // The poll that goes on is not in the record yet.
    let held = present(sample.of(), "stall").filter(|stall| !text(stall, "task").is_empty());
    let held =
        held.and_then(|stall| number(stall, "for_ms")).map(|ms| ms.saturating_mul(1_000_000));
    let longest = time_or_dash(held.max(recorded.and_then(longest_poll)));
    let (poll, delay, late) = (p99("polls"), p99("delays"), p99("lateness"));
    format!(
        "utilisation {utilisation}  longest poll {longest}  \
        {most} poll {poll}, delay {delay}, timer {late} late"
    )
}

/// What holds the loop. Its place comes early: lines are cut.
fn held(stall: &Value, size: Size, style: Style) -> String {
    let place = |key, said| {
        let place = text_or_none(stall, key).filter(|place| !place.is_empty())?;
        Some(format!(", {said} {},", if size.width < WIDE { file(place) } else { place }))
    };
    let place = place("awaits", "last waited at").or_else(|| place("born", "spawned at"));
    let place = place.unwrap_or_default();
    let item = fit(&item(stall), ITEM_WIDTH_MAX, style.ascii);
    let held = time(number(stall, "for_ms").unwrap_or(0).saturating_mul(1_000_000));
    let thread = text_or_none(stall, "thread").map_or_else(String::new, |at| format!(": {at}"));
    format!("{item}{place} holds the loop for {held}{thread}")
}

fn queues(page: &mut Page, sample: &Sample) {
    let loops = list(sample.of(), "queues").iter().map(|queue| {
        // How far away the bound of an empty queue is doesn't matter.
        let max = number(queue, "max").filter(|_| number(queue, "depth") > Some(0));
        let max = max.map_or_else(String::new, |max| format!("/{max}"));
        let age = number(queue, "age_ns").filter(|&age| age > 0);
        let age = age.map_or_else(String::new, |age| format!(" ({})", time(age)));
        format!("{} {}{max}{age}", text(queue, "name"), count(queue, "depth"))
    });
    let hosts = list(sample.state.value(), "host_queues").iter().filter(|it| !flag(it, "closed"));
    let hosts = hosts.map(|it| format!("host #{} {}", count(it, "number"), count(it, "queued")));
    let all: Vec<String> = loops.chain(hosts).collect();
    let count = |key: &str| format!("{key} {}", list(sample.of(), key).len());
    let counts = ["tasks", "timers", "sources"].map(count).join("  ");
    page.plain(format!("{counts}{}   queued: {}", jobs::running(sample.of()), all.join("  ")));
    page.plain("");
}

fn middle(sample: &Sample, view: &View, room: Size, style: Style) -> Page {
    let mut page = Page::default();
    match &view.middle {
        Middle::Help => HELP.iter().for_each(|line| page.plain(*line)),
        Middle::Detail(lines) => {
            if let Some(task) = view.marked(sample) {
                let (id, name) = (text(task, "id"), text(task, "name"));
                page.push(Paint::Bold, format!("task {id} `{name}`"));
            }
            let lines = lines.iter().flat_map(|line| wrapped(line, room.width));
            lines.for_each(|line| page.plain(line));
        }
        Middle::Tasks => page = tasks(sample, view, room, style),
    }
    page
}

fn tasks(sample: &Sample, view: &View, room: Size, style: Style) -> Page {
    let (rows, told) = (view.rows(sample), Told::of(sample.of()));
    let marked = view.marked_row(&rows).unwrap_or(0);
    // As many as fit below the headings, with the marked one among them.
    let shown = room.height.saturating_sub(1).max(1);
    let from = marked.saturating_sub(shown - 1);
    let is_wide = room.width >= WIDE;
    let mut table = Table::new(&COLUMNS, Style { width: room.width, ..style });
    for (n, task) in rows.iter().enumerate().skip(from).take(shown) {
        let paint = if n == marked { Paint::Reverse } else { Paint::Plain };
        let mark = if n == marked { '>' } else { ' ' };
        let mut cells = cells(sample, &told, task, mark);
        if !is_wide {
            cells[AT] = file(&cells[AT]).to_owned();
        }
        table.painted_row(paint, cells.into());
    }
    // A place is whole before a name is, or what is waited for.
    let cut = match is_wide {
        true => &[(NAME, 16), (WAITS, 20)][..],
        false => &[(NAME, 16), (WAITS, 10), (NAME, 6)],
    };
    table.fit(0, cut);
    let mut page = table.page(0);
    if rows.is_empty() {
        page.plain(if view.filter.is_empty() { " no tasks" } else { " no task fits the filter" });
    }
    page
}

fn cells(sample: &Sample, told: &Told<'_>, task: &Value, mark: char) -> [String; COLUMNS.len()] {
    let times = present(task, "times");
    let share = |key: &str| time_or_dash(times.and_then(|times| number(times, key)));
    let load = sample.loads.get(text(task, "id"));
    let wait = waits::first(told, task).swap_remove(0);
    [
        format!("{mark}{}", text_or_dash(task, "state")),
        text(task, "id").to_owned(),
        text_or_dash(task, "name").to_owned(),
        count(task, "polls"),
        count(task, "wakes"),
        load.map_or_else(|| "-".to_owned(), |&load| percent(load)),
        share("busy_ns"),
        share("scheduled_ns"),
        wait.what,
        wait.at,
    ]
}

/// The keys that do something now, in 80 columns.
fn foot(sample: &Sample, view: &View) -> String {
    if view.is_filtering {
        return format!("filter: {}_  (enter keeps it, esc ends it)", view.filter);
    }
    let filter = match view.filter.as_str() {
        "" => "/ filter".to_owned(),
        filter => format!("/ filter: {filter}"),
    };
    // Of one loop there is no next.
    let others = if sample.state.loops().len() > 1 { "  l loop" } else { "" };
    match view.middle {
        Middle::Help => "esc back  q quit".to_owned(),
        Middle::Detail(_) => {
            format!("esc back  j/k select  space pause{others}  ? help  q quit")
        }
        Middle::Tasks => format!(
            "q quit  j/k move  enter why  s by {}  {filter}  space pause{others}  ? help",
            view.sort.name()
        ),
    }
}

fn bar(share: f64, cells: usize, style: Style) -> String {
    let [full, empty] = if style.ascii { ["#", "."] } else { ["█", "░"] };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to cells")]
    #[allow(clippy::cast_precision_loss, reason = "a small constant")]
    let filled = (share.clamp(0.0, 1.0) * cells as f64).ceil() as usize;
    format!("{}{}", full.repeat(filled), empty.repeat(cells - filled))
}

/// The last lines, from the first line of a turn on if there is one.
fn last(lines: &[String], max: usize) -> &[String] {
    let lines = &lines[lines.len().saturating_sub(max)..];
    let begin = lines.iter().position(|line| !line.starts_with(' '));
    &lines[begin.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::sample::tests::sample;
    use serde_json::json;

    const ASCII: Style = Style { ascii: true, colour: false, width: usize::MAX };

    fn drawn(sample: &Sample, view: &View, height: usize) -> Vec<String> {
        let page = draw(sample, view, Size { width: 120, height }, ASCII);
        page.lines.into_iter().map(|line| line.text).collect()
    }

    fn many(tasks: usize, stall: &Value) -> Sample {
        let tasks: Vec<Value> =
            (0..tasks).map(|n| json!({ "id": format!("#{n}.1"), "name": "t" })).collect();
        let mut sample = sample(json!({ "process": { "program": "tour", "pid": 7 }, "loops": [{
            "loop": { "number": 1, "thread": "main" }, "stall": stall, "tasks": tasks,
            "as_of": { "turn": 9, "age_ms": 3.2, "fresh": true }, "recorded": { "on": true },
            "queues": [{ "name": "ready", "depth": 3, "max": 9, "age_ns": 3_200_000 }] }] }));
        sample.story = (0..9).map(|n| format!("turn {n}: idle")).collect();
        sample.utilisation = Some(0.07);
        sample
    }

    #[test]
    fn a_screen_says_that_nothing_is_recorded() {
        let sample = sample(json!({ "loops": [{ "recorded": { "on": false } }] }));
        assert!(drawn(&sample, &View::default(), 24).contains(&RECORDING_OFF.to_owned()));
    }

    #[test]
    fn a_screen_has_its_lines_and_the_marked_row_is_on_it() {
        let sample = many(1_000, &Value::Null);
        let mut view = View::default();
        for height in [1, 2, 5, 9, 24, 50] {
            assert!(drawn(&sample, &view, height).len() <= height, "{height}");
        }
        view.step(&sample, 700);
        let lines = drawn(&sample, &view, 24);
        assert_eq!(lines.len(), 24);
        assert_eq!(lines[0], "tour 7  loop 1 on main: turn 9, as of 3.2 ms ago");
        assert!(lines[1].starts_with("utilisation #....... 7.0%  longest poll -  99%: poll -"));
        assert_eq!(lines[2], "tasks 1000  timers 0  sources 0   queued: ready 3/9 (3.2 ms)");
        assert_eq!(lines.iter().filter(|line| line.starts_with('>')).count(), 1);
        assert!(lines.iter().any(|line| line.starts_with(">-") && line.contains("#700.1")));
        assert_eq!(lines[22], "turn 8: idle");
        assert!(lines[23].starts_with("q quit"));
    }

    #[test]
    fn a_narrow_screen_leaves_out_figures_and_no_word_of_a_reason() {
        let task = json!({ "id": "#1.1", "name": "t", "polls": 7, "wakes": 6, "waits": [
            { "operation": "sleep", "of": "timer", "at": "examples/tour/actions.rs:54" }] });
        let sample = sample(json!({ "loops": [{ "tasks": [task] }] }));
        let mut view = View::default();
        let lines = |view: &View, width| -> Vec<String> {
            let page = draw(&sample, view, Size { width, height: 24 }, ASCII);
            page.lines.into_iter().map(|line| line.text).collect()
        };
        let has = |lines: &[String], said: &str| lines.iter().any(|line| line == said);
        let wide = ">-      #1.1  t         7      6     -     -      -  sleep of timer  \
            examples/tour/actions.rs:54";
        assert!(has(&lines(&view, WIDE), wide));
        let narrow = ">-      #1.1  t         7     -  sleep of timer  actions.rs:54";
        assert!(has(&lines(&view, ROOMY - 1), narrow));
        assert!(has(
            &lines(&view, 58),
            ">-      #1.1  t         7     -  sleep of ~  actions.rs:54"
        ));
        let roomy = ">-      #1.1  t         7     -      -  sleep of timer  actions.rs:54";
        assert!(has(&lines(&view, ROOMY), roomy));
        view.middle = Middle::Detail(vec!["  aa bb cc dd".into(), "e".repeat(12), String::new()]);
        let lines = lines(&view, 8);
        let said = ["  aa bb", "    cc", "    dd", "eeeeeeeeeeee", ""].map(String::from);
        assert!(lines.windows(5).any(|five| five == said), "{lines:?}");
    }

    #[test]
    fn what_hangs_is_red_and_help_is_there() {
        let stall = json!({ "item": "task #7.7 `x`", "for_ms": 3_200, "thread": "on CPU",
            "born": "src/a.rs:1", "awaits": "src/b.rs:2" });
        let sample = many(3, &stall);
        let mut view = View::default();
        let page = draw(&sample, &view, Size { width: 80, height: 24 }, ASCII);
        let red: Vec<_> = page.lines.iter().filter(|line| line.paint == Paint::Red).collect();
        assert_eq!(red.len(), 1);
        assert_eq!(
            red[0].text,
            "task #7.7 `x`, last waited at b.rs:2, holds the loop for 3.2 s: on CPU"
        );
        view.middle = Middle::Help;
        assert!(drawn(&sample, &view, 24).iter().any(|line| line == HELP[0]));
        assert!(HELP.iter().all(|line| line.len() <= 80));
        // What holds the loop is its longest poll until it is over.
        let longest = |stall: Value| drawn(&many(3, &stall), &View::default(), 24)[1].clone();
        assert!(longest(json!({ "task": "#7.7", "for_ms": 9 })).contains("longest poll 9.0 ms  "));
        assert!(longest(json!({ "item": "callback", "for_ms": 9 })).contains("longest poll -  "));
        view.middle = Middle::Detail(vec!["because".into()]);
        assert!(drawn(&sample, &view, 24).iter().any(|line| line == "because"));
        assert!(drawn(&sample, &view, 24).iter().any(|line| line.starts_with("esc back")));
        view.filter = "zzz".into();
        view.middle = Middle::Tasks;
        assert!(drawn(&sample, &view, 24).iter().any(|line| line == " no task fits the filter"));
    }
}
