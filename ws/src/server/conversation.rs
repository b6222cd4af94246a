//! The conversation: the requests of one connection and their answers, up to an upgrade.
//!
//! Promises that requests are answered in the order in which they came, one at a time, and that
//! each wait in it has a deadline. What becomes of an upgraded connection is the program's.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use glassloop_reactor::net::TcpStream;
use glassloop_reactor::{sleep, timeout};
use tungstenite::protocol::Role;

use crate::close::code;
use crate::http::{
    Body, Broken, Heard, Incoming, Patience, Request, Response, Then, Written, deliver,
    deliver_last, part,
};
use crate::opening::open;
use crate::transport::Transport;

use super::front::Front;
use super::guarded::{Guard, Guarded};
use super::job::Job;
use super::roster::Place;
use super::routes::{Later, Page, Respond};
use super::secured::{Secured, secure};
use super::shared::{Shared, named};
use super::upgrade::judge;
use super::websocket_route::SharedRoute;

/// What a conversation leads to.
enum Outcome {
    /// The socket goes.
    Over,
    Upgraded {
        stream: Transport,
        route: SharedRoute,
        request: Box<Request>,
        tail: Vec<u8>,
    },
}

/// Serves one connection until it is over, or a WebSocket.
pub(crate) async fn converse(shared: Rc<Shared>, socket: TcpStream, place: Rc<Place>) {
    let request_ms = shared.limits.request_ms_max;
    let secured = secure(&shared, socket, request_ms, || place.is_parting()).await;
    let conversation = Conversation { shared: &shared, place: &place };
    let (stream, request_ms) = match secured {
        Secured::Stream(stream, left_ms) => (stream, left_ms),
        Secured::Parted(mut stream) => return conversation.see_off(&mut stream).await,
        Secured::Failed => return,
    };
    match conversation.run(stream, request_ms).await {
        Ok(Outcome::Over) => {}
        Ok(Outcome::Upgraded { stream, route, request, tail }) => {
            upgrade(&shared, stream, &place, &route, *request, tail);
        }
        Err(Broken) => place.note_broken(),
    }
}

struct Conversation<'a> {
    shared: &'a Shared,
    place: &'a Place,
}

