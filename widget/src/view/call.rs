//! A call, from the first ring to its notes. One arrangement for all of it, so that the field for the notes stays the
//! same element.

use super::element::{Element, Node, el, nothing};
use super::parts::{
    Press, act, bdi, chip, choices, div, hint, icon, icon_button, keypad, ltr, p, row, screen, send, submit, toggle,
    typed,
};
use super::transfer;
use crate::app::Ui;
use crate::model::{
    CallScreen, Model, Msg, Outcome, Panel, TransferBy, name_of, toggle_hold, toggle_mute, toggle_recording,
};
use crate::text;
use cordboard::call_flow::{Action, Intent, Saving, TrackedCall};
use cordboard::telephony::{CallState, Capability, Connection, PhoneNumber, Recording};

pub(super) fn with_call(main: Element, ui: Ui, model: &Model, stage: CallScreen) -> Element {
    let Some(call) = model.foreground() else { return main };
    let pad = div("pad");
    let pad = match stage {
        CallScreen::Incoming => incoming(pad, ui, model, call),
        CallScreen::Dialing => pad.child(controls(ui, model, call)).child(nothing()).child(nothing()),
        CallScreen::InCall => in_call(pad, ui, model, call),
        CallScreen::WrapUp => pad.child(outcomes(ui, model, call)).child(nothing()).child(nothing()),
    };
    let pad = if stage == CallScreen::Incoming { pad } else { pad.child(notes(ui, model)) };
    let (button, submit) = primary(ui, model, stage, call);
    main.child(head(ui, model, stage, call))
        .child(other(ui, model))
        .child(screen(submit).child(pad).child(button.map(|button| div("actions").child(button))))
        .child(second(ui, model))
}

/// The other party as people name them.
pub(super) fn who(call: &TrackedCall) -> String {
    name_of(call).unwrap_or_else(|| number(call))
}

fn number(call: &TrackedCall) -> String {
    call.remote.as_ref().map_or_else(|| text::WITHHELD.to_owned(), PhoneNumber::to_international)
}

/// What the call does, in two words.
pub(super) fn state(call: &TrackedCall) -> &'static str {
    match call.end_reason() {
        Some(reason) => text::ended_because(reason),
        None if call.is_incoming() => text::INCOMING_CALL,
        None => text::state(call.state()),
    }
}

fn red(label: &'static str, call: &TrackedCall, press: Press) -> Element {
    let name = text::about(label, &who(call));
    icon_button(icon("phone").class("hang"), label, press).class("danger").name(name)
}

/// The number, where the name does not already say it.
fn shown_number(call: &TrackedCall) -> Option<Element> {
    name_of(call).is_some().then(|| p(ltr(number(call))).class("number"))
}

/// Who it is, where the call stands and for how long, and the way to end it.
fn head(ui: Ui, model: &Model, stage: CallScreen, call: &TrackedCall) -> Element {
    let tone = match call.state() {
        CallState::Dialing | CallState::Ringing => "call ring",
        CallState::Connected => "call live",
        CallState::OnHold | CallState::Ended(_) => "call",
    };
    let (label, action) = match stage {
        CallScreen::Dialing => (text::CANCEL, Action::HangUp),
        CallScreen::Incoming => (text::DECLINE, Action::Reject),
        CallScreen::InCall | CallScreen::WrapUp => (text::HANG_UP, Action::HangUp),
    };
    let end = call.is_live().then(|| red(label, call, act(ui, &call.id, action)));
    let time = match call.connected_at() {
        Some(_) => Some(call.talk_time(model.now)),
        None => call.is_live().then(|| model.now.since(call.began_at)),
    };
    let timer = time.map(|time| el("p").class("timer").attr("role", "timer").child(text::timer(time)));
    let who =
        div("who").child(p(state(call)).class("state")).child(el("h1").child(bdi(who(call)))).child(shown_number(call));
    let meter = if call.state() == CallState::Connected { ui.audio(|audio| audio.meter()) } else { nothing() };
    el("section")
        .class(tone)
        .name(text::CALL)
        .child(who.child(meter))
        .child(div("end").child(timer).child(end))
        .child(flags(model, call))
}

