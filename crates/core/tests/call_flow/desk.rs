//! A flow with a line that is a real (mock) network and a CRM that records what it is told.

use cordboard::call_flow::{Action, CallFlow, Command, FlowConfig, Intent, Notice, Output, Reply, TrackedCall};
use cordboard::protocol::{
    CallReference, DialNumber, EngagementId, ExternalCallId, HostMessage, Request, Sensitive, SessionEvent, Sync,
    SyncContext, WidgetMessage,
};
use cordboard::telephony::{CallId, CallState, Capabilities, Credentials, DialPolicy, Error, PhoneNumber};
use cordboard::{Timestamp, Value};
use cordboard_mock::{Fault, MockAgent, MockConfig, Network, numbers};
use std::time::Duration;

pub(crate) struct Desk {
    pub(crate) flow: CallFlow,
    pub(crate) network: Network,
    pub(crate) now: Timestamp,
    pub(crate) crm: Vec<WidgetMessage>,
    pub(crate) notices: Vec<Notice>,
    /// Whether the CRM answers what it is asked.
    pub(crate) crm_answers: bool,
    agent: Option<MockAgent>,
    engagements: u32,
    pages: u64,
}

impl Desk {
    /// Signed in, with a CRM.
    pub(crate) fn new() -> Self {
        let mut desk = Self::without_crm(Capabilities::all());
        desk.crm_ready(None);
        desk
    }

    pub(crate) fn without_crm(capabilities: Capabilities) -> Self {
        let network = Network::new(MockConfig { capabilities, ..MockConfig::default() });
        let mut desk = Self {
            flow: CallFlow::new(config(capabilities, 1)),
            network,
            now: Timestamp::from_millis(1_700_000_000_000),
            crm: Vec::new(),
            notices: Vec::new(),
            crm_answers: true,
            agent: None,
            engagements: 0,
            pages: 1,
        };
        desk.intend(Intent::SignIn(Credentials::None));
        desk
    }

    /// The page is loaded again: another flow over the same network, which goes on meanwhile.
    pub(crate) fn reload(&mut self) {
        let saved: Value = self.flow.save();
        self.pages += 1;
        self.flow = CallFlow::new(config(self.network.config().capabilities, self.pages));
        self.flow.restore(&saved);
        self.agent = None;
    }

    pub(crate) fn sign_in(&mut self) {
        self.intend(Intent::SignIn(Credentials::None));
    }

    pub(crate) fn crm_ready(&mut self, engagement: Option<&str>) {
        let context = SyncContext { engagement_id: engagement.map(EngagementId::from), ..SyncContext::default() };
        self.session(SessionEvent::Ready(Sync { message_id: "host_1".to_owned(), host_url: None, context }));
    }

    pub(crate) fn session(&mut self, event: SessionEvent) {
        self.flow.handle_session(self.now, event);
        self.settle();
    }

    pub(crate) fn host(&mut self, message: HostMessage) {
        self.session(SessionEvent::Message(message));
    }

    pub(crate) fn host_dials(&mut self, number: &str) {
        let dial = DialNumber {
            phone_number: Sensitive::from(number),
            portal_id: None,
            owner_id: None,
            subject_id: None,
            object_id: None,
            object_type: None,
            country_code: None,
            callee_info: None,
            start_timestamp: None,
            to_phone_number_src: None,
            thread_id: None,
        };
        self.host(HostMessage::DialNumber(dial));
    }

    pub(crate) fn host_ends_call(&mut self) {
        self.host(HostMessage::EndCall(CallReference::default()));
    }

    pub(crate) fn intend(&mut self, intent: Intent) {
        self.flow.handle_intent(self.now, intent);
        self.settle();
    }

    pub(crate) fn dial(&mut self, number: &str) {
        self.intend(Intent::Dial(number.to_owned()));
    }

    /// Does something with the last call.
    pub(crate) fn act(&mut self, action: Action) {
        if let Some(id) = self.flow.calls().last().map(|call| call.id.clone()) {
            self.intend(Intent::Act(id, action));
        }
    }

    pub(crate) fn incoming(&mut self) -> Option<CallId> {
        let from = PhoneNumber::from_e164("+16175550199").ok();
        let to = PhoneNumber::from_e164(numbers::SALES).expect("a number of the table");
        let call = self.network.incoming(self.now, from, &to);
        self.settle();
        call
    }

