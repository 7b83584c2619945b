use super::{CallScreen, Model, Panel, Screen};
use cordboard::call_flow::{Action, TrackedCall};
use cordboard::telephony::{CallState, Capability, Recording};

impl Model {
    /// Does what a key stands for. Not called for keys that are typed into a field or pressed on a button.
    pub(super) fn press_shortcut(&mut self, key: &str) {
        let letter = key.to_ascii_lowercase();
        if self.settings.no_letters && matches!(letter.as_bytes(), [b'a'..=b'z']) {
            return;
        }
        match (letter.as_str(), self.screen()) {
            ("escape", _) => self.close(),
            ("?", _) => {
                self.panel = if self.panel == Some(Panel::Shortcuts) { None } else { Some(Panel::Shortcuts) };
            }
            ("enter", Screen::Ready) => self.call(),
            (_, Screen::Call(screen, _)) => self.press_in_call(screen, &letter),
            _ => {}
        }
    }

    fn press_in_call(&mut self, screen: CallScreen, key: &str) {
        let Some(call) = self.foreground() else { return };
        let can = |capability| self.flow.capabilities().has(capability);
        let action = match (screen, key) {
            (CallScreen::Incoming, "enter") => Action::Answer,
            (CallScreen::WrapUp, "enter") => Action::Save,
            (CallScreen::InCall, "m") if can(Capability::Mute) => toggle_mute(call),
            (CallScreen::InCall, "h") if can(Capability::Hold) => toggle_hold(call),
            (CallScreen::InCall, "r") if can(Capability::Recording) => toggle_recording(call),
            (CallScreen::InCall, "k") if can(Capability::Digits) => {
                self.panel = if self.panel == Some(Panel::Keypad) { None } else { Some(Panel::Keypad) };
                return;
            }
            (CallScreen::InCall, _) if self.panel == Some(Panel::Keypad) && key.len() == 1 => {
                return key.chars().for_each(|key| self.press_digit(key));
            }
            _ => return,
        };
        self.act(action);
    }
}

/// What the mute button does now.
pub(crate) fn toggle_mute(call: &TrackedCall) -> Action {
    if call.is_muted() { Action::Unmute } else { Action::Mute }
}

/// What the hold button does now.
pub(crate) fn toggle_hold(call: &TrackedCall) -> Action {
    if call.state() == CallState::OnHold { Action::Resume } else { Action::Hold }
}

/// What the record button does now.
pub(crate) fn toggle_recording(call: &TrackedCall) -> Action {
    if call.recording() == Recording::Off { Action::StartRecording } else { Action::StopRecording }
}
