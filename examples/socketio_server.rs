//! A server of Socket.IO, beside a page on its port: what it is told in the namespace `/` it
//! answers, `/admin` lets in who knows the password. `tools/socketio_clients.sh` tries foreign
//! clients against it.
//!
//! `--port N` chooses the port, `--seconds N` ends it by itself, `--ping-ms N` has it ping that
//! often.
#![allow(clippy::print_stdout)]

use std::{error::Error, net::SocketAddr, time::Duration};

use glassloop::{
    net::TcpListener,
    ws::{
        self, Response,
        socketio::{
            Binary, CodecError, ConnectError, Event, Events, NamespaceRoute, Server, ServerLimits,
            Socket,
        },
    },
};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(2);
/// Numbers that one may ask for.
const NUMBERS_MAX: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let options = options(std::env::args().skip(1))?;
    glassloop::run(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], options.port)))?;
        let address = listener.local_addr()?;
        let mut limits = ServerLimits::default();
        limits.ping_interval_ms = options.ping_ms;
        let io = Server::new().limits(limits).namespace("/", attend).route(admin());
        let everybody = io.of("/").expect("it was named");
        let page = move |_: &_| Response::text(format!("{} are here\n", everybody.members()));
        let handle = ws::serve(io.attach(ws::Server::new().get("/", page))?, [listener])?;
        println!("ws://{address}/socket.io/");
        match options.seconds {
            Some(seconds) => glassloop::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
        println!("{}", handle.stop(PATIENCE).await);
        Ok(())
    })?
}

/// The namespace of who knows the password.
fn admin() -> NamespaceRoute {
    let admin = NamespaceRoute::new("/admin", |socket, mut events, _| async move {
        drop(socket.emit("welcome", (socket.id(), socket.namespace())));
        while let Some(event) = events.recv().await {
            drop(event.ack(json!({"done": true})));
        }
    });
    admin.admit(|_request, auth| match auth.and_then(|auth| auth["password"].as_str()) {
        Some("open sesame") => Ok(()),
        _ => Err(ConnectError::new("wrong password").with_data(json!({"code": 401}))),
    })
}

/// What the server does for a client.
async fn attend(socket: Socket, mut events: Events, auth: Option<Value>) {
    drop(socket.emit("welcome", (socket.id(), auth)));
    // The events end with the client; what is still being answered then is dropped with them.
    while let Some(event) = events.recv().await {
        let name = event.name().to_owned();
        if let Err(error) = answer(&socket, event).await {
            log::warn!("{name} of {}: {error}", socket.id());
        }
    }
    let why = socket.closed().await;
    drop(socket.others().emit("gone", (socket.id(), why.as_str())));
}

async fn answer(socket: &Socket, mut event: Event) -> Result<(), Box<dyn Error>> {
    match event.name() {
        // One value, as it is.
        "echo" => socket.emit("echo", event.data().argument::<Value>(0)?)?,
        "sum" => {
            let numbers: Vec<i64> = event.arguments()?;
            event.ack(numbers.iter().sum::<i64>())?;
        }
        "reverse" => {
            let reversed = reversed(&event)?;
            event.ack(reversed)?;
        }
        "send me bytes" => socket.emit("bytes", ("three", Binary::from(vec![1, 2, 3])))?,
        "ask me" => {
            // Nobody else of this client's is heard meanwhile; others are.
            let responder = event.responder();
            let answer = socket.emit_with_ack("question", "how are you?", PATIENCE)?.await;
            let said = answer
                .map_err(|why| why.to_string())
                .and_then(|answer| answer.argument::<Value>(0).map_err(|why| why.to_string()));
            if let Some(responder) = responder {
                responder.ack(said.unwrap_or_else(Value::from))?;
            }
        }
        "join" => {
            let joined = socket.join(&event.data().argument::<String>(0)?);
            event.ack(joined)?;
        }
        "leave" => {
            let left = socket.leave(&event.data().argument::<String>(0)?);
            event.ack(left)?;
        }
        "tell" => {
            let (room, words): (String, Value) = event.arguments()?;
            let told = socket.to(&room).emit("told", (&room, words, bytes()))?;
            event.ack((told.sent + told.buffered) as u64)?;
        }
        "count" => {
            let (numbers,): (u64,) = event.arguments()?;
            for number in 0..numbers.min(NUMBERS_MAX) {
                socket.room().await?;
                socket.emit("number", number)?;
            }
        }
        "show me out" => socket.disconnect(),
        _ => event.ack("what?")?,
    }
    Ok(())
}

fn reversed(event: &Event) -> Result<Binary, CodecError> {
    let mut bytes = event.data().argument::<Binary>(0)?.0.to_vec();
    bytes.reverse();
    Ok(Binary::from(bytes))
}

fn bytes() -> Binary {
    Binary::from(vec![0, 255])
}

struct Options {
    port: u16,
    seconds: Option<u64>,
    ping_ms: u64,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { port: 0, seconds: None, ping_ms: 25_000 };
    while let Some(name) = arguments.next() {
        let came = arguments.next().unwrap_or_default();
        let bad = || format!("expected a number after {name}, came {came}");
        match name.as_str() {
            "--port" => options.port = came.parse().map_err(|_| bad())?,
            "--seconds" => options.seconds = Some(came.parse().map_err(|_| bad())?),
            "--ping-ms" => options.ping_ms = came.parse().map_err(|_| bad())?,
            _ => return Err(format!("expected --port, --seconds or --ping-ms, came `{name}`")),
        }
    }
    Ok(options)
}
