use crate::config::{MockAgent, MockConfig};
use crate::error::refused;
use crate::fault::Fault;
use crate::numbers::{Outcome, Script};
use cordboard::Timestamp;
use cordboard::telephony::{
    Availability, Call, CallEventKind, CallId, CallState, CallerId, Credentials, DialKey, DialRequest, Digits,
    Direction, EndReason, Error, ErrorKind, Event, Operation, PhoneNumber, Recording, RecordingRef, SignInMethod,
    Transfer,
};
use core::time::Duration;

/// The most calls that one agent can have.
pub(crate) const MAX_CALLS: usize = 6;
/// The most dial keys that are remembered for an agent.
pub(crate) const MAX_KEYS: usize = 64;
/// The most calls that can be planned, and the most that can be waiting in each queue of the network.
pub(crate) const MAX_WAITING: usize = 256;

const RING_DELAY: Duration = Duration::from_millis(200);
pub(crate) const RING_TIME: Duration = Duration::from_secs(30);
const TRANSFER_TIME: Duration = Duration::from_millis(800);
const ECHO_DELAY: Duration = Duration::from_millis(150);

/// The network, without I/O: it is told the time and the orders, and is asked for events.
///
/// Hand in orders and the far ends' doings, then take events with [`poll_output`](Self::poll_output) until there are none, and
/// call [`advance`](Self::advance) at the time that [`poll_timeout`](Self::poll_timeout) gives.
#[derive(Debug)]
pub struct Network {
    pub(crate) config: MockConfig,
    pub(crate) now: Timestamp,
    pub(crate) seats: [Seat; 2],
    pub(crate) legs: Vec<Leg>,
    /// By time; equal times in the order in which they were set.
    pub(crate) timers: Vec<Timer>,
    pub(crate) calls: u32,
    pub(crate) random: u32,
    pub(crate) faults: Vec<Fault>,
    pub(crate) outputs: Vec<(MockAgent, Event)>,
    pub(crate) held_until: Timestamp,
    pub(crate) duplicate: bool,
    pub(crate) lost: bool,
}

/// What the network knows about an agent.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    pub(crate) signed_in: bool,
    pub(crate) availability: Availability,
    pub(crate) dialled: Vec<(DialKey, CallId)>,
    pub(crate) missed: u64,
}

/// One agent's end of a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) agent: MockAgent,
    pub(crate) call: Call,
    pub(crate) far: FarEnd,
}

/// Who an agent is connected with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FarEnd {
    /// Somebody outside.
    Number(Option<PhoneNumber>),
    /// Another agent's leg.
    Leg(CallId),
}

#[derive(Debug)]
pub(crate) struct Timer {
    pub(crate) at: Timestamp,
    pub(crate) step: Step,
}

/// What happens by itself at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Ring(CallId),
    Answer(CallId),
    End(CallId, EndReason),
    Press(CallId, Digits),
    Transfer(CallId, PhoneNumber),
    CallIn { from: Option<PhoneNumber>, to: PhoneNumber },
    Restore,
}

impl Step {
    pub(crate) fn call(&self) -> Option<&CallId> {
        match self {
            Self::Ring(call) | Self::Answer(call) | Self::End(call, _) => Some(call),
            Self::Press(call, _) | Self::Transfer(call, _) => Some(call),
            Self::CallIn { .. } | Self::Restore => None,
        }
    }
}

/// What an agent has the network do, where nothing but its acceptance is the answer.
pub(crate) enum Order<'a> {
    SignOut,
    SetAvailability(Availability),
    /// One that says nothing but what to do.
    Act(Operation, &'a CallId),
    SendDigits(&'a CallId, &'a Digits),
    Transfer(&'a CallId, Transfer),
}

impl<'a> Order<'a> {
    const fn operation(&self) -> Operation {
        match self {
            Self::SignOut => Operation::SignOut,
            Self::SetAvailability(_) => Operation::SetAvailability,
            Self::Act(operation, _) => *operation,
            Self::SendDigits(..) => Operation::SendDigits,
            Self::Transfer(_, transfer) => transfer.operation(),
        }
    }

    pub(crate) const fn call(&self) -> Option<&'a CallId> {
        match self {
            Self::SignOut | Self::SetAvailability(_) => None,
            Self::Act(_, call) | Self::SendDigits(call, _) | Self::Transfer(call, _) => Some(call),
        }
    }
}

