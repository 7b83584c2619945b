//! What the agent's audio adds to the screens.

use super::element::{Element, Node, el};
use super::parts::{banner, button, typed};
use crate::audio::AudioState;
use crate::text;
use cordboard::telephony::MediaDevice;
use web_sys::Event;

pub(crate) use super::element::nothing;

pub(crate) fn problem(what: String, again: Box<dyn Fn()>) -> Node {
    let again = button(text::TRY_AGAIN, Box::new(move |_: &Event| again()));
    banner("banner bad", "mic-off", what).child(again).into()
}

pub(crate) fn line(what: &'static str) -> Node {
    banner("banner info", "wifi-off", what).into()
}

pub(crate) fn meter(level: u8) -> Node {
    el("meter").attr("max", "100").attr("value", level.to_string()).name(text::INPUT_LEVEL).into()
}

/// What choosing a device does.
type Choose = Box<dyn Fn(String)>;

pub(crate) fn settings(state: &AudioState, microphone: Choose, speaker: Choose, test: Box<dyn Fn()>) -> Node {
    let test = button(text::TEST_SPEAKER, Box::new(move |_: &Event| test()));
    let speakers = (!state.speakers.is_empty()).then(|| select("speaker", text::SPEAKER, &state.speakers, speaker));
    el("section")
        .class("field")
        .child(select("microphone", text::MICROPHONE_CHOICE, &state.microphones, microphone))
        .child(speakers)
        .child(test)
        .into()
}

fn select(id: &'static str, label: &'static str, devices: &[MediaDevice], choose: Choose) -> Element {
    let mut options = Vec::new();
    for device in devices {
        let option = el("option").attr("value", device.id.clone()).attr_if(device.is_chosen, "selected", "");
        options.push(option.child(device.label.clone()));
    }
    let list = el("select").attr("id", id).on("change", Box::new(move |event| choose(typed(event)))).children(options);
    el("div").class("field").child(el("label").attr("for", id).child(label)).child(list)
}
