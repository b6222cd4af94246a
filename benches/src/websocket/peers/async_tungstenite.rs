//! async-tungstenite on smol: its executor, and the sockets of async-io.

use std::cell::RefCell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

use async_channel::Sender;
use async_executor::LocalExecutor;
use async_io::{Async, block_on};
use async_tungstenite::accept_async;
use futures_util::{SinkExt, StreamExt};
use tungstenite::{Bytes, Error, Message};

use crate::websocket::server::Duty;

pub const NAME: &str = "async-tungstenite smol";

pub fn serve(listener: TcpListener, duty: Duty) -> ! {
    let executor = Rc::new(LocalExecutor::new());
    let room = Room::default();
    block_on(executor.run(async {
        let listener = Async::new(listener).expect("smol takes it");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection comes");
            stream.get_ref().set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
            match duty {
                Duty::Echo => executor.spawn(echo(stream)).detach(),
                Duty::Broadcast => {
                    let broadcast = broadcast(stream, Rc::clone(&room), Rc::clone(&executor));
                    executor.spawn(broadcast).detach();
                }
            }
        }
    }))
}

/// One connection, until its end or its first error.
async fn echo(stream: Async<TcpStream>) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_binary() || message.is_text() {
            SinkExt::send(&mut socket, message).await?;
        }
    }
    Ok(())
}

/// A channel to each member.
type Room = Rc<RefCell<Vec<Sender<Bytes>>>>;

async fn broadcast(
    stream: Async<TcpStream>,
    room: Room,
    executor: Rc<LocalExecutor<'static>>,
) -> Result<(), Error> {
    let (mut sink, mut messages) = StreamExt::split(accept_async(stream).await?);
    let (sender, said) = async_channel::unbounded();
    room.borrow_mut().push(sender);
    let speak = async move {
        while let Ok(bytes) = said.recv().await {
            SinkExt::send(&mut sink, Message::Binary(bytes)).await?;
        }
        Ok::<_, Error>(())
    };
    executor.spawn(speak).detach();
    while let Some(message) = messages.next().await {
        if let Message::Binary(bytes) = message? {
            for member in room.borrow().iter() {
                // A member may have left: it hears nothing any more.
                member.try_send(bytes.clone()).ok();
            }
        }
    }
    Ok(())
}
