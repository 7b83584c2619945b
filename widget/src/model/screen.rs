use super::Model;
use cordboard::protocol::ExternalCallId;
use cordboard::telephony::CallState;

/// What is to be seen. Derived from the [`Model`], never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// It is not known yet whether anybody is signed in.
    Starting,
    /// Nobody is signed in.
    SignIn,
    /// No call.
    Ready,
    /// A call.
    Call(CallScreen, ExternalCallId),
}

/// Where the call in the foreground stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallScreen {
    /// The far end is called.
    Dialing,
    /// Someone calls.
    Incoming,
    /// The parties talk, or one waits.
    InCall,
    /// Over; notes and outcome are to be saved.
    WrapUp,
}

impl Model {
    /// What is to be seen. A call comes before all else: also one that outlived the sign-in.
    #[must_use]
    pub fn screen(&self) -> Screen {
        if let Some(call) = self.foreground() {
            let screen = match call.state() {
                _ if call.is_incoming() => CallScreen::Incoming,
                CallState::Dialing | CallState::Ringing => CallScreen::Dialing,
                CallState::Connected | CallState::OnHold => CallScreen::InCall,
                CallState::Ended(_) => CallScreen::WrapUp,
            };
            return Screen::Call(screen, call.id.clone());
        }
        match (self.flow.agent(), self.started) {
            (Some(_), _) => Screen::Ready,
            (None, true) => Screen::SignIn,
            (None, false) => Screen::Starting,
        }
    }
}
