use crate::telephony::{
    Agent, Availability, Call, CallId, CallerId, Credentials, DialRequest, Digits, Error, Operation, Telephony,
    Transfer,
};

/// An order to the line. The flow decides it, [`execute`](Self::execute) carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of `Telephony` of the same name")]
pub enum Command {
    SignIn(Credentials),
    SignOut,
    SetAvailability(Availability),
    CallerIds,
    ActiveCalls,
    Dial(DialRequest),
    Answer(CallId),
    Reject(CallId),
    HangUp(CallId),
    Mute(CallId),
    Unmute(CallId),
    Hold(CallId),
    Resume(CallId),
    SendDigits(CallId, Digits),
    Transfer(CallId, Transfer),
    StartRecording(CallId),
    PauseRecording(CallId),
    ResumeRecording(CallId),
    StopRecording(CallId),
}

/// What the line answered to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The order was accepted; what becomes of it arrives as an event.
    Accepted,
    /// Signed in.
    SignedIn(Agent),
    /// The call that `dial` began.
    Dialed(CallId),
    /// The numbers that may be shown.
    CallerIds(Vec<CallerId>),
    /// The calls that have not ended.
    ActiveCalls(Vec<Call>),
}

impl Command {
    /// Carries the order out.
    ///
    /// # Errors
    /// What the line says.
    pub async fn execute(&self, line: &dyn Telephony) -> Result<Reply, Error> {
        // The orders of which nothing but acceptance is to be known share one `await`, which keeps the widget small.
        let accepted = match self {
            Self::SignIn(credentials) => return line.sign_in(credentials.clone()).await.map(Reply::SignedIn),
            Self::CallerIds => return line.caller_ids().await.map(Reply::CallerIds),
            Self::ActiveCalls => return line.active_calls().await.map(Reply::ActiveCalls),
            Self::Dial(request) => return line.dial(request.clone()).await.map(Reply::Dialed),
            Self::SignOut => line.sign_out(),
            Self::SetAvailability(availability) => line.set_availability(*availability),
            Self::Answer(call) => line.answer(call),
            Self::Reject(call) => line.reject(call),
            Self::HangUp(call) => line.hang_up(call),
            Self::Mute(call) => line.mute(call),
            Self::Unmute(call) => line.unmute(call),
            Self::Hold(call) => line.hold(call),
            Self::Resume(call) => line.resume(call),
            Self::SendDigits(call, digits) => line.send_digits(call, digits),
            Self::Transfer(call, transfer) => line.transfer(call, transfer.clone()),
            Self::StartRecording(call) => line.start_recording(call),
            Self::PauseRecording(call) => line.pause_recording(call),
            Self::ResumeRecording(call) => line.resume_recording(call),
            Self::StopRecording(call) => line.stop_recording(call),
        };
        accepted.await.map(|()| Reply::Accepted)
    }

    /// Which operation it is.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::SignIn(_) => Operation::SignIn,
            Self::SignOut => Operation::SignOut,
            Self::SetAvailability(_) => Operation::SetAvailability,
            Self::CallerIds => Operation::CallerIds,
            Self::ActiveCalls => Operation::ActiveCalls,
            Self::Dial(_) => Operation::Dial,
            Self::Answer(_) => Operation::Answer,
            Self::Reject(_) => Operation::Reject,
            Self::HangUp(_) => Operation::HangUp,
            Self::Mute(_) => Operation::Mute,
            Self::Unmute(_) => Operation::Unmute,
            Self::Hold(_) => Operation::Hold,
            Self::Resume(_) => Operation::Resume,
            Self::SendDigits(..) => Operation::SendDigits,
            Self::Transfer(_, transfer) => transfer.operation(),
            Self::StartRecording(_) => Operation::StartRecording,
            Self::PauseRecording(_) => Operation::PauseRecording,
            Self::ResumeRecording(_) => Operation::ResumeRecording,
            Self::StopRecording(_) => Operation::StopRecording,
        }
    }

    /// Which call it is about, by the provider's id.
    #[must_use]
    pub const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Answer(call)
            | Self::Reject(call)
            | Self::HangUp(call)
            | Self::Mute(call)
            | Self::Unmute(call)
            | Self::Hold(call)
            | Self::Resume(call)
            | Self::SendDigits(call, _)
            | Self::Transfer(call, _)
            | Self::StartRecording(call)
            | Self::PauseRecording(call)
            | Self::ResumeRecording(call)
            | Self::StopRecording(call) => Some(call),
            Self::SignIn(_)
            | Self::SignOut
            | Self::SetAvailability(_)
            | Self::CallerIds
            | Self::ActiveCalls
            | Self::Dial(_) => None,
        }
    }
}
