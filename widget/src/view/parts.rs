//! What the screens are made of.

use super::element::{Element, Node, Text, el, nothing};
use crate::app::Ui;
use crate::model::{Model, Msg, Panel, caret_after};
use crate::text;
use cordboard::call_flow::{Action, Intent};
use cordboard::protocol::ExternalCallId;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

/// What a press does.
pub(super) type Press = Box<dyn Fn(&Event)>;

pub(super) fn send(ui: Ui, msg: fn() -> Msg) -> Press {
    Box::new(move |_| ui.dispatch(msg()))
}

pub(super) fn act(ui: Ui, call: &ExternalCallId, action: Action) -> Press {
    let call = call.clone();
    Box::new(move |_| ui.dispatch(Msg::User(Intent::Act(call.clone(), action.clone()))))
}

pub(super) fn intend(ui: Ui, intent: Intent) -> Press {
    Box::new(move |_| ui.dispatch(Msg::User(intent.clone())))
}

pub(super) fn toggle(ui: Ui, panel: Panel) -> Press {
    Box::new(move |_| ui.dispatch(Msg::Toggle(panel)))
}

/// What stands in the field that an event is about.
pub(super) fn typed(event: &Event) -> String {
    let value = event.target().and_then(|field| js_sys::Reflect::get(&field, &"value".into()).ok());
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

pub(super) fn icon(name: &'static str) -> Element {
    el("svg").attr("aria-hidden", "true").child(el("use").attr("href", ["#i-", name].concat()))
}

pub(super) fn button(label: &'static str, press: Press) -> Element {
    el("button").attr("type", "button").on("click", press).child(label)
}

/// A button with an icon before its label.
pub(super) fn icon_button(icon: Element, label: &'static str, press: Press) -> Element {
    el("button").attr("type", "button").on("click", press).child(icon).child(label)
}

/// A button that shows only an icon.
pub(super) fn quiet_button(icon: Element, name: &'static str, press: Press) -> Element {
    icon_button(icon, "", press).attr("aria-label", name)
}

/// The button that submits its form.
pub(super) fn submit(icon: Option<Element>, label: &'static str) -> Element {
    el("button").attr("type", "submit").child(icon).child(label)
}

pub(super) const fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

impl Element {
    pub(super) fn pressed(self, is_pressed: bool) -> Self {
        self.attr("aria-pressed", truth(is_pressed))
    }

    pub(super) fn expanded(self, is_expanded: bool) -> Self {
        self.attr("aria-expanded", truth(is_expanded))
    }

    /// Shows that a button is of no use now.
    pub(super) fn refused(self, is_refused: bool) -> Self {
        self.attr_if(is_refused, "aria-disabled", "true")
    }

    pub(super) fn name(self, name: impl Into<Text>) -> Self {
        self.attr("aria-label", name)
    }
}

pub(super) fn div(class: &'static str) -> Element {
    el("div").class(class)
}

pub(super) fn p(text: impl Into<Node>) -> Element {
    el("p").child(text)
}

pub(super) fn hint(text: impl Into<Node>) -> Element {
    p(text).class("hint")
}

/// A name of a person or a company, which may be written in another direction.
pub(super) fn bdi(text: impl Into<Node>) -> Element {
    el("bdi").child(text)
}

/// A telephone number, which reads from left to right in every language.
pub(super) fn ltr(text: impl Into<Node>) -> Element {
    bdi(text).attr("dir", "ltr")
}

/// A form as tall as the screen.
pub(super) fn screen(submit: Press) -> Element {
    let submit = Box::new(move |event: &Event| {
        event.prevent_default();
        submit(event);
    });
    el("form").class("screen").attr("novalidate", "").on("submit", submit)
}

/// A line across the screen. A bad one comes later, and is read aloud.
pub(super) fn banner(tone: &'static str, symbol: &'static str, text: impl Into<Node>) -> Element {
    el("div").class(tone).attr_if(tone == "banner bad", "role", "alert").child(icon(symbol)).child(p(text))
}

/// One of several choices.
pub(super) fn chip(name: &'static str, label: impl Into<Node>, is_chosen: bool, choose: Press) -> Element {
    let input = el("input").attr("type", "radio").attr("name", name).attr_if(is_chosen, "checked", "");
    el("label").class("chip").child(input.on("change", choose)).child(label)
}

pub(super) fn choices(class: &'static str, legend: &'static str, chips: Vec<Element>) -> Element {
    el("fieldset").class(class).child(el("legend").child(legend)).children(chips)
}

pub(super) fn row(name: &'static str, value: impl Into<Node>) -> Element {
    el("div").child(el("dt").child(name)).child(el("dd").child(value))
}

pub(super) fn shortcuts() -> Element {
    let key = |(what, keys)| row(what, el("kbd").attr("dir", "ltr").child(keys));
    el("dl").children(text::SHORTCUT_LIST.into_iter().map(key).collect())
}

/// What support wants to read, with a button that copies it.
pub(super) fn copyable(around: Element, text: String) -> Element {
    let copied = text.clone();
    // What can't be copied can still be read and marked.
    let copy = move |_: &Event| cordboard_browser::copy(&copied, |_| {});
    around.child(el("pre").attr("dir", "ltr").attr("tabindex", "0").child(text)).child(icon_button(
        icon("copy"),
        text::COPY,
        Box::new(copy),
    ))
}

/// The provider's code, behind a disclosure.
pub(super) fn details(code: &str) -> Element {
    copyable(el("details").child(el("summary").child(text::DETAILS)), code.to_owned())
}

/// The field for a number.
pub(super) struct NumberField {
    pub(super) typed: String,
    pub(super) hint: String,
    pub(super) is_wrong: bool,
    /// What typing does.
    pub(super) change: fn(String) -> Msg,
    /// What then stands in the field.
    pub(super) shown: fn(&Model) -> &String,
}

impl NumberField {
    pub(super) fn draw(self, ui: Ui, tools: Vec<Element>) -> Element {
        let Self { change, shown, .. } = self;
        let input = move |event: &Event| {
            let target = event.target();
            let Some(field) = target.as_ref().and_then(|field| field.dyn_ref::<HtmlInputElement>()) else { return };
            let typed = field.value();
            let caret = field.selection_start().ok().flatten().unwrap_or(u32::MAX);
            ui.dispatch(change(typed.clone()));
            let shown = ui.read(|model| shown(model).clone());
            let caret = caret_after(&typed, caret, &shown);
            field.set_value(&shown);
            let _ = field.set_selection_range(caret, caret);
        };
        let field = el("input")
            .attr("id", "number")
            .attr("type", "tel")
            .attr("dir", "ltr")
            .attr("autocomplete", "off")
            .attr("inputmode", "tel")
            .attr("aria-describedby", "number-hint")
            .attr_if(self.is_wrong, "aria-invalid", "true")
            .attr("placeholder", text::NUMBER_PLACEHOLDER)
            .attr("value", self.typed)
            .on("input", Box::new(input));
        let hint = p(self.hint).class(if self.is_wrong { "hint error" } else { "hint" });
        div("field")
            .child(el("label").attr("for", "number").child(text::NUMBER))
            .child(div("entry").child(field).children(tools))
            .child(hint.attr("id", "number-hint").attr("aria-live", "polite"))
    }
}

const KEYS: [(&str, &str); 12] = [
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
];

pub(super) fn keypad(ui: Ui, press: fn(char) -> Msg) -> Element {
    let key = |(sign, letters): (&'static str, &'static str)| {
        let press = move |_: &Event| sign.chars().for_each(|sign| ui.dispatch(press(sign)));
        button(sign, Box::new(press)).child((!letters.is_empty()).then(|| el("small").child(letters)))
    };
    let keys = KEYS.into_iter().map(key).collect();
    div("keypad").attr("role", "group").name(text::KEYPAD).attr("dir", "ltr").children(keys)
}

/// Something, or nothing in its place.
pub(super) fn when(condition: bool, element: impl FnOnce() -> Element) -> Node {
    if condition { element().into() } else { nothing() }
}
