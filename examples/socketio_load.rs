//! Events that a server must not get twice: over three namespaces, as fast as it takes them, while
//! somebody restarts it. `tools/socketio.sh` does that five times, and has the server write down
//! what it gets.
//!
//! Three of four events are to be answered; the answer says which of the servers gave it, and the
//! program ends when the last one has given enough. Then each event that was answered stands in the
//! server's record once, no event stands there twice, and those of a namespace stand in order.
//!
//! ```text
//! cargo run --release --features socketio --example socketio_load -- \
//!     http://127.0.0.1:3000 record.txt --servers 6 --answers 2000
//! ```
#![allow(clippy::print_stdout)]

use std::{
    collections::{BTreeSet, VecDeque},
    env,
    error::Error,
    fs, process,
    time::Duration,
};

use glassloop::{
    spawn,
    ws::socketio::{Ack, AckError, Client, ClientLimits, Data, Namespace},
};

const NAMESPACES: [&str; 3] = ["/", "/chat", "/news"];
/// So many answers of a namespace are awaited at once.
const AWAITED_MAX: usize = 256;
/// How long a server may take to answer, a restart included.
const WITHIN: Duration = Duration::from_secs(60);
/// One of so many events wants no answer.
const UNASKED_EVERY: u64 = 4;

type Failure = Box<dyn Error>;

/// What is to be done.
#[derive(Clone, Copy)]
struct Task {
    /// The last server's number; the first has 1.
    servers: u64,
    /// What it is to answer, of each namespace.
    answers: u64,
}

/// What has become of the events of a namespace.
#[derive(Debug, Default)]
struct Events {
    emitted: u64,
    answered: BTreeSet<u64>,
    /// Nobody knows whether they arrived.
    disconnected: BTreeSet<u64>,
    unasked: BTreeSet<u64>,
    /// Answers of the last server.
    last: u64,
}

fn main() -> Result<(), Failure> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    env_logger::init();
    let arguments = Vec::from_iter(env::args().skip(1));
    let [url, record, servers, number, answers, count] = &*arguments else {
        return Err("expected an address, a record, --servers NUMBER and --answers NUMBER".into());
    };
    if (&**servers, &**answers) != ("--servers", "--answers") {
        return Err("expected --servers and --answers".into());
    }
    let task = Task { servers: number.parse()?, answers: count.parse()? };
    let (all, connections) = glassloop::run(load(url.clone(), task))??;
    let record = fs::read_to_string(record)?;
    let mut faults = Vec::new();
    for (name, events) in NAMESPACES.iter().zip(&all) {
        faults.extend(events.check(name, &record));
    }
    let sum = |count: fn(&Events) -> usize| all.iter().map(count).sum::<usize>();
    println!(
        "{} events, {} answered, {} failed with Disconnected, {} without a question, {} recorded, \
         {} connections",
        all.iter().map(|events| events.emitted).sum::<u64>(),
        sum(|events| events.answered.len()),
        sum(|events| events.disconnected.len()),
        sum(|events| events.unasked.len()),
        record.lines().count(),
        connections,
    );
    faults.iter().for_each(|fault| println!("FAILED  {fault}"));
    if !faults.is_empty() {
        process::exit(1);
    }
    Ok(())
}

/// Emits until the last server has answered enough; how often it connected, too.
async fn load(url: String, task: Task) -> Result<(Vec<Events>, u64), Failure> {
    let mut limits = ClientLimits::default();
    limits.reconnect.delay_ms_min = 100;
    limits.reconnect.first_delay_ms_max = 200;
    limits.reconnect.delay_ms_max = 1_000; // somebody watches
    let (client, driver) = Client::to(&url)?.limits(limits).start()?;
    let driver = spawn(driver);
    let mut tasks = Vec::new();
    for name in NAMESPACES {
        // Nobody says anything to us but answers.
        let (namespace, _) = client.namespace(name).start()?;
        tasks.push(spawn(emit(namespace, task)));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await?.map_err(|error| error.to_string())?);
    }
    client.disconnect();
    driver.await?;
    Ok((all, client.counts().opened))
}

/// Emits over one namespace, with as many answers awaited as allowed.
async fn emit(namespace: Namespace, task: Task) -> Result<Events, Failure> {
    let mut events = Events::default();
    let mut awaited: VecDeque<(u64, Ack)> = VecDeque::new();
    while events.last < task.answers {
        namespace.room().await?;
        events.emitted += 1;
        let number = events.emitted;
        if number % UNASKED_EVERY == 0 {
            namespace.emit("n", (number, false))?;
            events.unasked.insert(number);
        } else {
            awaited.push_back((number, namespace.emit_with_ack("n", (number, true), WITHIN)?));
        }
        if awaited.len() >= AWAITED_MAX
            && let Some((number, answer)) = awaited.pop_front()
        {
            events.note(number, answer.await, task)?;
        }
    }
    for (number, answer) in awaited {
        events.note(number, answer.await, task)?;
    }
    Ok(events)
}

impl Events {
    /// An answer has come, or none will.
    fn note(
        &mut self,
        number: u64,
        answer: Result<Data, AckError>,
        task: Task,
    ) -> Result<(), Failure> {
        match answer {
            Ok(answer) => {
                self.answered.insert(number);
                let server: u64 = answer.argument(0)?;
                self.last += u64::from(server == task.servers);
            }
            Err(AckError::Disconnected(_)) => {
                self.disconnected.insert(number);
            }
            Err(other) => return Err(format!("event {number}: {other}").into()),
        }
        Ok(())
    }

    /// What of the record is not as promised.
    fn check(&self, namespace: &str, record: &str) -> Vec<String> {
        let of = |line: &str| {
            let mut words = line.split(' ');
            (words.next() == Some(namespace)).then(|| words.next()?.parse::<u64>().ok())?
        };
        let arrived: Vec<u64> = record.lines().filter_map(of).collect();
        let mut faults = Vec::new();
        for pair in arrived.windows(2).filter(|pair| pair[0] >= pair[1]) {
            faults.push(format!("{namespace}: {} arrived before {}", pair[0], pair[1]));
        }
        let all: BTreeSet<u64> = arrived.iter().copied().collect();
        if all.len() != arrived.len() {
            faults.push(format!("{namespace}: {} came twice", arrived.len() - all.len()));
        }
        for number in self.answered.difference(&all) {
            faults.push(format!("{namespace}: {number} was answered and isn't there"));
        }
        faults
    }
}
