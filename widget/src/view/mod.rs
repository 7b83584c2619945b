//! Draws the model.

use crate::app::Ui;
use crate::model::Msg;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Draws the widget in the place of the page's `#app`.
pub(crate) fn draw(ui: Ui) {
    let root = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok());
    let Some(root): Option<web_sys::HtmlElement> = root else { return };
    root.set_inner_html("");
    leptos::mount::mount_to(root, move || {
        view! {
            <main>
                <p>{move || format!("{:?}", ui.model.with(|model| model.screen()))}</p>
                <button on:click=move |_| ui.send(Msg::Call)>"Call"</button>
            </main>
        }
    })
    .forget();
}
