//! What the system says of this process: its memory and its limits. Linux.

#![allow(dead_code, reason = "each test file uses a part of it")]

/// Resident memory.
pub(crate) fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).and_then(|field| field.parse::<usize>().ok());
    pages.expect("the second field is a number") * PAGE_BYTES
}

/// How many descriptors this process may have.
pub(crate) fn descriptors_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("Linux");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(usize::MAX)
}
