//! The one place that knows that a browser's sockets and a system's differ.

#[cfg(target_arch = "wasm32")]
mod audio;
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub use audio::PageAudio;
pub use browser::{Browser, TabTokens, page_line, tell_engagements};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{Native, SystemClock};
