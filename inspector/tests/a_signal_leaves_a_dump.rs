//! A signal that was asked for leaves a dump of each loop behind, as often as it comes; one that
//! can't be caught is an error. When the inspector has stopped it does nothing.

#![cfg(test)]
#![cfg(all(unix, feature = "signal"))]

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use glassloop::{LoopThread, signal::Signal};
use glassloop_inspector::Builder;
use serde_json::Value;
use signal_hook::low_level;

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

fn scratch(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("glassloop-signal-{name}-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

fn dumps(folder: &PathBuf) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with("-signal.json")).collect()
}

#[test]
fn it_is_written_as_often_as_the_signal_comes_and_no_more_after_the_stop() {
    let folder = scratch("comes");
    let thread = LoopThread::start("signalled").unwrap();
    let watch = glassloop::loops().into_iter().find(|watch| &*watch.name().thread == "signalled");
    let watch = watch.unwrap();
    watch.record(true);
    let began = Instant::now();
    while watch.events(0).events.is_empty() {
        assert!(watch.look(PATIENCE).is_some() && began.elapsed() < PATIENCE, "it records");
    }
    let builder = Builder::new().folder(folder.join("files")).dump_to(&folder);
    let inspector = builder.dump_on_signal(Signal::User1).start().unwrap();
    for come in 1..=3 {
        low_level::raise(Signal::User1.number()).unwrap();
        let began = Instant::now();
        while dumps(&folder).len() < come {
            assert!(began.elapsed() < PATIENCE, "signal {come} left no dump");
            thread::sleep(Duration::from_millis(2));
        }
    }
    // The inspector's thread has ended: what was begun is whole.
    inspector.stop();
    for file in dumps(&folder) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
        let trace: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert!(trace["traceEvents"].as_array().unwrap().len() > 2);
    }
    low_level::raise(Signal::User1.number()).unwrap();
    assert_eq!(dumps(&folder).len(), 3, "nobody listens, and the process lives on");
    drop(thread);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_can_not_be_done_is_an_error_that_says_why() {
    let folder = scratch("fails");
    let builder = || Builder::new().folder(folder.join("files"));
    let no_signal = "expected a signal that can be caught, came ";
    for (builder, said) in [
        (builder().dump_to(&folder).dump_on_signal(Signal::Raw(9)), format!("{no_signal}Raw(9)")),
        (
            builder().dump_to(&folder).dump_on_signal(Signal::Raw(9_999)),
            format!("{no_signal}Raw(9999)"),
        ),
        (
            builder().dump_on_signal(Signal::User2),
            "expected a folder to dump to on signal User2".to_owned(),
        ),
    ] {
        let error = builder.start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().starts_with(&said), "{error}");
    }
    assert!(!folder.join("files").exists(), "nothing was started");
    fs::remove_dir_all(&folder).unwrap();
}
