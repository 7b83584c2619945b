//! The line at the top.

use super::parts::{Button, icon, icon_with, send, toggle, truth};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel};
use crate::text;
use cordboard::call_flow::Intent;
use cordboard::telephony::{Availability, Capability};
use leptos::prelude::*;

pub(super) fn bar(ui: Ui, model: &Model, title: Option<&'static str>) -> AnyView {
    let is_signed_in = model.flow.agent().is_some();
    let title = title.map(|title| view! { <h1 class="sr">{title}</h1> });
    let settings = is_signed_in
        .then(|| Button::of_icon(icon("settings"), text::SETTINGS).draw(toggle(ui, Panel::Settings)));
    let availability =
        (is_signed_in && model.flow.capabilities().has(Capability::Inbound)).then(|| availability(ui, model));
    view! {
        <header class="bar">
            <p class="brand">{icon("phone")}<span>{text::BRAND}</span></p>
            {title}
            {availability}
            {settings}
        </header>
    }
    .into_any()
}

fn availability(ui: Ui, model: &Model) -> AnyView {
    let is_available = model.flow.availability() == Availability::Available;
    let other = if is_available { Availability::Away } else { Availability::Available };
    let switch = move |_| ui.send(Msg::User(Intent::SetAvailability(other)));
    view! {
        <button class="switch quiet" type="button" role="switch" aria-checked=truth(is_available) on:click=switch>
            {text::AVAILABLE}
        </button>
    }
    .into_any()
}

/// The line above what can be left again.
pub(super) fn back(ui: Ui, title: &'static str) -> AnyView {
    let back = Button::of_icon(icon_with("arrow-left", Some("flip")), text::BACK)
        .class("quiet back")
        .draw(send(ui, || Msg::Close));
    view! { <header class="bar">{back}<h1 class="brand">{title}</h1></header> }.into_any()
}
