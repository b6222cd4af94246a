//! Line 3: the `Host` is one of three, letter by letter, so that no name which was made to lead
//! here (DNS rebinding) is taken for ours.
#![cfg(test)]

use crate::inspected::{UPGRADE, ask, inspected};

const FOREIGN: &str = "
    evil.example evil.example:PORT localhost.evil:PORT localhost.evil.example:PORT
    127.0.0.1.evil:PORT 127.0.0.1.nip.io:PORT evil-127.0.0.1:PORT localhost6:PORT evillocalhost:PORT
    LOCALHOST:PORT Localhost:PORT localhosT:PORT localhost.:PORT 127.0.0.1.:PORT .localhost:PORT
    localhost 127.0.0.1 [::1] localhost: localhost:80 127.0.0.1:1 localhost:0PORT localhost:+PORT
    localhost:PORT0 localhost:PORT:PORT localhost::PORT :PORT PORT
    evil@localhost:PORT localhost:PORT@evil http://localhost:PORT localhost:PORT/ localhost:PORT#
    0.0.0.0:PORT [::]:PORT 127.0.0.2:PORT 127.1:PORT 2130706433:PORT 0x7f000001:PORT
    0177.0.0.1:PORT 127.0.0.01:PORT [::ffff:127.0.0.1]:PORT [0:0:0:0:0:0:0:1]:PORT [::1%lo]:PORT
    ::1:PORT ip6-localhost:PORT \u{ff4c}ocalhost:PORT loc%61lhost:PORT localhost%00:PORT";

/// 3.
#[test]
fn a_request_must_name_the_server_as_it_is_named() {
    let inspected = inspected();
    let port = inspected.port();
    let token = format!("Authorization: Bearer {}\r\n", inspected.token());
    for host in [format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}")]
    {
        let answer = inspected.ask("GET /state", &format!("Host: {host}\r\n{token}"));
        assert_eq!(answer.status, 200, "{host}");
    }
    let with_blanks = [
        "localhost :PORT",
        "localhost:PORT, evil",
        "localhost:PORT evil",
        "evil localhost:PORT",
        "localhost:PORT,localhost:PORT",
        "",
    ];
    let foreign: Vec<&str> = FOREIGN.split_whitespace().chain(with_blanks).collect();
    assert!(foreign.len() >= 40);
    for host in foreign.iter().map(|host| host.replace("PORT", &port.to_string())) {
        let answer = inspected.ask("GET /state", &format!("Host: {host}\r\n{token}"));
        assert_eq!(answer.status, 403, "{host:?}: {}", answer.head);
        assert!(!answer.body.contains("evil"), "it repeats nothing: {}", answer.body);
        let page = inspected.ask("GET /", &format!("Host: {host}\r\n"));
        assert_eq!(page.status, 403, "{host:?}: what needs no token needs its name all the same");
    }
    let own = inspected.host();
    for (first, lines, status) in [
        ("GET /state HTTP/1.1", format!("{own}{own}{token}"), 400),
        ("GET /state HTTP/1.1", format!("{own}Host: evil\r\n{token}"), 400),
        ("GET /state HTTP/1.1", token.clone(), 400),
        ("GET /state HTTP/1.0", token.clone(), 403),
        ("GET /state HTTP/1.0", format!("{own}Host: evil\r\n{token}"), 403),
        (&format!("GET http://127.0.0.1:{port}/state HTTP/1.1"), format!("{own}{token}"), 400),
        ("GET http://evil/state HTTP/1.1", format!("{own}{token}"), 400),
        ("GET ws://evil/live HTTP/1.1", format!("{own}{token}{UPGRADE}"), 400),
        ("GET evil:1/state HTTP/1.1", format!("{own}{token}"), 400),
    ] {
        let answer = ask(inspected.address(), format!("{first}\r\n{lines}\r\n"));
        assert_eq!(answer.status, status, "{first}\n{lines}");
    }
}
