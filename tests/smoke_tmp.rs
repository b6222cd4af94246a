//! tmp
use glassloop::{EventLoop, RunError};
use std::{cell::RefCell, rc::Rc, time::Duration};
#[test]
fn basics() {
    let l = EventLoop::test();
    let log = Rc::new(RefCell::new(vec![]));
    let log2 = log.clone();
    let r = l
        .block_on(async move {
            let l3 = log2.clone();
            let h = glassloop::spawn(async move {
                glassloop::sleep(Duration::from_secs(3600)).await;
                l3.borrow_mut().push("slept");
                5
            })
            .named("sleeper");
            glassloop::yield_now().await;
            println!("{}", glassloop::snapshot());
            glassloop::call_later(Duration::from_secs(1), {
                let l = log2.clone();
                move || l.borrow_mut().push("later")
            })
            .unwrap();
            h.await.unwrap()
        })
        .unwrap();
    assert_eq!(r, 5);
    assert_eq!(*log.borrow(), ["later", "slept"]);
}
#[test]
fn deadlock() {
    let l = EventLoop::test();
    let e = l
        .block_on(async {
            let a = glassloop::spawn(std::future::pending::<()>()).named("never");
            a.await.ok();
        })
        .unwrap_err();
    println!("{e}");
    assert!(matches!(e, RunError::Deadlock(_)));
}
#[test]
fn remote() {
    let l = EventLoop::new().unwrap();
    let r = l.remote();
    let t = std::thread::spawn(move || {
        let mut c = r.call(|| 7);
        let v = c.wait(Duration::from_secs(5)).unwrap();
        let mut s = r.spawn(|| async {
            glassloop::sleep(Duration::from_millis(3)).await;
            9
        });
        let w = s.wait(Duration::from_secs(5)).unwrap();
        (v, w)
    });
    l.run().unwrap();
    assert_eq!(t.join().unwrap(), (7, 9));
}
#[test]
fn tcp() {
    glassloop::run(async {
        let l = glassloop::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let a = l.local_addr().unwrap();
        let s = glassloop::spawn(async move {
            let (s, _) = l.accept().await.unwrap();
            let mut b = [0; 64];
            let n = s.read(&mut b).await.unwrap();
            s.write_all(&b[..n]).await.unwrap();
            println!("{}", glassloop::snapshot());
        });
        let c = glassloop::net::TcpStream::connect(a).await.unwrap();
        c.write_all(b"hello").await.unwrap();
        let mut b = [0; 64];
        let n = c.read(&mut b).await.unwrap();
        assert_eq!(&b[..n], b"hello");
        s.await.unwrap();
    })
    .unwrap();
}
