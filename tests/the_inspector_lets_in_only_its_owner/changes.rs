//! Line 6: nothing is changed but by a POST with the token, where that is allowed.
#![cfg(test)]

use crate::inspected::{inspected, inspected_by};

/// 6.
#[test]
fn nothing_is_changed_but_by_a_post_with_the_token_where_that_is_allowed() {
    let reader = inspected();
    let controller = inspected_by(|builder| builder.allow_control(true));
    for path in ["/record", "/cancel", "/clock", "/pause", "/resume", "/step", "/dump"] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = reader.ask_well(&format!("{method} {path}"));
            assert_eq!(refused.status, 405, "{method} {path}");
            let says_why = refused.body.contains("Builder::allow_control(true)");
            assert!(says_why || method == "HEAD", "{}", refused.body);
            assert_eq!(refused.header("Allow"), Some(""));
            let answer = controller.ask_well(&format!("{method} {path}"));
            // What is let in finds that its body is empty, or that there is no folder for dumps.
            let let_in = if path == "/dump" { 409 } else { 400 };
            let expected = if method == "POST" { let_in } else { 405 };
            assert_eq!(answer.status, expected, "{method} {path}");
            if method != "POST" {
                assert_eq!(answer.header("Allow"), Some("POST"));
            }
        }
        // As a form of another page would: no token, or one that is no header.
        let form = format!("{}Content-Type: text/plain\r\n", controller.host());
        assert_eq!(controller.ask(&format!("POST {path}"), &form).status, 401);
        let token = controller.token();
        let cookie = format!("{form}Cookie: token={token}\r\nX-Token: {token}\r\n");
        assert_eq!(controller.ask(&format!("POST {path}?token={token}"), &cookie).status, 401);
        let named = format!("{form}Sec-WebSocket-Protocol: glassloop.token.{token}\r\n");
        assert_eq!(controller.ask(&format!("POST {path}"), &named).status, 401);
    }
    for path in [
        "/",
        "/page/main.js",
        "/state",
        "/events",
        "/story",
        "/turns",
        "/slow",
        "/why",
        "/wakes",
        "/trace",
        "/source",
    ] {
        let answer = controller.ask_well(&format!("POST {path}"));
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")), "{path}");
    }
}
