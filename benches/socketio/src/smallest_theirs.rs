//! The smallest program with `rust_socketio`: it asks a question.

use std::{error::Error, sync::Arc, time::Duration};

use rust_socketio::{Event, Payload, TransportType, asynchronous::ClientBuilder};
use serde_json::json;
use tokio::{runtime::Builder, sync::Notify};

fn main() -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let is_in = Arc::new(Notify::new());
        let connected = Arc::clone(&is_in);
        let client = ClientBuilder::new("http://127.0.0.1:3000")
            .transport_type(TransportType::Websocket)
            .on(Event::Connect, move |_, _| {
                connected.notify_one();
                Box::pin(async {})
            })
            .connect()
            .await?;
        is_in.notified().await;
        let has_come = Arc::new(Notify::new());
        let came = Arc::clone(&has_come);
        let hear =
            move |payload: Payload, _| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
                if let Payload::Text(values) = payload {
                    println!("{values:?}");
                }
                came.notify_one();
                Box::pin(async {})
            };
        let values = vec![json!(1), json!("two")];
        client.emit_with_ack("echo", values, Duration::from_secs(5), hear).await?;
        has_come.notified().await;
        Ok(())
    })
}
