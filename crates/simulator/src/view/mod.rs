//! The page. Each part draws a piece of the [`App`]'s state and hands the user's clicks to it.

mod alert;
mod calls;
mod format;
mod icon;
mod inspector;
mod panel;
mod picker;
mod record;
mod records;
mod settings;
mod shell;
mod tasks;
mod toasts;

use crate::crm::{Page, Phone, Record, RecordId};
use crate::driver::App;
use crate::view::icon::Icon;
use cordboard::platform::Clock as _;
use cordboard_browser::BrowserClock;
use leptos::prelude::*;

/// The whole page.
#[component]
pub(crate) fn Root() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    let signed_in = RwSignal::new(true);
    view! {
        <Show when=move || signed_in.get() fallback=move || view! { <SignedOut signed_in/> }>
            <shell::Shell signed_in/>
        </Show>
    }
}

/// What a user sees whose session with the CRM is over.
#[component]
fn SignedOut(signed_in: RwSignal<bool>) -> impl IntoView {
    view! {
        <main class="signed-out">
            <h1>"You are signed out"</h1>
            <p class="muted">"Your session with the CRM has ended, and the calling app with it."</p>
            <button class="primary" on:click=move |_| signed_in.set(true)>"Sign in again"</button>
        </main>
    }
}

fn app() -> App {
    expect_context()
}

/// Shows a page, because the user asked for it.
fn open(app: App, page: Page) {
    app.crm.update(|crm| crm.page = page);
    shell::focus_main();
}

/// A phone number that calls when clicked.
fn call_link(app: App, record: &'static Record, phone: &'static Phone) -> impl IntoView {
    let name = format!("Call {}, {}", record.full_name(), phone.shown());
    let call = move |_| app.act(|crm, settings| crm.dial(BrowserClock.now(), record, phone, settings));
    view! {
        <button class="link call-link" aria-label=name on:click=call>
            {Icon::Phone.view()}
            <span>{phone.shown()}</span>
        </button>
    }
}

/// A record's name that opens it.
fn record_link(app: App, record: &'static Record) -> impl IntoView {
    let id: RecordId = record.id;
    view! {
        <button class="link" dir="auto" on:click=move |_| open(app, Page::Record(id))>{record.full_name()}</button>
    }
}

fn avatar(record: &Record, class: &'static str) -> impl IntoView {
    let initials: String = record.name.chars().take(1).chain(record.last_name.chars().take(1)).collect();
    view! { <span class=class aria-hidden="true">{initials}</span> }
}
