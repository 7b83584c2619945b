//! Messages that go by themselves.

use super::app;
use super::icon::Icon;
use crate::crm::Tone;
use leptos::prelude::*;

#[component]
pub(super) fn Toasts() -> impl IntoView {
    let app = app();
    view! {
        <div class="toasts" role="status" aria-label="Notifications">
            <For each=move || app.toasts.get() key=|toast| toast.number let:toast>
                <div class=match toast.tone {
                    Tone::Neutral => "toast",
                    Tone::Good => "toast good",
                    Tone::Bad => "toast bad",
                }>
                    <p>{toast.text.clone()}</p>
                    <button class="quiet icon-only" aria-label="Dismiss" on:click=move |_| app.dismiss(toast.number)>
                        {Icon::Close.view()}
                    </button>
                </div>
            </For>
        </div>
    }
}
