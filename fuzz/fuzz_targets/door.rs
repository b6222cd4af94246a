//! The fuzz target `door`: a request that an inspector answers otherwise than it must.
#![no_main]

use libfuzzer_sys::fuzz_target;
use script::Target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(what) = Target::Door.check(bytes) {
        panic!("{what}");
    }
});
