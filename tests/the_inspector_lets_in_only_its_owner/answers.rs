//! Lines 7 to 9: what an answer holds, and to what there is none.
#![cfg(test)]

use std::{io::Read, net::TcpStream, time::Duration};

use crate::inspected::{UPGRADE, ask, inspected, inspected_by};

/// 7.
#[test]
fn a_name_that_is_a_script_arrives_as_text() {
    const NAME: &str = "<img src=x onerror=alert(1)>\"'</script>";
    let inspected = inspected();
    let named = std::thread::Builder::new().name(NAME.into());
    let (tell, told) = std::sync::mpsc::channel();
    let (let_go, go) = std::sync::mpsc::channel::<()>();
    let thread = named.spawn(move || {
        let event_loop = glassloop::EventLoop::new().unwrap();
        tell.send(event_loop.watch().name().number).unwrap();
        go.recv().ok();
    });
    let number = told.recv().unwrap();
    let answer = inspected.ask_well("GET /state");
    drop(let_go);
    thread.unwrap().join().unwrap();
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let state: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let loops = state["loops"].as_array().unwrap();
    let found = loops.iter().find(|line| line["loop"]["number"] == number).unwrap();
    assert_eq!(found["loop"]["thread"], NAME);
    assert!(loops.iter().all(|line| line["loop"]["internal"] == false), "its own are not listed");
    let page = inspected.ask("GET /", &inspected.host());
    assert_eq!((page.status, page.body.contains("alert(1)")), (200, false));
    assert_eq!(page.body.matches("<script").count(), page.body.matches("<script type=").count());
    // What came is told in an error as text, too.
    let error = inspected.ask_well("GET /state?<img/onerror=1>=1");
    assert_eq!((error.status, error.header("Content-Type")), (400, Some("application/json")));
    assert!(error.body.contains("expected the keys `fresh_ms`"), "{}", error.body);
}

/// 7.
#[test]
fn the_page_is_anybodys_and_what_is_not_a_part_of_it_is_not() {
    let inspected = inspected();
    let of_page = [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page/main.js", "text/javascript; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
    ];
    for (path, kind) in of_page {
        let answer = inspected.ask(&format!("GET {path}"), &inspected.host());
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some(kind)), "{path}");
        assert!(!answer.body.contains(inspected.token()), "{path}");
        let foreign = inspected.ask(&format!("GET {path}"), "Host: evil\r\n");
        assert_eq!(foreign.status, 403, "{path}");
    }
    for path in ["/page", "/page/", "/page/nowhere.js", "/page/../src/lib.rs", "/index.html"] {
        assert_eq!(inspected.ask(&format!("GET {path}"), &inspected.host()).status, 401, "{path}");
        assert_eq!(inspected.ask_well(&format!("GET {path}")).status, 404, "{path}");
    }
}

/// 7.
#[test]
fn the_source_is_shown_of_what_the_program_has_named_and_of_nothing_else() {
    let inspected = inspected();
    let event_loop = glassloop::EventLoop::new().unwrap();
    let line = line!() + 1;
    event_loop.spawn(async {}).detach();
    let place = format!("{}:{line}", file!().replace('\\', "/"));
    let answer = inspected.ask_well(&format!("GET /source?place={}", place.replace('/', "%2F")));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let lines = told["lines"].as_array().unwrap();
    let is_it = |told: &&serde_json::Value| told[0] == line;
    let shown = lines.iter().find(is_it).unwrap()[1].as_str().unwrap();
    assert_eq!(shown.trim(), "event_loop.spawn(async {}).detach();");
    assert!(lines.len() <= 13, "{}", lines.len());
    assert_eq!(inspected.ask(&format!("GET /source?place={place}"), &inspected.host()).status, 401);
    for other in ["/etc/passwd:1", "Cargo.toml:1", "../../etc/passwd:1", &place[..9], "%00:1"] {
        let answer = inspected.ask_well(&format!("GET /source?place={other}"));
        assert_eq!(answer.status, 404, "{other}: {}", answer.body);
    }
    for wrong in ["", "?place=%", "?place=%zz", "?place=a&place=b", "?file=a"] {
        assert_eq!(inspected.ask_well(&format!("GET /source{wrong}")).status, 400, "{wrong}");
    }
}

/// 7, 8: `ask` looks at each of these for the lines that must be there and those that must not.
#[test]
fn every_answer_keeps_a_browser_from_running_framing_keeping_and_sharing_it() {
    let inspected = inspected_by(|builder| builder.allow_control(true));
    let (good, host) = (inspected.good(), inspected.host());
    let spoken = "Sec-WebSocket-Protocol: glassloop.v1\r\n";
    let preflight = "Origin: http://evil\r\nAccess-Control-Request-Method: POST\r\n";
    for (first, lines, status) in [
        ("GET /", host.clone(), 200),
        ("GET /state", good.clone(), 200),
        ("HEAD /state", good.clone(), 200),
        ("GET /live", format!("{good}{UPGRADE}{spoken}"), 101),
        ("GET /live", format!("{good}{UPGRADE}"), 400),
        ("GET /live", good.clone(), 426),
        ("GET /state?what=1", good.clone(), 400),
        ("GET /live?every_ms=1", format!("{good}{UPGRADE}{spoken}"), 400),
        ("GET /state", host.clone(), 401),
        ("GET /state", format!("{good}Origin: http://evil\r\n"), 403),
        ("OPTIONS /state", format!("{host}{preflight}"), 403),
        ("OPTIONS /state", good.clone(), 405),
        ("GET /record", good.clone(), 405),
        ("GET /nowhere", good.clone(), 404),
        ("nonsense", good.clone(), 400),
        ("GET /state", "Host: evil\r\n".into(), 403),
    ] {
        let answer = inspected.ask(first, &lines);
        assert_eq!(answer.status, status, "{first}\n{lines}\n{}", answer.head);
        // JSON may name a thread of another test, which is called so.
        let is_json = answer.header("Content-Type") == Some("application/json");
        let is_page = (first, status) == ("GET /", 200);
        assert!(is_json || is_page || !answer.body.contains('<'), "{}", answer.body);
    }
}

