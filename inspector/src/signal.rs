//! A signal that asks for a dump.
//!
//! The signal's own handler writes a byte into a socket, and nothing else happens there; the
//! inspector's loop reads it and writes the files. Signals that come faster than files are written
//! are one. It is deaf again when its future is dropped, which the inspector's stop does.

use std::{future::Future, io, os::unix::net, rc::Rc};

use glassloop::net::UnixStream;
use signal_hook::{
    SigId,
    consts::FORBIDDEN,
    low_level::{pipe, unregister},
};

use crate::{dump::Dumped, facts::Facts, quietly::quietly};

/// So many signals are one if nobody has read them.
const AT_ONCE_MAX: usize = 64;

/// A signal that is listened to.
struct Heard(SigId);

impl Drop for Heard {
    fn drop(&mut self) {
        unregister(self.0);
    }
}

/// Listens from now on, and dumps once it is polled.
pub(crate) fn dump_on(
    signal: i32,
    facts: Rc<Facts>,
) -> io::Result<impl Future<Output = ()> + 'static> {
    if facts.dumps.folder.is_none() {
        return Err(invalid(format!(
            "expected a folder to dump to on signal {signal} (`Builder::dump_to`), came none"
        )));
    }
    if FORBIDDEN.contains(&signal) {
        return Err(invalid(format!("expected a signal that can be caught, came {signal}")));
    }
    let (read, write) = net::UnixStream::pair()?;
    read.set_nonblocking(true)?;
    let read = UnixStream::from_std(read)?;
    let heard = pipe::register(signal, write).map_err(|error| {
        invalid(format!("expected a signal that can be caught, came {signal}: {error}"))
    })?;
    let heard = Heard(heard);
    Ok(async move {
        let mut signals = [0; AT_ONCE_MAX];
        while let Ok(1..) = read.read(&mut signals).await {
            dump(&facts, signal);
        }
        drop(heard);
    })
}

fn dump(facts: &Facts, signal: i32) {
    let Dumped { files, errors } = facts.dumps.write_all(facts, "signal");
    let (count, folder) = (files.len(), facts.dumps.folder.as_deref());
    let folder = folder.unwrap_or_else(|| "".as_ref()).display();
    quietly(|| log::warn!("inspector: signal {signal}: dumped {count} loops to {folder}"));
    for error in errors {
        quietly(|| log::warn!("inspector: signal {signal}: not dumped: {error}"));
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
