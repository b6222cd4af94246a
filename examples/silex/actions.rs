//! The actions: each a task, with steps on the host's main thread, on a thread of its own, and in
//! between; after each it tells the service.

use std::{thread, time::Duration};

use glassloop::{
    Chunk, HostQueue, offload, sleep,
    ws::socketio::{AckError, Namespace},
};

use crate::host;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Each action has so many.
pub(crate) const STEPS: u64 = 10;

/// How long the service may take to say that it has heard.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    name: String,
    uuid: u64,
    host: HostQueue,
    updates: Namespace,
) -> Result<(), Fault> {
    for step in 1..=STEPS {
        let what = format!("{name} {step}");
        match (&*name, step % 3) {
            // It should have been `offload`. Nobody else on this loop goes on meanwhile.
            ("preview", 2) if step == 2 => thread::sleep(Duration::from_secs(4)),
            // What only the main thread may do, with its result.
            (_, 0) => drop(host.call(move || host::make(&what)).await?),
            // What takes long there goes in steps, and the host draws between them.
            (_, 1) => export(&host, what).await?,
            // What blocks goes to a thread of its own.
            _ => offload(|| thread::sleep(Duration::from_millis(30))).await?,
        }
        tell(&updates, &name, uuid, step).await?;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn export(host: &HostQueue, what: String) -> Result<(), Fault> {
    let mut frame = 0;
    let export = host.call_chunked(move |_| {
        frame += 1;
        host::make(&format!("{what}, frame {frame}"));
        if frame < 5 { Chunk::More } else { Chunk::Done(()) }
    });
    Ok(export.await?)
}

/// Tells the service, until it says that it has heard. It knows a step by its number, so that it
/// does no harm to tell of one twice: when a connection breaks, nobody knows what has arrived.
async fn tell(updates: &Namespace, name: &str, uuid: u64, step: u64) -> Result<(), Fault> {
    loop {
        match updates.emit_with_ack("update", (uuid, name, step), PATIENCE)?.await {
            Ok(_) => return Ok(()),
            Err(why @ (AckError::Disconnected(_) | AckError::TimedOut(_))) => {
                println!("{name}: step {step} is told once more: {why}");
            }
            Err(why) => return Err(why.into()),
        }
    }
}
