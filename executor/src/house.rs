//! The house: which places of a text are ours or another crate's, and not the program's.
//!
//! A wait is shown where the program made it. Who polls in between, a combinator of this house or
//! of another crate, is passed over. `executor/` and `reactor/` have a copy of this file each, as
//! neither knows the other; `cargo test --test tidy` sees to it that they stay one text.

use std::panic::Location;

/// Where the house lies, seen from the workspace that builds it: "" in its own, "other/glassloop/"
/// in one that has a copy. `None` where each crate has a folder to itself, as in the registry.
const HOUSE: Option<&[u8]> = before_tail(file!().as_bytes(), HERE);

/// This file, seen from there.
const HERE: &[u8] = b"executor/src/house.rs";

/// The folders of the crates that poll what they were given.
const FOLDERS: [&[u8]; 4] = [b"executor/src/", b"reactor/src/", b"src/", b"ws/src/"];

/// Whether a place is outside the program.
///
/// FACT (cargo): the compiler is given the files of the program's own workspace by relative paths,
/// those of the registry and of the standard library by absolute ones. `cargo vendor` puts copies
/// of the registry's into a folder of that name.
// COST: a few compares, mostly of a first letter.
pub(crate) fn is_outside(place: &Location<'_>) -> bool {
    is_outside_path(place.file().as_bytes(), HOUSE)
}

fn is_outside_path(path: &[u8], house: Option<&[u8]>) -> bool {
    let absolute = path.first() == Some(&b'/') || path.get(1) == Some(&b':');
    let ours = |house: &[u8]| {
        let ours = |folder: &[u8]| lies_in(&path[house.len()..], folder);
        lies_in(path, house) && FOLDERS.into_iter().any(ours)
    };
    absolute || lies_in(path, b"vendor/") || house.is_some_and(ours)
}

/// Whether a path begins with a folder, whichever way its slashes lean.
fn lies_in(path: &[u8], folder: &[u8]) -> bool {
    let same = |(one, other): (&u8, &u8)| is_same(*one, *other);
    path.len() >= folder.len() && path.iter().zip(folder).all(same)
}

const fn is_same(one: u8, other: u8) -> bool {
    one == other || (one == b'\\' && other == b'/')
}

/// What a path has before its end, if it ends so.
const fn before_tail<'a>(mut path: &'a [u8], mut tail: &[u8]) -> Option<&'a [u8]> {
    while let (Some((last, rest)), Some((expected, before))) =
        (path.split_last(), tail.split_last())
    {
        if !is_same(*last, *expected) {
            return None;
        }
        (path, tail) = (rest, before);
    }
    if tail.is_empty() { Some(path) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_files_are_inside_and_all_others_are_not() {
        let home: Option<&[u8]> = Some(b"");
        for (path, house, outside) in [
            ("examples/a.rs", home, false),
            ("src/turn.rs", home, true),
            ("executor/src/task.rs", home, true),
            ("executor\\src\\task.rs", home, true),
            // The program's own, where the house is in the registry.
            ("src/main.rs", None, false),
            ("executor/src/task.rs", None, false),
            ("/root/registry/src/glassloop-executor-0.1.0/src/task.rs", None, true),
            ("C:\\registry\\glassloop-executor-0.1.0\\src\\task.rs", None, true),
            ("vendor/glassloop-executor/src/task.rs", None, true),
            // A copy in the program's workspace.
            ("other/glassloop/executor/src/task.rs", Some(b"other/glassloop/"), true),
            ("src/main.rs", Some(b"other/glassloop/"), false),
            ("executor/src/main.rs", Some(b"other/glassloop/"), false),
        ] {
            assert_eq!(is_outside_path(path.as_bytes(), house), outside, "{path}");
        }
    }

    #[test]
    fn the_house_is_found_by_where_this_file_lies() {
        assert_eq!(before_tail(HERE, HERE), Some(&b""[..]));
        let copy = [b"other/glassloop/", HERE].concat();
        assert_eq!(before_tail(&copy, HERE), Some(&b"other/glassloop/"[..]));
        let leaning: Vec<u8> =
            copy.iter().map(|&byte| if byte == b'/' { b'\\' } else { byte }).collect();
        assert_eq!(before_tail(&leaning, HERE), Some(&b"other\\glassloop\\"[..]));
        for path in ["src/house.rs", "/registry/some-1.0.0/src/house.rs", ""] {
            assert_eq!(before_tail(path.as_bytes(), HERE), None, "{path}");
        }
    }
}
