use super::error::Operation;

/// Something that not every line can do.
///
/// A plain enum, so that the conformance suite can ask for each of them, claimed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `set_availability`, and with it inbound calls.
    Inbound,
    /// `mute` and `unmute`.
    Mute,
    /// `hold` and `resume`.
    Hold,
    /// `send_digits`.
    Digits,
    /// `transfer` to a number.
    BlindTransfer,
    /// `transfer` to another call of the same agent.
    AttendedTransfer,
    /// `start_recording` and `stop_recording`.
    Recording,
    /// `pause_recording` and `resume_recording`.
    PauseRecording,
    /// More than one call at a time.
    ConcurrentCalls,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 9] = [
        Self::Inbound,
        Self::Mute,
        Self::Hold,
        Self::Digits,
        Self::BlindTransfer,
        Self::AttendedTransfer,
        Self::Recording,
        Self::PauseRecording,
        Self::ConcurrentCalls,
    ];
}

/// How an agent signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignInMethod {
    /// Nothing to fill in: one button, or none when the line remembers the agent.
    #[default]
    None,
    /// A name and a password.
    Password,
    /// The provider's own page, in a window.
    Redirect,
    /// Either: a name and a password, or the provider's own page.
    PasswordOrRedirect,
}

impl SignInMethod {
    /// Whether a name and a password may be given.
    #[must_use]
    pub const fn takes_password(self) -> bool {
        matches!(self, Self::Password | Self::PasswordOrRedirect)
    }
}

/// What one instance of a line can do. Data, so that the widget draws only what works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    bits: u16,
    sign_in: SignInMethod,
}

impl Capabilities {
    /// A line that can dial and hang up.
    #[must_use]
    pub const fn basic() -> Self {
        Self { bits: 0, sign_in: SignInMethod::None }
    }

    /// A line that can do everything.
    #[must_use]
    pub fn all() -> Self {
        Capability::ALL.into_iter().fold(Self::basic(), Self::with)
    }

    /// Claims a capability.
    #[must_use]
    pub const fn with(mut self, capability: Capability) -> Self {
        self.bits |= 1 << capability as u16;
        self
    }

    /// Gives a capability up.
    #[must_use]
    pub const fn without(mut self, capability: Capability) -> Self {
        self.bits &= !(1 << capability as u16);
        self
    }

    /// Says how agents sign in.
    #[must_use]
    pub const fn with_sign_in(mut self, method: SignInMethod) -> Self {
        self.sign_in = method;
        self
    }

    /// Whether it is claimed.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.bits & (1 << capability as u16) != 0
    }

    /// How agents sign in.
    #[must_use]
    pub const fn sign_in(self) -> SignInMethod {
        self.sign_in
    }

    /// Whether an operation is supported; what needs no capability always is.
    #[must_use]
    pub const fn supports(self, operation: Operation) -> bool {
        match operation.capability() {
            Some(capability) => self.has(capability),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_claimed_by_itself() {
        for one in Capability::ALL {
            for other in Capability::ALL {
                assert_eq!(Capabilities::basic().with(one).has(other), one == other);
                assert_eq!(Capabilities::all().without(one).has(other), one != other);
            }
        }
    }

    #[test]
    fn what_needs_nothing_is_supported() {
        assert!(Capabilities::basic().supports(Operation::Dial));
        assert!(!Capabilities::basic().supports(Operation::Hold));
        assert!(Capabilities::basic().with(Capability::Hold).supports(Operation::Resume));
    }
}
