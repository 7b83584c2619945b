//! What the user must confirm.

use super::app;
use leptos::html;
use leptos::prelude::*;

#[component]
pub(super) fn Alert() -> impl IntoView {
    let app = app();
    let dialog = NodeRef::<html::Dialog>::new();
    let text = Memo::new(move |_| app.crm.with(|crm| crm.alert.clone()));
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match text.with(Option::is_some) {
            true if !dialog.open() => {
                let _ = dialog.show_modal();
            }
            false => dialog.close(),
            true => {}
        }
    });
    let close = move || app.crm.update(|crm| crm.alert = None);
    view! {
        <dialog node_ref=dialog class="alert" role="alertdialog" aria-labelledby="alert-title" aria-describedby="alert-text"
            on:close=move |_| close()>
            <h2 id="alert-title">"Calling"</h2>
            <p id="alert-text">{move || text.get()}</p>
            <div class="actions">
                <button class="primary" on:click=move |_| close()>"OK"</button>
            </div>
        </dialog>
    }
}
