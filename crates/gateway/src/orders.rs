//! What agents ask for, by socket or by REST: checked, then handed to their line.

use crate::app::App;
use crate::desk::Desk;
use crate::journal::StoreError;
use crate::policy::unavailable;
use crate::sessions::Session;
use crate::wire::{Answer, Order, Refusal, SignedOut, WireCallerId, WireMediaToken};
use cordboard::telephony::{
    Availability, CallId, CallState, DialKey, DialRequest, Digits, Error, ErrorKind, PhoneNumber, Transfer,
};
use futures_util::future::{join, join_all};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest key of a wish to call, and the longest id of a call.
const MAX_NAME: usize = 128;
/// How long whoever signs out waits for journal and calls, of the second that a socket has left then.
const PARTING: Duration = Duration::from_millis(600);

impl App {
    /// Carries out what an agent asks for.
    pub(crate) async fn carry_out(&self, session: &Session, desk: &Desk, order: Order) -> Result<Answer, Refusal> {
        let operation = order.operation();
        let call = order.call().map(CallId::new);
        // First of all, as the contract has it.
        if operation.is_some_and(|operation| !desk.line.capabilities().supports(operation)) {
            return Err(about(Refusal::new(ErrorKind::Unsupported), call.as_ref()));
        }
        let answer = match &call {
            Some(call) => match self.authorise(desk, call).await {
                Ok(()) => self.act(session, desk, order, call).await,
                Err(refusal) => Err(refusal),
            },
            None => self.ask(session, desk, order).await,
        };
        answer.map_err(|refusal| about(refusal, call.as_ref()))
    }

    /// Whether the call is one of the agent's.
    async fn authorise(&self, desk: &Desk, call: &CallId) -> Result<(), Refusal> {
        let stranger = || Refusal::new(ErrorKind::NoSuchCall);
        if call.as_str().len() > MAX_NAME {
            return Err(stranger());
        }
        if self.store.owns(&desk.agent, call).await? {
            return Ok(());
        }
        // The line may have told of it just now.
        desk.flush().await;
        if self.store.owns(&desk.agent, call).await? { Ok(()) } else { Err(stranger()) }
    }

    async fn act(&self, session: &Session, desk: &Desk, order: Order, call: &CallId) -> Result<Answer, Refusal> {
        let line = &desk.line;
        let done = match order {
            Order::Answer { .. } => line.answer(call).await,
            Order::Reject { .. } => line.reject(call).await,
            Order::HangUp { .. } => line.hang_up(call).await,
            Order::Mute { .. } => line.mute(call).await,
            Order::Unmute { .. } => line.unmute(call).await,
            Order::Hold { .. } => line.hold(call).await,
            Order::Resume { .. } => line.resume(call).await,
            Order::SendDigits { digits, .. } => {
                let digits = Digits::parse(&digits)
                    .map_err(|_| Refusal::new(ErrorKind::WrongState).saying("these are no keys"))?;
                line.send_digits(call, &digits).await
            }
            Order::TransferBlind { to, .. } => {
                // It is a call like any other, for which somebody pays.
                let to = self.policy.check(&to)?;
                let key = DialKey::new(format!("transfer/{}", crate::random::name()));
                self.policy.reserve(&self.store, &desk.agent, &key, self.clock.now()).await?;
                line.transfer(call, Transfer::Blind { to }).await
            }
            Order::TransferAttended { consultation, .. } => {
                let consultation = CallId::new(consultation);
                self.authorise(desk, &consultation).await?;
                // The CRM does not hear of consultations, unless the transfer was certainly refused.
                let is_new = self.store.keep_quiet(&consultation, self.clock.now()).await?;
                let done = line.transfer(call, Transfer::Attended { consultation: consultation.clone() }).await;
                if is_new && done.as_ref().is_err_and(|error| error.kind() != ErrorKind::OutcomeUnknown) {
                    self.store.speak_again(&consultation, self.clock.now()).await?;
                }
                done
            }
            Order::StartRecording { .. } => line.start_recording(call).await,
            Order::PauseRecording { .. } => line.pause_recording(call).await,
            Order::ResumeRecording { .. } => line.resume_recording(call).await,
            Order::StopRecording { .. } => line.stop_recording(call).await,
            Order::Log { engagement, .. } => {
                if engagement.is_empty() || engagement.len() > MAX_NAME {
                    return Err(Refusal::new(ErrorKind::NotAllowed).saying("this is no id of a record"));
                }
                self.store.engage(&desk.agent, call, engagement, self.clock.now()).await?;
                return Ok(Answer::Accepted {});
            }
            Order::SetAvailability { .. }
            | Order::CallerIds
            | Order::Dial { .. }
            | Order::ActiveCalls
            | Order::MediaToken
            | Order::SignOut => return self.ask(session, desk, order).await,
        };
        done.map_err(failed)?;
        Ok(Answer::Accepted {})
    }

