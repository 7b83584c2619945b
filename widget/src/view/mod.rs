//! Draws the model: one function from a [`Model`] to the page, called again whenever the model changed.

pub(crate) mod audio;
mod bar;
mod call;
mod element;
mod panels;
mod parts;
mod problem;
mod ready;
mod sign_in;
mod transfer;

use crate::app::Ui;
use crate::model::{Model, Msg, Panel, Screen};
use crate::text;
pub(crate) use element::Node;
use element::{Drawn, Element, el};
use parts::div;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// What the page shows.
pub(crate) struct View {
    document: Document,
    drawn: Drawn,
    shown: Option<Shown>,
}

impl View {
    /// Draws the widget in the place of what is in the page's `#app`. `None` if the page has no such place.
    pub(crate) fn new(ui: Ui) -> Option<Self> {
        let document = cordboard_browser::document()?;
        cordboard_browser::complete_page();
        let place = document.get_element_by_id("app")?;
        let drawn = Drawn::new(&document, Node::Element(ui.read(|model| page(ui, model))));
        place.replace_children_with_node_1(drawn.node());
        cordboard_browser::on_key(move |event| press(ui, event)).forever();
        Some(Self { document, drawn, shown: None })
    }

    /// Makes the page what the model says.
    pub(crate) fn update(&mut self, ui: Ui, model: &Model) {
        self.drawn.update(&self.document, Node::Element(page(ui, model)));
        self.shown = Some(follow(&self.document, model, self.shown.take()));
    }
}

fn page(ui: Ui, model: &Model) -> Element {
    let screen = model.screen();
    let problem = problem::problem(ui, model);
    let main = |key| problem::with_banners(el("main").key(key), ui, model);
    let (bar, main) = match (&screen, problem) {
        (_, Some(problem)) => (bar::bar(ui, model, None), main("problem").child(problem)),
        _ if model.panel == Some(Panel::Settings) => {
            (bar::back(ui, text::SETTINGS), main("settings").child(panels::settings(ui, model)))
        }
        (Screen::Starting, _) => (bar::bar(ui, model, Some(text::STARTING)), bones(main("starting"))),
        (Screen::SignIn, _) => (bar::bar(ui, model, None), main("sign-in").child(sign_in::sign_in(ui, model))),
        (Screen::Ready, _) => (bar::bar(ui, model, Some(text::CALL)), main("ready").child(ready::ready(ui, model))),
        (Screen::Call(stage, _), _) => (bar::bar(ui, model, None), call::with_call(main("call"), ui, model, *stage)),
    };
    div("page")
        .child(bar)
        .child(main)
        .child(panels::dialog(ui, model))
        .child(el("p").class("sr").attr("role", "status").child(said(model)))
}

/// What the page shows before its code runs, too.
fn bones(main: Element) -> Element {
    let bones = ["bone short", "bone", "bone short", "bone"].map(div);
    main.attr("aria-busy", "true").child(div("pad").children(bones.into())).child(div("actions").child(div("bone")))
}

/// What is read aloud when it changes.
fn said(model: &Model) -> String {
    let Some(call) = model.waiting().or_else(|| model.foreground()) else {
        return if model.screen() == Screen::Starting { text::STARTING.to_owned() } else { String::new() };
    };
    if call.is_incoming() {
        return text::rings(&call::who(call));
    }
    match call.end_reason() {
        Some(_) => text::ended(call::state(call), call.talk_time(model.now)),
        None => call::state(call).to_owned(),
    }
}

/// What the page last showed, besides its elements.
#[derive(PartialEq)]
struct Shown {
    screen: Screen,
    has_problem: bool,
    panel: Option<Panel>,
    title: &'static str,
    theme: &'static str,
}

/// Lets title, colours and focus follow the screen.
fn follow(document: &Document, model: &Model, before: Option<Shown>) -> Shown {
    let screen = model.screen();
    let title = match &screen {
        Screen::Starting => text::STARTING,
        Screen::SignIn => text::SIGN_IN,
        Screen::Ready => text::READY,
        Screen::Call(..) => model.waiting().or_else(|| model.foreground()).map_or(text::CALL, call::state),
    };
    let has_problem = problem::is_whole_screen(model);
    // The keypad leaves the focus where it is.
    let panel = model.panel.filter(|panel| *panel != Panel::Keypad);
    let shown = Shown { screen, has_problem, panel, title, theme: model.settings.theme.id() };
    if before.as_ref() == Some(&shown) {
        return shown;
    }
    document.set_title(&text::title(title));
    if let Some(root) = document.document_element() {
        let _ = root.set_attribute("data-theme", shown.theme);
    }
    let was = before.map(|before| (before.screen, before.has_problem, before.panel));
    if was.as_ref().is_none_or(|was| (&was.0, was.1, was.2) != (&shown.screen, has_problem, panel)) {
        let came_from_transfer = was.is_some_and(|(_, _, panel)| panel == Some(Panel::Transfer));
        focus(document, if came_from_transfer { "#transfer" } else { "#number" });
    }
    shown
}

/// Opens a dialog that is to be open, or puts the focus where the screen begins.
fn focus(document: &Document, start: &str) {
    let find = |selector| document.query_selector(selector).ok().flatten();
    if let Some(dialog) = find("dialog") {
        if let Some(dialog) = dialog.dyn_ref::<HtmlDialogElement>().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
        return;
    }
    let first = [".pad[tabindex]", start, "#name", ".bar > .back"].into_iter().find_map(find);
    if let Some(first) = first.as_ref().and_then(|first| first.dyn_ref::<HtmlElement>()) {
        let _ = first.focus();
    }
}

/// Takes a key that is pressed anywhere. Those that mean something where the focus is are left to it.
fn press(ui: Ui, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
        return;
    }
    let target = event.target();
    let target = target.as_ref().and_then(|target| target.dyn_ref::<web_sys::Element>());
    let is_within = |selector| target.is_some_and(|target| target.closest(selector).ok().flatten().is_some());
    let key = event.key();
    let is_taken = match key.as_str() {
        "Escape" => is_within("dialog"),
        "Enter" | " " => is_within("input, textarea, select, button, a, summary"),
        _ => is_within("input, textarea, select"),
    };
    if !is_taken {
        ui.dispatch(Msg::Key(key));
    }
}
