//! What the screens are made of. Each part is one function over plain values, so that each is compiled once.

use crate::app::Ui;
use crate::model::{Model, Msg, Panel, caret_after};
use crate::text;
use cordboard::call_flow::{Action, Intent};
use cordboard::protocol::ExternalCallId;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// What a press does.
pub(super) type Press = Box<dyn Fn() + Send>;

/// Nothing, in the place of a part.
pub(super) fn nothing() -> AnyView {
    ().into_any()
}

pub(super) fn send(ui: Ui, msg: fn() -> Msg) -> Press {
    Box::new(move || ui.send(msg()))
}

pub(super) fn act(ui: Ui, call: &ExternalCallId, action: Action) -> Press {
    let call = call.clone();
    Box::new(move || ui.send(Msg::User(Intent::Act(call.clone(), action.clone()))))
}

pub(super) fn toggle(ui: Ui, panel: Panel) -> Press {
    Box::new(move || ui.send(Msg::Toggle(panel)))
}

pub(super) fn icon(name: &str) -> AnyView {
    icon_with(name, None)
}

pub(super) fn icon_with(name: &str, class: Option<&'static str>) -> AnyView {
    let href = ["#i-", name].concat();
    view! { <svg class=class aria-hidden="true"><use_ href=href></use_></svg> }.into_any()
}

/// A button: what it says, then what else it is.
pub(super) struct Button {
    label: &'static str,
    class: &'static str,
    kind: &'static str,
    icon: AnyView,
    name: Option<String>,
    pressed: Option<&'static str>,
    expanded: Option<&'static str>,
    refused_by: Option<&'static str>,
    is_refused: bool,
}

impl Button {
    pub(super) fn new(label: &'static str) -> Self {
        Self {
            label,
            class: "",
            kind: "button",
            icon: nothing(),
            name: None,
            pressed: None,
            expanded: None,
            refused_by: None,
            is_refused: false,
        }
    }

    /// One that shows only an icon, and is called `name`.
    pub(super) fn of_icon(icon: AnyView, name: &'static str) -> Self {
        Self::new("").class("quiet").icon(icon).name(name.to_owned())
    }

    /// The one that submits its form.
    pub(super) fn submit(label: &'static str) -> Self {
        let mut button = Self::new(label).class("primary");
        button.kind = "submit";
        button
    }

    pub(super) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    pub(super) fn icon(mut self, icon: AnyView) -> Self {
        self.icon = icon;
        self
    }

    pub(super) fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    pub(super) fn pressed(mut self, pressed: bool) -> Self {
        self.pressed = Some(truth(pressed));
        self
    }

    pub(super) fn expanded(mut self, expanded: bool) -> Self {
        self.expanded = Some(truth(expanded));
        self
    }

    /// Shows that it is of no use now.
    pub(super) fn refused(mut self, is_refused: bool) -> Self {
        self.is_refused = is_refused;
        self
    }

    /// Shows that it is of no use now, for the reason that the element of that id gives.
    pub(super) fn refused_by(mut self, is_refused: bool, reason: &'static str) -> Self {
        self.refused_by = is_refused.then_some(reason);
        self.refused(is_refused)
    }

    pub(super) fn draw(self, press: Press) -> AnyView {
        let class = Some(self.class).filter(|class| !class.is_empty());
        let disabled = self.is_refused.then_some("true");
        view! {
            <button
                class=class
                type=self.kind
                aria-label=self.name
                aria-pressed=self.pressed
                aria-expanded=self.expanded
                aria-disabled=disabled
                aria-describedby=self.refused_by
                on:click=move |_| press()
            >
                {self.icon}
                {self.label}
            </button>
        }
        .into_any()
    }

    /// For the button of a form, which does what the form does.
    pub(super) fn draw_submit(self) -> AnyView {
        self.draw(Box::new(|| {}))
    }
}

pub(super) const fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

pub(super) fn div(class: &'static str, children: Vec<AnyView>) -> AnyView {
    view! { <div class=class>{children}</div> }.into_any()
}

/// A `div` whose parts belong together.
pub(super) fn group(class: &'static str, name: &'static str, children: Vec<AnyView>) -> AnyView {
    view! { <div class=class role="group" aria-label=name>{children}</div> }.into_any()
}

pub(super) fn section(class: &'static str, name: &'static str, children: Vec<AnyView>) -> AnyView {
    view! { <section class=class aria-label=name>{children}</section> }.into_any()
}

pub(super) fn h1(class: Option<&'static str>, text: String) -> AnyView {
    view! { <h1 class=class><bdi>{text}</bdi></h1> }.into_any()
}

pub(super) fn h2(text: String) -> AnyView {
    view! { <h2><bdi>{text}</bdi></h2> }.into_any()
}

pub(super) fn p(class: Option<&'static str>, text: String) -> AnyView {
    view! { <p class=class>{text}</p> }.into_any()
}

/// A telephone number, which reads from left to right in every language.
pub(super) fn number(number: String) -> AnyView {
    view! { <p class="number"><bdi dir="ltr">{number}</bdi></p> }.into_any()
}

