//! HubSpot's CRM page, for people who have no HubSpot account: for demos, for tests and for those who write a widget.

mod crm;
mod driver;
mod inspector;
mod settings;
#[expect(unreachable_pub, reason = "the component macro writes `pub`")]
mod view;
mod widget_url;

use leptos::wasm_bindgen::JsCast as _;

fn main() {
    let Some(root) = leptos::prelude::document().get_element_by_id("app") else { return };
    root.set_text_content(None);
    leptos::mount::mount_to(root.unchecked_into(), view::Root).forget();
}