    /// What is about no call that there is.
    async fn ask(&self, session: &Session, desk: &Desk, order: Order) -> Result<Answer, Refusal> {
        match order {
            Order::SetAvailability { available } => {
                let availability = if available { Availability::Available } else { Availability::Away };
                self.store.set_availability(&desk.agent, availability).await?;
                desk.line.set_availability(availability).await.map_err(failed)?;
                desk.set_availability(availability, self.clock.now());
                Ok(Answer::Accepted {})
            }
            Order::CallerIds => {
                let caller_ids = desk.line.caller_ids().await.map_err(failed)?;
                let caller_ids = caller_ids
                    .into_iter()
                    .map(|id| WireCallerId { number: id.number.as_e164().to_owned(), label: id.label });
                Ok(Answer::CallerIds { caller_ids: caller_ids.collect() })
            }
            Order::Dial { key, to, from } => self.dial(desk, key, &to, from.as_deref()).await,
            Order::ActiveCalls => {
                let mut calls = desk.line.active_calls().await.map_err(failed)?;
                if calls.iter().any(|call| !call.recordings.is_empty()) {
                    // The links that the events told, and not others that are as good.
                    desk.flush().await;
                    let told = self.store.unended(&desk.agent).await?;
                    self.links.put_into_calls(&mut calls, &told);
                }
                Ok(Answer::calls(&calls))
            }
            Order::MediaToken => {
                let token = self.backend.media_token(&desk.agent, self.clock.now()).await.map_err(failed)?;
                Ok(Answer::MediaToken { media_token: token.map(WireMediaToken::from) })
            }
            Order::SignOut => {
                let Left { ended, .. } = self.sign_out(session, false).await;
                ended.map(|()| Answer::Accepted {})
            }
            // Everything else names a call.
            _ => Err(Refusal::new(ErrorKind::NoSuchCall)),
        }
    }

    async fn dial(&self, desk: &Desk, key: String, to: &str, from: Option<&str>) -> Result<Answer, Refusal> {
        if key.is_empty() || key.len() > MAX_NAME {
            return Err(Refusal::new(ErrorKind::NotAllowed).saying("a wish to call must have a key of 1 to 128 bytes"));
        }
        let key = DialKey::new(key);
        let _one_at_a_time = desk.dialling.lock().await;
        // The same key is the same call, whatever has become of it, and whatever the rules say by now.
        if let Some(call) = self.store.call_of(&desk.agent, &key).await? {
            return Ok(Answer::Dialled { call: call.as_str().to_owned() });
        }
        let to = self.policy.check(to)?;
        let from = match from {
            Some(from) => Some(self.own_number(desk, from).await?),
            None => None,
        };
        // A key that is known began something: whether there is a call, the line says.
        if !self.store.knows_dial(&desk.agent, &key).await? {
            let active = desk.line.active_calls().await.map_err(failed)?;
            let is_live = active.iter().filter(|call| !matches!(call.state, CallState::Ended(_))).count();
            if is_live >= self.policy.calls_at_once() {
                return Err(Refusal::new(ErrorKind::TooManyCalls));
            }
        }
        self.policy.reserve(&self.store, &desk.agent, &key, self.clock.now()).await?;
        let call = desk.line.dial(DialRequest { key, to, from }).await.map_err(failed)?;
        // So that who hears of the call can order something of it, and so that it is known after a crash.
        if !desk.flush().await {
            return Err(Refusal::new(ErrorKind::OutcomeUnknown));
        }
        Ok(Answer::Dialled { call: call.as_str().to_owned() })
    }

