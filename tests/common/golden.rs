//! Golden files: what a test makes beside what it made when somebody last looked.
//!
//! `GLASSLOOP_BLESS=1` rewrites them.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{env, fs, path::Path};

/// Whether golden files are to be written, and not only read.
pub(crate) fn blesses() -> bool {
    env::var_os("GLASSLOOP_BLESS").is_some()
}

/// The file at this path below the folder of the test's package has this text.
#[track_caller]
pub(crate) fn is_golden(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let read = || fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    // Others may be reading it.
    if blesses() && read() != text {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    assert_eq!(text, read(), "{path}: GLASSLOOP_BLESS=1 makes this text the golden one:\n{text}");
}
