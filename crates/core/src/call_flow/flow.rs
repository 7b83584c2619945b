use super::command::{Command, Reply};
use super::notice::Notice;
use super::tracked::TrackedCall;
use crate::Timestamp;
use crate::protocol::{ExternalCallId, Sync, WidgetMessage};
use crate::queue::Queue;
use crate::telephony::{
    Agent, Availability, Call, CallEvent, CallEventKind, CallId, CallState, CallerId, Capabilities, Connection,
    Credentials, DialKey, DialPolicy, Direction, EndReason, Error, ErrorKind, Event, Operation, Recording,
};
use core::time::Duration;

/// How many calls are remembered as done with.
pub(super) const MAX_DONE: usize = 32;

/// What a flow is told once.
#[derive(Clone, Debug)]
pub struct FlowConfig {
    /// The provider's short name, part of every external id.
    pub provider: &'static str,
    /// What the line can do.
    pub capabilities: Capabilities,
    /// The calling code that a number without one is taken for, such as `"1"`.
    pub home: Option<String>,
    /// What may be dialled.
    pub policy: DialPolicy,
    /// Makes the ids of this page differ from those of any other: random.
    pub seed: u64,
    /// How long the end of a call waits for its engagement, before the CRM is told of it without.
    pub engagement_wait: Duration,
}

/// What the flow wants done.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "taken out at once, never kept in numbers; on wasm it is not that large")]
pub enum Output {
    /// An order to the line. Its answer goes to [`CallFlow::handle_reply`].
    Line(Command),
    /// A message to the CRM, in order.
    Crm(WidgetMessage),
    /// Something to tell the user.
    Notice(Notice),
    /// A call is over; the flow still has it, for its notes.
    Ended(ExternalCallId),
}

/// The machine; see the [module](super).
#[derive(Debug)]
pub struct CallFlow {
    pub(super) config: FlowConfig,
    pub(super) calls: Vec<TrackedCall>,
    pub(super) agent: Option<Agent>,
    pub(super) signing_in: bool,
    pub(super) availability: Availability,
    pub(super) caller_ids: Vec<CallerId>,
    pub(super) caller_id: Option<CallerId>,
    pub(super) connection: Connection,
    pub(super) sync: Option<Sync>,
    pub(super) next_call: u32,
    /// The calls that are done with: a late event must not begin them again.
    pub(super) done: Vec<ExternalCallId>,
    outputs: Queue<Output>,
}

impl CallFlow {
    /// A flow without calls.
    #[must_use]
    pub fn new(config: FlowConfig) -> Self {
        Self {
            config,
            calls: Vec::new(),
            agent: None,
            signing_in: false,
            availability: Availability::Available,
            caller_ids: Vec::new(),
            caller_id: None,
            connection: Connection::Good,
            sync: None,
            next_call: 0,
            done: Vec::new(),
            outputs: Queue::new(),
        }
    }

    /// The calls that go on or still have notes to save, oldest first.
    #[must_use]
    pub fn calls(&self) -> &[TrackedCall] {
        &self.calls
    }

    /// The call of that id.
    #[must_use]
    pub fn call(&self, id: &ExternalCallId) -> Option<&TrackedCall> {
        self.calls.iter().find(|call| call.id == *id)
    }

