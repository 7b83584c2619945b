//! Which calling app to use.

use super::app;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

const KNOWN: [(&str, &str); 2] = [
    ("Cordboard softphone of the demo", "http://127.0.0.1:9001/"),
    ("App under development", "https://localhost:9025/"),
];

#[component]
pub(super) fn Picker(on_done: impl Fn() + Copy + 'static) -> impl IntoView {
    let app = app();
    let current = app.widget.with_untracked(|widget| widget.as_ref().map(|(_, url)| url.as_str().to_owned()));
    let can_cancel = current.is_some();
    let url = RwSignal::new(current.unwrap_or_default());
    let error = RwSignal::new(None::<String>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match app.connect(&url.get_untracked()) {
            Ok(()) => on_done(),
            Err(reason) => error.set(Some(reason)),
        }
    };
    let choices: Vec<_> = KNOWN
        .into_iter()
        .map(|(name, address)| view! { <option value=address selected=move || url.get() == address>{name}</option> })
        .collect();
    view! {
        <form id="app-picker" class="picker" novalidate on:submit=submit>
            <h3>"Choose a calling app"</h3>
            <div class="field">
                <label for="known-app">"Known apps"</label>
                <select id="known-app" on:change=move |event| {
                    let chosen = event_target_value(&event);
                    if !chosen.is_empty() {
                        url.set(chosen);
                    }
                }>
                    <option value="">"Another address"</option>
                    {choices}
                </select>
            </div>
            <div class="field">
                <label for="app-url">"Address"</label>
                <input id="app-url" type="url" inputmode="url" autocomplete="url" spellcheck="false"
                    aria-describedby="app-url-error app-url-hint"
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    prop:value=url
                    on:input=move |event| {
                        url.set(event_target_value(&event));
                        error.set(None);
                    }/>
                <p id="app-url-error" class="error" role="alert">{move || error.get()}</p>
                <small id="app-url-hint">"Any page that speaks HubSpot's calling protocol, by https:// or http://."</small>
            </div>
            <div class="actions">
                <button class="primary" type="submit">"Use this app"</button>
                {can_cancel.then(|| view! { <button type="button" on:click=move |_| on_done()>"Cancel"</button> })}
            </div>
        </form>
    }
}
