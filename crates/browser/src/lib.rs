//! The browser, for the core: messages between windows, a server's socket, time, storage and the page's address.
//!
//! **Architecture invariant:** besides a view's own elements, nothing outside this crate touches `window`.

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

fn window() -> web_sys::Window {
    #[expect(clippy::expect_used, reason = "this crate runs in a page; without one nothing could be done or shown")]
    web_sys::window().expect("a browser's window")
}
