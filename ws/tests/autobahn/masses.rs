//! Cases 9 and 10: mass messages whole, in fragments and in pieces; many messages one by one.

use super::{BINARY, Case, End, FINAL, TEXT, case, chopped, echo, fragments, frame};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// `shrink` divides every size of a mass message, its fragments and pieces, so that their number
/// stays; and how many messages are sent one by one.
pub(super) fn cases(shrink: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for (opcode, whole, in_fragments, in_pieces, one_by_one) in
        [(TEXT, 1, 3, 5, 7), (BINARY, 2, 4, 6, 8)]
    {
        for (n, size) in (1..).zip([64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]) {
            let payload = mass(opcode, size / shrink);
            let acts = [frame(FINAL | opcode, &payload), echo(opcode, &payload)];
            cases.push(case(format!("9.{whole}.{n}"), acts, End::Agreed));
        }
        let payload = mass(opcode, 4 * MIB / shrink);
        for n in 1..=9 {
            let mut acts = fragments(opcode, &payload, (64 << (2 * (n - 1))) / shrink);
            acts.push(echo(opcode, &payload));
            cases.push(case(format!("9.{in_fragments}.{n}"), acts, End::Agreed));
        }
        let payload = mass(opcode, MIB / shrink);
        for n in 1..=6 {
            let piece = (64 << (n - 1)) / shrink;
            let acts = [chopped(FINAL | opcode, &payload, piece), echo(opcode, &payload)];
            cases.push(case(format!("9.{in_pieces}.{n}"), acts, End::Agreed));
        }
        for (n, size) in (1..).zip([0, 16, 64, 256, 1024, 4096]) {
            let payload = mass(opcode, size);
            let once = || [frame(FINAL | opcode, &payload), echo(opcode, &payload)];
            let acts = (0..1000 / shrink).flat_map(|_| once());
            cases.push(case(format!("9.{one_by_one}.{n}"), acts, End::Agreed));
        }
    }
    let payload = vec![b'*'; 65_536];
    let mut acts = fragments(TEXT, &payload, 1_300);
    acts.push(echo(TEXT, &payload));
    cases.push(case("10.1.1", acts, End::Agreed));
    cases
}

fn mass(opcode: u8, size: usize) -> Vec<u8> {
    let pattern: &[u8] = if opcode == TEXT { b"BAsd7&jh23" } else { b"\x00\xfe\x23\xfa\xf0" };
    pattern.iter().copied().cycle().take(size).collect()
}
