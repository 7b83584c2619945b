//! The browser, for the core: messages between windows, a server's socket, time, storage and the page's address.
//!
//! **Architecture invariant:** besides a view's own elements, nothing outside this crate touches `window`.

mod boot;
mod clock;
mod files;
mod frame;
mod http;
mod listener;
mod locale;
mod media;
mod messages;
mod page;
mod popup;
mod ring;
mod socket;
mod storage;
mod task;
mod value;

pub use boot::{allowed_hosts, complete_page};
pub use clock::BrowserClock;
pub use files::{copy, download, read_file};
pub use frame::{open_tab, show_in_frame};
pub use http::{get_json, post_json};
pub use listener::Listener;
pub use locale::{region_name, short_time};
pub use media::Media;
pub use messages::{Message, Peer};
pub use page::{
    fragment_parameter, is_online, meta, on_fragment_change, on_hide, on_key, on_leave, on_online_change, origin,
    query_parameter, random_bytes, random_seed, reload,
};
pub use popup::Popup;
pub use ring::Ring;
pub use socket::{Socket, SocketEvent};
pub use storage::Storage;
pub use task::spawn;
pub use value::{from_js, parse_json, to_js, to_json};

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Not `web_sys::window`, which looks for it in four places, as it also runs where there is none.
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: web_sys::Window;
}

fn window() -> web_sys::Window {
    WINDOW.with(Clone::clone)
}

/// The page's document.
#[must_use]
pub fn document() -> Option<web_sys::Document> {
    window().document()
}
