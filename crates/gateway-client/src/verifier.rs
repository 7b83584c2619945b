use sha2::{Digest as _, Sha256};

/// What a sign-in in a window is bound to: the gateway hears its hash with the window's address, and the verifier itself only from this
/// client, with the code that the window said. Who gets hold of one of the two has nothing.
pub(crate) struct Verifier(String);

impl Verifier {
    /// Of random bytes.
    pub(crate) fn new(random: &[u8; 32]) -> Self {
        Self(hex(random))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What everybody may know.
    pub(crate) fn challenge(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }
}

/// Without the machinery of `write!`, which is a kilobyte of an app.
fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_the_hash_of_what_is_said_later() {
        let verifier = Verifier::new(&core::array::from_fn(|index| u8::try_from(index * 8).unwrap()));
        assert_eq!(verifier.as_str(), "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8");
        assert_eq!(verifier.challenge(), "a4e9c6a93f71731f910a9a3578e30a1aa222811021e602f11fe13d75ab0d50af");
    }
}
