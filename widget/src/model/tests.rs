//! The model with a line that answers by hand, without a browser.

use super::*;
use cordboard::telephony::{
    Agent, Call, CallEvent, CallEventKind, CallId, Capabilities, Direction, EndReason, PhoneNumber, Recording,
};
use std::time::Duration;

struct Desk {
    model: Model,
    now: Timestamp,
    orders: Vec<Command>,
    sequence: u64,
}

impl Desk {
    fn new() -> Self {
        Self::with(Capabilities::all())
    }

    /// Signed in.
    fn with(capabilities: Capabilities) -> Self {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let config = FlowConfig {
            provider: "test",
            capabilities,
            home: Some("1".to_owned()),
            policy: cordboard::telephony::DialPolicy::default(),
            seed: 1,
            engagement_wait: Duration::from_secs(5),
        };
        let provider = ProviderInfo { id: "test", name: "Test" };
        let mut desk =
            Self { model: Model::new(config, provider, Vec::new(), now), now, orders: Vec::new(), sequence: 0 };
        desk.send(Msg::Start);
        let agent = Agent { id: "a".to_owned(), name: "A".to_owned() };
        desk.send(Msg::Reply(Command::SignIn(Credentials::None), Ok(Reply::SignedIn(agent))));
        desk.orders.clear();
        desk
    }

