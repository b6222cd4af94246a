//! The views `turns` and `story`: the last turns of a recording, as figures and as sentences.
//!
//! Promises to say how far back the recording goes, what it has lost, and since when it is off.

use serde_json::{Value, json};

use crate::{
    client::Client,
    failure::Failure,
    field::{count, flag, float, list, number, part, present},
    page::{Page, Paint, Style},
    quantity::{time, time_of_ms, time_or_dash},
    state::{State, item, name, number_of},
    table::{Column, Table, numbers},
};

/// The phases in which a turn's time goes, as columns.
const PHASES: [(Column, &str); 6] = [
    (numbers("IO"), "io"),
    (numbers("TIMERS"), "timers"),
    (numbers("DEFERRED"), "deferred"),
    (numbers("RUN"), "run"),
    (numbers("FLUSH").from(WIDE), "flush"),
    (numbers("FINISH").from(WIDE), "finish"),
];

/// Room for all, also for times of five digits.
const WIDE: usize = 100;

/// `GET /turns`, `GET /story` or `GET /slow` of each loop, with a bound like `turns=20`: the loop's
/// name beside what it answered.
pub(crate) fn ask(
    client: &Client,
    path: &str,
    state: &State,
    most: &str,
) -> Result<Vec<Value>, Failure> {
    let ask = |of: &Value| {
        let answer = client.get(&format!("{path}?loop={}&{most}", number_of(of)))?;
        let mut both = part(of, &["loop"]);
        both["answer"] = answer;
        Ok(both)
    };
    state.loops().iter().map(ask).collect()
}

/// Each loop's name, and beside it what it answered.
pub(crate) fn json(answers: &[Value]) -> Value {
    let flat = answers.iter().map(|of| {
        let mut flat = of["answer"].clone();
        flat["loop"] = of["loop"].clone();
        flat
    });
    json!({ "loops": flat.collect::<Vec<_>>() })
}

pub(crate) fn turns_page(answers: &[Value], style: Style) -> Page {
    let mut columns: Vec<Column> = vec![numbers("TURN"), numbers("WAIT"), numbers("TOOK")];
    columns.extend(PHASES.map(|(column, _)| column));
    columns.extend([numbers("ITEMS"), numbers("WAKES")]);
    let mut page = Page::default();
    for of in answers {
        page.gap();
        page.push(Paint::Bold, span_of_turns(of));
        let turns = list(&of["answer"], "turns");
        let mut table = Table::new(&columns, style);
        for turn in turns {
            let phases = present(turn, "phases");
            let mut cells = vec![
                count(turn, "turn"),
                time_or_dash(number(turn, "wait_ns")),
                time_or_dash(number(turn, "took_ns")),
            ];
            let time = |key: &str| time_or_dash(phases.and_then(|phases| number(phases, key)));
            cells.extend(PHASES.map(|(_, key)| time(key)));
            cells.extend([count(turn, "items"), count(turn, "wakes")]);
            table.row(cells);
        }
        if !turns.is_empty() {
            page.extend(table.page(2));
        }
        if let Some((turn, of)) = turns.last().and_then(|of| Some((of, present(of, "under_way")?)))
        {
            page.push(Paint::Red, format!("  {}", under_way(turn, of)));
        }
    }
    page
}

/// What a turn has not come back from.
fn under_way(turn: &Value, of: &Value) -> String {
    let so_far = match number(of, "for_ns") {
        Some(ns) => format!(" for {}", time(ns)),
        None => String::new(),
    };
    let turn = count(turn, "turn");
    format!("turn {turn} is under way: {} has been running{so_far}", item(of))
}

pub(crate) fn story_page(answers: &[Value]) -> Page {
    let mut page = Page::default();
    for of in answers {
        page.gap();
        page.push(Paint::Bold, span_of_turns(of));
        for line in story_lines(&of["answer"]) {
            page.plain(format!("  {line}"));
        }
    }
    page
}

/// The sentences of all turns, each turn's behind its number; oldest first.
pub(crate) fn story_lines(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for turn in list(answer, "turns") {
        let head = format!("turn {}: ", count(turn, "turn"));
        let indent = " ".repeat(head.len());
        for (n, sentence) in list(turn, "sentences").iter().enumerate() {
            let sentence = sentence.as_str().unwrap_or("");
            let before = match n {
                // Some inspectors say the turn's number themselves.
                0 if sentence.starts_with("turn ") => "",
                0 => &head,
                _ => &indent,
            };
            lines.push(format!("{before}{sentence}"));
        }
    }
    lines
}

