//! One record: its properties, what it belongs to, and its timeline.

use super::icon::Icon;
use super::{avatar, call_link, calls, open, record_link};
use crate::crm::{Call, Page, Phone, Record, RecordId};
use crate::driver::App;
use leptos::prelude::*;

pub(super) fn record_page(app: App, id: RecordId) -> impl IntoView {
    let Some(record) = id.record() else { return view! { <p class="empty">"There is no such record."</p> }.into_any() };
    let list = id.object_type;
    view! {
        <p class="breadcrumb">
            <button class="link" on:click=move |_| open(app, Page::Records(list))>{format!("All {}", list.plural().to_lowercase())}</button>
        </p>
        <div class="record">
            <div class="stack">
                {about(app, record)}
            </div>
            <section aria-labelledby="timeline-title">
                <h2 id="timeline-title">"Activity"</h2>
                {timeline(app, id)}
            </section>
            <div class="stack">
                {associations(app, record)}
            </div>
        </div>
    }
    .into_any()
}

fn about(app: App, record: &'static Record) -> impl IntoView {
    let phones: Vec<_> =
        record.phones.iter().map(|phone| property(phone.label, call_link(app, record, phone))).collect();
    let email = record.email.map(|email| property("E-mail", email));
    let others: Vec<_> = record.properties.iter().map(|(label, value)| property(label, *value)).collect();
    view! {
        <section class="card" aria-label="About this record">
            <div class="identity">
                {avatar(record, "avatar large")}
                <div>
                    <h1 dir="auto">{record.full_name()}</h1>
                    <p class="muted" dir="auto">{record.subtitle}</p>
                </div>
            </div>
            <dl class="properties">{phones} {email} {others}</dl>
        </section>
        {record.phones.first().filter(|phone| phone.parse().is_some()).map(|phone| incoming(app, record, phone))}
    }
}

fn property(label: &'static str, value: impl IntoView) -> impl IntoView {
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }
}

/// For widgets on the demo network: this person calls the user.
fn incoming(app: App, record: &'static Record, phone: &'static Phone) -> impl IntoView {
    let ring = move |_| {
        if let Some(number) = phone.parse() {
            app.ring(number.as_e164());
        }
    };
    view! {
        <section class="card" aria-labelledby="demo-title">
            <h2 id="demo-title">"Demo"</h2>
            <button on:click=ring aria-label=format!("Incoming call from {}", record.full_name())>
                {Icon::Incoming.view()} "Incoming call"
            </button>
            <p class="muted">"Rings in a calling app that runs on the demo network."</p>
        </section>
    }
}

fn timeline(app: App, id: RecordId) -> impl IntoView {
    let calls = Memo::new(move |_| app.crm.with(|crm| crm.timeline(id).cloned().collect::<Vec<Call>>()));
    view! {
        <Show when=move || !calls.with(Vec::is_empty)
            fallback=|| view! { <p class="card empty">"No calls yet. Click a phone number to make one."</p> }>
            <ol class="timeline" aria-labelledby="timeline-title">
                {move || calls.get().into_iter().map(|call| view! { <li>{calls::engagement(&call)}</li> }).collect::<Vec<_>>()}
            </ol>
        </Show>
    }
}

fn associations(app: App, record: &'static Record) -> impl IntoView {
    let items: Vec<_> = record
        .associated
        .iter()
        .filter_map(|id| id.record())
        .map(|other| {
            let kind = format!("{} · ", other.id.object_type.singular());
            view! { <li>{record_link(app, other)} <small>{kind} <span dir="auto">{other.subtitle}</span></small></li> }
        })
        .collect();
    view! {
        <section class="card" aria-labelledby="associations-title">
            <h2 id="associations-title">"Associated records"</h2>
            {if items.is_empty() {
                view! { <p class="muted">"None"</p> }.into_any()
            } else {
                view! { <ul class="associations">{items}</ul> }.into_any()
            }}
        </section>
    }
}
