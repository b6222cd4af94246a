//! The built examples: where they are, and that they are there.
//!
//! An example has no variable of Cargo's that tells a test its path, so it is worked out from ours.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The binary of an example in our own profile, built if `cargo test` hasn't built it by now.
pub(crate) fn built(name: &str) -> PathBuf {
    built_with(name, "")
}

/// The same of one that needs features.
pub(crate) fn built_with(name: &str, features: &str) -> PathBuf {
    // This test lies in the profile's folder `deps`, its examples beside that.
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", "glassloop", "--features", features]);
    build.args(["--example", name, "--target-dir"]);
    build.arg(folder.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the example {name} can't be built");
    folder.join(Path::new("examples").join(name)).with_extension(env::consts::EXE_EXTENSION)
}