fn flags(model: &Model, call: &TrackedCall) -> Option<Element> {
    let mut flags = Vec::new();
    let mut add = |is_shown, class, flag| {
        if is_shown {
            flags.push(el("li").class(class).child(flag));
        }
    };
    add(call.is_muted(), "flag", text::MUTED);
    add(call.recording() == Recording::On, "flag bad", text::RECORDING);
    add(call.recording() == Recording::Paused, "flag", text::RECORDING_PAUSED);
    add(model.flow.connection() == Connection::Poor, "flag bad", text::POOR_CONNECTION);
    (call.state().is_established() && !flags.is_empty()).then(|| el("ul").class("flags").children(flags))
}

/// The call that waits meanwhile.
fn other(ui: Ui, model: &Model) -> Option<Element> {
    let other = model.other()?;
    let line = text::state_for(state(other), &text::timer(other.talk_time(model.now)));
    let can_swap = model.foreground()?.state().is_established();
    let swap = can_swap.then(|| icon_button(icon("arrow-left-right"), text::SWAP, act(ui, &other.id, Action::Resume)));
    let about = p(bdi(who(other))).child(el("br")).child(el("small").child(line));
    Some(el("section").class("other").name(text::OTHER_CALL).child(about).child(swap))
}

/// Who calls while the user talks.
fn second(ui: Ui, model: &Model) -> Option<Element> {
    let call = model.waiting()?;
    let is_talking = model.foreground()?.state() == CallState::Connected;
    let label = if is_talking { text::HOLD_AND_ANSWER } else { text::ANSWER };
    let can_answer = !is_talking || model.flow.capabilities().has(Capability::Hold);
    let answer = can_answer.then(|| {
        let button = icon_button(icon("phone"), label, act(ui, &call.id, Action::Answer));
        button.class("answer").refused(!model.is_settled())
    });
    let decline = red(text::DECLINE, call, act(ui, &call.id, Action::Reject));
    let about = el("div").child(el("h2").child(bdi(who(call)))).child(shown_number(call));
    let parts = div("actions ring")
        .attr("role", "group")
        .name(text::SECOND_CALL)
        .child(div("row").child(p(text::INCOMING_CALL).class("state")).child(decline))
        .child(about)
        .child(answer);
    Some(parts)
}

fn incoming(pad: Element, ui: Ui, model: &Model, call: &TrackedCall) -> Element {
    let line = call.local.as_ref().map(|local| {
        let known = model.flow.caller_ids().iter().find(|caller_id| caller_id.number == *local);
        let label: Node = known.map(|caller_id| caller_id.label.clone()).unwrap_or_default().into();
        let number = el("small").child(ltr(local.to_international()));
        el("dl").child(row(text::CALLS_YOU_ON, el("span").child(label).child(el("br")).child(number)))
    });
    let open = call.record.is_some().then(|| {
        let symbol = icon("external-link").class("flip");
        icon_button(symbol, text::OPEN_RECORD, act(ui, &call.id, Action::OpenRecord)).key("open")
    });
    let silence = (!model.settings.quiet).then(|| {
        let is_silent = model.silenced.as_ref() == Some(&call.id);
        icon_button(icon("bell-off"), text::SILENCE, send(ui, || Msg::Silence)).pressed(is_silent)
    });
    pad.child(line).child(div("row").child(open).child(silence))
}

fn in_call(pad: Element, ui: Ui, model: &Model, call: &TrackedCall) -> Element {
    match model.panel {
        Some(Panel::Transfer) => {
            pad.child(transfer::title(ui)).child(transfer::field(ui, model)).child(transfer::how(ui, model))
        }
        Some(Panel::Keypad) => {
            let sent = el("output").class("sent").name(text::KEYS_SENT).child(ltr(model.pressed.clone()));
            pad.child(controls(ui, model, call)).child(sent).child(keypad(ui, Msg::PressDigit))
        }
        _ => {
            let back = call.consults_for.is_some().then(|| {
                icon_button(icon("arrow-left").class("flip"), text::BACK_TO_CALLER, send(ui, || Msg::BackToCaller))
            });
            pad.child(controls(ui, model, call)).child(back).child(nothing())
        }
    }
}

