//! The drawer with what the widget is told and what shall go wrong.

use super::app;
use super::icon::Icon;
use crate::settings::{Fault, Handshake, LOCATIONS, Settings, location_from_name};
use leptos::html;
use leptos::prelude::*;

#[component]
pub(super) fn Drawer(node: NodeRef<html::Dialog>, signed_in: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let close = move || {
        if let Some(drawer) = node.get_untracked() {
            drawer.close();
        }
    };
    view! {
        <dialog node_ref=node id="settings" class="drawer" aria-labelledby="settings-title">
            <div>
                <div class="page-head">
                    <h2 id="settings-title">"Settings"</h2>
                    <button class="quiet icon-only" aria-label="Close settings" on:click=move |_| close()>{Icon::Close.view()}</button>
                </div>
                <Account/>
                <Widget/>
                <Faults/>
                <fieldset>
                    <legend>"Events"</legend>
                    <div class="actions">
                        <button on:click=move |_| app.reload()>{Icon::Reload.view()} "Load the page again"</button>
                        <button on:click=move |_| { close(); app.reconnect(); }>"Load the app again"</button>
                        <button class="danger" on:click=move |_| signed_in.set(false)>"Sign out of the CRM"</button>
                    </div>
                </fieldset>
            </div>
        </dialog>
    }
}

#[component]
fn Account() -> impl IntoView {
    let app = app();
    let hub = move |event| app.settings.update(|settings| settings.hub = event_target_value(&event));
    view! {
        <fieldset>
            <legend>"Account"</legend>
            <div class="pair">
                {number("Portal", "portal-id", |settings| &mut settings.portal_id)}
                {number("User", "user-id", |settings| &mut settings.user_id)}
                {number("Owner", "owner-id", |settings| &mut settings.owner_id)}
                <div class="field">
                    <label for="hub">"Hub region"</label>
                    <select id="hub" on:change=hub>
                        {["na1", "na2", "eu1", "ap1"].map(|name| {
                            view! { <option value=name selected=move || app.settings.with(|settings| settings.hub == name)>{name}</option> }
                        })}
                    </select>
                </div>
            </div>
        </fieldset>
    }
}

#[component]
fn Widget() -> impl IntoView {
    let app = app();
    let choose = move |event| {
        if let Some(location) = location_from_name(&event_target_value(&event)) {
            app.settings.update(|settings| settings.iframe_location = location);
        }
    };
    let locations = LOCATIONS.map(|(location, name)| {
        let selected = move || app.settings.with(|settings| settings.iframe_location == location);
        view! { <option value=name selected=selected>{name}</option> }
    });
    view! {
        <fieldset>
            <legend>"Calling app"</legend>
            <div class="field">
                <label for="iframe-location">"iframeLocation"</label>
                <select id="iframe-location" aria-describedby="iframe-location-hint" on:change=choose>{locations}</select>
                <small id="iframe-location-hint">"Ids and places are told when the app loads again."</small>
            </div>
            {check("uses-calling-window", "usesCallingWindow", "A window of its own holds the calls", |settings| &mut settings.uses_calling_window)}
            {check("opens-on-incoming", "Open on incoming calls", "HubSpot leaves the panel as it is", |settings| &mut settings.opens_on_incoming)}
            {check("navigation-reloads", "Opening a record loads the page", "As HubSpot does for NAVIGATE_TO_RECORD", |settings| &mut settings.navigation_reloads)}
        </fieldset>
    }
}

#[component]
fn Faults() -> impl IntoView {
    let app = app();
    let choose = move |event| {
        if let Some(handshake) = Handshake::from_name(&event_target_value(&event)) {
            app.settings.update(|settings| settings.handshake = handshake);
        }
    };
    let handshakes = Handshake::ALL.map(|handshake| {
        let label = match handshake {
            Handshake::Normal => "Taken at once",
            Handshake::Delayed => "Taken after 3 seconds",
            Handshake::Dropped => "Lost",
        };
        let selected = move || app.settings.with(|settings| settings.handshake == handshake);
        view! { <option value=handshake.name() selected=selected>{label}</option> }
    });
    let faults = Fault::ALL.map(|fault| {
        let (label, hint) = match fault {
            Fault::CreateEngagement => ("Creating the engagement fails", "CREATE_ENGAGEMENT_FAILED"),
            Fault::UpdateEngagement => ("Updating the engagement fails", "UPDATE_ENGAGEMENT_FAILED"),
            Fault::CallerIdMatch => ("Looking up the caller fails", "CALLER_ID_MATCH_FAILED"),
            Fault::NavigateToRecord => ("Opening a record fails", "NAVIGATE_TO_RECORD_FAILED"),
        };
        let id = format!("fault-{}", fault.name());
        let set = move |event| app.settings.update(|settings| settings.set_fault(fault, event_target_checked(&event)));
        view! {
            <div class="check">
                <input type="checkbox" id=id.clone() prop:checked=move || app.settings.with(|settings| settings.has(fault)) on:change=set/>
                <label for=id>{label} <small>{hint}</small></label>
            </div>
        }
    });
    view! {
        <fieldset>
            <legend>"Faults"</legend>
            <div class="field">
                <label for="handshake">"The app's SYNC_ACK is"</label>
                <select id="handshake" on:change=choose>{handshakes}</select>
            </div>
            {faults}
        </fieldset>
    }
}

fn number(label: &'static str, id: &'static str, of: fn(&mut Settings) -> &mut u32) -> impl IntoView {
    let app = app();
    let value = move || app.settings.with(|settings| of(&mut settings.clone()).to_string());
    let set = move |event| {
        if let Ok(number) = event_target_value(&event).trim().parse() {
            app.settings.update(|settings| *of(settings) = number);
        }
    };
    view! {
        <div class="field">
            <label for=id>{label} " ID"</label>
            <input id=id type="text" inputmode="numeric" pattern="[0-9]*" prop:value=value on:change=set/>
        </div>
    }
}

fn check(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    of: fn(&mut Settings) -> &mut bool,
) -> impl IntoView {
    let app = app();
    let checked = move || app.settings.with(|settings| *of(&mut settings.clone()));
    let set = move |event| app.settings.update(|settings| *of(settings) = event_target_checked(&event));
    view! {
        <div class="check">
            <input type="checkbox" id=id prop:checked=checked on:change=set/>
            <label for=id>{label} <small>{hint}</small></label>
        </div>
    }
}
