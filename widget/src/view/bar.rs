//! The line at the top.

use super::element::{Element, el};
use super::parts::{icon, intend, quiet_button, send, toggle, truth};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel};
use crate::text;
use cordboard::call_flow::Intent;
use cordboard::telephony::{Availability, Capability};

pub(super) fn bar(ui: Ui, model: &Model, title: Option<&'static str>) -> Element {
    let is_signed_in = model.flow.agent().is_some();
    let takes_calls = is_signed_in && model.flow.capabilities().has(Capability::Inbound);
    let settings = || quiet_button(icon("settings"), text::SETTINGS, toggle(ui, Panel::Settings)).class("quiet");
    el("header")
        .key("bar")
        .class("bar")
        .child(el("p").class("brand").child(icon("phone")).child(el("span").child(text::BRAND)))
        .child(title.map(|title| el("h1").class("sr").child(title)))
        .child(takes_calls.then(|| availability(ui, model)))
        .child(is_signed_in.then(settings))
}

fn availability(ui: Ui, model: &Model) -> Element {
    let is_available = model.flow.availability() == Availability::Available;
    let other = if is_available { Availability::Away } else { Availability::Available };
    el("button")
        .class("switch quiet")
        .attr("type", "button")
        .attr("role", "switch")
        .attr("aria-checked", truth(is_available))
        .on("click", intend(ui, Intent::SetAvailability(other)))
        .child(text::AVAILABLE)
}

/// The line above what can be left again.
pub(super) fn back(ui: Ui, title: &'static str) -> Element {
    let back = quiet_button(icon("arrow-left").class("flip"), text::BACK, send(ui, || Msg::Close));
    el("header").key("back").class("bar").child(back.class("quiet back")).child(el("h1").class("brand").child(title))
}
