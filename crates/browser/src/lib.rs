//! The browser, for the core: messages between windows, time, storage and the page's address.
//!
//! **Architecture invariant:** besides a view's own elements, nothing outside this crate touches `window`.

mod clock;
mod files;
mod frame;
mod listener;
mod messages;
mod page;
mod storage;
mod value;

pub use clock::BrowserClock;
pub use files::{copy, download, read_file};
pub use frame::{open_tab, show_in_frame};
pub use listener::Listener;
pub use messages::{Message, Peer};
pub use page::{
    fragment_parameter, is_online, meta, on_fragment_change, on_leave, on_online_change, origin, query_parameter,
    random_seed, reload,
};
pub use storage::Storage;
pub use value::{from_js, parse_json, to_js, to_json};
pub use wasm_bindgen_futures::spawn_local as spawn;

fn window() -> web_sys::Window {
    #[expect(clippy::expect_used, reason = "this crate runs in a page; without one nothing could be done or shown")]
    web_sys::window().expect("a browser's window")
}
