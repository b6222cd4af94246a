//! `rust_socketio` with feature `async`. On a current-thread runtime, or with the argument `multi`
//! on the one that tokio makes by default.
//!
//! It draws the numbers of its questions from 999 at random. Where two that wait have the same, an
//! answer goes to both, and its client may panic: with 64 at a time that happens soon. What has
//! become of them is counted and told in place of a speed.

mod report;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use report::{AT_ONCE, LONG, Plan, Report, SHORT, WARM_UP, Watch, sum};
use rust_socketio::{
    Event, Payload, TransportType,
    asynchronous::{Client, ClientBuilder},
};
use serde_json::{Value, json};
use tokio::{
    runtime::Builder,
    spawn,
    sync::{Notify, oneshot},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(5);

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let plan = Plan::of_arguments();
    let mut builder = match plan.rest.first().map(String::as_str) {
        Some("multi") => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()?.block_on(measure(plan))?.print();
    Ok(())
}

/// What has come of the events that the server was asked for.
#[derive(Default)]
struct Ticks {
    came: AtomicU64,
    expected: AtomicU64,
    length: AtomicU64,
    all_here: Notify,
}

impl Ticks {
    fn hear(&self, payload: Payload) {
        let Payload::Text(values) = payload else { panic!("expected values") };
        let number = self.came.fetch_add(1, Relaxed);
        assert_eq!(values[0].as_u64(), Some(number), "they come in their order");
        let length = values[1].as_str().map(|text| text.len() as u64);
        assert_eq!(length, Some(self.length.load(Relaxed)));
        if number + 1 == self.expected.load(Relaxed) {
            self.all_here.notify_one();
        }
    }
}

async fn connect(url: &str, ticks: &Arc<Ticks>) -> Done<Client> {
    let is_in = Arc::new(Notify::new());
    let connected = Arc::clone(&is_in);
    let ticks = Arc::clone(ticks);
    let client = ClientBuilder::new(url)
        .transport_type(TransportType::Websocket)
        .reconnect(false)
        .on(Event::Connect, move |_, _| {
            connected.notify_one();
            Box::pin(async {})
        })
        .on("tick", move |payload, _| {
            ticks.hear(payload);
            Box::pin(async {})
        })
        .connect()
        .await?;
    timeout(PATIENCE, is_in.notified()).await?;
    Ok(client)
}

async fn measure(plan: Plan) -> Done<Report> {
    let ticks = Arc::new(Ticks::default());
    let client = connect(&plan.url, &ticks).await?;
    let mut report = Report::default();
    for (name, count, length) in [("put", plan.events, SHORT), ("put-1k", plan.long_events, LONG)] {
        put(&client, count / WARM_UP, length).await?;
        let watch = Watch::begin();
        put(&client, count, length).await?;
        report.add(name, count, &watch);
    }
    for (name, count, length) in [("get", plan.events, SHORT), ("get-1k", plan.long_events, LONG)] {
        get(&client, &ticks, count / WARM_UP, length).await?;
        let watch = Watch::begin();
        get(&client, &ticks, count, length).await?;
        report.add(name, count, &watch);
    }
    echoes(&client, plan.asks / WARM_UP).await?;
    let watch = Watch::begin();
    let took = echoes(&client, plan.asks).await?;
    report.add_each("ask", took, &watch);
    // Not twice: the first time may be its last.
    let watch = Watch::begin();
    match ask_at_once(&client, plan.asks_at_once).await? {
        None => report.add("ask-64", plan.asks_at_once, &watch),
        Some(why) => report.add_broken("ask-64", &why),
    }
    // It may be dead.
    drop(timeout(PATIENCE, client.disconnect()).await);
    Ok(report)
}

/// Events to the server, and then the question how many have come.
async fn put(client: &Client, count: u64, length: usize) -> Done {
    let text = "x".repeat(length);
    for number in 0..count {
        client.emit("put", vec![json!(number), json!(text)]).await?;
    }
    let came = ask(client, "count", Vec::new(), 12 * PATIENCE).await?;
    let came = came.ok_or("the server counts")?;
    let came: (u64, u64) = serde_json::from_value(came)?;
    assert_eq!(came, sum(count), "the server has heard all");
    Ok(())
}

/// Events from the server, which is asked for them.
async fn get(client: &Client, ticks: &Ticks, count: u64, length: usize) -> Done {
    ticks.came.store(0, Relaxed);
    ticks.expected.store(count, Relaxed);
    ticks.length.store(length as u64, Relaxed);
    client.emit("get", vec![json!(count), json!(length)]).await?;
    timeout(12 * PATIENCE, ticks.all_here.notified()).await?;
    Ok(())
}

/// A question, and the values of its answer; `None` if there is none.
async fn ask(
    client: &Client,
    event: &str,
    values: Vec<Value>,
    within: Duration,
) -> Done<Option<Value>> {
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    let hear = move |payload, _| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        if let (Some(tell), Payload::Text(mut values)) = (tell.take(), payload) {
            drop(tell.send(values.pop()));
        }
        Box::pin(async {})
    };
    client.emit_with_ack(event, values, within, hear).await?;
    Ok(timeout(within, told).await.ok().and_then(Result::ok).flatten())
}

/// One after the other, and how long each took.
async fn echoes(client: &Client, count: u64) -> Done<Vec<Duration>> {
    let text = "x".repeat(SHORT);
    let mut took = Vec::new();
    for number in 0..count {
        let begun = Instant::now();
        let answer = ask(client, "echo", vec![json!(number), json!(text)], PATIENCE).await?;
        took.push(begun.elapsed());
        assert_eq!(answer, Some(json!([number])), "it is the answer to this");
    }
    Ok(took)
}

/// By several tasks, each of which asks one after the other. What went wrong, if anything did.
async fn ask_at_once(client: &Client, count: u64) -> Done<Option<String>> {
    let tasks = Vec::from_iter((0..AT_ONCE).map(|first| {
        let client = client.clone();
        spawn(async move {
            let text = "x".repeat(SHORT);
            let (mut right, mut wrong) = (0, 0);
            for number in (first..count).step_by(AT_ONCE as usize) {
                match ask(&client, "echo", vec![json!(number), json!(text)], PATIENCE).await {
                    Ok(Some(answer)) if answer == json!([number]) => right += 1,
                    Ok(Some(_)) => wrong += 1,
                    // Most likely nothing comes any more.
                    Ok(None) | Err(_) => break,
                }
            }
            (right, wrong)
        })
    }));
    let (mut right, mut wrong) = (0_u64, 0_u64);
    for task in tasks {
        let (more, worse) = task.await?;
        right += more;
        wrong += worse;
    }
    let never = count - right - wrong;
    let text = format!("of {count} answers {right} right, {wrong} wrong, {never} never");
    Ok((right < count).then_some(text))
}
