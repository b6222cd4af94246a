//! Log lines carry the task and the turn, whichever crate they come from; tracing's by its bridge.

use std::sync::Mutex;

use glassloop::{EventLoop, Logger, yield_now};
use log::{LevelFilter, Log, Metadata, Record};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what is written.
struct Kept;

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("logs")
    }

    fn log(&self, record: &Record<'_>) {
        LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn a_line_of_log_and_an_event_of_tracing_say_who_wrote_them() {
    log::set_boxed_logger(Box::new(Logger::new(Kept))).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let event_loop = EventLoop::test();
    event_loop.record(true);
    event_loop
        .spawn(async {
            log::info!("by log");
            yield_now().await;
            tracing::warn!(path = "/tmp", "by tracing");
        })
        .named("export")
        .detach();
    event_loop.run().unwrap();
    let lines: Vec<_> = LINES.lock().unwrap().drain(..).collect();
    assert_eq!(
        lines,
        [
            "INFO task #0.0 `export`, turn 1: by log",
            "WARN task #0.0 `export`, turn 2: by tracing path=\"/tmp\"",
        ]
    );
    // And the recording has them, beside what the loop did.
    let kept = event_loop.snapshot().log;
    let kept: Vec<_> = kept.iter().map(|line| (line.text.as_str(), line.turn)).collect();
    assert_eq!(kept, [("by log", 1), ("by tracing path=\"/tmp\"", 2)]);

    // A span is told when it is made, at its level; entered and left it is told at level trace.
    event_loop
        .block_on(async {
            let span = tracing::info_span!("request", id = 7);
            span.in_scope(|| tracing::info!("inside"));
        })
        .unwrap();
    let lines: Vec<_> = LINES.lock().unwrap().drain(..).collect();
    assert!(
        lines.iter().any(|line| line.contains("`main`") && line.contains("inside")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.ends_with("request; id=7") && line.starts_with("INFO")),
        "{lines:?}"
    );
}
