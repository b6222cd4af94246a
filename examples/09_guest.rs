//! Guest: a host with a queue of events of its own carries the loop on its own thread, and sleeps
//! whenever both have nothing to do.
#![allow(clippy::print_stdout)]

use std::{cell::RefCell, error::Error, rc::Rc, sync::mpsc, time::Duration};

use glassloop::{EventLoop, Guest, GuestEnd, GuestTick, net, sleep, stop};

/// What a window's main loop gets: its user's doings, and between them our ticks.
enum Event {
    Tick(GuestTick),
    Ended(GuestEnd),
}

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    // In a real host: winit's proxy, Qt's `invokeMethod`, `PostMessage`, glib's `idle_add`.
    let (queue, events) = mpsc::channel();
    let (post, ended) = (queue.clone(), queue);

    let event_loop = Rc::new(EventLoop::new()?);
    let guest = Guest::start(
        &event_loop,
        move |tick| _ = post.send(Event::Tick(tick)),
        move |end| _ = ended.send(Event::Ended(end)),
    )?;

    // Tasks of this very thread: they may hold what only this thread may touch.
    let title = Rc::new(RefCell::new(String::from("untitled")));
    let shown = Rc::clone(&title);
    event_loop
        .spawn(async move {
            let listener = net::TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
            let address = listener.local_addr().expect("it is bound");
            let visitor = glassloop::spawn(async move {
                sleep(Duration::from_millis(5)).await;
                net::TcpStream::connect(address).await?.write_all(b"spheres.ma").await
            });
            let (stream, _) = listener.accept().await.expect("somebody comes");
            let mut said = [0; 10];
            stream.read_exact(&mut said).await.expect("ten bytes");
            shown.replace(String::from_utf8_lossy(&said).into_owned());
            visitor.await.expect("it doesn't panic").expect("it was sent");
            stop(); // the guest ends with this turn
        })
        .detach();
    // The host's main loop. Nobody polls: it sleeps in its own queue.
    let end = loop {
        match events.recv()? {
            Event::Tick(tick) => tick.run(Duration::from_millis(2)),
            Event::Ended(end) => break end,
        }
    };
    println!("the guest has ended: {end:?}");
    println!("the window's title: {}; the guest is over: {}", title.borrow(), guest.has_ended());
    Ok(())
}

// the guest has ended: Stopped
// the window's title: spheres.ma; the guest is over: true