impl Conversation<'_> {
    /// `request_ms` is what the first request has left of its time.
    async fn run(&self, stream: Transport, request_ms: u64) -> Result<Outcome, Broken> {
        let Conversation { shared, place } = *self;
        let limits = &shared.limits;
        let is_parting = || place.is_parting();
        let mut incoming = Incoming::new(stream, limits.of_requests(), place.peer(), is_parting);
        let mut heard = incoming.first(request_ms).await;
        for left in (0..limits.requests_per_connection_max).rev() {
            let Some(request) = self.request_of(heard, incoming.stream()).await? else { break };
            let wishes = Wishes::of(&request);
            let (response, goes_on) = match self.decide(request, incoming.stream()).await {
                Decision::Respond(Answer::Now(response)) => (response, true),
                Decision::Respond(Answer::Later(answer)) => {
                    self.wait_for(answer, &mut incoming).await?
                }
                Decision::Upgrade { route, head, request } if !place.is_stopping() => {
                    deliver(incoming.stream(), &head.into(), limits.answer_ms_max).await?;
                    let (stream, tail) = incoming.into_parts();
                    return Ok(Outcome::Upgraded { stream, route, request, tail });
                }
                Decision::Upgrade { .. } => (Response::status(503), true),
            };
            let stays = goes_on && left > 0 && wishes.stays && !place.is_stopping();
            let then = if stays { Then::Stay } else { Then::Close };
            let answer = shared.front.write(response, wishes.body, then);
            if !stays {
                self.part_with(&answer, incoming.stream()).await?;
                break;
            }
            deliver(incoming.stream(), &answer, limits.answer_ms_max).await?;
            // Who is idle holds nothing.
            drop(answer);
            let now = incoming.stream().socket().reactor().read_clock();
            heard = incoming.next(shared.while_ms(now)).await;
        }
        Ok(Outcome::Over)
    }

    /// The request that was heard. Without one the conversation is over, and the client told why.
    async fn request_of(
        &self,
        heard: Heard,
        stream: &mut Transport,
    ) -> Result<Option<Box<Request>>, Broken> {
        let shared = self.shared;
        match heard {
            Heard::Request(request) => {
                shared.count(|counts| counts.requests += 1);
                return Ok(Some(request));
            }
            Heard::Refused(refusal) => {
                shared.count(|counts| counts.refused += 1);
                let refusal = Response::refusal(&refusal);
                let answer = shared.front.write(refusal, Body::Sent, Then::Close);
                self.part_with(&answer, stream).await?;
            }
            Heard::Late => {
                shared.count(|counts| counts.late += 1);
                say_late(&shared.front, stream);
            }
            Heard::Silent => shared.count(|counts| counts.late += 1),
            Heard::Nothing => {}
            Heard::Idle => self.see_off(stream).await,
            Heard::Broken => return Err(Broken),
        }
        Ok(None)
    }

    /// Has a request decided. A panic of the program's own code is told to the client, and then
    /// goes its way.
    async fn decide(&self, request: Box<Request>, stream: &mut Transport) -> Decision {
        let shared = self.shared;
        match catch_unwind(AssertUnwindSafe(move || decide(shared, request))) {
            Ok(decision) => decision,
            Err(panic) => self.fail(panic, stream).await,
        }
    }

    /// Waits for an answer that the program makes, as long as it may take to deliver one, and for a
    /// client that has ended as long as it may linger. Says whether there may be a next request.
    async fn wait_for<S: Fn() -> bool>(
        &self,
        mut answer: Later,
        incoming: &mut Incoming<S>,
    ) -> Result<(Response, bool), Broken> {
        let limits = &self.shared.limits;
        let waited = {
            let mut goes = pin!(async {
                incoming.end().await?;
                // FACT (TCP): who has closed its socket and who has ended its half and reads on say
                // the same. The one wants its place to be free, the other its answer.
                sleep(Duration::from_millis(limits.linger_ms_max)).await;
                Ok(())
            });
            let polls = poll_fn(|cx| {
                // The program's code comes second: where it waits is where this task is shown.
                let gone = goes.as_mut().poll(cx);
                match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
                    Ok(Poll::Ready(response)) => Poll::Ready(Waited::Made(response)),
                    Ok(Poll::Pending) => gone.map(Waited::Gone),
                    Err(panic) => Poll::Ready(Waited::Panicked(panic)),
                }
            });
            timeout(Duration::from_millis(limits.answer_ms_max), polls).await
        };
        incoming.stream().end_read_wait();
        // To drop it is to run the program's own code as well.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(answer)));
        match (waited, dropped) {
            (Ok(Waited::Panicked(panic)), _) | (_, Err(panic)) => {
                self.fail(panic, incoming.stream()).await
            }
            (Ok(Waited::Made(response)), Ok(())) => Ok((response, true)),
            (Ok(Waited::Gone(Err(broken))), Ok(())) => Err(broken),
            (Ok(Waited::Gone(Ok(()))), Ok(())) => {
                log::debug!("server: a client ended before a route made its answer");
                Ok((Response::status(503), false))
            }
            (Err(_), Ok(())) => {
                log::debug!("server: a route made no answer in its time");
                Ok((Response::status(503), true))
            }
        }
    }

    /// Tells the client that the program's own code panicked, and then lets the panic go on.
    async fn fail(&self, panic: Box<dyn Any + Send>, stream: &mut Transport) -> ! {
        self.place.note_broken();
        let failed = Response::status(500);
        let answer = self.shared.front.write(failed, Body::Sent, Then::Close);
        drop(self.part_with(&answer, stream).await);
        resume_unwind(panic)
    }

    /// Ends the connection of a client that was idle. What it asks now is missed, but read: a whole
    /// request, for who is not read to the end sees a reset.
    async fn see_off(&self, stream: &mut Transport) {
        let Conversation { shared, place } = *self;
        let limits = &shared.limits;
        let bytes_max = limits.head_bytes_max.saturating_add(limits.body_bytes_max);
        place.note_ended();
        let missed = || shared.count(|counts| counts.missed += 1);
        part(stream, limits.linger_ms_max, bytes_max, missed).await;
    }

    /// Says the last thing.
    async fn part_with(&self, answer: &Written, stream: &mut Transport) -> Result<(), Broken> {
        let limits = &self.shared.limits;
        let patience = Patience::each(limits.answer_ms_max, limits.linger_ms_max);
        deliver_last(stream, answer, patience).await
    }
}

