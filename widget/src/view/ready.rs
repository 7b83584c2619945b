//! No call: the number to call, and the last calls.

use super::parts::{
    Button, NumberField, actions, div, icon, icon_with, keypad, nothing, number, p, screen, send, toggle,
};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel, Recent};
use crate::text;
use cordboard::call_flow::{Intent, Notice};
use cordboard::telephony::{Direction, PhoneNumber};
use leptos::prelude::*;

pub(super) fn ready(ui: Ui, model: &Model) -> AnyView {
    let keypad_open = model.panel == Some(Panel::Keypad);
    let mut tools = Vec::new();
    if !model.typed.is_empty() {
        let erase = Button::of_icon(icon_with("delete", Some("flip")), text::ERASE);
        tools.push(erase.draw(send(ui, || Msg::EraseKey)));
    }
    tools.push(
        Button::of_icon(icon("grip"), text::KEYPAD).expanded(keypad_open).draw(toggle(ui, Panel::Keypad)),
    );
    let field = NumberField {
        typed: model.typed.clone(),
        hint: hint(model, &model.typed),
        is_wrong: wrong(model).is_some(),
        tools,
        change: Msg::TypeNumber,
        shown: |model| model.typed.clone(),
    };
    let pad = vec![
        caller_id(ui, model),
        field.draw(ui),
        if keypad_open { keypad(ui, Msg::PressKey) } else { nothing() },
        recents(ui, model),
    ];
    let can_call = model.read_number(&model.typed).is_ok() && model.is_connected() && model.is_settled();
    let call = Button::submit(text::CALL).icon(icon("phone")).refused_by(!can_call, "number-hint").draw_submit();
    let submit = Box::new(move || {
        if ui.model.with_untracked(Model::is_connected) {
            ui.send(Msg::Call);
        }
    });
    screen(div("pad", pad), actions(vec![call]), submit)
}

/// What is wrong with the number, once the user wanted it called.
pub(super) fn wrong(model: &Model) -> Option<&'static str> {
    match model.notice {
        Some(Notice::BadNumber(error)) => Some(text::bad_number(error)),
        Some(Notice::Denied(violation)) => Some(text::denied(violation)),
        _ => None,
    }
}

/// What stands below a number field: what is wrong, or the country.
pub(super) fn hint(model: &Model, typed: &str) -> String {
    if let Some(wrong) = wrong(model) {
        return wrong.to_owned();
    }
    match model.read_number(typed) {
        _ if typed.is_empty() => text::NUMBER_HINT.to_owned(),
        Ok(number) => {
            let name = number.region().and_then(cordboard_browser::region_name);
            text::country(name.as_deref(), number.calling_code())
        }
        Err(error) => text::bad_number(error).to_owned(),
    }
}

fn caller_id(ui: Ui, model: &Model) -> AnyView {
    let caller_ids = model.flow.caller_ids();
    if caller_ids.len() < 2 {
        return nothing();
    }
    let chosen = model.flow.caller_id();
    let option = |index: usize| {
        let caller_id = caller_ids.get(index)?;
        let label = [caller_id.label.as_str(), ", ", &caller_id.number.to_international()].concat();
        let is_chosen = Some(caller_id) == chosen;
        Some(view! { <option value=index.to_string() prop:selected=is_chosen>{label}</option> })
    };
    let options: Vec<_> = (0..caller_ids.len()).map(option).collect();
    let choose = move |event| {
        let index: Option<usize> = event_target_value(&event).parse().ok();
        let caller_id =
            ui.model.with_untracked(|model| index.and_then(|index| model.flow.caller_ids().get(index).cloned()));
        if let Some(caller_id) = caller_id {
            ui.send(Msg::User(Intent::UseCallerId(caller_id)));
        }
    };
    view! {
        <div class="field">
            <label for="from">{text::CALL_FROM}</label>
            <select id="from" on:change=choose>
                {options}
            </select>
        </div>
    }
    .into_any()
}

fn recents(ui: Ui, model: &Model) -> AnyView {
    let list = if model.recents.is_empty() {
        p(Some("hint"), text::NO_RECENTS.to_owned())
    } else {
        let items: Vec<_> =
            model.recents.iter().enumerate().map(|(index, recent)| item(ui, model, index, recent)).collect();
        view! { <ul class="list">{items}</ul> }.into_any()
    };
    view! {
        <section class="side" aria-labelledby="recent">
            <h2 id="recent">{text::RECENT_CALLS}</h2>
            {list}
        </section>
    }
    .into_any()
}

fn item(ui: Ui, model: &Model, index: usize, recent: &Recent) -> AnyView {
    let (name, direction, outcome) = match (recent.direction, recent.answered) {
        (Direction::Outbound, true) => ("phone-outgoing", text::OUTGOING, ""),
        (Direction::Outbound, false) => ("phone-outgoing", text::OUTGOING, text::NO_ANSWER),
        (Direction::Inbound, true) => ("phone-incoming", text::INCOMING, ""),
        (Direction::Inbound, false) => ("phone-missed", text::MISSED_FROM, text::MISSED),
    };
    let class = if name == "phone-missed" { "item bad" } else { "item" };
    let shown = recent.number.as_ref().map(PhoneNumber::to_international);
    let disabled = shown.is_none().then_some("true");
    let title = recent.name.clone().or_else(|| shown.clone()).unwrap_or_else(|| text::WITHHELD.to_owned());
    let below = match shown {
        Some(shown) => view! { <bdi dir="ltr">{shown}</bdi> }.into_any(),
        None => text::NO_NUMBER.into_any(),
    };
    let at = cordboard_browser::short_time(recent.at, model.now);
    view! {
        <li>
            <button class=class type="button" aria-disabled=disabled on:click=move |_| ui.send(Msg::CallAgain(index))>
                {icon(name)}
                <span>
                    <span class="sr">{direction}</span>
                    <bdi>{title}</bdi>
                    <small>{below}</small>
                </span>
                <small>{at}<br />{outcome}</small>
            </button>
        </li>
    }
    .into_any()
}

/// A number as its country writes it, or that it was withheld.
pub(super) fn shown_number(remote: Option<&PhoneNumber>) -> AnyView {
    number(remote.map_or_else(|| text::WITHHELD.to_owned(), PhoneNumber::to_international))
}