/// What can be done with the call, as far as the line can do it.
fn controls(ui: Ui, model: &Model, call: &TrackedCall) -> Option<Element> {
    let can = |capability| model.flow.capabilities().has(capability);
    let is_early = !call.state().is_established();
    let is_muted = call.is_muted();
    let recording = call.recording();
    let button =
        |symbol, label, press: Press| icon_button(icon(symbol), label, if is_early { Box::new(|_| {}) } else { press });
    let mut buttons = Vec::new();
    if can(Capability::Mute) {
        let press = act(ui, &call.id, toggle_mute(call));
        buttons.push(button(if is_muted { "mic-off" } else { "mic" }, text::MUTE, press).pressed(is_muted));
    }
    if can(Capability::Hold) {
        let press = act(ui, &call.id, toggle_hold(call));
        buttons.push(button("pause", text::HOLD, press).pressed(call.state() == CallState::OnHold));
    }
    if can(Capability::Digits) {
        let is_open = model.panel == Some(Panel::Keypad);
        buttons.push(button("grip", text::KEYPAD, toggle(ui, Panel::Keypad)).expanded(is_open));
    }
    if call.consults_for.is_none() && (can(Capability::BlindTransfer) || can(Capability::AttendedTransfer)) {
        buttons.push(
            button("phone-forwarded", text::TRANSFER, toggle(ui, Panel::Transfer))
                .expanded(false)
                .attr("id", "transfer"),
        );
    }
    if can(Capability::Recording) {
        let press = act(ui, &call.id, toggle_recording(call));
        buttons.push(button("circle-dot", text::RECORD, press).pressed(recording != Recording::Off));
    }
    if can(Capability::PauseRecording) && recording != Recording::Off {
        let is_paused = recording == Recording::Paused;
        let action = if is_paused { Action::ResumeRecording } else { Action::PauseRecording };
        let pause = button("pause", text::PAUSE, act(ui, &call.id, action));
        buttons.push(pause.pressed(is_paused).name(text::PAUSE_RECORDING));
    }
    let refuse = |button: Element| button.refused(is_early).attr_if(is_early, "aria-describedby", "why");
    if buttons.is_empty() {
        return None;
    }
    let controls = div("controls")
        .attr("role", "group")
        .name(text::CONTROLS)
        .children(buttons.into_iter().map(refuse).collect())
        .child(is_early.then(|| hint(text::NOT_YET).attr("id", "why")));
    Some(controls)
}

fn notes(ui: Ui, model: &Model) -> Option<Element> {
    let call = model.noted()?;
    let id = call.id.clone();
    let write = move |event: &_| {
        ui.dispatch(Msg::User(Intent::Act(id.clone(), Action::SetNotes(typed(event)))));
    };
    let head = div("row")
        .child(el("label").attr("for", "notes").child(text::NOTES))
        .child(el("span").class("hint").child(text::NOTES_KEPT));
    let field = el("textarea")
        .attr("id", "notes")
        .attr("placeholder", text::NOTES_PLACEHOLDER)
        .attr("value", call.notes.clone())
        .on("input", Box::new(write));
    Some(div("notes side").child(head).child(field))
}

fn outcomes(ui: Ui, model: &Model, call: &TrackedCall) -> Element {
    let chip = |outcome: &Outcome| {
        let choose = act(ui, &call.id, Action::SetOutcome(Some(outcome.id.clone())));
        chip("outcome", outcome.label.clone(), call.outcome.as_ref() == Some(&outcome.id), choose)
    };
    choices("choices", text::OUTCOME, model.outcomes.iter().map(chip).collect())
}

/// The one thing that Enter does: its button, and what it does.
fn primary(ui: Ui, model: &Model, stage: CallScreen, call: &TrackedCall) -> (Option<Element>, Press) {
    let (symbol, label, press) = match (stage, &call.consults_for) {
        (CallScreen::Incoming, _) => {
            let button = submit(Some(icon("phone")), text::ANSWER).class("answer").refused(!model.is_settled());
            return (Some(button), act(ui, &call.id, Action::Answer));
        }
        (CallScreen::WrapUp, _) => {
            let label = if call.saving == Saving::Failed { text::SAVE_AGAIN } else { text::SAVE };
            (None, label, act(ui, &call.id, Action::Save))
        }
        (CallScreen::InCall, _) if model.panel == Some(Panel::Transfer) => match model.transfer_by {
            TransferBy::AskingFirst => (Some("phone"), text::CALL_THEM, send(ui, || Msg::ConsultFirst)),
            TransferBy::HandingOver => (Some("phone-forwarded"), text::TRANSFER, send(ui, || Msg::TransferNow)),
        },
        (CallScreen::InCall, Some(id)) => {
            (Some("phone-forwarded"), text::COMPLETE_TRANSFER, act(ui, id, Action::CompleteTransfer))
        }
        (CallScreen::InCall | CallScreen::Dialing, _) => return (None, Box::new(|_| {})),
    };
    (Some(submit(symbol.map(icon), label).class("primary")), press)
}