impl Network {
    /// A network where nobody is signed in.
    #[must_use]
    pub fn new(config: MockConfig) -> Self {
        Self {
            // The generator stands still at zero.
            random: config.seed.max(1),
            config,
            now: Timestamp::default(),
            seats: Default::default(),
            legs: Vec::new(),
            timers: Vec::new(),
            calls: 0,
            faults: Vec::new(),
            outputs: Vec::new(),
            held_until: Timestamp::default(),
            duplicate: false,
            lost: false,
        }
    }

    /// How it was set up.
    #[must_use]
    pub const fn config(&self) -> &MockConfig {
        &self.config
    }

    /// Lets everything happen that is due.
    pub fn advance(&mut self, now: Timestamp) {
        while self.timers.first().is_some_and(|timer| timer.at <= now) {
            let timer = self.timers.remove(0);
            self.now = self.now.max(timer.at);
            self.step(timer.step);
        }
        self.now = self.now.max(now);
    }

    /// When to call [`advance`](Self::advance) next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let due = self.timers.first().map(|timer| timer.at);
        if self.outputs.is_empty() {
            return due;
        }
        Some(due.map_or(self.held_until, |due| due.min(self.held_until)))
    }

    /// The next event, and the agent whose lines are to hear it.
    pub fn poll_output(&mut self) -> Option<(MockAgent, Event)> {
        if self.now < self.held_until && self.outputs.len() < MAX_WAITING {
            return None;
        }
        if self.duplicate {
            self.duplicate = false;
            return self.outputs.first().cloned();
        }
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// How long an order is on its way, to a number or about a call.
    #[must_use]
    pub fn latency(&self, to: Option<&PhoneNumber>, call: Option<&CallId>) -> Duration {
        let remote = call.and_then(|call| self.leg(call)?.call.remote.as_ref());
        let script = Script::of(to.or(remote), 0);
        self.config.latency + Duration::from_millis(script.latency.into())
    }

    /// Signs an agent in: `own` if the line needs no name, and again if their session still runs.
    ///
    /// # Errors
    /// When the credentials are wrong.
    pub fn sign_in(&mut self, now: Timestamp, own: MockAgent, credentials: &Credentials) -> Result<MockAgent, Error> {
        self.advance(now);
        let agent = match (self.config.capabilities.sign_in(), credentials) {
            (SignInMethod::None | SignInMethod::Redirect, _)
            | (SignInMethod::PasswordOrRedirect, Credentials::Redirect) => Some(own),
            (_, Credentials::None) => self.seat(own).signed_in.then_some(own),
            (_, Credentials::Password { name, password }) => {
                MockAgent::named(name).filter(|_| password == MockAgent::PASSWORD)
            }
            (SignInMethod::Password, Credentials::Redirect) => None,
        };
        let reply = self.take_fault(Operation::SignIn, None)?;
        let agent = agent.ok_or_else(|| refused(ErrorKind::BadCredentials, Operation::SignIn, None))?;
        self.seat(agent).signed_in = true;
        reply.map(|()| agent)
    }

    /// Signs an agent out and ends their calls.
    ///
    /// # Errors
    /// When a fault was injected.
    pub fn sign_out(&mut self, now: Timestamp, agent: Option<MockAgent>) -> Result<(), Error> {
        self.advance(now);
        let Some(agent) = agent.filter(|agent| self.seat(*agent).signed_in) else { return Ok(()) };
        let reply = self.take_fault(Operation::SignOut, None)?;
        while let Some(leg) = self.legs.iter().find(|leg| leg.agent == agent) {
            let call = leg.call.id.clone();
            self.hang_up(&call);
        }
        let seat = self.seat(agent);
        seat.signed_in = false;
        seat.availability = Availability::Away;
        reply
    }

    /// Says whether an agent takes inbound calls.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn set_availability(
        &mut self,
        now: Timestamp,
        agent: Option<MockAgent>,
        availability: Availability,
    ) -> Result<(), Error> {
        self.accept(now, agent, Order::SetAvailability(availability))
    }

    /// The numbers that an agent may show.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn caller_ids(&mut self, now: Timestamp, agent: Option<MockAgent>) -> Result<Vec<CallerId>, Error> {
        let (agent, reply) = self.admit(now, agent, Operation::CallerIds, None)?;
        reply.map(|()| agent.caller_ids())
    }

    /// An agent's calls.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn active_calls(&mut self, now: Timestamp, agent: Option<MockAgent>) -> Result<Vec<Call>, Error> {
        let (agent, reply) = self.admit(now, agent, Operation::ActiveCalls, None)?;
        let mut calls = Vec::new();
        for leg in self.legs_of(agent) {
            calls.push(leg.call.clone());
        }
        reply.map(|()| calls)
    }

    /// Calls a number.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn dial(&mut self, now: Timestamp, agent: Option<MockAgent>, request: DialRequest) -> Result<CallId, Error> {
        let (agent, reply) = self.admit(now, agent, Operation::Dial, None)?;
        let call = self.place(agent, request).map_err(|kind| refused(kind, Operation::Dial, None))?;
        reply.map(|()| call)
    }

    /// Carries out an order about a call that says nothing but what to do.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn act(
        &mut self,
        now: Timestamp,
        agent: Option<MockAgent>,
        operation: Operation,
        call: &CallId,
    ) -> Result<(), Error> {
        self.accept(now, agent, Order::Act(operation, call))
    }

    /// Presses keys.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn send_digits(
        &mut self,
        now: Timestamp,
        agent: Option<MockAgent>,
        call: &CallId,
        digits: &Digits,
    ) -> Result<(), Error> {
        self.accept(now, agent, Order::SendDigits(call, digits))
    }

    /// Hands a call over.
    ///
    /// # Errors
    /// As [`Telephony`](cordboard::telephony::Telephony) says.
    pub fn transfer(
        &mut self,
        now: Timestamp,
        agent: Option<MockAgent>,
        call: &CallId,
        transfer: Transfer,
    ) -> Result<(), Error> {
        self.accept(now, agent, Order::Transfer(call, transfer))
    }

    /// Checks in the order of the contract, then carries out.
    pub(crate) fn accept(&mut self, now: Timestamp, agent: Option<MockAgent>, order: Order<'_>) -> Result<(), Error> {
        let (operation, call) = (order.operation(), order.call());
        if operation == Operation::SignOut {
            return self.sign_out(now, agent);
        }
        let (agent, reply) = self.admit(now, agent, operation, call)?;
        self.carry_out(agent, order).map_err(|kind| refused(kind, operation, call))?;
        reply
    }

    /// The agent who gives an order, and whether its reply gets lost.
    fn admit(
        &mut self,
        now: Timestamp,
        agent: Option<MockAgent>,
        operation: Operation,
        call: Option<&CallId>,
    ) -> Result<(MockAgent, Result<(), Error>), Error> {
        self.advance(now);
        if !self.config.capabilities.supports(operation) {
            return Err(refused(ErrorKind::Unsupported, operation, call));
        }
        let Some(agent) = agent.filter(|agent| self.seat(*agent).signed_in) else {
            return Err(refused(ErrorKind::NotSignedIn, operation, call));
        };
        Ok((agent, self.take_fault(operation, call)?))
    }

    /// What goes wrong now: with the order, or (inside `Ok`) with its reply.
    fn take_fault(&mut self, operation: Operation, call: Option<&CallId>) -> Result<Result<(), Error>, Error> {
        if self.lost {
            return Err(refused(ErrorKind::Unreachable, operation, call));
        }
        if self.faults.is_empty() {
            return Ok(Ok(()));
        }
        let fault = self.faults.remove(0);
        let kind = if let Fault::Refuse(kind) = fault { kind } else { ErrorKind::OutcomeUnknown };
        let error = refused(kind, operation, call);
        if matches!(fault, Fault::LoseReply) { Ok(Err(error)) } else { Err(error) }
    }

    fn place(&mut self, agent: MockAgent, request: DialRequest) -> Result<CallId, ErrorKind> {
        let DialRequest { key, to, from } = request;
        if let Some((_, call)) = self.seat(agent).dialled.iter().find(|(dialled, _)| *dialled == key) {
            return Ok(call.clone());
        }
        if !self.has_room(agent) {
            return Err(ErrorKind::TooManyCalls);
        }
        let shown = |caller_id: &CallerId| from.as_ref().is_none_or(|from| caller_id.number == *from);
        let shown = agent.caller_ids().into_iter().find(shown).ok_or(ErrorKind::NotAllowed)?.number;
        let patience = self.draw_patience();
        let script = Script::of(Some(&to), patience);
        if let Outcome::Refuses(kind) = script.outcome {
            return Err(kind);
        }
        let callee = self.callee(&to, Some(agent));
        let far = FarEnd::Number(Some(to.clone()));
        let local = Some(shown.clone());
        let call = self.start(agent, Direction::Outbound, Some(to.clone()), local, Some(key.clone()), far);
        let dialled = &mut self.seat(agent).dialled;
        if dialled.len() == MAX_KEYS {
            dialled.remove(0);
        }
        dialled.push((key, call.clone()));
        match callee {
            Some(Ok(other)) => {
                let far = FarEnd::Leg(call.clone());
                let inbound = self.start(other, Direction::Inbound, Some(shown), Some(to), None, far);
                self.connect_to(&call, FarEnd::Leg(inbound));
                self.later(RING_DELAY, Step::Ring(call.clone()));
                self.later(RING_TIME, Step::End(call.clone(), EndReason::NoAnswer));
            }
            Some(Err(reason)) => self.later(RING_DELAY, Step::End(call.clone(), reason)),
            None => {
                if let Some(rings) = script.rings {
                    self.later(Duration::from_millis(rings.into()), Step::Ring(call.clone()));
                }
                let step = match script.outcome {
                    Outcome::Ends(reason) => Step::End(call.clone(), reason),
                    Outcome::Answers | Outcome::Refuses(_) => Step::Answer(call.clone()),
                };
                self.later(Duration::from_millis(script.settles.into()), step);
            }
        }
        Ok(call)
    }

    fn carry_out(&mut self, agent: MockAgent, order: Order<'_>) -> Result<(), ErrorKind> {
        match order {
            Order::SignOut => {}
            Order::SetAvailability(availability) => self.seat(agent).availability = availability,
            Order::Act(operation, call) => return self.change(agent, operation, call),
            Order::SendDigits(call, digits) => match self.established(agent, call)?.far.clone() {
                FarEnd::Leg(peer) => self.tell(&peer, CallEventKind::DigitsReceived(digits.clone())),
                FarEnd::Number(number) if Script::of(number.as_ref(), 0).echoes => {
                    self.later(ECHO_DELAY, Step::Press(call.clone(), digits.clone()));
                }
                FarEnd::Number(_) => {}
            },
            Order::Transfer(call, transfer) => {
                let far = self.established(agent, call)?.far.clone();
                match transfer {
                    Transfer::Blind { to } => self.later(TRANSFER_TIME, Step::Transfer(call.clone(), to)),
                    Transfer::Attended { consultation } if consultation == *call => return Err(ErrorKind::WrongState),
                    Transfer::Attended { consultation } => {
                        let other = self.established(agent, &consultation)?.far.clone();
                        self.join(far, other);
                        self.leave(call);
                        self.leave(&consultation);
                    }
                }
            }
        }
        Ok(())
    }

    fn change(&mut self, agent: MockAgent, operation: Operation, id: &CallId) -> Result<(), ErrorKind> {
        let Some(call) = self.legs_of(agent).map(|leg| &leg.call).find(|call| call.id == *id) else {
            // One that is over: both sides may have hung up at once.
            let over = operation == Operation::HangUp && self.leg(id).is_none() && self.has_issued(id);
            return if over { Ok(()) } else { Err(ErrorKind::NoSuchCall) };
        };
        let rings_here = call.state == CallState::Ringing && call.direction == Direction::Inbound;
        match operation {
            Operation::HangUp => self.hang_up(id),
            Operation::Answer if rings_here => self.connect(id),
            Operation::Reject if rings_here => self.end(id, EndReason::Rejected),
            _ if !call.state.is_established() => return Err(ErrorKind::WrongState),
            _ => {
                if let Some(news) = news(operation, call)? {
                    self.tell(id, news);
                }
            }
        }
        Ok(())
    }
}

