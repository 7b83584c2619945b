//! What opens over a screen.

use super::element::{Element, el};
use super::parts::{Press, button, chip, choices, copyable, div, hint, send, shortcuts};
use crate::app::Ui;
use crate::model::{CrmLink, Model, Msg, Panel, Settings, Theme};
use crate::text;
use cordboard::call_flow::Intent;

/// What the user may choose.
pub(super) fn settings(ui: Ui, model: &Model) -> Element {
    let now = model.settings;
    let choose = |settings: Settings| -> Press { Box::new(move |_| ui.dispatch(Msg::Choose(settings))) };
    let theme = |(theme, label): (Theme, &'static str)| {
        chip("theme", label, now.theme == theme, choose(Settings { theme, ..now }))
    };
    let ring = |(quiet, label): (bool, &'static str)| {
        chip("ring", label, now.quiet == quiet, choose(Settings { quiet, ..now }))
    };
    let letters = |(no_letters, label): (bool, &'static str)| {
        chip("letters", label, now.no_letters == no_letters, choose(Settings { no_letters, ..now }))
    };
    let sign_out = move |_: &_| {
        ui.dispatch(Msg::Close);
        ui.dispatch(Msg::User(Intent::SignOut));
    };
    let keys = el("section")
        .class("side")
        .attr("aria-labelledby", "keys")
        .child(el("h2").attr("id", "keys").child(text::SHORTCUTS))
        .child(shortcuts());
    let diagnostics = el("section")
        .class("field")
        .attr("aria-labelledby", "diagnostics")
        .child(el("h2").attr("id", "diagnostics").child(text::DIAGNOSTICS))
        .child(hint(text::DIAGNOSTICS_HINT));
    div("pad")
        .child(ui.audio(|audio| audio.settings()))
        .child(choices("row", text::THEME, Theme::ALL.into_iter().zip(text::THEMES).map(theme).collect()))
        .child(choices("row", text::RINGING, text::RINGS.into_iter().map(ring).collect()))
        .child(choices("row", text::LETTERS, text::LETTER_CHOICES.into_iter().map(letters).collect()))
        .child(keys)
        .child(copyable(diagnostics, diagnose(model)))
        .child(button(text::SIGN_OUT, Box::new(sign_out)))
}

fn diagnose(model: &Model) -> String {
    let diagnostics = text::Diagnostics {
        provider: model.provider.name,
        crm: if model.crm == CrmLink::Connected { text::CRM_CONNECTED } else { text::CRM_WAITING },
        line: if model.flow.agent().is_some() { text::SIGNED_IN } else { text::SIGNED_OUT },
        network: if model.is_connected() { text::NETWORK_ONLINE } else { text::NETWORK_OFFLINE },
        at: model.now,
    };
    diagnostics.text()
}

/// The list of shortcuts, over everything.
pub(super) fn dialog(ui: Ui, model: &Model) -> Option<Element> {
    if model.panel != Some(Panel::Shortcuts) {
        return None;
    }
    let form = el("form")
        .attr("method", "dialog")
        .child(el("h2").attr("id", "help").child(text::SHORTCUTS))
        .child(shortcuts())
        .child(hint(text::SHORTCUTS_WAIT))
        .child(el("button").attr("type", "submit").child(text::CLOSE));
    Some(el("dialog").attr("aria-labelledby", "help").on("close", send(ui, || Msg::Close)).child(form))
}
