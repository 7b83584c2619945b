//! The calling widget: a generic, accessible interface over any [`Telephony`](cordboard::telephony::Telephony).
//!
//! [`mount`] draws it; a crate whose `main` calls that is an app.

mod app;
mod audio;
mod crm;
pub mod model;
mod text;
mod view;

pub use app::{OnEngagement, WidgetConfig, mount, mount_with_audio};

/// Two thirds smaller than the standard allocator for WebAssembly.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
