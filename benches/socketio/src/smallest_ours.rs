//! The smallest program with glassloop's client: it asks a question.

use std::{error::Error, time::Duration};

use glassloop::ws::socketio::{self, Client};

fn main() -> Result<(), Box<dyn Error>> {
    glassloop::run(async {
        let client = socketio::connect(Client::to("http://127.0.0.1:3000")?)?;
        let (space, _events) = client.namespace("/").start()?;
        let answer = space.emit_with_ack("echo", (1_u64, "two"), Duration::from_secs(5))?.await?;
        println!("{}", answer.json());
        Ok(())
    })?
}
