//! `ws::reconnect`: a client that comes back by itself, with its driver spawned.

use std::panic::Location;

use glassloop_ws::{Error, Reconnect, Reconnecting};

use crate::current;

/// Starts a client that comes back by itself: its driver is a task of the current loop.
///
/// Connections may be of any making; here each is a pair in memory, with an echo at its far end:
///
/// ```
/// use glassloop::{EventLoop, net, spawn, ws::{self, Endpoint, Error, Reconnect, TrySend}};
///
/// # EventLoop::test().block_on(async {
/// let endpoint = Endpoint::new("ws://device/")?;
/// let dialing = Reconnect::dialing(move |attempt| {
///     let endpoint = endpoint.clone();
///     println!("attempt {}", attempt.number());
///     async move {
///         let (here, there) = net::duplex()?;
///         spawn(async move {
///             let socket = ws::accept(there).await?;
///             while let Some(message) = socket.recv().await? {
///                 socket.send(message).await?;
///             }
///             Ok::<_, Error>(())
///         })
///         .detach();
///         endpoint.connect_on(here).await
///     }
/// });
/// let dialing = dialing.retry_if(|error| matches!(error, Error::Closed(_))).numbered_after(40);
/// let client = ws::reconnect(dialing)?;
/// for word in ["one", "two"] {
///     client.send(word.into()).await?; // it waits where there is no connection
///     assert_eq!(client.recv().await?, Some(word.into()));
///     client.reconnect_now();
/// }
/// client.opened().await?;
/// assert!(client.state().is_open());
/// assert_eq!(client.try_send_volatile("now or never".into()), TrySend::Sent);
/// client.disconnect();
/// assert!(client.finished().await.is_none() && client.state().is_over());
/// assert!(client.take_unsent().is_empty());
/// assert_eq!((client.accepted(), client.counts().opened), (42, 3));
/// # Ok::<_, Error>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// As `glassloop_ws::Reconnect::start`.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
pub fn reconnect(client: Reconnect) -> Result<Reconnecting, Error> {
    let place = Location::caller();
    let executor = current::executor("ws::reconnect");
    let (client, driver) = client.start()?;
    executor.spawn(driver, place).named("ws reconnecting").detach();
    Ok(client)
}

/// The programs of the guide are tested as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../../docs/reconnecting.md")]
mod guide {}