/// Which loop, how many turns, how far back, what is lost.
fn span_of_turns(of: &Value) -> String {
    let turns = list(&of["answer"], "turns").len();
    let words = if turns == 1 { "1 turn".to_owned() } else { format!("{turns} turns") };
    match number(&of["answer"], "idle").unwrap_or(0) {
        0 => span(of, &words, turns),
        idle => span(of, &format!("{words}, and {idle} idle (--idle tells them)"), turns.max(1)),
    }
}

/// Which loop, what is shown of it and how many, how far back, what is lost.
pub(crate) fn span(of: &Value, words: &str, shown: usize) -> String {
    let advice = if shown == 0 { " (`glassloop record on` records)" } else { "" };
    let parts = [vec![words.to_owned()], reach(&of["answer"])].concat();
    format!("{}: {}{advice}", name(of), parts.join("; "))
}

/// How far back an answer reaches, what is lost before that, and since when nothing was added.
pub(crate) fn reach(answer: &Value) -> Vec<String> {
    let span = float(answer, "span_s").map(|seconds| {
        let lost = match number(answer, "lost") {
            None | Some(0) => String::new(),
            Some(lost) => format!(", {lost} events before it are lost"),
        };
        format!("the recording spans {}{lost}", time_of_ms(seconds * 1_000.0))
    });
    span.into_iter().chain(off(answer)).collect()
}

/// Since when recording is off, if it is.
pub(crate) fn off(answer: &Value) -> Option<String> {
    let recording = present(answer, "recording").filter(|recording| !flag(recording, "on"))?;
    Some(match (number(recording, "turn"), number(recording, "ago_ns")) {
        (Some(turn), Some(ago)) => {
            format!("recording has been off since turn {turn}, {} ago", time(ago))
        }
        _ => "recording is off".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_far_back_it_reaches_and_since_when_recording_is_off() {
        let recording = json!({ "on": false, "turn": 378, "ago_ns": 500_000_000 });
        let mut answer = json!({ "span_s": 1.2, "lost": 7, "recording": recording });
        let spans = "the recording spans 1.2 s, 7 events before it are lost";
        let off = "recording has been off since turn 378, 500.0 ms ago";
        assert_eq!(reach(&answer), [spans, off]);
        answer["recording"] = json!({ "on": true, "turn": 378, "ago_ns": 5 });
        assert_eq!(reach(&answer), [spans]);
        // Nothing was ever recorded; an inspector that is older does not say.
        assert_eq!(reach(&json!({ "recording": { "on": false } })), ["recording is off"]);
        assert!(reach(&json!({})).is_empty());
    }

    #[test]
    fn a_turn_is_told_behind_its_number_and_not_twice() {
        let answer = json!({ "turns": [
            { "turn": 7, "sentences": ["woke.", "ran."] },
            { "turn": 8, "sentences": ["turn 8: idle."] },
        ] });
        assert_eq!(story_lines(&answer), ["turn 7: woke.", "        ran.", "turn 8: idle."]);
    }

    #[test]
    fn a_turn_that_has_not_ended_says_so() {
        let held =
            json!({ "item": "task #7.7 `sleeper`", "phase": "run", "for_ns": 2_000_000_000 });
        let answer = json!({ "turns": [{ "turn": 6 }, { "turn": 7, "under_way": held }] });
        let page = turns_page(
            &[json!({ "answer": answer })],
            Style { ascii: true, colour: false, width: usize::MAX },
        );
        let said = "  turn 7 is under way: task #7.7 `sleeper` has been running for 2.0 s";
        assert_eq!(page.lines.last().map(|line| line.text.as_str()), Some(said));
    }

    #[test]
    fn what_is_lost_is_said() {
        let of = json!({ "loop": { "number": 1, "thread": "main" },
            "answer": { "lost": 12, "span_s": 1.2, "turns": [{}] } });
        let said =
            "loop 1 on main: 1 turn; the recording spans 1.2 s, 12 events before it are lost";
        assert_eq!(span_of_turns(&of), said);
        let mut lately = json!({ "loop": { "number": 1, "thread": "main" },
            "answer": { "idle": 9, "turns": [{}, {}] } });
        let said = "loop 1 on main: 2 turns, and 9 idle (--idle tells them)";
        assert_eq!(span_of_turns(&lately), said);
        lately["answer"]["turns"] = json!([]);
        let said = "loop 1 on main: 0 turns, and 9 idle (--idle tells them)";
        assert_eq!(span_of_turns(&lately), said, "it is recorded");
        let none = json!({ "loop": { "number": 1, "thread": "main" }, "answer": {} });
        assert_eq!(span_of_turns(&none), "loop 1 on main: 0 turns (`glassloop record on` records)");
    }
}
