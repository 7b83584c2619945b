//! Code of an app's own over a line: numbers to call, one after the other. Its tests show how such code is tested: `MockTelephony`
//! expects calls of its methods, and fails when others come. Whoever wants a telephone network instead takes `cordboard-mock`.

#[cfg(test)]
mod tests;

use cordboard::telephony::{CallId, DialKey, DialRequest, Error, ErrorKind, PhoneNumber, Telephony};
use std::collections::VecDeque;

/// Numbers to call.
#[derive(Debug)]
pub struct CallList {
    name: String,
    left: VecDeque<PhoneNumber>,
}

impl CallList {
    /// A list by a name that no other list has.
    pub fn new(name: impl Into<String>, numbers: impl IntoIterator<Item = PhoneNumber>) -> Self {
        Self { name: name.into(), left: numbers.into_iter().collect() }
    }

    // ANCHOR: call_next
    /// Calls the next number that can be called. `None` if a call goes on, or there is no number left.
    ///
    /// # Errors
    /// Those of the line. The number stays the next one, and its key makes it the same call when it was dialled after all.
    pub async fn call_next(&mut self, line: &dyn Telephony) -> Result<Option<CallId>, Error> {
        if !line.active_calls().await?.is_empty() {
            return Ok(None);
        }
        while let Some(to) = self.left.front().cloned() {
            let key = DialKey::new(format!("{}-{}", self.name, self.left.len()));
            match line.dial(DialRequest { key, to, from: None }).await {
                Err(error) if !matches!(error.kind(), ErrorKind::InvalidNumber | ErrorKind::NotAllowed) => {
                    return Err(error);
                }
                result => {
                    self.left.pop_front();
                    if let Ok(call) = result {
                        return Ok(Some(call));
                    }
                }
            }
        }
        Ok(None)
    }
    // ANCHOR_END: call_next
}
