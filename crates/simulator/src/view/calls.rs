//! Calls on a timeline and in the list of all calls.

use super::format;
use super::icon::Icon;
use super::record_link;
use crate::crm::{Call, CallStatus, RecordId, outcome_label, show_number};
use crate::driver::App;
use cordboard::protocol::CallEndStatus;
use cordboard::telephony::Direction;
use leptos::prelude::*;

/// All calls that have an engagement.
pub(super) fn calls_page(app: App) -> impl IntoView {
    let calls = Memo::new(move |_| app.crm.with(|crm| crm.engagements().cloned().collect::<Vec<Call>>()));
    let row = move |call: Call| {
        let party = match call.record.and_then(RecordId::record) {
            Some(record) => record_link(app, record).into_any(),
            None => show_number(call.number()).into_any(),
        };
        view! {
            <tr>
                <td><span class="named">{icon(&call).view()} {party}</span></td>
                <td>{direction(&call)}</td>
                <td>{badge(&call)}</td>
                <td class="number">{call.duration.map(format::duration)}</td>
                <td class="number">{format::moment(call.started)}</td>
            </tr>
        }
    };
    view! {
        <div class="page-head"><h1>"Calls"</h1></div>
        <Show when=move || !calls.with(Vec::is_empty) fallback=|| view! { <p class="card empty">"No calls yet."</p> }>
            <div class="card table-scroll" tabindex="0" role="region" aria-label="Calls">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"With"</th>
                            <th scope="col">"Direction"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Duration"</th>
                            <th scope="col">"Started"</th>
                        </tr>
                    </thead>
                    <tbody>{move || calls.get().into_iter().map(row).collect::<Vec<_>>()}</tbody>
                </table>
            </div>
        </Show>
    }
}

/// A call on a record's timeline.
pub(super) fn engagement(call: &Call) -> impl IntoView + use<> {
    let title = call.title.clone().unwrap_or_else(|| direction(call).to_owned());
    let fact =
        |label: &'static str, value: String| view! { <div><dt>{label}</dt><dd class="number">{value}</dd></div> };
    let recording = call.recording.clone().map(|url| {
        view! { <div><dt>"Recording"</dt><dd><a href=url target="_blank" rel="noopener noreferrer" aria-label="Listen to the recording, in a new tab">"Listen"</a></dd></div> }
    });
    view! {
        <article class="engagement" data-engagement-id=call.engagement data-direction=direction(call)>
            <header>
                {icon(call).view()}
                <h3>{title}</h3>
                {badge(call)}
            </header>
            <p class="facts">
                {direction(call)} " · " {format::moment(call.started)}
                {(!call.completed && !call.is_live()).then_some(" · details not saved")}
            </p>
            {call.notes.clone().map(|notes| view! { <p class="notes" dir="auto">{notes}</p> })}
            <dl>
                {call.duration.map(|duration| fact("Duration", format::duration(duration)))}
                {call.outcome.as_deref().map(|outcome| fact("Outcome", outcome_label(outcome).to_owned()))}
                {(!call.from.is_empty()).then(|| fact("From", show_number(&call.from)))}
                {(!call.to.is_empty()).then(|| fact("To", show_number(&call.to)))}
                {recording}
            </dl>
        </article>
    }
}

const fn direction(call: &Call) -> &'static str {
    match call.direction {
        Direction::Outbound => "Outbound call",
        Direction::Inbound => "Inbound call",
    }
}

const fn icon(call: &Call) -> Icon {
    match (call.direction, call.status) {
        (_, CallStatus::Ended(Some(CallEndStatus::Missed))) => Icon::Missed,
        (Direction::Outbound, _) => Icon::Outgoing,
        (Direction::Inbound, _) => Icon::Incoming,
    }
}

fn badge(call: &Call) -> impl IntoView + use<> {
    let class = match call.status {
        CallStatus::Ringing => "badge busy",
        CallStatus::InProgress | CallStatus::Ended(Some(CallEndStatus::Completed)) => "badge good",
        CallStatus::Transferred | CallStatus::Ended(None) => "badge",
        CallStatus::Ended(Some(_)) => "badge bad",
    };
    view! { <span class=class>{call.status.label()}</span> }
}
