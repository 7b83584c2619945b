//! The addresses that Twilio calls back.

use cordboard::telephony::CallId;
use cordboard_bridge::Leg;

/// Where the webhooks of this provider are.
pub(crate) const PATH: &str = "/webhooks/twilio/";

/// Twilio tries a callback again when it could not be delivered, five times. It does not sign this part.
const RETRIES: &str = "#rc=5&rp=ct,rt,5xx";

/// Makes addresses under the server's public one.
#[derive(Clone, Debug)]
pub(crate) struct Addresses(String);

impl Addresses {
    pub(crate) fn new(public_url: &str) -> Self {
        Self(format!("{public_url}{PATH}"))
    }

    pub(crate) fn leg(&self, call: &CallId, leg: Leg) -> String {
        format!("{}call/{call}/{leg}{RETRIES}", self.0)
    }

    pub(crate) fn conference(&self, call: &CallId) -> String {
        format!("{}conference/{call}{RETRIES}", self.0)
    }

    pub(crate) fn recording(&self, call: &CallId) -> String {
        format!("{}recording/{call}{RETRIES}", self.0)
    }

    pub(crate) fn voicemail(&self, call: &CallId) -> String {
        format!("{}recording/{call}/voicemail{RETRIES}", self.0)
    }

    pub(crate) fn dial_action(&self, call: &CallId) -> String {
        format!("{}dial-action/{call}", self.0)
    }

    pub(crate) fn goodbye(&self) -> String {
        format!("{}goodbye", self.0)
    }
}