    /// A moment later, so that no press counts as meant for the screen before.
    fn send(&mut self, msg: Msg) {
        self.now = self.now + Duration::from_secs(1);
        self.model.update(self.now, msg);
        while let Some(output) = self.model.poll_output() {
            if let Output::Line(command) = output {
                self.orders.push(command);
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.send(Msg::Key(key.to_owned()));
    }

    fn event(&mut self, kind: CallEventKind) {
        self.sequence += 1;
        let event = CallEvent { call: CallId::new("c"), sequence: self.sequence, at: self.now, kind };
        self.send(Msg::Line(Event::Call(event)));
    }

    /// The line takes the order to dial.
    fn dialed(&mut self) {
        let Some(Command::Dial(request)) = self.orders.pop() else { panic!("an order to dial") };
        let call =
            Call { key: Some(request.key.clone()), remote: Some(request.to.clone()), ..self.call(Direction::Outbound) };
        self.event(CallEventKind::Started(Box::new(call)));
    }

    fn incoming(&mut self) {
        let call = self.call(Direction::Inbound);
        self.event(CallEventKind::Started(Box::new(call)));
    }

    fn call(&self, direction: Direction) -> Call {
        let state = match direction {
            Direction::Outbound => CallState::Dialing,
            Direction::Inbound => CallState::Ringing,
        };
        Call {
            id: CallId::new("c"),
            direction,
            remote: PhoneNumber::from_e164("+16175550142").ok(),
            local: None,
            key: None,
            state,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: self.now,
            connected_at: None,
            ended_at: None,
            sequence: 1,
        }
    }

    fn stage(&self) -> Option<CallScreen> {
        match self.model.screen() {
            Screen::Call(stage, _) => Some(stage),
            _ => None,
        }
    }

    /// On a call that was dialled and answered.
    fn talking() -> Self {
        let mut desk = Self::new();
        desk.send(Msg::TypeNumber("6175550142".to_owned()));
        desk.send(Msg::Call);
        desk.dialed();
        desk.event(CallEventKind::Connected);
        desk.orders.clear();
        desk
    }
}

#[test]
fn letters_do_nothing_for_who_does_not_want_them() {
    let mut desk = Desk::talking();
    desk.send(Msg::Choose(Settings { no_letters: true, ..Settings::default() }));
    desk.send(Msg::Key("m".to_owned()));
    assert!(desk.orders.is_empty());
    desk.send(Msg::Choose(Settings::default()));
    desk.send(Msg::Key("m".to_owned()));
    assert_eq!(desk.orders.len(), 1);
}

#[test]
fn recent_calls_say_why_nobody_talked() {
    for (reason, outcome) in [(EndReason::Busy, "Busy"), (EndReason::NoAnswer, "No answer")] {
        let mut desk = Desk::new();
        desk.send(Msg::TypeNumber("6175550142".to_owned()));
        desk.send(Msg::Call);
        desk.dialed();
        desk.event(CallEventKind::Ended(reason));
        assert_eq!(desk.model.recents[0].outcome, outcome);
    }
}

#[test]
fn screens_follow_a_call() {
    let mut desk = Desk::new();
    assert_eq!(desk.model.screen(), Screen::Ready);
    desk.send(Msg::TypeNumber("6175550142".to_owned()));
    assert_eq!(desk.model.typed, "617-555-0142");
    desk.send(Msg::Call);
    assert_eq!(desk.stage(), Some(CallScreen::Dialing));
    assert_eq!(desk.model.typed, "617-555-0142", "it stays until the line has taken it");
    desk.dialed();
    assert_eq!(desk.model.typed, "");
    desk.event(CallEventKind::Ringing);
    assert_eq!(desk.stage(), Some(CallScreen::Dialing));
    desk.event(CallEventKind::Connected);
    assert_eq!(desk.stage(), Some(CallScreen::InCall));
    assert!(desk.model.is_ticking());
    desk.event(CallEventKind::Ended(EndReason::RemoteHungUp));
    assert_eq!(desk.stage(), Some(CallScreen::WrapUp));
    assert!(!desk.model.is_ticking());
    assert_eq!(desk.model.recents.len(), 1);
}

#[test]
fn a_number_that_is_refused_stays_in_its_field() {
    let mut desk = Desk::new();
    desk.send(Msg::TypeNumber("555".to_owned()));
    desk.send(Msg::Call);
    assert_eq!(desk.model.screen(), Screen::Ready);
    assert!(matches!(desk.model.notice, Some(Notice::BadNumber(_))));
    assert_eq!(desk.model.typed, "555");
    desk.send(Msg::PressKey('1'));
    assert_eq!(desk.model.notice, None, "typing is the answer to it");
}

#[test]
fn ten_kilobytes_of_text_are_cut() {
    let mut desk = Desk::new();
    desk.send(Msg::TypeNumber("1".repeat(10_000)));
    assert!(desk.model.typed.len() <= MAX_TYPED);
    desk.send(Msg::TypeNumber("é".repeat(5_000)));
    assert!(desk.model.typed.len() <= MAX_TYPED);
}

#[test]
fn keys_do_what_the_buttons_do() {
    let mut desk = Desk::talking();
    desk.key("m");
    desk.key("H");
    desk.key("r");
    let call = CallId::new("c");
    let expected = [Command::Mute(call.clone()), Command::Hold(call.clone()), Command::StartRecording(call.clone())];
    assert_eq!(desk.orders, expected);
    desk.orders.clear();
    desk.key("5");
    assert!(desk.orders.is_empty(), "the keypad is closed");
    desk.key("k");
    desk.key("5");
    desk.key("#");
    assert_eq!(desk.model.pressed, "5#");
    assert_eq!(desk.orders.len(), 2);
    desk.key("Escape");
    assert_eq!(desk.model.panel, None);
}

#[test]
fn what_the_line_cannot_do_has_no_key() {
    let mut desk = Desk::with(Capabilities::basic());
    desk.send(Msg::TypeNumber("6175550142".to_owned()));
    desk.send(Msg::Call);
    desk.dialed();
    desk.event(CallEventKind::Connected);
    desk.orders.clear();
    for key in ["m", "h", "r", "k", "5"] {
        desk.key(key);
    }
    assert!(desk.orders.is_empty());
}

#[test]
fn enter_answers() {
    let mut desk = Desk::new();
    desk.incoming();
    assert_eq!(desk.stage(), Some(CallScreen::Incoming));
    desk.key("Enter");
    assert_eq!(desk.orders, [Command::Answer(CallId::new("c"))]);
}

#[test]
fn one_signs_in_as_the_line_wants_it() {
    let typed = Credentials::Password { name: "alex".to_owned(), password: "p".to_owned() };
    for (method, credentials) in [
        (SignInMethod::None, Credentials::None),
        (SignInMethod::Password, typed.clone()),
        (SignInMethod::Redirect, Credentials::Redirect),
        (SignInMethod::PasswordOrRedirect, typed),
    ] {
        let mut desk = Desk::new();
        desk.send(Msg::Line(Event::SignedOut(cordboard::telephony::SignedOutReason::Expired)));
        desk.orders.clear();
        // It is known only now.
        desk.model.flow.set_capabilities(Capabilities::all().with_sign_in(method));
        desk.send(Msg::TypeName(" alex ".to_owned()));
        desk.send(Msg::SignIn { password: "p".to_owned() });
        assert_eq!(desk.orders, [Command::SignIn(credentials)]);
    }
}

#[test]
fn a_window_that_was_closed_is_told() {
    let mut desk = Desk::new();
    desk.send(Msg::Line(Event::SignedOut(cordboard::telephony::SignedOutReason::Expired)));
    desk.send(Msg::User(Intent::SignIn(Credentials::Redirect)));
    let closed = Error::new(cordboard::telephony::ErrorKind::NotSignedIn, Operation::SignIn);
    desk.send(Msg::Reply(Command::SignIn(Credentials::Redirect), Err(closed)));
    assert_eq!(desk.model.screen(), Screen::SignIn);
    assert!(!desk.model.flow.is_signing_in());
    let said = crate::text::notice(desk.model.notice.as_ref().unwrap());
    assert!(said.starts_with("You are not signed in.") && said.contains("window"), "{said}");
}

#[test]
fn a_call_over_a_lost_sign_in_is_still_shown() {
    let mut desk = Desk::talking();
    desk.send(Msg::Line(Event::SignedOut(cordboard::telephony::SignedOutReason::Expired)));
    assert_eq!(desk.stage(), Some(CallScreen::InCall));
    desk.event(CallEventKind::Ended(EndReason::HungUp));
    assert_eq!(desk.stage(), Some(CallScreen::WrapUp));
}

#[test]
fn leaving_with_a_call_or_notes_asks() {
    let mut desk = Desk::new();
    assert!(!desk.model.must_ask_before_leaving());
    desk = Desk::talking();
    assert!(desk.model.must_ask_before_leaving());
    desk.event(CallEventKind::Ended(EndReason::HungUp));
    assert!(!desk.model.must_ask_before_leaving());
    let id = desk.model.foreground().unwrap().id.clone();
    desk.send(Msg::User(Intent::Act(id, Action::SetNotes("x".to_owned()))));
    assert!(desk.model.must_ask_before_leaving());
}

#[test]
fn recents_and_settings_survive() {
    let mut desk = Desk::talking();
    desk.event(CallEventKind::Ended(EndReason::HungUp));
    assert_eq!(recents::restore(&recents::save(&desk.model.recents)), desk.model.recents);
    let settings = Settings { theme: Theme::Dark, quiet: true, no_letters: true };
    assert_eq!(Settings::restore(&settings.save()), settings);
    assert_eq!(Settings::restore(&cordboard::Value::Null), Settings::default());
}