    pub(crate) fn inject(&mut self, fault: Fault) {
        self.network.inject(self.now, fault);
        self.settle();
    }

    /// Lets time pass, step by step.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let due = [self.network.poll_timeout(), self.flow.poll_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.network.advance(self.now);
            self.flow.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
        self.network.advance(end);
        self.flow.handle_timeout(end);
        self.settle();
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.wait(Duration::from_secs(seconds));
    }

    pub(crate) fn call(&self) -> &TrackedCall {
        self.flow.calls().last().expect("a call")
    }

    pub(crate) fn state(&self) -> CallState {
        self.call().state()
    }

    /// The types of the messages that the CRM got since the last time, without the signing in.
    pub(crate) fn told(&mut self) -> Vec<&'static str> {
        let types = self.crm.iter().map(WidgetMessage::message_type);
        let told = types.filter(|name| !matches!(*name, "INITIALIZED" | "LOGGED_IN" | "USER_AVAILABLE")).collect();
        self.crm.clear();
        told
    }

    /// Works until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some(output) = self.flow.poll_output() {
                match output {
                    Output::Line(command) => {
                        let reply = self.execute(&command);
                        self.flow.handle_reply(self.now, &command, reply);
                    }
                    Output::Crm(message) => self.crm_hears(message),
                    Output::Notice(notice) => self.notices.push(notice),
                    Output::Ended(_) => {}
                }
            } else if let Some((_, event)) = self.network.poll_output() {
                self.flow.handle_event(self.now, event);
            } else {
                break;
            }
        }
    }

    fn crm_hears(&mut self, message: WidgetMessage) {
        let answer = match &message {
            WidgetMessage::OutgoingCallStarted(call) => self.engage(&call.external_call_id),
            WidgetMessage::IncomingCall(call) => self.engage(&call.external_call_id),
            WidgetMessage::CallCompleted(call) => Some(SessionEvent::EngagementUpdated {
                call: call.external_call_id.clone(),
                engagement: call.engagement_id.clone().unwrap_or_else(|| EngagementId::from("0")),
            }),
            _ => None,
        };
        self.crm.push(message);
        if let Some(answer) = answer.filter(|_| self.crm_answers) {
            self.flow.handle_session(self.now, answer);
        }
    }

    fn engage(&mut self, call: &ExternalCallId) -> Option<SessionEvent> {
        self.engagements += 1;
        let engagement = EngagementId::new(self.engagements.to_string());
        Some(SessionEvent::EngagementCreated { call: call.clone(), engagement })
    }

    pub(crate) fn request_failed(&mut self, request: Request) {
        let call = self.call().id.clone();
        self.session(SessionEvent::RequestFailed { request, call, reason: None });
    }

    /// What an order costs the real line is nothing here: the network answers at once.
    fn execute(&mut self, command: &Command) -> Result<Reply, Error> {
        let (now, agent, network) = (self.now, self.agent, &mut self.network);
        let accepted = |()| Reply::Accepted;
        match command {
            Command::SignIn(credentials) => {
                let agent = network.sign_in(now, MockAgent::Alex, credentials)?;
                self.agent = Some(agent);
                Ok(Reply::SignedIn(cordboard::telephony::Agent { id: agent.id().to_owned(), name: String::new() }))
            }
            Command::SignOut => network.sign_out(now, agent).map(accepted),
            Command::SetAvailability(availability) => network.set_availability(now, agent, *availability).map(accepted),
            Command::CallerIds => network.caller_ids(now, agent).map(Reply::CallerIds),
            Command::ActiveCalls => network.active_calls(now, agent).map(Reply::ActiveCalls),
            Command::Dial(request) => network.dial(now, agent, request.clone()).map(Reply::Dialed),
            Command::SendDigits(call, digits) => network.send_digits(now, agent, call, digits).map(accepted),
            Command::Transfer(call, transfer) => network.transfer(now, agent, call, transfer.clone()).map(accepted),
            command => {
                let call = command.call().expect("every other order is about a call");
                network.act(now, agent, command.operation(), call).map(accepted)
            }
        }
    }
}

fn config(capabilities: Capabilities, seed: u64) -> FlowConfig {
    FlowConfig {
        provider: "mock",
        capabilities,
        home: Some("1".to_owned()),
        policy: DialPolicy::default(),
        seed,
        engagement_wait: Duration::from_secs(5),
    }
}
