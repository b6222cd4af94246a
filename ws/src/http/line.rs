//! The line: what one header line of a head may be, of a response or of a request.
//!
//! Promises that a line which is judged good breaks out of nothing. An error never repeats a value:
//! it may be a secret.

use crate::error::Error;

/// True if `name` is a token of RFC 9110: no blank, no separator.
pub(crate) fn is_token(name: &str) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.as_bytes().iter().all(is_sign)
}

/// Judges a name and its value.
pub(crate) fn judge_line(name: &str, value: &str) -> Result<(), Error> {
    if !is_token(name) {
        let expected = "a header's name of letters, digits and !#$%&'*+-.^_`|~";
        return Err(Error::InvalidHeader { expected, came: name.to_owned() });
    }
    if value.chars().any(|letter| letter.is_control() && letter != '\t') {
        let expected = "a header's value without control characters";
        return Err(Error::InvalidHeader { expected, came: format!("one in that of {name}") });
    }
    Ok(())
}
