//! Every script that a run once found interesting still does on a loop what it does on the model.

use std::{fs, path::PathBuf};

use script::{Random, Script, Target, check, shrunk};

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(folder).expect("the corpus is part of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
}

#[test]
fn each_script_of_the_corpus_is_told_alike_by_loop_and_model() {
    let paths = corpus("script");
    let mut lines = 0;
    for path in &paths {
        let script = Script::of(&fs::read(path).expect("a file that can be read"));
        match check(&script) {
            Ok(tally) => lines += tally.lines,
            Err(fault) => panic!("{}: {fault}\n{script:#?}", path.display()),
        }
    }
    assert!(paths.len() >= 100 && lines > 10 * paths.len(), "{} scripts, {lines}", paths.len());
}

#[test]
fn the_same_bytes_do_the_same() {
    for seed in 0..50 {
        let script = Script::of(&Random::new(seed).bytes());
        let tallies = [check(&script), check(&script)];
        let lines = tallies.map(|tally| tally.unwrap_or_else(|fault| panic!("{seed}: {fault}")));
        assert_eq!(lines[0].lines, lines[1].lines, "seed {seed}");
    }
}

#[test]
fn what_any_bytes_are_is_a_script_that_ends() {
    for bytes in [&[][..], &[0], &[255; 600], &[7; 600], &[0; 600]] {
        check(&Script::of(bytes)).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
fn a_script_shrinks_for_as_long_as_it_fails() {
    let script = Script::of(&Random::new(7).bytes());
    let polls = |script: &Script| format!("{script:?}").matches("Turn").count() >= 2;
    assert!(polls(&script), "pick another seed");
    let smallest = shrunk(&script, polls);
    assert_eq!(format!("{smallest:?}").matches("Turn").count(), 2);
    assert!(!format!("{smallest:?}").contains("Spawn"), "{smallest:?}");
}

#[test]
fn bytes_on_a_websocket_that_were_kept_come_to_what_they_must() {
    for target in Target::ALL {
        let paths = corpus(&target.to_string());
        for path in &paths {
            let bytes = fs::read(path).expect("a file that can be read");
            target.check(&bytes).unwrap_or_else(|what| panic!("{}: {what}", path.display()));
        }
        assert!(paths.len() >= 30, "{target}: {} files", paths.len());
    }
}

#[test]
fn any_bytes_on_a_websocket_come_to_an_end() {
    for target in Target::ALL {
        for bytes in [&[][..], &[0], &[255; 600], &[7; 600], &[0; 600]] {
            target.check(bytes).unwrap_or_else(|what| panic!("{target}: {what}"));
        }
    }
}
