//! The client under test: asks Autobahn's fuzzing server for its cases one by one, and echoes in
//! each of them until the server has closed. `tools/autobahn.sh` starts both and reads the result.
//!
//! cargo run --release --example ws_autobahn_client -- ws://127.0.0.1:9001
#![allow(clippy::print_stdout)]

use std::{env, error::Error};

use glassloop::ws;

const AGENT: &str = "glassloop";
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let server = env::args().nth(1).ok_or("expected the address of a fuzzing server, came none")?;
    glassloop::run(async move {
        let cases = case_count(&server).await?;
        for case in 1..=cases {
            // How a case ends is for the server to judge: most end in some error.
            let url = format!("{server}/runCase?case={case}&agent={AGENT}");
            if let Err(error) = echo(&url).await {
                log::debug!("case {case}: {error}");
            }
        }
        echo(&format!("{server}/updateReports?agent={AGENT}")).await?;
        println!("{cases} cases as {AGENT}");
        Ok(())
    })?
}

/// The server sends the number of its cases as text, and closes.
async fn case_count(server: &str) -> Result<u32, Box<dyn Error>> {
    let socket = ws::connect(&format!("{server}/getCaseCount")).await?;
    let message = socket.recv().await?.ok_or("expected the number of cases, came a Close")?;
    let count = message.as_text().unwrap_or_default().parse()?;
    socket.closed().await;
    Ok(count)
}

/// Echoes until the end, and waits until the socket is gone: the next case is a new connection.
async fn echo(url: &str) -> Result<(), ws::Error> {
    let mut config = ws::Config::default();
    config.limits.frame_bytes_max = MESSAGE_BYTES_MAX;
    config.limits.message_bytes_max = MESSAGE_BYTES_MAX;
    let socket = ws::connect_with(url, config).await?;
    let echoed = async {
        while let Some(message) = socket.recv().await? {
            socket.send(message).await?;
        }
        Ok(())
    };
    let outcome = echoed.await;
    socket.closed().await;
    outcome
}
