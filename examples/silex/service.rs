//! The service, where none is named: what `tools/silex/service.mjs` does on node's `socket.io`, on
//! a loop of its own. It asks for three actions, hears how far they are, and reports what it has
//! heard. It is impatient: who is silent for a second is gone.

use std::{cell::RefCell, error::Error, rc::Rc, sync::mpsc, time::Duration};

use glassloop::{
    LoopThread,
    net::TcpListener,
    spawn,
    ws::{
        self,
        socketio::{Events, Server, ServerLimits, Socket},
    },
};

/// How long it may take to begin.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far an action is: its name, the steps of which it has told, and how many of them twice.
type Progress = (String, Vec<u64>, u64);

type Actions = Rc<RefCell<Vec<Progress>>>;

/// Starts it: its thread, and its address.
pub(crate) fn start() -> Result<(LoopThread, String), Box<dyn Error>> {
    let service = LoopThread::start("service")?;
    let (tell, told) = mpsc::channel();
    drop(service.spawn(move || async move { tell.send(serve()).is_ok() }));
    let address = told.recv_timeout(PATIENCE)??;
    Ok((service, address))
}

/// Serves from now on, as long as the loop lives.
fn serve() -> Result<String, String> {
    let text = |error: &dyn Error| error.to_string();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).map_err(|error| text(&error))?;
    let address = listener.local_addr().map_err(|error| text(&error))?;
    let mut limits = ServerLimits::default();
    (limits.ping_interval_ms, limits.ping_timeout_ms) = (500, 500);
    let actions = Actions::default();
    let (heard, asked) = (Rc::clone(&actions), actions);
    let io = Server::new()
        .limits(limits)
        .namespace("/dcc", |socket, _events, _auth| async move {
            println!("service: it is gone: {}", socket.closed().await);
        })
        .namespace("/dcc/action", move |_, events, _| hear(events, Rc::clone(&heard)))
        .namespace("/front-event", move |socket, events, _| ask(socket, events, Rc::clone(&asked)));
    let server = io.attach(ws::Server::new()).map_err(|error| text(&error))?;
    let serving = ws::serve(server, [listener]).map_err(|error| text(&error))?;
    spawn(async move {
        std::future::pending::<()>().await;
        drop(serving);
    })
    .detach();
    Ok(format!("ws://{address}"))
}

/// Hears of steps, and says so.
async fn hear(mut events: Events, actions: Actions) {
    while let Some(event) = events.recv().await {
        let Ok((uuid, _, step)) = event.arguments::<(usize, String, u64)>() else { continue };
        if let Some((_, steps, again)) = actions.borrow_mut().get_mut(uuid) {
            match steps.contains(&step) {
                true => *again += 1,
                false => steps.push(step),
            }
        }
        // Whoever has gone meanwhile tells once more.
        event.ack(()).ok();
    }
}

/// Asks for the actions, once, and reports.
async fn ask(socket: Socket, mut events: Events, actions: Actions) {
    let is_first = actions.borrow().is_empty();
    for (uuid, name) in ["publish", "conform", "preview"].into_iter().enumerate() {
        if is_first {
            actions.borrow_mut().push((name.to_owned(), Vec::new(), 0));
            socket.emit("launch", (name, uuid)).ok();
        }
    }
    if is_first {
        socket.emit("all asked for", ()).ok();
    }
    while let Some(event) = events.recv().await {
        let report = actions.borrow().clone();
        event.ack((report,)).ok();
    }
}
