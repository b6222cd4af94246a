//! The footprint: what a small program costs before it runs.
//!
//! The program is a TCP echo with a line every second, one per peer in `footprint/`. Each is built
//! from nothing in a folder of its own under the system's temporary folder, with the versions of
//! this workspace's lock file. One sample each: build times vary by a fifth.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Instant;

use crate::options::{Options, Style};

/// A program to build.
struct Program {
    name: &'static str,
    /// The lines below `[dependencies]`; `{ROOT}` is where glassloop lies.
    dependencies: &'static str,
    source: &'static str,
}

const PROGRAMS: &[Program] = &[
    #[cfg(feature = "ours")]
    Program {
        name: "glassloop",
        dependencies: r#"glassloop = { path = "{ROOT}", default-features = false }"#,
        source: include_str!("../footprint/glassloop.rs"),
    },
    #[cfg(feature = "ours")]
    Program {
        name: "glassloop, default features",
        dependencies: r#"glassloop = { path = "{ROOT}" }"#,
        source: include_str!("../footprint/glassloop.rs"),
    },
    Program {
        name: "mio by hand",
        dependencies: r#"mio = { version = "1", features = ["os-poll", "net"] }"#,
        source: include_str!("../footprint/mio.rs"),
    },
    Program {
        name: "tokio",
        dependencies: r#"tokio = { version = "1", features = ["rt", "net", "time", "io-util"] }"#,
        source: include_str!("../footprint/tokio.rs"),
    },
    Program {
        name: "calloop",
        dependencies: r#"calloop = "0.14""#,
        source: include_str!("../footprint/calloop.rs"),
    },
    Program {
        name: "monoio",
        dependencies: r#"monoio = "0.2""#,
        source: include_str!("../footprint/monoio.rs"),
    },
    Program {
        name: "smol",
        dependencies: "async-executor = '1'\nasync-io = '2'\nfutures-lite = '2'",
        source: include_str!("../footprint/smol.rs"),
    },
];

const PROFILE: &str = "\
[profile.release]
opt-level = 3
lto = \"thin\"
codegen-units = 1
strip = true
";

/// What one program cost.
struct Footprint {
    crates: usize,
    build_seconds: f64,
    binary_bytes: u64,
}

/// Builds the programs of all peers that were asked for, and prints their table.
pub fn print(options: &Options) {
    let folder = std::env::temp_dir().join(format!("glassloop-footprint-{}", process::id()));
    match options.style {
        Style::Text => println!("{:<30} {:>8} {:>10} {:>12}", "peer", "crates", "build s", "bytes"),
        Style::Markdown => println!("| peer | crates | build s | bytes |\n|---|--:|--:|--:|"),
    }
    for program in PROGRAMS.iter().filter(|program| options.includes_peer(program.name)) {
        match take(program, &folder) {
            Ok(Footprint { crates, build_seconds, binary_bytes }) => match options.style {
                Style::Text => println!(
                    "{:<30} {crates:>8} {build_seconds:>10.1} {binary_bytes:>12}",
                    program.name
                ),
                Style::Markdown => println!(
                    "| {} | {crates} | {build_seconds:.1} | {binary_bytes} |",
                    program.name
                ),
            },
            Err(error) => println!("{:<30} could not be built: {error}", program.name),
        }
    }
    // What cannot be removed is left to the system, as any temporary folder.
    fs::remove_dir_all(&folder).ok();
}

fn take(program: &Program, folder: &Path) -> Result<Footprint, Box<dyn Error>> {
    let home = write(program, folder)?;
    cargo(&home, &["fetch", "--quiet"])?;
    let tree = cargo(&home, &["tree", "--edges", "normal", "--prefix", "none", "--offline"])?;
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let begun = Instant::now();
    cargo(&home, &["build", "--quiet", "--release", "--offline"])?;
    let build_seconds = begun.elapsed().as_secs_f64();
    let binary = fs::metadata(home.join("target/release/echo"))?;
    // The program itself is a line of the tree, and no dependency.
    Ok(Footprint { crates: crates.len() - 1, build_seconds, binary_bytes: binary.len() })
}

/// Lays out a package of its own, in a workspace of its own.
fn write(program: &Program, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = benches.join("..").canonicalize()?;
    let home = folder.join(program.name.replace(|letter: char| !letter.is_alphanumeric(), "-"));
    let dependencies = program.dependencies.replace("{ROOT}", &root.display().to_string());
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"echo\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n\n{PROFILE}"
    );
    fs::create_dir_all(home.join("src"))?;
    fs::write(home.join("Cargo.toml"), manifest)?;
    fs::write(home.join("src/main.rs"), program.source)?;
    // What the program does not need falls out of the lock file; the versions of the rest stay.
    fs::copy(benches.join("Cargo.lock"), home.join("Cargo.lock"))?;
    Ok(home)
}

/// Runs cargo in a folder, with its target folder inside it; gives what it printed.
fn cargo(home: &Path, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new("cargo")
        .args(arguments)
        .current_dir(home)
        .env("CARGO_TARGET_DIR", home.join("target"))
        .output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo {}: {told}", arguments.join(" ")).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
