//! What the page's first lines of script, which run before the app, can do for it: the functions in `window.__cordboard`.

use crate::window;
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

/// Calls one of them. `None` if the page has none of that name, or it fails.
pub(crate) fn call(name: &str, argument: &JsValue) -> Option<JsValue> {
    let functions = Reflect::get(&window(), &"__cordboard".into()).ok()?;
    let function: Function = Reflect::get(&functions, &name.into()).ok()?.dyn_into().ok()?;
    function.call1(&functions, argument).ok()
}

/// The origins that may embed the page, as the build wrote them.
#[must_use]
pub fn allowed_hosts() -> Option<String> {
    call("hosts", &JsValue::UNDEFINED)?.as_string()
}

/// Puts into the page what it does without until its code runs: most of its styles, and pictures.
pub fn complete_page() {
    call("complete", &JsValue::UNDEFINED);
}
