//! A server of Socket.IO runs through `ws::serve` beside pages, on sockets of the kernel: our own
//! client is let in, answers and is answered.
#![cfg(test)]
#![cfg(feature = "socketio")]

use std::time::Duration;

use glassloop::{
    net::{TcpListener, TcpStream},
    spawn,
    ws::{
        self, Response,
        socketio::{Binary, Client, Disconnect, NamespaceState, Server},
    },
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_page_and_a_client_of_socket_io_come_by_one_port() {
    glassloop::run(async {
        let io = Server::new().namespace("/chat", |socket, mut events, _auth| async move {
            let asked = socket.emit_with_ack("who?", (), SECOND * 10).expect("there is room");
            let name: String = asked.await.expect("an answer").argument(0).expect("a name");
            while let Some(event) = events.recv().await {
                let (bytes,): (Binary,) = event.arguments().expect("bytes");
                event.ack((&name, bytes)).expect("it is there");
            }
        });
        let chat = io.of("/chat").expect("it was named");
        let server = ws::Server::new().get("/", |_| Response::text("a page"));
        let server = io.attach(server).expect("a good name");
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        let handle = ws::serve(server, [listener])?;

        let page = TcpStream::connect(address).await?;
        page.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let mut head = [0; 15];
        page.read_exact(&mut head).await?;
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        drop(page);

        let (client, driver) = Client::to(&format!("http://{address}"))?.start()?;
        spawn(driver).detach();
        let (namespace, mut events) = client.namespace("/chat").start().expect("a free name");
        namespace.connected().await.expect("it is let in");
        let who = events.recv().await.expect("the client is not over");
        who.ack("ada").expect("it is there");
        let sent = Binary::from(vec![1, 2, 3]);
        let answer = namespace.emit_with_ack("take", sent.clone(), SECOND * 10);
        let answer = answer.expect("there is room").await.expect("an answer");
        assert_eq!(answer.arguments::<(String, Binary)>().expect("two"), ("ada".to_owned(), sent));
        assert_eq!(chat.members(), 1);

        handle.stop(SECOND * 10).await;
        while namespace.state().is_connected() {
            glassloop::yield_now().await;
        }
        let NamespaceState::Disconnected(why) = namespace.state() else {
            panic!("{}", namespace.state())
        };
        assert!(matches!(why, Disconnect::TransportClose(_)), "{why}");
        assert_eq!(chat.members(), 0);
        client.disconnect();
        Ok::<(), ws::Error>(())
    })
    .expect("it runs")
    .expect("it is served");
}
