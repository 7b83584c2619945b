//! To whom a call goes, and how.

use super::element::{Element, el};
use super::parts::{NumberField, chip, choices, div, icon, quiet_button, toggle};
use super::ready::{number_hint, wrong};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel, TransferBy};
use crate::text;
use cordboard::telephony::Capability;

pub(super) fn title(ui: Ui) -> Element {
    let back = quiet_button(icon("arrow-left").class("flip"), text::BACK_TO_CALL, toggle(ui, Panel::Transfer));
    div("row").child(back.class("quiet back")).child(el("h2").child(text::TRANSFER_TO))
}

pub(super) fn field(ui: Ui, model: &Model) -> Element {
    let field = NumberField {
        typed: model.transfer_to.clone(),
        hint: number_hint(model, &model.transfer_to),
        is_wrong: wrong(model).is_some(),
        change: Msg::TypeTransfer,
        shown: |model| &model.transfer_to,
    };
    field.draw(ui, Vec::new())
}

/// Nothing to choose if the line can do only one.
pub(super) fn how(ui: Ui, model: &Model) -> Option<Element> {
    let can = |capability| model.flow.capabilities().has(capability);
    if !can(Capability::BlindTransfer) || !can(Capability::AttendedTransfer) {
        return None;
    }
    let chip = |label: &'static str, how| {
        let choose = Box::new(move |_: &_| ui.dispatch(Msg::TransferBy(how)));
        chip("how", label, model.transfer_by == how, choose)
    };
    let chips = vec![chip(text::ASK_FIRST, TransferBy::AskingFirst), chip(text::HAND_OVER, TransferBy::HandingOver)];
    Some(choices("choices", text::HOW, chips))
}
