use crate::listener::Listener;
use crate::value::{parse_json, to_json};
use cordboard::Value;
use std::rc::Rc;
use wasm_bindgen::JsCast as _;
use web_sys::{Event, MessageEvent, WebSocket};

/// The longest message that is read, in UTF-16 units.
const MAX_MESSAGE: u32 = 65_536;

/// A socket to a server, for JSON. Dropping it closes it, and then nothing more is heard of it.
pub struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

/// What is heard of a [`Socket`].
#[derive(Debug)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// The server sent this. What can't be read is `Null`.
    Message(Value),
    /// It is closed, or could not be opened. Nothing follows.
    Closed,
}

impl Socket {
    /// Opens a socket that speaks a subprotocol. `None` if the address is none that the browser connects to.
    #[must_use]
    pub fn open(url: &str, protocol: &str, handler: impl Fn(SocketEvent) + 'static) -> Option<Self> {
        let socket = WebSocket::new_with_str(url, protocol).ok()?;
        let handler = Rc::new(handler);
        let listeners = ["open", "message", "close"].map(|kind| {
            let handler = Rc::clone(&handler);
            Listener::new(&socket, kind, Box::new(move |event| handler(read(kind, &event))))
        });
        Some(Self { socket, _listeners: listeners })
    }

    /// Sends a message. What is sent before it is open, or after it closed, is lost.
    pub fn send(&self, message: &Value) {
        let _ = self.socket.send_with_str(&to_json(message));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Throws for codes only, and there is none.
        let _ = self.socket.close();
    }
}

fn read(kind: &str, event: &Event) -> SocketEvent {
    match kind {
        "open" => SocketEvent::Opened,
        "message" => {
            let data = event.dyn_ref::<MessageEvent>().map(MessageEvent::data).unwrap_or_default();
            let text = data.dyn_ref::<js_sys::JsString>().filter(|text| text.length() <= MAX_MESSAGE);
            SocketEvent::Message(text.and_then(|text| parse_json(&String::from(text))).unwrap_or_default())
        }
        _ => SocketEvent::Closed,
    }
}
