//! Line 5: a token of 256 bits, of which ten wrong ones a second are answered.
#![cfg(test)]

use std::{cell::Cell, rc::Rc, time::Duration};

use glassloop::ws;
use glassloop_inspector::{Setup, server};

use crate::{
    inspected::{UPGRADE, inspected, inspected_by, judged},
    logged,
    web::{Client, in_memory},
};

/// 5.
#[test]
fn without_the_whole_token_nobody_learns_anything() {
    let token = inspected().token().to_owned();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "256 bits");
    let first = inspected();
    let good = first.token();
    assert_ne!(good, token, "each inspector has its own");
    let mut flipped = good.as_bytes().to_vec();
    flipped[63] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let wrong = [
        format!("Bearer {token}"),
        "Bearer ".into(),
        "Bearer".into(),
        String::new(),
        format!("Bearer {}", &good[..63]),
        format!("Bearer {}", &good[..1]),
        format!("Bearer {good}0"),
        format!("Bearer {flipped}"),
        format!("Bearer {}", good.to_uppercase()),
        format!("Bearer  {good}"),
        format!("bearer {good}"),
        format!("Basic {good}"),
        good.to_owned(),
        format!("Bearer {good}, Bearer {good}"),
        format!("Bearer {good}\r\nAuthorization: Bearer {good}"),
    ];
    for tries in wrong.chunks(5) {
        // A server for each few, since ten a second are answered so.
        let inspected = inspected();
        let (stranger, theirs) = (inspected.host(), inspected.token().to_owned());
        for header in tries {
            let line = format!("Authorization: {header}\r\n").replace(good, &theirs);
            let answer = inspected.ask("GET /state", &format!("{stranger}{line}"));
            assert_eq!(answer.status, 401, "{line}");
            assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
            assert!(!answer.body.contains(&theirs) && !answer.body.contains("pid"));
        }
        assert_eq!(inspected.ask_well("GET /state").status, 200);
    }
    // Without a token all paths are the same, those that are and those that aren't.
    for path in
        ["GET /state", "GET /nowhere", "POST /record", "GET /record", "PUT /state", "GET /live"]
    {
        for query in ["", "?token=TOKEN", "?internal=1", "#TOKEN"] {
            let path = format!("{path}{query}").replace("TOKEN", good);
            assert_eq!(first.ask(&path, &first.host()).status, 401, "{path}");
        }
    }
}

/// 5: exactly, on a clock that the test moves.
#[test]
fn ten_wrong_tokens_a_second_are_answered_and_the_right_one_meanwhile() {
    in_memory(65_536, async |_| {
        let now = Rc::new(Cell::new(Duration::ZERO));
        let clock = Rc::clone(&now);
        let setup = Setup {
            port: 7_000,
            token: "right".into(),
            allow_control: false,
            now: Box::new(move || clock.get()),
        };
        let handle = ws::serve(server(setup), []).unwrap();
        let ask = async |token: &str| {
            let lines = format!("Host: localhost:7000\r\nAuthorization: Bearer {token}\r\n");
            let client = Client::enter(&handle);
            client.say(format!("GET /state HTTP/1.1\r\n{lines}\r\n")).await;
            judged(String::from_utf8(client.rest().await).unwrap())
        };
        for (at_ms, let_through, retry_after) in [(0, 10, "1"), (999, 0, "1"), (1_000, 10, "1")] {
            now.set(Duration::from_millis(at_ms));
            let (mut told, mut limited) = (0, 0);
            for number in 0..1_000 {
                let answer = ask(&format!("wrong{number}")).await;
                match answer.status {
                    401 => told += 1,
                    429 => {
                        limited += 1;
                        assert_eq!(answer.header("Retry-After"), Some(retry_after));
                    }
                    other => panic!("expected 401 or 429, came {other}"),
                }
                if number % 100 == 0 {
                    assert_eq!(ask("right").await.status, 200, "the owner is never kept out");
                }
            }
            assert_eq!((told, limited), (let_through, 1_000 - let_through), "at {at_ms} ms");
        }
    });
}

/// 5.
#[test]
fn the_token_is_in_no_line_of_the_log_and_in_no_answer() {
    logged::listen();
    let inspected = inspected_by(|builder| builder.allow_control(true));
    let (good, token, host) = (inspected.good(), inspected.token(), inspected.host());
    let wrong = format!("{host}Authorization: Bearer {}\r\n", &token[..32]);
    let socket =
        format!("{host}{UPGRADE}Sec-WebSocket-Protocol: glassloop.v1, glassloop.token.{token}\r\n");
    for lines in
        [&good, &wrong, &socket, &format!("{good}{UPGRADE}"), &format!("Host: {token}\r\n")]
    {
        for first in
            ["GET /", "GET /state", "GET /live", "POST /record", "GET /nowhere", "nonsense"]
        {
            for query in [String::new(), format!("?{token}=1")] {
                let answer = inspected.ask(&format!("{first}{query}"), lines);
                let told = format!("{}{}", answer.head, answer.body);
                // A query that isn't understood is told to who sent it, and has the token already.
                assert!(answer.status == 400 || !told.contains(token), "{told}");
            }
        }
    }
    let shown = format!("{:?}", *inspected);
    let (address, file, token) =
        (inspected.address().to_string(), inspected.file().to_owned(), token.to_owned());
    inspected.stop();
    drop(inspected);
    let logged = logged::lines();
    let told: Vec<_> = logged.iter().filter(|line| line.contains(&address)).collect();
    let urls = told.iter().filter(|line| line.starts_with("INFO "));
    assert_eq!(urls.count(), 1, "where it listens is told once: {told:?}");
    assert!(told[0].contains(&file.display().to_string()), "{told:?}");
    let secrets = [&token[..], &token[..32], &token[32..]];
    for line in logged.iter().chain([&shown]) {
        assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
    }
}
