//! HubSpot's CRM page, for people who have no HubSpot account: for demos, for tests and for those who write a widget.
//!
//! What the page draws is compiled for browsers only; the rest is tested where tests are fast.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, unused_imports, reason = "the page uses it"))]

mod crm;
#[cfg(target_arch = "wasm32")]
mod driver;
mod inspector;
mod settings;
#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "the component macro writes `pub`")]
mod view;
mod widget_url;

#[cfg(target_arch = "wasm32")]
fn main() {
    use leptos::wasm_bindgen::JsCast as _;
    let Some(root) = leptos::prelude::document().get_element_by_id("app") else { return };
    root.set_text_content(None);
    leptos::mount::mount_to(root.unchecked_into(), view::Root).forget();
}

#[cfg(not(target_arch = "wasm32"))]
const fn main() {}
