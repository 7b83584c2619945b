use crate::window;
use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, HtmlInputElement, Url};

/// Lets the user keep a text as a file. Returns whether the browser does.
pub fn download(name: &str, text: &str) -> bool {
    try_download(name, text).is_ok()
}

fn try_download(name: &str, text: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(&Blob::new_with_str_sequence(&Array::of1(&text.into()))?)?;
    let document = window().document().ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}

/// The text of the file that the user chose, if it has at most `max` bytes.
pub async fn read_file(input: &HtmlInputElement, max: f64) -> Option<String> {
    let file = input.files()?.get(0)?;
    if file.size() > max {
        return None;
    }
    JsFuture::from(file.text()).await.ok()?.as_string()
}

/// Copies a text to the clipboard, and tells whether the browser allowed it. Not a future: the widget's only one of a promise would
/// bring all their code along.
pub fn copy(text: &str, tell: impl Fn(bool) + Copy + 'static) {
    // Pages that came without protection have no clipboard.
    if !window().is_secure_context() {
        return tell(false);
    }
    let (copied, refused) = (Closure::once(move |_| tell(true)), Closure::once(move |_| tell(false)));
    let _ = window().navigator().clipboard().write_text(text).then(&copied).catch(&refused);
    // One of the two is never called; the browser lets go of it with the page.
    copied.forget();
    refused.forget();
}
