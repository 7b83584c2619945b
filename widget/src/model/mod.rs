//! What the widget knows, and how it changes: pure, so that every screen and every way between them can be tested
//! without a browser. The view draws it and sends [`Msg`]s; the app carries out what it wants done.

mod attention;
mod keyboard;
pub(crate) mod recents;
mod screen;
mod settings;
mod typing;

#[cfg(test)]
mod tests;

pub(crate) use keyboard::{toggle_hold, toggle_mute, toggle_recording};
pub use recents::Recent;
pub use screen::{CallScreen, Screen};
pub use settings::{Settings, Theme};
pub(crate) use typing::caret_after;

use cordboard::Timestamp;
use cordboard::call_flow::{Action, CallFlow, Command, FlowConfig, Intent, Notice, Output, Reply, TrackedCall};
use cordboard::protocol::{CallerIdMatch, ExternalCallId, SessionEvent};
use cordboard::telephony::{
    CallState, Connection, Credentials, Digits, Direction, Error, Event, Operation, ProviderInfo, SignInMethod,
    format_typed,
};

/// The longest text that is kept of what is typed as a number.
const MAX_TYPED: usize = 64;

/// What the widget knows.
#[derive(Debug)]
pub struct Model {
    /// The calls, the agent and the CRM.
    pub flow: CallFlow,
    /// Who provides the line.
    pub provider: ProviderInfo,
    /// The outcomes that a call may be given.
    pub outcomes: Vec<Outcome>,
    /// The time, as of the last change.
    pub now: Timestamp,
    /// Whether the first attempt to sign in is over.
    pub started: bool,
    /// Whether the CRM answered.
    pub crm: CrmLink,
    /// Whether there is a network.
    pub online: bool,
    /// The name in the sign-in form.
    pub name: String,
    /// What stands in the number field.
    pub typed: String,
    /// What stands in the transfer field.
    pub transfer_to: String,
    /// The keys pressed during the call, as shown above the keypad.
    pub pressed: String,
    /// What is open over the screen.
    pub panel: Option<Panel>,
    /// How the call is handed over.
    pub transfer_by: TransferBy,
    /// What the user should be told.
    pub notice: Option<Notice>,
    /// The call whose ring the user silenced.
    pub silenced: Option<ExternalCallId>,
    /// The call that goes on when its consultation is over.
    returning_to: Option<ExternalCallId>,
    /// Until when nothing that begins or takes a call is pressed.
    settles_at: Timestamp,
    /// The last calls, newest first.
    pub recents: Vec<Recent>,
    /// What the user chose.
    pub settings: Settings,
}

/// Whether the CRM answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrmLink {
    /// Not yet.
    Waiting,
    /// It did.
    Connected,
    /// Not in 30 seconds. It still may.
    TimedOut,
}

/// What is open over a screen, or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The keys.
    Keypad,
    /// To whom the call goes.
    Transfer,
    /// What the user may choose.
    Settings,
    /// The list of keyboard shortcuts.
    Shortcuts,
}

/// How a call is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferBy {
    /// Talking to the new party first.
    AskingFirst,
    /// At once.
    HandingOver,
}

/// An outcome that a call may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The CRM's id of it.
    pub id: String,
    /// What people read.
    pub label: String,
}

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// The widget is there.
    Start,
    /// Time passed.
    Tick,
    /// The line reports.
    Line(Event),
    /// The line answers.
    Reply(Command, Result<Reply, Error>),
    /// The CRM reports.
    Crm(SessionEvent),
    /// The network went or came.
    Online(bool),
    /// The user wants something of the calls.
    User(Intent),
    /// The user typed into the number field.
    TypeNumber(String),
    /// The user pressed a key of the number keypad.
    PressKey(char),
    /// The user took back the last sign of the number.
    EraseKey,
    /// The user wants to call the number.
    Call,
    /// The user wants to call a number again.
    CallAgain(usize),
    /// The user typed a name to sign in with.
    TypeName(String),
    /// The user signs in.
    SignIn {
        /// The password; empty if the line asks for none.
        password: String,
    },
    /// The user pressed a key during a call.
    PressDigit(char),
    /// The user typed into the transfer field.
    TypeTransfer(String),
    /// The user chose how the call is handed over.
    TransferBy(TransferBy),
    /// The user hands the call over at once.
    TransferNow,
    /// The user wants to talk to the new party first.
    ConsultFirst,
    /// The user ends the consultation and goes on with the call it was for.
    BackToCaller,
    /// The user does not want to hear the ringing.
    Silence,
    /// The user opens a panel, or closes it if it is open.
    Toggle(Panel),
    /// The user closes what is open.
    Close,
    /// The user read the notice.
    DismissNotice,
    /// The user chose.
    Choose(Settings),
    /// The user pressed a key of the keyboard, outside of a text field.
    Key(String),
}

