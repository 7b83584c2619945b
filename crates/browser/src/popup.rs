use crate::listener::Listener;
use crate::value::from_js;
use crate::window;
use cordboard::Value;
use core::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent, Url, Window};

/// As small as pages for signing in are made for.
const FEATURES: &str = "popup,width=500,height=680";
/// How often it is seen whether the window is still there, in milliseconds: the browser does not tell.
const LOOK: i32 = 500;

/// A page in a window of its own, which says one thing to this page. Dropping it closes the window.
pub struct Popup {
    page: Option<Window>,
    _listener: Listener,
    timer: i32,
    _look: Closure<dyn FnMut()>,
}

/// What is done once.
type Answer = Rc<RefCell<Option<Box<dyn FnOnce(Option<Value>)>>>>;

fn give(answer: &Answer, value: Option<Value>) {
    // Taken first: who is answered may drop the window.
    let answer = answer.borrow_mut().take();
    if let Some(answer) = answer {
        answer(value);
    }
}

impl Popup {
    /// Opens a page, while the user clicks. Hands over the first thing that a page of that origin says from there, or nothing once
    /// the window is closed, or was never opened. Never before this returns.
    #[must_use]
    pub fn open(url: &str, answered: impl FnOnce(Option<Value>) + 'static) -> Self {
        let page = window().open_with_url_and_target_and_features(url, "_blank", FEATURES).ok().flatten();
        let origin = Url::new(url).map(|url| url.origin()).unwrap_or_default();
        let answer: Answer = Rc::new(RefCell::new(Some(Box::new(answered))));

        let (source, heard) = (page.clone(), Rc::clone(&answer));
        let hear = move |event: Event| {
            let Some(message) = event.dyn_ref::<MessageEvent>() else { return };
            let is_page = source.as_ref().is_some_and(|page| message.source().as_deref() == Some(page));
            if is_page && message.origin() == origin {
                give(&heard, Some(from_js(&message.data())));
            }
        };
        let listener = Listener::new(&window(), "message", Box::new(hear));

        let (seen, mut was_closed) = (page.clone(), false);
        let look = Closure::<dyn FnMut()>::new(move || {
            let is_closed = seen.as_ref().is_none_or(|page| page.closed().unwrap_or(true));
            // What it said before it closed may still be on its way.
            if is_closed && was_closed {
                give(&answer, None);
            }
            was_closed = is_closed;
        });
        let interval = window()
            .set_interval_with_callback_and_timeout_and_arguments_0(look.as_ref().unchecked_ref(), LOOK)
            .unwrap_or_default();
        Self { page, _listener: listener, timer: interval, _look: look }
    }
}

impl Drop for Popup {
    fn drop(&mut self) {
        window().clear_interval_with_handle(self.timer);
        if let Some(page) = &self.page {
            let _ = page.close();
        }
    }
}