/// A form as tall as the screen: what scrolls, and the actions below.
pub(super) fn screen(pad: AnyView, actions: AnyView, submit: Press) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        submit();
    };
    view! { <form class="screen" novalidate on:submit=submit>{pad}{actions}</form> }.into_any()
}

pub(super) fn actions(buttons: Vec<AnyView>) -> AnyView {
    div("actions", buttons)
}

/// A line across the screen. One that came later is read aloud.
pub(super) fn banner(tone: &'static str, icon: AnyView, text: String, rest: AnyView) -> AnyView {
    let class = ["banner ", tone].concat();
    let role = (tone == "bad").then_some("alert");
    view! { <div class=class role=role>{icon}<p>{text}</p>{rest}</div> }.into_any()
}

/// One of several choices.
pub(super) fn chip(name: &'static str, label: String, is_chosen: bool, choose: Press) -> AnyView {
    view! {
        <label class="chip">
            <input type="radio" name=name prop:checked=is_chosen on:change=move |_| choose() />
            {label}
        </label>
    }
    .into_any()
}

pub(super) fn choices(class: &'static str, legend: &'static str, chips: Vec<AnyView>) -> AnyView {
    view! { <fieldset class=class><legend>{legend}</legend>{chips}</fieldset> }.into_any()
}

pub(super) fn row(name: &'static str, value: AnyView) -> AnyView {
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

pub(super) fn list(rows: Vec<AnyView>) -> AnyView {
    view! { <dl>{rows}</dl> }.into_any()
}

pub(super) fn shortcuts() -> AnyView {
    let key = |key| view! { <kbd dir="ltr">{key}</kbd> }.into_any();
    list(text::SHORTCUT_LIST.into_iter().map(|(what, keys)| row(what, key(keys))).collect())
}

/// What support wants to read, with a button that copies it.
pub(super) fn copyable(text: String) -> Vec<AnyView> {
    let copied = text.clone();
    vec![
        view! { <pre dir="ltr" tabindex="0">{text}</pre> }.into_any(),
        Button::new(text::COPY).icon(icon("copy")).draw(Box::new(move || cordboard_browser::copy(&copied))),
    ]
}

/// The provider's code, behind a disclosure.
pub(super) fn details(code: Option<&str>) -> AnyView {
    let Some(code) = code else { return nothing() };
    view! { <details><summary>{text::DETAILS}</summary>{copyable(code.to_owned())}</details> }.into_any()
}

/// The field for a number.
pub(super) struct NumberField {
    pub(super) typed: String,
    pub(super) hint: String,
    pub(super) is_wrong: bool,
    pub(super) tools: Vec<AnyView>,
    /// What typing does.
    pub(super) change: fn(String) -> Msg,
    /// What then stands in the field.
    pub(super) shown: fn(&Model) -> String,
}

impl NumberField {
    pub(super) fn draw(self, ui: Ui) -> AnyView {
        let Self { change, shown, .. } = self;
        let input = move |event: ev::Event| {
            let Some(field) = event.target().and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok())
            else {
                return;
            };
            let typed = field.value();
            let caret = field.selection_start().ok().flatten().unwrap_or(u32::MAX);
            ui.send(change(typed.clone()));
            let shown = ui.model.with_untracked(shown);
            let caret = caret_after(&typed, caret, &shown);
            field.set_value(&shown);
            let _ = field.set_selection_range(caret, caret);
        };
        let hint_class = if self.is_wrong { "hint error" } else { "hint" };
        view! {
            <div class="field">
                <label for="number">{text::NUMBER}</label>
                <div class="entry">
                    <input
                        id="number"
                        type="tel"
                        dir="ltr"
                        autocomplete="off"
                        inputmode="tel"
                        aria-describedby="number-hint"
                        aria-invalid=self.is_wrong.then_some("true")
                        placeholder=text::NUMBER_PLACEHOLDER
                        prop:value=self.typed
                        on:input=input
                    />
                    {self.tools}
                </div>
                <p class=hint_class id="number-hint" aria-live="polite">
                    {self.hint}
                </p>
            </div>
        }
        .into_any()
    }
}

const KEYS: [(char, &str); 12] = [
    ('1', ""),
    ('2', "ABC"),
    ('3', "DEF"),
    ('4', "GHI"),
    ('5', "JKL"),
    ('6', "MNO"),
    ('7', "PQRS"),
    ('8', "TUV"),
    ('9', "WXYZ"),
    ('*', ""),
    ('0', "+"),
    ('#', ""),
];

pub(super) fn keypad(ui: Ui, press: fn(char) -> Msg) -> AnyView {
    let key = |(sign, letters): (char, &'static str)| {
        let press = move |_| ui.send(press(sign));
        view! { <button type="button" on:click=press>{sign.to_string()}<small>{letters}</small></button> }.into_any()
    };
    let keys: Vec<_> = KEYS.into_iter().map(key).collect();
    view! { <div class="keypad" role="group" aria-label=text::KEYPAD dir="ltr">{keys}</div> }.into_any()
}