    /// A number that the account may show.
    async fn own_number(&self, desk: &Desk, from: &str) -> Result<PhoneNumber, Refusal> {
        let number = PhoneNumber::from_e164(from).map_err(|_| Refusal::new(ErrorKind::InvalidNumber))?;
        let own = desk.line.caller_ids().await.map_err(failed)?;
        if own.iter().any(|id| id.number == number) {
            return Ok(number);
        }
        Err(Refusal::new(ErrorKind::NotAllowed).saying("the account does not have the number to be shown"))
    }

    /// Signs an agent out: here at once, whatever journal and line say to it, and they have little time for that.
    pub(crate) async fn sign_out(&self, session: &Session, everywhere: bool) -> Left {
        let ended = async {
            match everywhere {
                true => self.sessions.end_all(&session.agent, SignedOut::Revoked).await,
                false => self.sessions.end(session, SignedOut::Revoked).await.is_ok(),
            }
        };
        let parted = async { self.part(&*self.desk(&session.agent).await?).await };
        // The session comes first: nobody is let in by it from now on.
        let (ended, parted) = join(timeout(PARTING, ended), timeout(PARTING, parted)).await;
        Left {
            ended: if ended.unwrap_or(false) { Ok(()) } else { Err(Refusal::new(ErrorKind::OutcomeUnknown)) },
            // Calls that take longer end without us.
            parted: parted.unwrap_or(Ok(())),
        }
    }

    /// Ends an agent's calls as if they had hung up, because they sign out.
    async fn part(&self, desk: &Desk) -> Result<(), Refusal> {
        let mut news = desk.feed.watch();
        let hung_up = async {
            let calls = desk.line.active_calls().await?;
            for hung_up in join_all(calls.iter().map(|call| desk.line.hang_up(&call.id))).await {
                match hung_up {
                    Err(error) if error.kind() != ErrorKind::NoSuchCall => return Err(error),
                    _ => {}
                }
            }
            // Some lines hear later that a call is over.
            while !desk.line.active_calls().await?.is_empty() {
                news.changed().await;
            }
            Ok::<(), Error>(())
        };
        let left = async {
            if crate::desk::takes_inbound(&*desk.line) {
                desk.set_availability(Availability::Away, self.clock.now());
                self.store.set_availability(&desk.agent, Availability::Away).await?;
                desk.line.set_availability(Availability::Away).await.map_err(failed)?;
            }
            Ok(())
        };
        let (hung_up, left) = join(hung_up, left).await;
        hung_up.map_err(failed)?;
        desk.flush().await;
        left
    }

    /// The place of an agent.
    pub(crate) async fn desk(&self, agent: &cordboard::telephony::AgentId) -> Result<Arc<Desk>, Refusal> {
        Ok(self.desks.of(agent).await?)
    }
}

/// What became of an agent who signed out.
pub(crate) struct Left {
    /// Whether the journal knows. If not, the session may come back with its refresh token after a restart, which the agent has to know.
    pub(crate) ended: Result<(), Refusal>,
    /// Whether their calls were hung up.
    pub(crate) parted: Result<(), Refusal>,
}

/// What the agent is told, and what the operator can read.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: Error) -> Refusal {
    if !matches!(error.kind(), ErrorKind::WrongState | ErrorKind::NoSuchCall | ErrorKind::TooManyCalls) {
        tracing::info!(
            operation = ?error.operation(), kind = ?error.kind(), code = error.provider_code(), "a line refused an order"
        );
    }
    Refusal::from(&error)
}

fn about(refusal: Refusal, call: Option<&CallId>) -> Refusal {
    match call {
        Some(call) if refusal.call.is_none() => refusal.about(call),
        _ => refusal,
    }
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        // The journal has logged why.
        unavailable()
    }
}
