//! No call: the number to call, and the last calls.

use super::element::{Element, el};
use super::parts::{
    NumberField, bdi, div, hint, icon, keypad, ltr, quiet_button, screen, send, submit, toggle, typed, when,
};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel, Recent};
use crate::text;
use cordboard::call_flow::{Intent, Notice};
use cordboard::telephony::{Direction, PhoneNumber};

pub(super) fn ready(ui: Ui, model: &Model) -> Element {
    let is_keypad_open = model.panel == Some(Panel::Keypad);
    let mut tools = Vec::new();
    if !model.typed.is_empty() {
        let erase = Box::new(move |_: &_| ui.dispatch(Msg::EraseKey));
        tools.push(quiet_button(icon("delete").class("flip"), text::ERASE, erase).key("erase").class("quiet"));
    }
    let open = quiet_button(icon("grip"), text::KEYPAD, toggle(ui, Panel::Keypad));
    tools.push(open.class("quiet").expanded(is_keypad_open));
    let number = NumberField {
        typed: model.typed.clone(),
        hint: number_hint(model, &model.typed),
        is_wrong: wrong(model).is_some(),
        change: Msg::TypeNumber,
        shown: |model| &model.typed,
    };
    let pad = div("pad")
        .child(caller_id(ui, model))
        .child(number.draw(ui, tools))
        .child(when(is_keypad_open, || keypad(ui, Msg::PressKey)))
        .child(recents(ui, model));
    let can_call = model.read_number(&model.typed).is_ok() && model.is_connected() && model.is_settled();
    let call = submit(Some(icon("phone")), text::CALL).class("primary").refused(!can_call).attr_if(
        !can_call,
        "aria-describedby",
        "number-hint",
    );
    screen(send(ui, || Msg::Call)).child(pad).child(div("actions").child(call))
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
pub(super) fn number_hint(model: &Model, typed: &str) -> String {
    if let Some(wrong) = wrong(model) {
        return wrong.to_owned();
    }
    match model.read_number(typed) {
        _ if typed.is_empty() => text::NUMBER_HINT.to_owned(),
        Ok(number) => {
            let name = number.region().and_then(|region| cordboard_browser::region_name(text::LOCALE, region));
            text::country(name.as_deref(), number.calling_code())
        }
        Err(error) => text::bad_number(error).to_owned(),
    }
}

fn caller_id(ui: Ui, model: &Model) -> Option<Element> {
    let caller_ids = model.flow.caller_ids();
    if caller_ids.len() < 2 {
        return None;
    }
    let chosen = model.flow.caller_id();
    let mut select = el("select").attr("id", "from");
    for caller_id in caller_ids {
        let option = el("option")
            .attr("value", caller_id.number.as_e164().to_owned())
            .attr_if(Some(caller_id) == chosen, "selected", "")
            .child([caller_id.label.as_str(), ", ", &caller_id.number.to_international()].concat());
        select = select.child(option);
    }
    let choose = move |event: &_| {
        let number = typed(event);
        let find = |model: &Model| {
            model.flow.caller_ids().iter().find(|caller_id| caller_id.number.as_e164() == number).cloned()
        };
        if let Some(caller_id) = ui.read(find) {
            ui.dispatch(Msg::User(Intent::UseCallerId(caller_id)));
        }
    };
    let label = el("label").attr("for", "from").child(text::CALL_FROM);
    Some(div("field").child(label).child(select.on("change", Box::new(choose))))
}

fn recents(ui: Ui, model: &Model) -> Element {
    let list = if model.recents.is_empty() {
        hint(text::NO_RECENTS)
    } else {
        let items = model.recents.iter().enumerate().map(|(index, recent)| item(ui, model, index, recent));
        el("ul").class("list").children(items.collect())
    };
    el("section")
        .class("side")
        .attr("aria-labelledby", "recent")
        .child(el("h2").attr("id", "recent").child(text::RECENT_CALLS))
        .child(list)
}

fn item(ui: Ui, model: &Model, index: usize, recent: &Recent) -> Element {
    let (symbol, direction) = match recent.direction {
        Direction::Outbound => ("phone-outgoing", text::OUTGOING),
        Direction::Inbound if recent.outcome.is_empty() => ("phone-incoming", text::INCOMING),
        Direction::Inbound => ("phone-missed", text::MISSED_FROM),
    };
    let number = recent.number.as_ref().map(PhoneNumber::to_international);
    let has_number = number.is_some();
    let (title, below) = match (recent.name.clone(), number) {
        (Some(name), Some(number)) => (bdi(name), ltr(number)),
        (None, Some(number)) => (ltr(number), bdi("")),
        (name, None) => (bdi(name.unwrap_or_else(|| text::WITHHELD.to_owned())), el("span").child(text::NO_NUMBER)),
    };
    let about = el("span").child(el("span").class("sr").child(direction)).child(title).child(el("small").child(below));
    let at = cordboard_browser::short_time(text::LOCALE, recent.at, model.now);
    let call = Box::new(move |_: &_| ui.dispatch(Msg::CallAgain(index)));
    let button = el("button")
        .class(if symbol == "phone-missed" { "item bad" } else { "item" })
        .attr("type", "button")
        .refused(!has_number || !model.is_settled())
        .on("click", call)
        .child(icon(symbol))
        .child(about)
        .child(el("small").child(at).child(el("br")).child(recent.outcome.clone()));
    el("li").child(button)
}