/// 9.
#[test]
fn there_is_no_path_but_those_of_the_table() {
    let inspected = inspected();
    for path in [
        "/nowhere",
        "/state/",
        "//state",
        "/State",
        "/%73tate",
        "/state%00",
        "/state;a=b",
        "/./state",
        "/../etc/passwd",
        "/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/index.html",
        "/favicon.ico",
        "/live/",
    ] {
        let stranger = inspected.ask(&format!("GET {path}"), &inspected.host());
        assert_eq!(stranger.status, 401, "{path}: who has no token learns of no path");
        assert_eq!(inspected.ask_well(&format!("GET {path}")).status, 404, "{path}");
        assert_eq!(inspected.ask_well(&format!("POST {path}")).status, 404, "{path}");
    }
}

/// 9.
#[test]
fn what_is_too_long_or_in_doubt_is_refused_and_the_connection_ends() {
    let inspected = inspected_by(|builder| builder.allow_control(true));
    let good = inspected.good();
    let body = |bytes: usize| format!("{good}Content-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes));
    let long = |bytes: usize| format!("X: {}\r\n\r\n", "y".repeat(bytes));
    let chunks = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for (first, lines, status) in [
        ("POST /record", body(4 * 1_024), 400),
        ("POST /record", body(4 * 1_024 + 1), 413),
        ("GET /state", format!("{good}Content-Length: 99999999999999999999999\r\n\r\n"), 413),
        ("GET /state", format!("{good}{}", long(7_000)), 200),
        ("GET /state", format!("{good}{}", long(8 * 1_024)), 431),
        ("GET /state", format!("{good}{}\r\n", "X: y\r\n".repeat(100)), 431),
        ("GET /state", format!("{good}{chunks}"), 400),
        ("POST /record", format!("{good}{chunks}"), 400),
        ("POST /record", format!("{good}Content-Length: 1\r\n{chunks}"), 400),
        ("POST /record", format!("{good}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"), 400),
        ("POST /record", format!("{good}Content-Length: +1\r\n\r\nx"), 400),
        ("GET /state", format!("{good}X : y\r\n\r\n"), 400),
        ("GET /state", format!("{good}X: y\r\n z\r\n\r\n"), 400),
    ] {
        let answer = ask(inspected.address(), format!("{first} HTTP/1.1\r\n{lines}"));
        assert_eq!(answer.status, status, "{first}: {}", answer.head);
    }
    // One request a connection: what is behind it is not looked at.
    let two = format!("GET /state HTTP/1.1\r\n{good}\r\n").repeat(2);
    let answer = ask(inspected.address(), two);
    assert_eq!((answer.status, answer.body.matches("HTTP/1.1").count()), (200, 0));
}

/// 9.
#[test]
fn who_says_nothing_is_left_and_keeps_nobody_out() {
    let inspected = inspected();
    let silent: Vec<_> =
        (0..20).map(|_| TcpStream::connect(inspected.address()).unwrap()).collect();
    assert_eq!(inspected.ask_well("GET /state").status, 200);
    // The stop cuts them off.
    inspected.stop();
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
    // The port is closed, or by now another's, to whom this token means nothing.
    if TcpStream::connect(inspected.address()).is_ok() {
        assert_eq!(inspected.ask_well("GET /state").status, 401);
    }
}

/// The strict query of each route that has one.
#[test]
fn a_query_that_is_not_understood_says_what_was_expected_and_what_came() {
    let inspected = inspected();
    for (target, said) in [
        ("/state?", "expected key=value, came ``"),
        ("/state?internal", "expected key=value, came `internal`"),
        ("/state?internal=2", "expected `internal` from 0 to 1, came `2`"),
        ("/state?internal=1&internal=1", "expected `internal` once, came twice"),
        (
            "/state?Internal=1",
            "expected the keys `fresh_ms`, `internal`, `loop`, `task`, came `Internal`",
        ),
    ] {
        let answer = inspected.ask_well(&format!("GET {target}"));
        let error: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, error["error"].as_str()), (400, Some(said)), "{target}");
    }
    let all = inspected.ask_well("GET /state?internal=1");
    let state: serde_json::Value = serde_json::from_str(&all.body).unwrap();
    assert_eq!(state["process"]["pid"], std::process::id());
    let loops = state["loops"].as_array().unwrap();
    let own = |line: &serde_json::Value| line["loop"]["thread"] == "glassloop-inspector";
    assert!(loops.iter().any(|line| own(line) && line["loop"]["internal"] == true), "{}", all.body);
}
