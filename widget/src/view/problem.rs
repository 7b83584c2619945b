//! What went wrong: across the whole screen when something must be done first, else as a line above it.

use super::element::{Element, el, nothing};
use super::parts::{Press, banner, button, details, div, icon, p, screen, send, submit};
use super::sign_in;
use crate::app::Ui;
use crate::model::{CrmLink, Model, Msg, Panel, Screen};
use crate::text;
use cordboard::call_flow::{Notice, Saving};
use cordboard::telephony::{Availability, Capability, ErrorKind, Operation, SignedOutReason};

/// Whether a problem takes the whole screen.
pub(super) fn is_whole_screen(model: &Model) -> bool {
    match (&model.notice, model.screen()) {
        (Some(Notice::SignedOut(_)), Screen::SignIn) => true,
        (Some(Notice::Failed { kind, operation, .. }), Screen::Ready) => {
            *kind == ErrorKind::Microphone || (*operation == Operation::Dial && *kind == ErrorKind::NotAllowed)
        }
        _ => false,
    }
}

/// The problem that takes the whole screen, if there is one.
pub(super) fn problem(ui: Ui, model: &Model) -> Option<Element> {
    if !is_whole_screen(model) {
        return None;
    }
    Some(match model.notice.as_ref()? {
        Notice::SignedOut(reason) => signed_out(ui, model, *reason),
        Notice::Failed { kind: ErrorKind::NotAllowed, provider_code, .. } => {
            let [title, what, next] = text::dial_refused();
            let code = provider_code.as_deref().map(details);
            let body = pad("ban", title).child(p(what)).child(p(next)).child(code);
            let back = submit(None, text::BACK_TO_DIALLING).class("primary");
            screen(dismiss(ui)).child(body).child(div("actions").child(back))
        }
        _ => microphone(ui, model),
    })
}

fn signed_out(ui: Ui, model: &Model, reason: SignedOutReason) -> Element {
    let [title, what, next] = text::signed_out(reason);
    let label = if reason == SignedOutReason::Replaced { text::USE_IT_HERE } else { text::SIGN_IN_AGAIN };
    let press = if model.flow.capabilities().sign_in().takes_password() {
        dismiss(ui)
    } else {
        send(ui, || Msg::SignIn { password: String::new() })
    };
    let button = submit(None, label).class("primary").refused(model.flow.is_signing_in());
    let body = pad("monitor-smartphone", title).child(p(what)).child(p(next));
    screen(press).child(body).child(div("actions").child(button))
}

fn microphone(ui: Ui, model: &Model) -> Element {
    let steps = text::MICROPHONE_STEPS.into_iter().map(|step| el("li").child(step)).collect();
    let again = if model.typed.is_empty() { dismiss(ui) } else { send(ui, || Msg::Call) };
    let body = pad("mic-off", text::MICROPHONE_TITLE).child(p(text::MICROPHONE)).child(el("ol").children(steps));
    let buttons =
        div("actions").child(button(text::BACK, dismiss(ui))).child(submit(None, text::TRY_AGAIN).class("primary"));
    screen(again).child(body).child(buttons)
}

fn pad(symbol: &'static str, title: &'static str) -> Element {
    div("pad")
        .attr("tabindex", "0")
        .attr("role", "group")
        .name(text::WHAT_HAPPENED)
        .child(div("row").child(icon(symbol)).child(el("h1").child(title)))
}

fn dismiss(ui: Ui) -> Press {
    send(ui, || Msg::DismissNotice)
}

/// Puts the lines above the screen. Each has its place, so that one which comes does not push another away.
pub(super) fn with_banners(main: Element, ui: Ui, model: &Model) -> Element {
    let screen = model.screen();
    let bad = "banner bad";
    let offline = (!model.is_connected())
        .then(|| banner(bad, "wifi-off", if model.is_ticking() { text::OFFLINE_IN_CALL } else { text::OFFLINE }));
    let no_crm = (model.crm == CrmLink::TimedOut).then(|| banner("banner info", "triangle-alert", text::NO_CRM));
    let is_away = screen == Screen::Ready
        && model.flow.capabilities().has(Capability::Inbound)
        && model.flow.availability() == Availability::Away;
    let away = is_away.then(|| banner("banner info", "bell-off", text::AWAY));
    let is_refused = model.foreground().is_some_and(|call| call.is_wrap_up() && call.saving == Saving::Failed);
    let not_saved = is_refused.then(|| banner(bad, "triangle-alert", text::NOT_SAVED));
    let notice = model.notice.as_ref().filter(|_| !has_its_place(model, &screen)).map(|notice| {
        let code = match notice {
            Notice::Failed { provider_code: Some(code), .. } => details(code).into(),
            _ => nothing(),
        };
        banner(bad, "triangle-alert", text::notice(notice)).child(button(text::DISMISS, dismiss(ui))).child(code)
    });
    main.child(offline)
        .child(ui.audio(|audio| audio.banner(ui)))
        .child(no_crm)
        .child(away)
        .child(not_saved)
        .child(notice)
}

/// Whether what the user should be told stands elsewhere.
fn has_its_place(model: &Model, screen: &Screen) -> bool {
    match model.notice {
        Some(Notice::BadNumber(_) | Notice::Denied(_)) => {
            *screen == Screen::Ready || model.panel == Some(Panel::Transfer)
        }
        Some(Notice::NotSaved(_)) => true,
        _ => is_whole_screen(model) || (*screen == Screen::SignIn && sign_in::are_refused(model)),
    }
}
