//! The credentials: what an Authorization line says of who asks.
//!
//! Promises that no error and no `Debug` of ours shows them. It asks nobody for them and keeps
//! nothing.

use data_encoding::BASE64;

use crate::error::Error;

/// The value for a user and a password, by RFC 7617.
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Result<String, Error> {
    let bad = |expected, came: &str| Err(Error::InvalidHeader { expected, came: came.into() });
    if user.contains(&b':') {
        return bad("a user without a colon", "one with it");
    }
    if user.iter().chain(password).any(u8::is_ascii_control) {
        return bad("a user and a password without control characters", "one among them");
    }
    Ok(format!("Basic {}", BASE64.encode(&[user, b":", password].concat())))
}

/// The value for a token, by RFC 6750.
pub(crate) fn bearer(token: &str) -> Result<String, Error> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = "a token of visible characters without blanks";
        return Err(Error::InvalidHeader { expected, came: "another one".into() });
    }
    Ok(format!("Bearer {token}"))
}

/// The value for what stands before the `@` of a URL: percent signs are decoded. `None` if that
/// can't be done.
pub(crate) fn of_userinfo(userinfo: &str) -> Option<String> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    basic(&decoded(user)?, &decoded(password)?).ok()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, behind @ ..] = rest else { return None };
        rest = behind;
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfcs_come_out_as_they_stand_there() {
        let aladdin = basic(b"Aladdin", b"open sesame").expect("good");
        assert_eq!(aladdin, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let utf8 = basic(b"test", "123\u{a3}".as_bytes()).expect("good");
        assert_eq!(utf8, "Basic dGVzdDoxMjPCow==");
        assert_eq!(bearer("mF_9.B5f-4.1JqM").expect("good"), "Bearer mF_9.B5f-4.1JqM");
    }

    #[test]
    fn a_url_s_user_is_decoded() {
        let plain = basic(b"a@b", b"c:d/%").ok();
        assert_eq!(of_userinfo("a%40b:c:d%2F%25"), plain);
        assert_eq!(of_userinfo("a"), basic(b"a", b"").ok());
        for bad in ["a%", "a%4", "a%4x:b", "a%0Ab", "a%3Ab", "a:%00"] {
            assert_eq!(of_userinfo(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_refused_is_not_shown() {
        for error in [
            basic(b"sec:ret", b"").expect_err("a colon"),
            basic(b"user", b"sec\nret").expect_err("a control character"),
            bearer("sec ret").expect_err("a blank"),
            bearer("").expect_err("nothing"),
        ] {
            let told = format!("{error} {error:?}");
            assert!(!told.contains("sec"), "{told}");
        }
    }
}
