use core::fmt;

/// What a browser that is registered for an identity is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Signal {
    /// Who is told.
    pub identity: String,
    /// Of which call.
    pub call: String,
    /// What.
    pub kind: SignalKind,
}

/// What a browser is told of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum SignalKind {
    /// Somebody calls. `parameters` go to the SDK's `call.parameters`: `CallSid`, `AccountSid`, `From`, `To`, and `Params`
    /// with the custom ones.
    Invite {
        /// Names and values.
        parameters: Vec<(String, String)>,
    },
    /// The call that the browser made rings.
    Ringing,
    /// The call that the browser made is answered.
    Answered,
    /// The call ended before the browser took it.
    Cancel,
    /// The call ended.
    Hangup {
        /// What the SDK says of it, if it did not end as calls do: 31486 is busy, for example.
        error: Option<u32>,
    },
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("call", &self.call).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invite { .. } => "Invite",
            Self::Ringing => "Ringing",
            Self::Answered => "Answered",
            Self::Cancel => "Cancel",
            Self::Hangup { .. } => "Hangup",
        })
    }
}