/// What is left of a request once it was handed over.
struct Wishes {
    body: Body,
    stays: bool,
}

impl Wishes {
    fn of(request: &Request) -> Wishes {
        // What follows a refused upgrade may be frames.
        let stays = request.keeps_alive() && !request.asks_for_upgrade();
        let body = if request.method() == "HEAD" { Body::Left } else { Body::Sent };
        Wishes { body, stays }
    }
}

/// What becomes of a request.
enum Decision {
    Respond(Answer),
    Upgrade { route: SharedRoute, head: Vec<u8>, request: Box<Request> },
}

/// What came of waiting for an answer.
enum Waited {
    Made(Response),
    Panicked(Box<dyn Any + Send>),
    /// The client has ended, and was waited for; or it broke off.
    Gone(Result<(), Broken>),
}

/// What a page answers, or will.
enum Answer {
    Now(Response),
    Later(Later),
}

impl Answer {
    /// Asks a page. Here the program's own code runs.
    fn of(page: &Page, request: Box<Request>) -> Answer {
        match &page.respond {
            Respond::Now(respond) => Answer::Now(respond(&request)),
            Respond::Later(respond) => Answer::Later(respond(*request)),
        }
    }
}

/// Decides what a request gets. Here the program's own code runs.
fn decide(shared: &Shared, mut request: Box<Request>) -> Decision {
    if let Err(response) = shared.front.judge(&request) {
        return Decision::Respond(Answer::Now(response));
    }
    let (page, post) = (shared.routes.page(request.path()), shared.routes.post(request.path()));
    let socket = shared.routes.socket(request.path());
    let asks_for_upgrade = request.asks_for_upgrade();
    match (request.method(), page, post, socket) {
        ("POST", _, Some(post), _) => Decision::Respond(Answer::of(post, request)),
        // A client may ask for an upgrade in passing; a page may ignore that.
        ("GET" | "HEAD", Some(page), _, socket) if socket.is_none() || !asks_for_upgrade => {
            Decision::Respond(Answer::of(page, request))
        }
        (_, page, post, Some(route)) if asks_for_upgrade || page.or(post).is_none() => {
            match judge(&mut request, &shared.front.lines, route) {
                Ok(head) => Decision::Upgrade { route: Rc::clone(route), head, request },
                Err(response) => Decision::Respond(Answer::Now(response)),
            }
        }
        (_, None, None, _) => Decision::Respond(Answer::Now(Response::status(404))),
        (_, page, post, _) => {
            let methods = match (page, post) {
                (Some(_), Some(_)) => "GET, HEAD, POST",
                (Some(_), None) => "GET, HEAD",
                (None, _) => "POST",
            };
            Decision::Respond(Answer::Now(Response::status(405).allowing(methods)))
        }
    }
}

/// 408 as well as that can be done at once: the deadline is the end.
fn say_late(front: &Front, stream: &mut Transport) {
    let answer = front.write(Response::status(408), Body::Sent, Then::Close);
    let told = stream.try_write(&answer.head);
    log::debug!("server: a request did not come in time: {told:?}");
}

/// The answer is written: what was a conversation is a WebSocket from now on.
fn upgrade(
    shared: &Rc<Shared>,
    stream: Transport,
    place: &Rc<Place>,
    route: &SharedRoute,
    request: Request,
    tail: Vec<u8>,
) {
    shared.count(|counts| counts.upgrades += 1);
    let path = route.pattern().as_given();
    let limits = Rc::clone(route.limits());
    let (socket, driver) = open(stream, Role::Server, limits, route.overflow(), tail);
    socket.connection().note_subprotocol(request.subprotocol());
    place.note_upgrade(path, socket.connection());
    if place.is_stopping() {
        socket.connection().close(code::AWAY, "the server stops".into());
    }
    let holder = Rc::clone(place);
    let driving = async move {
        if !driver.await.is_clean() {
            holder.note_broken();
        }
    };
    shared.spawn(Job::new(named("ws", None, place.peer()), place, driving));
    let guard = Guard::new(socket.connection(), place);
    let future = guard.run(|| route.begin(socket, request));
    let serving = Guarded::new(future, guard);
    shared.spawn(Job::new(named("ws", Some(path), place.peer()), place, serving));
}
