//! The fuzz target `packets`: messages of Socket.IO that come to something else than they mean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use script::Target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = Target::Packets.check(bytes) {
        panic!("{what}");
    }
});
