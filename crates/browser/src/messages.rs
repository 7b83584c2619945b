use crate::boot;
use crate::listener::Listener;
use crate::value::{from_js, to_js};
use crate::window;
use cordboard::Value;
use cordboard::protocol::{Origin, Sender};
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlIFrameElement, MessageEvent, Window};

/// The window at the other end.
#[derive(Clone)]
pub enum Peer {
    /// The page that embeds this one.
    Parent,
    /// A page that this one embeds.
    Frame(HtmlIFrameElement),
}

/// A message event that is not read yet: looking at who sent it costs nothing.
pub struct Message<'a> {
    event: &'a MessageEvent,
    origin: String,
    is_peer: bool,
}

impl Message<'_> {
    /// Who sent it, as the browser says.
    #[must_use]
    pub fn sender(&self) -> Sender<'_> {
        Sender { origin: &self.origin, is_peer: self.is_peer }
    }

    /// What it says. Bounded in depth and size, so that no sender can fill the memory.
    #[must_use]
    pub fn value(&self) -> Value {
        from_js(&self.event.data())
    }
}

impl Peer {
    fn window(&self) -> Option<Window> {
        match self {
            // A page that nobody embeds is its own parent.
            Self::Parent => window().parent().ok().flatten().filter(|parent| *parent != window()),
            Self::Frame(frame) => frame.content_window(),
        }
    }

    /// Whether there is a window at the other end.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.window().is_some()
    }

    /// Sends to the peer, if it is of that origin; else the browser drops it.
    pub fn post(&self, target: &Origin, message: &Value) {
        if let Some(peer) = self.window() {
            // Throws only for what can't be cloned or a malformed target, neither of which these types allow.
            let _ = peer.post_message(&to_js(message), target.as_str());
        }
    }

    /// Hands over every message event from now on, and those that the page kept before this code ran.
    pub fn listen(&self, mut handler: impl FnMut(Message<'_>) + 'static) -> Listener {
        let peer = self.clone();
        let mut receive = move |event: &MessageEvent| {
            let source: JsValue = event.source().map_or(JsValue::NULL, Into::into);
            let is_peer = peer.window().is_some_and(|window| JsValue::from(window) == source);
            handler(Message { event, origin: event.origin(), is_peer });
        };
        let kept: js_sys::Array =
            boot::call("take", &JsValue::UNDEFINED).and_then(|kept| kept.dyn_into().ok()).unwrap_or_default();
        for event in kept.iter() {
            if let Some(event) = event.dyn_ref() {
                receive(event);
            }
        }
        let handler = move |event: Event| {
            if let Some(event) = event.dyn_ref() {
                receive(event);
            }
        };
        Listener::new(&window(), "message", Box::new(handler))
    }
}
