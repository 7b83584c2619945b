//! The addresses that Twilio calls back.

use crate::bridge::Leg;
use cordboard::telephony::{AgentId, CallId};

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

/// Who an agent's browser is for Twilio: letters, digits and underscores, different for different agents.
#[must_use]
pub fn identity(agent: &AgentId) -> String {
    let mut identity = String::new();
    for byte in agent.as_str().bytes() {
        if byte.is_ascii_alphanumeric() {
            identity.push(char::from(byte));
        } else {
            identity.push_str(&format!("_{byte:02x}"));
        }
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_differ_as_agents_do() {
        let identity = |id: &str| identity(&AgentId::new(id));
        assert_eq!(identity("alex"), "alex");
        assert_eq!(identity("a.b@x"), "a_2eb_40x");
        assert_eq!(identity("a_2eb"), "a_5f2eb");
    }
}
