//! An inspector is found by its file, which nobody but its user can read, in a folder that nobody
//! else has laid out; what a process leaves behind is passed over, and removed.

#![cfg(test)]
#![cfg(feature = "ws")]

#[cfg(target_os = "linux")]
#[path = "common/examples.rs"]
mod examples;
#[path = "common/inspected.rs"]
mod inspected;

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
};
#[cfg(target_os = "linux")]
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Child,
};

use glassloop_inspector::{
    Builder, init,
    run_file::{Folder, RunFile, remove},
    try_init,
};
use inspected::{Scratch, inspected};

const CHILD: &str = "GLASSLOOP_TEST_CHILD";

/// What an inspector of some process would say.
fn run_file(pid: u32, address: SocketAddr) -> RunFile {
    RunFile { pid, address, token: "secret".into(), program: "it".into(), version: "1".into() }
}

/// A listener, for a port that is open, and its address.
fn open_port() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The number of a process that has ended and was waited for.
fn gone() -> u32 {
    let mut child = Command::new(env::current_exe().unwrap());
    let mut child = child.arg("--list").stdout(Stdio::null()).spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    pid
}

#[test]
fn its_file_says_what_a_terminal_needs_and_goes_with_it() {
    let scratch = Scratch::new();
    let folder = Folder::at(scratch.path().join("files"));
    let start = || Builder::new().folder(folder.path()).start().unwrap();
    let inspectors = [start(), start()];
    assert_ne!(inspectors[0].file(), inspectors[1].file());
    let text = fs::read_to_string(inspectors[0].file()).unwrap();
    let said: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(said["pid"], std::process::id());
    assert_eq!(said["address"], inspectors[0].address().to_string());
    let url = format!("http://{}/#{}", inspectors[0].address(), said["token"].as_str().unwrap());
    assert_eq!(inspectors[0].url(), url);
    assert!(said["program"].as_str().unwrap().starts_with("an_inspector_is_found"), "{said}");
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));

    let live = folder.list_live().unwrap();
    assert_eq!(live.len(), 2);
    assert!(!format!("{live:?}").contains(&live[0].token), "{live:?}");
    inspectors[0].stop();
    inspectors[0].stop();
    let live = folder.list_live().unwrap();
    assert_eq!((live.len(), live[0].address), (1, inspectors[1].address()));
    drop(inspectors);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn folder_and_file_are_this_user_s_alone_from_the_beginning() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let inspected = inspected();
    assert_eq!(mode(inspected.file()), 0o600);
    assert_eq!(mode(inspected.file().parent().unwrap()), 0o700);

    let scratch = Scratch::new();
    let path = |name: &str| scratch.path().join(name);
    for (name, open_to) in [("group", 0o710), ("all", 0o777), ("read", 0o744)] {
        fs::create_dir(path(name)).unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(open_to)).unwrap();
    }
    fs::create_dir(path("own")).unwrap();
    fs::set_permissions(path("own"), fs::Permissions::from_mode(0o700)).unwrap();
    symlink(path("own"), path("link")).unwrap();
    symlink(path("nowhere"), path("dangling")).unwrap();
    fs::write(path("file"), "").unwrap();
    let mut refused = vec!["group", "all", "read", "link", "dangling", "file"];
    // Only who may do everything can give a folder away.
    fs::create_dir(path("theirs")).unwrap();
    fs::set_permissions(path("theirs"), fs::Permissions::from_mode(0o700)).unwrap();
    if std::os::unix::fs::chown(path("theirs"), Some(4_711), None).is_ok() {
        refused.push("theirs");
    }
    for name in refused {
        let error = Builder::new().folder(path(name)).start().expect_err(name);
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{name}: {error}");
        assert!(error.to_string().contains("expected") && error.to_string().contains("came"));
        assert!(Folder::at(path(name)).list_live().is_err(), "{name} is not read either");
    }
    assert_eq!(fs::read_dir(path("own")).unwrap().count(), 0, "nothing was written by the link");
    assert!(!path("nowhere").exists());
    assert!(Builder::new().folder(path("own")).start().is_ok());
}

#[cfg(unix)]
#[test]
fn a_link_that_waits_in_place_of_the_file_is_not_written_through() {
    use std::os::unix::fs::symlink;

    let scratch = Scratch::new();
    let folder = Folder::at(scratch.path().join("files"));
    let (_listener, address) = open_port();
    let file = run_file(std::process::id(), address);
    let target = scratch.path().join("target");
    // Which number the next file has is the process's secret; all that are near have a link.
    remove(&folder.write(&file).unwrap());
    for number in 0..200 {
        let name = format!("{}-{number}.json", std::process::id());
        symlink(&target, folder.path().join(name)).unwrap();
    }
    let written = folder.write(&file).unwrap();
    assert!(fs::symlink_metadata(written).unwrap().is_file());
    assert!(!target.exists());
}

