use crate::listener::Listener;
use crate::window;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

/// The page's own origin.
#[must_use]
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// A parameter of the part behind `#` in the page's address, decoded.
#[must_use]
pub fn fragment_parameter(name: &str) -> Option<String> {
    let hash = window().location().hash().ok()?;
    let mut text = hash.as_str();
    while let Some(rest) = text.strip_prefix('#') {
        text = rest;
    }
    parameter(text, name)
}

/// Calls back when the part behind `#` changes.
pub fn on_fragment_change(mut handler: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "hashchange", Box::new(move |_| handler()))
}

/// A parameter of the page's address, decoded.
#[must_use]
pub fn query_parameter(name: &str) -> Option<String> {
    parameter(window().location().search().ok()?.trim_start_matches('?'), name)
}

/// A parameter of a text such as `a=1&b=2`, decoded.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        // By bytes: to search for a `char` takes more code.
        let end = rest.bytes().position(|byte| byte == b'&').unwrap_or(rest.len());
        let (pair, others) = rest.split_at_checked(end)?;
        if let Some(value) = pair.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return js_sys::decode_uri_component(value).ok().map(Into::into);
        }
        rest = others.strip_prefix('&')?;
    }
}

/// The content of the page's `<meta>` of that name.
#[must_use]
pub fn meta(name: &str) -> Option<String> {
    window().document()?.query_selector(&["meta[name=\"", name, "\"]"].concat()).ok()??.get_attribute("content")
}

/// Calls back when a key is pressed anywhere in the page.
pub fn on_key(mut handler: impl FnMut(&KeyboardEvent) + 'static) -> Listener {
    let handler = move |event: Event| {
        if let Some(event) = event.dyn_ref() {
            handler(event);
        }
    };
    Listener::new(&window(), "keydown", Box::new(handler))
}

/// Loads the page again.
pub fn reload() {
    let _ = window().location().reload();
}

/// Whether the browser believes that there is a network.
#[must_use]
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// Calls back when the network goes or comes.
pub fn on_online_change(handler: impl Fn(bool) + Clone + 'static) -> [Listener; 2] {
    let (online, offline) = (handler.clone(), handler);
    [
        Listener::new(&window(), "online", Box::new(move |_| online(true))),
        Listener::new(&window(), "offline", Box::new(move |_| offline(false))),
    ]
}

/// Calls back when the page is about to go; with `true` the browser asks the user first.
pub fn on_leave(mut must_ask: impl FnMut() -> bool + 'static) -> Listener {
    let handler = move |event: Event| {
        if must_ask() {
            event.prevent_default();
        }
    };
    Listener::new(&window(), "beforeunload", Box::new(handler))
}

/// Calls back when the page goes, for a reload as for good. What it keeps in storage then is there for the next page.
pub fn on_hide(mut handler: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "pagehide", Box::new(move |_| handler()))
}

/// A number that nobody can guess, for ids that must differ between pages.
#[must_use]
pub fn random_seed() -> u64 {
    u64::from_le_bytes(random_bytes().unwrap_or_default())
}

/// Bytes that nobody can guess; `None` if the browser gives none.
#[must_use]
pub fn random_bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes)).ok()?;
    Some(bytes)
}
