//! A signal that asks for a dump.
//!
//! Signals that come faster than files are written are one. It is deaf again when its future is
//! dropped, which the inspector's stop does.

use std::{future::Future, io, rc::Rc};

use glassloop::signal::{Signal, signals};

use crate::{dump::Dumped, facts::Facts, quietly::quietly};

/// Listens from now on, and dumps once it is polled.
pub(crate) fn dump_on(
    signal: Signal,
    facts: Rc<Facts>,
) -> io::Result<impl Future<Output = ()> + 'static> {
    if facts.dumps.folder.is_none() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "expected a folder to dump to on signal {signal:?} (`Builder::dump_to`), came none"
            ),
        ));
    }
    let signals = signals(&[signal])?;
    Ok(async move {
        while signals.recv().await.is_ok() {
            dump(&facts, signal);
        }
    })
}

fn dump(facts: &Facts, signal: Signal) {
    let Dumped { files, errors } = facts.dumps.write_all(facts, "signal");
    let (count, folder) = (files.len(), facts.dumps.folder.as_deref());
    let folder = folder.unwrap_or_else(|| "".as_ref()).display();
    quietly(|| log::warn!("inspector: signal {signal:?}: dumped {count} loops to {folder}"));
    for error in errors {
        quietly(|| log::warn!("inspector: signal {signal:?}: not dumped: {error}"));
    }
}