#[test]
fn what_was_left_behind_is_passed_over_and_removed() {
    let scratch = Scratch::new();
    let folder = Folder::at(scratch.path().join("files"));
    assert_eq!(folder.list_live().unwrap(), [], "no folder, no files");
    let (listener, address) = open_port();
    // The near end of a connection listens to nobody, and nobody else is given its port.
    let connected = TcpStream::connect(address).unwrap();
    let closed_address = connected.local_addr().unwrap();
    let (own, gone) = (std::process::id(), gone());
    let live = run_file(own, address);
    let written = folder.write(&live).unwrap();
    let put = |name: String, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let text = |pid: u32, address: SocketAddr| {
        let address = address.to_string();
        serde_json::json!({
            "pid": pid, "address": address, "token": "t", "program": "p", "version": "v",
        })
        .to_string()
    };
    let mut left = vec![put(format!("{own}-9001.json"), &text(own, closed_address))];
    if cfg!(unix) {
        left.push(put(format!("{gone}.json"), &text(gone, address)));
        left.push(put(format!("{gone}-1.json"), "{\"pid\":"));
    }
    let kept = [
        put(format!("{own}-9002.json"), ""),
        put(format!("{own}-9003.json"), &text(gone, address)),
        put(format!("{own}-9004.json"), &text(own, ([10, 0, 0, 1], 80).into())),
        put("notes.json".into(), "{}"),
        put(format!("{gone}.txt"), ""),
    ];
    assert_eq!(folder.list_live().unwrap(), [live]);
    assert!(left.iter().all(|path| !path.exists()), "{left:?}");
    assert!(kept.iter().chain([&written]).all(|path| path.exists()), "none of ours, or not yet");
    drop((listener, connected));
}

/// A program that calls `init`, and where it says that its file is.
#[cfg(target_os = "linux")]
fn program(runtime: &Path, seconds: &str) -> (Child, PathBuf) {
    let mut program = Command::new(examples::built("inspected"));
    program.args(["--seconds", seconds]).env("GLASSLOOP_INSPECT", "1");
    program.env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", runtime).stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let file = lines.find_map(|line| line.unwrap().strip_prefix("file ").map(PathBuf::from));
    (child, file.unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_ends_takes_its_file_along_and_one_that_is_killed_leaves_it_to_the_reader() {
    let scratch = Scratch::new();
    let folder = Folder::at(scratch.path().join("glassloop"));
    for is_killed in [false, true] {
        let (mut child, file) = program(scratch.path(), if is_killed { "600" } else { "1" });
        assert_eq!(file, folder.path().join(format!("{}.json", child.id())));
        let live = folder.list_live().unwrap();
        assert_eq!((live.len(), live[0].pid), (1, child.id()));
        if is_killed {
            child.kill().unwrap();
        }
        child.wait().unwrap();
        assert_eq!(file.exists(), is_killed);
        assert_eq!(folder.list_live().unwrap(), []);
        assert!(!file.exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_runtime_folder_that_is_not_there_is_not_made() {
    let scratch = Scratch::new();
    let mut program = Command::new(examples::built("inspected"));
    program.args(["--seconds", "0"]).env("GLASSLOOP_INSPECT", "1");
    let nowhere = scratch.path().join("nowhere");
    let output = program.env("XDG_RUNTIME_DIR", &nowhere).env("TMPDIR", scratch.path()).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(said.contains(&format!("file {}/glassloop-", scratch.path().display())), "{said}");
    assert!(!nowhere.exists());
}

#[test]
fn init_starts_one_and_gives_it_again() {
    if env::var_os(CHILD).is_none() {
        let scratch = Scratch::new();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "init_starts_one_and_gives_it_again"]).env(CHILD, "1");
        child.env("XDG_RUNTIME_DIR", scratch.path()).env("TMPDIR", scratch.path());
        let output = child.env("GLASSLOOP_INSPECT", "127.0.0.1:0").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let inspector = init().unwrap();
    assert_eq!(init().unwrap().url(), inspector.url());
    assert_eq!(Folder::of_user().list_live().unwrap().len(), 1);
    let other = try_init().unwrap().unwrap();
    assert_ne!(other.address(), inspector.address(), "who asks for one of his own gets it");
    inspector.stop();
    let live = Folder::of_user().list_live().unwrap();
    assert_eq!((live.len(), live[0].address), (1, other.address()));
}
