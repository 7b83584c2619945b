use crate::listener::Listener;
use crate::window;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

/// The page's own origin.
#[must_use]
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// A parameter of the part behind `#` in the page's address, decoded.
#[must_use]
pub fn fragment_parameter(name: &str) -> Option<String> {
    parameter(window().location().hash().ok()?.trim_start_matches('#'), name)
}

/// Calls back when the part behind `#` changes.
pub fn on_fragment_change(mut handler: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "hashchange", move |_| handler())
}

/// A parameter of the page's address, decoded.
#[must_use]
pub fn query_parameter(name: &str) -> Option<String> {
    parameter(window().location().search().ok()?.trim_start_matches('?'), name)
}

/// A parameter of a text such as `a=1&b=2`, decoded.
fn parameter(text: &str, name: &str) -> Option<String> {
    let value = text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    js_sys::decode_uri_component(value).ok().map(Into::into)
}

/// The content of the page's `<meta>` of that name.
#[must_use]
pub fn meta(name: &str) -> Option<String> {
    window().document()?.query_selector(&["meta[name=\"", name, "\"]"].concat()).ok()??.get_attribute("content")
}

/// Calls back when a key is pressed anywhere in the page.
pub fn on_key(mut handler: impl FnMut(&KeyboardEvent) + 'static) -> Listener {
    Listener::new(&window(), "keydown", move |event| {
        if let Some(event) = event.dyn_ref() {
            handler(event);
        }
    })
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
        Listener::new(&window(), "online", move |_| online(true)),
        Listener::new(&window(), "offline", move |_| offline(false)),
    ]
}

/// Calls back when the page is about to go; with `true` the browser asks the user first.
pub fn on_leave(mut must_ask: impl FnMut() -> bool + 'static) -> Listener {
    Listener::new(&window(), "beforeunload", move |event| {
        if must_ask() {
            event.prevent_default();
        }
    })
}

/// A number that nobody can guess, for ids that must differ between pages.
#[must_use]
pub fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u64::from_le_bytes(bytes)
}
