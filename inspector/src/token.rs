//! The token: the secret that says who may ask.
//!
//! Promises 256 bits of the OS's randomness, a comparison whose time says nothing about where two
//! tokens differ, and that no `Debug` shows it. It is kept in memory as it is written.

use std::{fmt, hint::black_box, io};

/// 256 bits.
const BYTES: usize = 32;

/// Sixty-four digits of base 16, in lower case.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// A new one.
    pub(crate) fn random() -> io::Result<Token> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that is known: of a test.
    pub(crate) fn known(digits: String) -> Token {
        Token(digits)
    }

    pub(crate) fn digits(&self) -> &str {
        &self.0
    }

    /// Whether this is what was offered. How long it takes depends on the length of the offer
    /// alone, and the length is no secret.
    pub(crate) fn is(&self, offered: &[u8]) -> bool {
        if offered.len() != self.0.len() {
            return false;
        }
        let pairs = self.0.as_bytes().iter().zip(offered);
        // The box keeps the compiler from leaving at the first difference.
        pairs.fold(0, |differs, (ours, theirs)| black_box(differs | (ours ^ theirs))) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_that_differs_in_a_bit_or_a_length() {
        let token = Token::random().expect("the OS has randomness");
        let digits = token.digits().as_bytes().to_vec();
        assert_eq!(digits.len(), 2 * BYTES);
        assert!(token.is(&digits));
        for bit in 0..digits.len() * 8 {
            let mut other = digits.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!token.is(&other), "bit {bit}");
        }
        for length in 0..digits.len() {
            assert!(!token.is(&digits[..length]), "{length} digits of it");
        }
        assert!(!token.is(&[&digits[..], b"0"].concat()));
    }

    #[test]
    fn no_two_tokens_are_the_same_and_none_is_shown() {
        let tokens = [(); 4].map(|()| Token::random().expect("the OS has randomness"));
        for (at, token) in tokens.iter().enumerate() {
            assert!(!tokens[..at].iter().any(|other| other.is(token.digits().as_bytes())));
            assert_eq!(format!("{token:?}"), "Token");
        }
    }
}