impl Model {
    /// A model without calls.
    #[must_use]
    pub fn new(config: FlowConfig, provider: ProviderInfo, outcomes: Vec<Outcome>, now: Timestamp) -> Self {
        Self {
            flow: CallFlow::new(config),
            provider,
            outcomes,
            now,
            started: false,
            crm: CrmLink::Waiting,
            online: true,
            name: String::new(),
            typed: String::new(),
            transfer_to: String::new(),
            pressed: String::new(),
            panel: None,
            transfer_by: TransferBy::AskingFirst,
            notice: None,
            silenced: None,
            returning_to: None,
            settles_at: now,
            recents: Vec::new(),
            settings: Settings::default(),
        }
    }

    /// Takes what happened. What is to be done about it comes from [`poll_output`](Self::poll_output).
    pub fn update(&mut self, now: Timestamp, msg: Msg) {
        self.now = now;
        if msg.begins_a_call() && !self.is_settled() {
            return;
        }
        let (before, is_asked) = (self.layout(), msg.is_by_user());
        match msg {
            Msg::Start => self.flow.handle_intent(now, Intent::SignIn(Credentials::None)),
            Msg::Tick => self.flow.handle_timeout(now),
            Msg::Line(event) => self.flow.handle_event(now, event),
            Msg::Reply(command, reply) => {
                self.started |= command.operation() == Operation::SignIn;
                self.flow.handle_reply(now, &command, reply);
            }
            Msg::Crm(event) => {
                match event {
                    SessionEvent::Ready(_) | SessionEvent::Reattached(_) => self.crm = CrmLink::Connected,
                    SessionEvent::HandshakeTimedOut => self.crm = CrmLink::TimedOut,
                    _ => {}
                }
                self.flow.handle_session(now, event);
            }
            Msg::Online(online) => self.online = online,
            Msg::User(intent) => self.intend(intent),
            Msg::TypeNumber(text) => self.type_number(&text),
            Msg::PressKey(key) => {
                let text = [self.typed.as_str(), key.encode_utf8(&mut [0; 4])].concat();
                self.type_number(&text);
            }
            Msg::EraseKey => {
                let mut text = self.typed.clone();
                text.pop();
                self.type_number(&text);
            }
            Msg::Call => self.call(),
            Msg::CallAgain(index) => {
                if let Some(number) = self.recents.get(index).and_then(|recent| recent.number.as_ref()) {
                    let number = number.as_e164().to_owned();
                    self.type_number(&number);
                    self.call();
                }
            }
            Msg::TypeName(name) => self.name = name,
            Msg::SignIn { password } => {
                let name = self.name.trim().to_owned();
                self.intend(Intent::SignIn(match self.flow.capabilities().sign_in() {
                    method if method.takes_password() => Credentials::Password { name, password },
                    SignInMethod::Redirect => Credentials::Redirect,
                    _ => Credentials::None,
                }));
            }
            Msg::PressDigit(key) => self.press_digit(key),
            Msg::TypeTransfer(text) => self.transfer_to = self.shown_number(&text),
            Msg::TransferBy(how) => self.transfer_by = how,
            Msg::TransferNow => self.act(Action::Transfer(self.transfer_to.clone())),
            Msg::ConsultFirst => self.act(Action::Consult(self.transfer_to.clone())),
            Msg::BackToCaller => {
                self.returning_to = self.foreground().and_then(|call| call.consults_for.clone());
                self.act(Action::HangUp);
            }
            Msg::Silence => self.silenced = self.foreground().map(|call| call.id.clone()),
            Msg::Toggle(panel) => {
                self.panel = if self.panel == Some(panel) { None } else { Some(panel) };
                self.notice = None;
            }
            Msg::Close => self.close(),
            Msg::DismissNotice => self.notice = None,
            Msg::Choose(settings) => self.settings = settings,
            Msg::Key(key) => self.press_shortcut(&key),
        }
        self.return_to_caller();
        self.tidy();
        self.layout_changed_from(&before, is_asked);
    }

