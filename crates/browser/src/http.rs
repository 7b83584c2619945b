use crate::task::call_once;
use crate::value::{parse_json, to_json};
use cordboard::Value;
use web_sys::XmlHttpRequest;

/// How long a server may take, in milliseconds.
const PATIENCE: u32 = 8_000;

/// What is done with the status and the JSON.
type Answered = Box<dyn FnOnce(Option<(u16, Value)>)>;

/// Sends JSON by `POST`, and hands over the JSON that comes back: the status, and the value, `Null` if there is none; or nothing,
/// if there was no answer within 8 s. The server may have got the request all the same. A redirect is followed where the page's policy
/// lets it connect, and nowhere else.
pub fn post_json(url: &str, body: &Value, answered: impl FnOnce(Option<(u16, Value)>) + 'static) {
    request("POST", url, Some(body), Box::new(answered));
}

/// As [`post_json`], by `GET`.
pub fn get_json(url: &str, answered: impl FnOnce(Option<(u16, Value)>) + 'static) {
    request("GET", url, None, Box::new(answered));
}

/// By `XMLHttpRequest`, as `fetch` and the promises that it makes take a kilobyte more.
fn request(method: &str, url: &str, body: Option<&Value>, answered: Answered) {
    let Ok(request) = XmlHttpRequest::new() else { return answered(None) };
    if request.open(method, url).is_err() {
        return answered(None);
    }
    request.set_timeout(PATIENCE);
    if body.is_some() {
        let _ = request.set_request_header("content-type", "application/json");
    }
    let done = request.clone();
    let answer = move || {
        let status = done.status().unwrap_or_default();
        let text = done.response_text().ok().flatten();
        answered((status != 0).then(|| (status, text.and_then(|text| parse_json(&text)).unwrap_or_default())));
    };
    // Comes once, however it ends.
    request.set_onloadend(Some(&call_once(Box::new(answer))));
    // Throws only for what was not opened.
    let _ = request.send_with_opt_str(body.map(to_json).as_deref());
}
