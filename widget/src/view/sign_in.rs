//! Nobody is signed in.

use super::element::{Element, el};
use super::parts::{button, div, intend, p, screen, submit, typed, when};
use crate::app::Ui;
use crate::model::{Model, Msg};
use crate::text;
use cordboard::call_flow::{Intent, Notice};
use cordboard::telephony::{Credentials, ErrorKind, Operation, SignInMethod};
use wasm_bindgen::JsCast;
use web_sys::Event;

pub(super) fn sign_in(ui: Ui, model: &Model) -> Element {
    let pad = div("pad").child(el("h1").child(text::SIGN_IN_TITLE));
    let method = model.flow.capabilities().sign_in();
    let pad = match method {
        _ if method.takes_password() => pad.child(name(ui, model)).child(password(model)),
        SignInMethod::Redirect => pad.child(p(text::signs_in_to(model.provider.name, text::IN_A_WINDOW))),
        _ => pad.child(p(text::signs_in_to(model.provider.name, text::NOTHING_TO_FILL_IN))),
    };
    let is_busy = model.flow.is_signing_in();
    let elsewhere = when(method == SignInMethod::PasswordOrRedirect, || {
        button(text::SIGN_IN_ELSEWHERE, intend(ui, Intent::SignIn(Credentials::Redirect))).refused(is_busy)
    });
    let submit = submit(None, if is_busy { text::SIGNING_IN } else { text::SIGN_IN });
    let sign_in = Box::new(move |event: &Event| {
        let form = event.target().and_then(|form| form.dyn_into::<web_sys::Element>().ok());
        let field = form.and_then(|form| form.query_selector("#password").ok().flatten());
        let field = field.and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok());
        ui.dispatch(Msg::SignIn { password: field.map(|field| field.value()).unwrap_or_default() });
    });
    let actions = div("actions").child(elsewhere).child(submit.class("primary").refused(is_busy));
    screen(sign_in).child(pad).child(actions)
}

/// Whether the line did not take name and password.
pub(super) fn are_refused(model: &Model) -> bool {
    matches!(model.notice, Some(Notice::Failed { operation: Operation::SignIn, kind: ErrorKind::BadCredentials, .. }))
}

fn name(ui: Ui, model: &Model) -> Element {
    let field = el("input")
        .attr("id", "name")
        .attr("autocomplete", "username")
        .attr("value", model.name.clone())
        .on("input", Box::new(move |event| ui.dispatch(Msg::TypeName(typed(event)))));
    div("field").child(el("label").attr("for", "name").child(text::NAME)).child(field)
}

fn password(model: &Model) -> Element {
    let is_wrong = are_refused(model);
    let field = el("input")
        .attr("id", "password")
        .attr("type", "password")
        .attr("autocomplete", "current-password")
        .attr_if(is_wrong, "aria-invalid", "true")
        .attr_if(is_wrong, "aria-describedby", "password-hint");
    let hint = is_wrong.then(|| {
        let hint = p(text::failed(Operation::SignIn, ErrorKind::BadCredentials)).class("hint error");
        hint.attr("id", "password-hint").attr("role", "alert")
    });
    let label = el("label").attr("for", "password").child(text::PASSWORD);
    div("field").child(label).child(field).child(hint)
}