    /// What is to be done next, if anything.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            match self.flow.poll_output()? {
                Output::Notice(Notice::Saved(_)) => {}
                Output::Notice(notice) => self.notice = Some(notice),
                Output::Ended(id) => self.remember(&id),
                output => return Some(output),
            }
        }
    }

    /// The call that the user deals with now: the one they talk on, else one that is being set up, else one that
    /// waits, else one whose notes are not saved.
    #[must_use]
    pub fn foreground(&self) -> Option<&TrackedCall> {
        let calls = self.flow.calls();
        let by = |matches: &dyn Fn(&&TrackedCall) -> bool| calls.iter().rev().find(|call| matches(call));
        by(&|call| call.state() == CallState::Connected)
            .or_else(|| by(&|call| call.is_live() && !call.is_incoming() && call.state() != CallState::OnHold))
            .or_else(|| by(&|call| call.state() == CallState::OnHold && call.consults_for.is_none()))
            .or_else(|| by(&|call| call.is_incoming()))
            .or_else(|| by(&|call| call.is_wrap_up()))
    }

    /// Who calls while the user deals with another call.
    #[must_use]
    pub fn waiting(&self) -> Option<&TrackedCall> {
        let foreground = self.foreground()?;
        self.flow.calls().iter().find(|call| call.is_incoming() && call.id != foreground.id)
    }

    /// The call that waits while the user deals with the one in the foreground.
    #[must_use]
    pub fn other(&self) -> Option<&TrackedCall> {
        let foreground = self.foreground().filter(|call| !call.is_incoming())?;
        self.flow.calls().iter().find(|call| call.state().is_established() && call.id != foreground.id)
    }

    /// The call that notes are about: a consultation has none of its own.
    #[must_use]
    pub fn noted(&self) -> Option<&TrackedCall> {
        let foreground = self.foreground()?;
        foreground.consults_for.as_ref().and_then(|id| self.flow.call(id)).or(Some(foreground))
    }

    /// Whether the line is there.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.online && self.flow.connection() != Connection::Lost
    }

    /// Whether somebody calls, and the user wants to hear it.
    #[must_use]
    pub fn is_ringing_aloud(&self) -> bool {
        let rings = |call: &TrackedCall| call.is_incoming() && self.silenced.as_ref() != Some(&call.id);
        !self.settings.quiet && self.foreground().is_some_and(rings)
    }

    /// Whether time shows on the screen.
    #[must_use]
    pub fn is_ticking(&self) -> bool {
        self.flow.calls().iter().any(TrackedCall::is_live)
    }

    /// Whether leaving now loses a call or notes.
    #[must_use]
    pub fn must_ask_before_leaving(&self) -> bool {
        self.flow.calls().iter().any(|call| call.is_live() || (call.is_wrap_up() && !call.notes.is_empty()))
    }

    fn intend(&mut self, intent: Intent) {
        self.notice = None;
        self.flow.handle_intent(self.now, intent);
    }

    /// Does something with the call in the foreground.
    fn act(&mut self, action: Action) {
        if let Some(id) = self.foreground().map(|call| call.id.clone()) {
            self.intend(Intent::Act(id, action));
        }
    }

    /// Calls what was typed, if there is a line to do it.
    fn call(&mut self) {
        if self.is_connected() {
            self.intend(Intent::Dial(self.typed.clone()));
        }
    }

    fn type_number(&mut self, text: &str) {
        self.notice = None;
        self.typed = self.shown_number(text);
    }

    fn shown_number(&self, text: &str) -> String {
        let end = (0..=MAX_TYPED.min(text.len())).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0);
        format_typed(text.get(..end).unwrap_or_default(), self.flow.home())
    }

    fn press_digit(&mut self, key: char) {
        if let Ok(digits) = Digits::parse(key.encode_utf8(&mut [0; 4])) {
            self.pressed.push(key);
            self.act(Action::SendDigits(digits));
        }
    }

    fn close(&mut self) {
        if self.panel.take().is_none() {
            self.notice = None;
        }
    }

    fn return_to_caller(&mut self) {
        let Some(id) = &self.returning_to else { return };
        if !self.flow.calls().iter().any(|call| call.is_live() && call.id != *id) {
            let intent = Intent::Act(id.clone(), Action::Resume);
            self.returning_to = None;
            self.intend(intent);
        }
    }

    /// What belongs to a call goes with it.
    fn tidy(&mut self) {
        if !self.foreground().is_some_and(|call| call.state().is_established()) {
            self.pressed.clear();
            self.transfer_to.clear();
        }
        // The number stays until the line has taken it.
        if self.foreground().is_some_and(|call| call.direction == Direction::Outbound && call.line.is_some()) {
            self.typed.clear();
        }
    }

    fn remember(&mut self, id: &ExternalCallId) {
        if let Some(call) = self.flow.call(id).filter(|call| call.consults_for.is_none()) {
            let recent = Recent::new(call);
            recents::add(&mut self.recents, recent);
        }
    }
}

/// The other party's name, as the CRM has it.
#[must_use]
pub fn name_of(call: &TrackedCall) -> Option<String> {
    let name = match call.record.as_ref()? {
        CallerIdMatch::Contact(contact) => {
            let part = |part: &Option<_>| part.as_ref().map_or("", cordboard::protocol::Sensitive::as_str).to_owned();
            [part(&contact.first_name), part(&contact.last_name)].join(" ").trim().to_owned()
        }
        CallerIdMatch::Company(company) => company.name.as_ref()?.as_str().to_owned(),
    };
    Some(name).filter(|name| !name.is_empty())
}
