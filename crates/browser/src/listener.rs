use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// An event listener that is removed when this is dropped.
#[must_use = "dropping it removes the listener"]
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// The handler is boxed, so that this code is there once and not once for each.
    pub(crate) fn new(target: &EventTarget, kind: &'static str, handler: Box<dyn FnMut(Event)>) -> Self {
        let closure = Closure::wrap(handler);
        // Fails only for a target that is not one.
        let _ = target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), kind, closure }
    }

    /// Keeps listening until the page goes.
    pub fn forever(self) {
        core::mem::forget(self);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.kind, self.closure.as_ref().unchecked_ref());
    }
}
