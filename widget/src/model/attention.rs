//! What keeps a press from landing on something that was not there when the user meant it.

use super::{Model, Msg, Screen};
use cordboard::Timestamp;
use cordboard::call_flow::{Action, Intent};
use core::time::Duration;

/// How long what appears by itself, and where something else may have been, takes no press.
const REACTION: Duration = Duration::from_millis(300);

/// What stands where on the screen.
#[derive(PartialEq)]
pub(super) struct Layout {
    screen: Screen,
    is_someone_waiting: bool,
}

impl Model {
    pub(super) fn layout(&self) -> Layout {
        Layout { screen: self.screen(), is_someone_waiting: self.waiting().is_some() }
    }

    /// Notes that the screen changed, if it did.
    pub(super) fn layout_changed_from(&mut self, before: &Layout, is_asked: bool) {
        let layout = self.layout();
        if layout == *before {
            return;
        }
        if layout.screen != before.screen {
            self.panel = None;
        }
        let is_about_calls = [before, &layout].iter().any(|layout| matches!(layout.screen, Screen::Call(..)));
        if is_about_calls && !is_asked {
            self.settles_at = self.now + REACTION;
        }
    }

    /// Whether what begins or takes a call may be pressed already.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.now >= self.settles_at
    }

    /// When the next [`Msg::Tick`] is due, if one is.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let settling = (!self.is_settled()).then_some(self.settles_at);
        let ticking = self.is_ticking().then(|| self.now + Duration::from_secs(1));
        [settling, ticking, self.flow.poll_timeout()].into_iter().flatten().min()
    }
}

impl Msg {
    /// Whether the user did it.
    pub(super) const fn is_by_user(&self) -> bool {
        !matches!(self, Self::Start | Self::Tick | Self::Line(_) | Self::Reply(..) | Self::Crm(_) | Self::Online(_))
    }

    /// Whether it begins or takes a call.
    pub(super) fn begins_a_call(&self) -> bool {
        match self {
            Self::Call | Self::CallAgain(_) | Self::User(Intent::Act(_, Action::Answer)) => true,
            Self::Key(key) => key == "Enter",
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallScreen, Panel};
    use cordboard::call_flow::{Command, FlowConfig, Output, Reply};
    use cordboard::telephony::{
        Agent, Call, CallEvent, CallEventKind, CallId, CallState, Capabilities, Credentials, DialPolicy, Direction,
        Event, PhoneNumber, ProviderInfo, Recording,
    };

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(millis: u64) -> Timestamp {
        START + Duration::from_millis(millis)
    }

    fn signed_in() -> Model {
        let config = FlowConfig {
            provider: "test",
            capabilities: Capabilities::all(),
            home: Some("1".to_owned()),
            policy: DialPolicy::default(),
            seed: 1,
            engagement_wait: Duration::from_secs(5),
        };
        let mut model = Model::new(config, ProviderInfo { id: "test", name: "Test" }, Vec::new(), START);
        let agent = Agent { id: "1".to_owned(), name: "Alex".to_owned() };
        model.update(START, Msg::Start);
        model.update(START, Msg::Reply(Command::SignIn(Credentials::None), Ok(Reply::SignedIn(agent))));
        commands(&mut model);
        model
    }

    fn rings(model: &mut Model, now: Timestamp) {
        let call = Call {
            id: CallId::new("in"),
            direction: Direction::Inbound,
            remote: PhoneNumber::from_e164("+16175550100").ok(),
            local: None,
            key: None,
            state: CallState::Ringing,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: now,
            connected_at: None,
            ended_at: None,
            sequence: 1,
        };
        let kind = CallEventKind::Started(Box::new(call));
        model.update(now, Msg::Line(Event::Call(CallEvent { call: CallId::new("in"), sequence: 1, at: now, kind })));
    }

    fn commands(model: &mut Model) -> Vec<Command> {
        let outputs = core::iter::from_fn(|| model.poll_output());
        outputs.filter_map(|output| if let Output::Line(command) = output { Some(command) } else { None }).collect()
    }

    #[test]
    fn a_press_that_was_meant_for_call_does_not_answer() {
        let mut model = signed_in();
        model.update(at(900), Msg::TypeNumber("6175550142".to_owned()));
        rings(&mut model, at(1000));
        assert!(matches!(model.screen(), Screen::Call(CallScreen::Incoming, _)));
        assert_eq!(model.poll_timeout(), Some(at(1300)));

        model.update(at(1299), Msg::Key("Enter".to_owned()));
        assert_eq!(commands(&mut model), []);
        model.update(at(1300), Msg::Key("Enter".to_owned()));
        assert_eq!(commands(&mut model), [Command::Answer(CallId::new("in"))]);
    }

    #[test]
    fn what_the_user_asked_for_can_be_pressed_at_once() {
        let mut model = signed_in();
        model.update(at(1000), Msg::TypeNumber("6175550142".to_owned()));
        model.update(at(1001), Msg::Call);
        assert!(matches!(commands(&mut model).as_slice(), [Command::Dial(_)]));
        assert!(model.is_settled());
    }

    #[test]
    fn who_has_just_signed_in_can_call_at_once() {
        let mut model = signed_in();
        model.update(START, Msg::TypeNumber("6175550142".to_owned()));
        model.update(START, Msg::Call);
        assert!(matches!(commands(&mut model).as_slice(), [Command::Dial(_)]));
    }

    #[test]
    fn a_panel_closes_when_somebody_calls() {
        let mut model = signed_in();
        model.update(at(1000), Msg::Toggle(Panel::Settings));
        rings(&mut model, at(2000));
        assert_eq!(model.panel, None);
    }

    #[test]
    fn a_silenced_call_rings_no_more() {
        let mut model = signed_in();
        rings(&mut model, at(1000));
        assert!(model.is_ringing_aloud());
        model.update(at(1100), Msg::Silence);
        assert!(!model.is_ringing_aloud());
    }
}
