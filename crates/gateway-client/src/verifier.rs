use core::fmt::Write as _;
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
