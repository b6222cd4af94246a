//! TLS at work, at either end: a server that sends back what it is sent, or a client of another's
//! that compares what comes back. `tools/tls.sh` makes the certificates and brings the other ends.
//!
//! cargo run --features tls --example wss_echo -- --cert CHAIN.pem --key KEY.pem [--port N]
//! cargo run --features tls --example wss_echo -- --to wss://HOST:PORT/ [--root ROOT.pem]
//!     [--cert CHAIN.pem --key KEY.pem]
#![allow(clippy::print_stdout)]

use std::{collections::BTreeMap, env, error::Error, fs, io, net::SocketAddr, time::Duration};

use glassloop::{net::TcpListener, sleep, ws};

type Anything = Result<(), Box<dyn Error>>;

/// What was said on the command line.
struct Options(BTreeMap<String, String>);

impl Options {
    fn read() -> Result<Options, String> {
        const KNOWN: [&str; 6] = ["cert", "key", "port", "to", "root", "clients"];
        let (mut options, mut words) = (BTreeMap::new(), env::args().skip(1));
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").filter(|name| KNOWN.contains(name));
            let name =
                name.ok_or(format!("expected --cert, --key, --port or --to, came {word}"))?;
            let value = words.next().ok_or(format!("expected a value of {word}, came none"))?;
            options.insert(name.to_owned(), value);
        }
        Ok(Options(options))
    }

    fn file(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.0.get(name).map(fs::read).transpose()
    }
}

fn main() -> Anything {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let options = Options::read()?;
    let talk = async move {
        match options.0.get("to") {
            Some(url) => ask(url, &options).await,
            None => serve(&options).await,
        }
    };
    let outcome = glassloop::run(talk)?;
    if let Err(error) = &outcome {
        println!("{error}");
    }
    outcome
}

/// Serves until it is killed.
async fn serve(options: &Options) -> Anything {
    let chain = options.file("cert")?.ok_or("expected --cert CHAIN.pem, came none")?;
    let key = options.file("key")?.ok_or("expected --key KEY.pem, came none")?;
    let tls = match options.file("clients")? {
        Some(roots) => ws::TlsServer::for_clients_of(&roots, &chain, &key)?,
        None => ws::TlsServer::new(&chain, &key)?,
    };
    let port = options.0.get("port").map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    println!("wss://localhost:{}/ echoes what it is sent", listener.local_addr()?.port());
    let server = ws::Server::new().tls(tls).websocket("/", |socket, _| async move {
        while let Ok(Some(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    });
    let _handle = ws::serve(server, [listener])?;
    loop {
        sleep(Duration::from_secs(3_600)).await;
    }
}

/// A hundred messages of all kinds of lengths, each compared with its echo; then a clean close.
async fn ask(url: &str, options: &Options) -> Anything {
    let mut tls = match options.file("root")? {
        Some(roots) => ws::TlsClient::with_roots(&roots)?,
        None => ws::TlsClient::system_roots()?,
    };
    if let (Some(chain), Some(key)) = (options.file("cert")?, options.file("key")?) {
        tls = tls.with_identity(&chain, &key)?;
    }
    let mut config = ws::Config::default();
    config.tls = Some(tls);
    let socket = ws::connect_with(url, config).await?;
    let mut bytes = 0;
    for number in 0..100_usize {
        let length = [0, 1, 125, 126, 127, 65_534, 65_535, 65_536][number % 8] / (1 + number / 50);
        let message = match number % 2 {
            0 => ws::Message::from("x".repeat(length)),
            _ => ws::Message::from(vec![0xff; length]),
        };
        socket.send(message.clone()).await?;
        if socket.recv().await?.as_ref() != Some(&message) {
            return Err(format!("message {number} ({length} bytes) came back changed").into());
        }
        bytes += length;
    }
    socket.close(ws::code::NORMAL, "done")?;
    let end = socket.closed().await;
    if !end.is_clean() {
        return Err(format!("expected a clean end, came one {end}").into());
    }
    println!("100 messages, {bytes} bytes");
    Ok(())
}
