//! The fuzz target `upgrade`: bytes on a WebSocket that come to something else than they must.
#![no_main]

use libfuzzer_sys::fuzz_target;
use script::Target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = Target::Upgrade.check(bytes) {
        panic!("{what}");
    }
});
