//! The fuzz target: any bytes are a script, and a script that parts from the model is a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use script::{Script, check};

fuzz_target!(|bytes: &[u8]| {
    let script = Script::of(bytes);
    if let Err(fault) = check(&script) {
        // The panic hook is the checker's by now.
        eprintln!("{fault}\n{script:#?}");
        panic!("{fault}");
    }
});
