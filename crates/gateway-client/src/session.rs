use crate::backoff::Backoff;
use crate::wire;
use cordboard::{Object, Timestamp, Value};
use core::time::Duration;

/// The tokens of an agent who is signed in.
pub(crate) struct Session {
    access: String,
    refresh: String,
    /// When the access token is to be replaced.
    due: Timestamp,
    /// Whose they are; not known before the gateway said so.
    agent: Option<String>,
}

impl Session {
    /// One that goes on by a token that was kept: there is no access token yet.
    pub(crate) const fn remembered(refresh: String, now: Timestamp) -> Self {
        Self { access: String::new(), refresh, due: now, agent: None }
    }

    /// What the gateway answered to the credentials or the refresh token. The access token is replaced when it has lived for 70 to 85 % of its time.
    pub(crate) fn read(now: Timestamp, answer: &Value, chance: &mut Backoff) -> Option<Self> {
        let percent = chance.between(70, 85).as_millis();
        let lives = wire::number(answer, "expires_in")?.clamp(1, 86_400);
        #[expect(clippy::cast_possible_truncation, reason = "at most 85 % of a day")]
        let good_for = Duration::from_millis(lives * 10 * percent as u64);
        Some(Self {
            access: wire::text(answer, "access_token")?.to_owned(),
            refresh: wire::text(answer, "refresh_token")?.to_owned(),
            due: now + good_for,
            agent: answer.get("agent").and_then(|agent| wire::text(agent, "id")).map(str::to_owned),
        })
    }

    pub(crate) fn access(&self) -> &str {
        &self.access
    }

    /// The token to keep.
    pub(crate) fn refresh(&self) -> &str {
        &self.refresh
    }

    /// What to ask for new tokens with.
    pub(crate) fn refresh_body(&self) -> Value {
        Object::new().with("refresh_token", self.refresh.as_str()).into()
    }

    pub(crate) const fn due(&self) -> Timestamp {
        self.due
    }

    pub(crate) const fn set_due(&mut self, due: Timestamp) {
        self.due = due;
    }

    /// Whether the other one is of another agent.
    pub(crate) fn is_of_other_agent(&self, other: &Self) -> bool {
        self.agent.is_some() && self.agent != other.agent
    }
}