/// What an order changes in a call in which people talk; nothing if the call is there already.
fn news(operation: Operation, call: &Call) -> Result<Option<CallEventKind>, ErrorKind> {
    let on_hold = call.state == CallState::OnHold;
    Ok(match (operation, call.recording) {
        (Operation::Mute, _) => (!call.muted).then_some(CallEventKind::Muted),
        (Operation::Unmute, _) => call.muted.then_some(CallEventKind::Unmuted),
        (Operation::Hold, _) => (!on_hold).then_some(CallEventKind::Held),
        (Operation::Resume, _) => on_hold.then_some(CallEventKind::Resumed),
        (Operation::StartRecording, Recording::Off) => {
            let number = (call.recordings.len() as u64 + 1).to_string();
            let name = RecordingRef::new([call.id.as_str(), ".", &number].concat());
            Some(CallEventKind::RecordingStarted(Some(name)))
        }
        (Operation::PauseRecording, Recording::On) => Some(CallEventKind::RecordingPaused),
        (Operation::ResumeRecording, Recording::Paused) => Some(CallEventKind::RecordingResumed),
        (Operation::StopRecording, Recording::On | Recording::Paused) => Some(CallEventKind::RecordingStopped),
        (Operation::StartRecording | Operation::ResumeRecording, Recording::On)
        | (Operation::PauseRecording, Recording::Paused)
        | (Operation::StopRecording, Recording::Off) => None,
        _ => return Err(ErrorKind::WrongState),
    })
}