    /// Who is signed in.
    #[must_use]
    pub const fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }

    /// Whether the line is asked to sign an agent in.
    #[must_use]
    pub const fn is_signing_in(&self) -> bool {
        self.signing_in
    }

    /// Whether the agent takes inbound calls, as last chosen.
    #[must_use]
    pub const fn availability(&self) -> Availability {
        self.availability
    }

    /// The numbers that may be shown.
    #[must_use]
    pub fn caller_ids(&self) -> &[CallerId] {
        &self.caller_ids
    }

    /// The number that is shown to the parties called.
    #[must_use]
    pub fn caller_id(&self) -> Option<&CallerId> {
        self.caller_id.as_ref().or_else(|| self.caller_ids.first())
    }

    /// The state of the line to the provider.
    #[must_use]
    pub const fn connection(&self) -> Connection {
        self.connection
    }

    /// What the line can do.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.config.capabilities
    }

    /// Takes what the line can do now: it may know only after somebody signed in, or tried to.
    pub const fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.config.capabilities = capabilities;
    }

    /// The calling code that a number without one is taken for.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        self.config.home.as_deref()
    }

    /// Whether the CRM is there, and what it said of itself.
    #[must_use]
    pub const fn crm(&self) -> Option<&Sync> {
        self.sync.as_ref()
    }

    /// The next thing to do, if any.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.calls.iter().filter_map(|call| call.deadline).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.tell_crm(now);
    }

    /// Takes an event of the line.
    pub fn handle_event(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Call(event) => self.handle_call_event(now, event),
            Event::Connection(connection) => {
                self.connection = connection;
                if connection == Connection::Restored {
                    self.read_active_calls();
                }
            }
            Event::SignedOut(reason) => {
                self.signed_out();
                self.notify(Notice::SignedOut(reason));
            }
            Event::Lagged { .. } => self.read_active_calls(),
        }
    }

    fn handle_call_event(&mut self, now: Timestamp, event: CallEvent) {
        let CallEvent { call, kind, .. } = &event;
        if let CallEventKind::Started(call) = kind {
            self.take_line(call);
            self.tell_crm(now);
            return;
        }
        let Some(tracked) = self.by_line_mut(call) else {
            // Its beginning was missed, or it was over and done with before.
            if !matches!(kind, CallEventKind::Ended(_)) {
                self.read_active_calls();
            }
            return;
        };
        tracked.fresh = true;
        let Some(line) = &mut tracked.line else { return };
        match line.apply(&event) {
            Ok(false) => {}
            Ok(true) => {
                let id = tracked.id.clone();
                match kind {
                    CallEventKind::TransferFailed => self.notify(Notice::TransferFailed),
                    CallEventKind::Ended(_) => self.ended(&id),
                    _ => {}
                }
                self.tell_crm(now);
            }
            // The line contradicts itself, or this side missed something.
            Err(_) if !line.state.is_ended() => self.read_active_calls(),
            Err(_) => {}
        }
    }

    /// Takes the line's answer to an order.
    pub fn handle_reply(&mut self, now: Timestamp, command: &Command, reply: Result<Reply, Error>) {
        if let Some(tracked) = command.call().and_then(|call| self.by_line_mut(call)) {
            tracked.pending.retain(|pending| *pending != command.operation());
        }
        match (command, reply) {
            (Command::SignIn(_), Ok(Reply::SignedIn(agent))) => self.signed_in(agent),
            (Command::SignIn(credentials), Err(error)) => {
                self.signing_in = false;
                // Without credentials the line was asked whether it remembers anybody: that it doesn't is not news.
                let is_unknown = matches!(error.kind(), ErrorKind::NotSignedIn | ErrorKind::BadCredentials);
                if *credentials != Credentials::None || !is_unknown {
                    self.failed(&error);
                }
            }
            (Command::SignOut, Ok(_)) => self.signed_out(),
            (_, Ok(Reply::CallerIds(caller_ids))) => {
                self.caller_id = self.caller_id.take().filter(|chosen| caller_ids.contains(chosen));
                self.caller_ids = caller_ids;
            }
            (_, Ok(Reply::ActiveCalls(calls))) => self.reconcile(now, calls),
            (Command::Dial(request), Ok(Reply::Dialed(call))) => {
                self.dialed(now, &ExternalCallId::new(request.key.as_str()), call)
            }
            (Command::Dial(request), Err(error)) => {
                self.dial_failed(now, &ExternalCallId::new(request.key.as_str()), &error)
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => {
                if matches!(error.kind(), ErrorKind::NoSuchCall | ErrorKind::WrongState | ErrorKind::OutcomeUnknown) {
                    self.read_active_calls();
                }
                // A call that is over anyway needs no excuse for not being hung up.
                if !(matches!(command, Command::HangUp(_)) && error.kind() == ErrorKind::NoSuchCall) {
                    self.failed(&error);
                }
            }
        }
    }

    fn signed_in(&mut self, agent: Agent) {
        self.signing_in = false;
        self.agent = Some(agent);
        self.connection = Connection::Good;
        self.say(WidgetMessage::LoggedIn);
        self.order(Command::CallerIds);
        self.read_active_calls();
        self.set_availability(self.availability);
    }

    pub(super) fn signed_out(&mut self) {
        self.signing_in = false;
        if self.agent.take().is_some() {
            self.say(WidgetMessage::LoggedOut);
        }
    }

    /// The provider has a call that it says is new, or that this flow did not know.
    fn take_line(&mut self, call: &Call) {
        let known = self.calls.iter_mut().find(|tracked| {
            tracked.line.as_ref().is_some_and(|line| line.id == call.id)
                || call.key.as_ref().is_some_and(|key| key.as_str() == tracked.id.as_str())
        });
        if let Some(tracked) = known {
            tracked.fresh = true;
            tracked.uncertain = false;
            if tracked.line.as_ref().is_none_or(|line| line.sequence < call.sequence) {
                let was_live = tracked.is_live();
                tracked.line = Some(call.clone());
                let (id, give_up) = (tracked.id.clone(), tracked.give_up);
                if was_live && call.state.is_ended() {
                    self.ended(&id);
                } else if give_up && !call.state.is_ended() {
                    self.order(Command::HangUp(call.id.clone()));
                }
            }
            return;
        }
        if call.state.is_ended() {
            return;
        }
        // Begun elsewhere: by a caller, or by this agent in another tab or before a reload.
        let id = match &call.key {
            Some(key) => ExternalCallId::new(key.as_str()),
            None => ExternalCallId::new([self.config.provider, "-", call.id.as_str()].concat()),
        };
        if self.done.contains(&id) {
            return;
        }
        let mut tracked = TrackedCall::new(id, call.direction, call.started_at);
        tracked.remote = call.remote.clone();
        tracked.local = call.local.clone();
        tracked.line = Some(call.clone());
        self.calls.push(tracked);
    }

    fn dialed(&mut self, now: Timestamp, id: &ExternalCallId, call: CallId) {
        let Some(tracked) = self.call_mut(id) else {
            // The user gave up and the dial was written off; it worked after all.
            self.order(Command::HangUp(call));
            return;
        };
        if tracked.line.is_none() {
            let line = Call {
                id: call,
                direction: Direction::Outbound,
                remote: tracked.remote.clone(),
                local: tracked.local.clone(),
                key: Some(DialKey::new(id.as_str())),
                state: CallState::Dialing,
                muted: false,
                recording: Recording::Off,
                recordings: Vec::new(),
                started_at: tracked.began_at,
                connected_at: None,
                ended_at: None,
                // Below the first event's, which then replaces this picture.
                sequence: 0,
            };
            self.take_line(&line);
        }
        self.tell_crm(now);
    }

    fn dial_failed(&mut self, now: Timestamp, id: &ExternalCallId, error: &Error) {
        if error.kind() == ErrorKind::OutcomeUnknown {
            if let Some(tracked) = self.call_mut(id).filter(|tracked| tracked.line.is_none()) {
                tracked.uncertain = true;
                tracked.fresh = false;
                self.order(Command::ActiveCalls);
            }
            return;
        }
        self.forget_dial(now, id, error);
    }

    /// The call was never placed: nothing to log, only to say.
    fn forget_dial(&mut self, now: Timestamp, id: &ExternalCallId, error: &Error) {
        let Some(index) = self.calls.iter().position(|tracked| tracked.id == *id && tracked.line.is_none()) else {
            return;
        };
        let tracked = self.calls.remove(index);
        if tracked.from_crm {
            self.say_error("The call could not be placed.");
        }
        self.failed(error);
        self.tell_crm(now);
    }

    pub(super) fn read_active_calls(&mut self) {
        for call in &mut self.calls {
            call.fresh = false;
        }
        self.order(Command::ActiveCalls);
    }

    /// Compares what this flow knows with what the provider has.
    fn reconcile(&mut self, now: Timestamp, calls: Vec<Call>) {
        for call in &calls {
            self.take_line(call);
        }
        let is_gone = |tracked: &&mut TrackedCall| {
            tracked.is_live()
                && !tracked.fresh
                && (tracked.line.is_some() || tracked.uncertain)
                && !calls.iter().any(|call| tracked.line.as_ref().is_some_and(|line| line.id == call.id))
        };
        // Each that is gone is then ended or forgotten, so it is not found again.
        while let Some(tracked) = self.calls.iter_mut().find(is_gone) {
            let id = tracked.id.clone();
            match &mut tracked.line {
                Some(line) => {
                    // Its end was missed, so how it ended is inferred from how far it had come.
                    let reason = match (line.state.is_established(), line.direction) {
                        (true, _) => EndReason::RemoteHungUp,
                        (false, Direction::Inbound) => EndReason::Missed,
                        (false, Direction::Outbound) => EndReason::NoAnswer,
                    };
                    line.state = CallState::Ended(reason);
                    line.ended_at = Some(now);
                    self.ended(&id);
                }
                None => self.forget_dial(now, &id, &Error::new(ErrorKind::Unreachable, Operation::Dial)),
            }
        }
        self.tell_crm(now);
    }

    fn ended(&mut self, id: &ExternalCallId) {
        if let Some(tracked) = self.call_mut(id) {
            tracked.pending.clear();
        }
        self.push(Output::Ended(id.clone()));
    }

    /// Forgets the calls that `is_done` picks, but for their ids.
    pub(super) fn forget(&mut self, is_done: &dyn Fn(&TrackedCall) -> bool) {
        let done = &mut self.done;
        self.calls.retain(|call| {
            let is_done = is_done(call);
            if is_done {
                if done.len() == MAX_DONE {
                    done.remove(0);
                }
                done.push(call.id.clone());
            }
            !is_done
        });
    }

    pub(super) fn call_mut(&mut self, id: &ExternalCallId) -> Option<&mut TrackedCall> {
        self.calls.iter_mut().find(|tracked| tracked.id == *id)
    }

    pub(super) fn by_line_mut(&mut self, call: &CallId) -> Option<&mut TrackedCall> {
        self.calls.iter_mut().find(|tracked| tracked.line.as_ref().is_some_and(|line| line.id == *call))
    }

    pub(super) fn failed(&mut self, error: &Error) {
        if error.kind() == ErrorKind::NotSignedIn {
            self.signed_out();
        }
        self.notify(Notice::Failed {
            operation: error.operation(),
            kind: error.kind(),
            provider_code: error.provider_code().map(str::to_owned),
        });
    }

    pub(super) fn order(&mut self, command: Command) {
        self.push(Output::Line(command));
    }

    /// Says something to the CRM, if it is there: what it missed, `INITIALIZED` and `tell_crm` tell it later.
    pub(super) fn say(&mut self, message: WidgetMessage) {
        if self.sync.is_some() {
            self.push(Output::Crm(message));
        }
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.push(Output::Notice(notice));
    }

    fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }
}
