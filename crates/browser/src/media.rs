use crate::boot;
use crate::value::{from_js, to_js};
use cordboard::Value;
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

/// A provider's voice SDK behind orders and events. The page loads it when it is first needed, from a file of its own, which the
/// build made of the app's `media` script: one that exports `open(emit)`, which gives a function of orders.
pub struct Media {
    order: Function,
    _emit: Closure<dyn FnMut(String, JsValue)>,
}

impl Media {
    /// Loads it, and hands it over; `None` if the page has none, or it can't be loaded. Not a future: the widget's only one of a promise
    /// would bring all their code along.
    pub fn load(handler: impl FnMut(&str, Value) + 'static, loaded: impl FnOnce(Option<Self>) + 'static) {
        let loaded = Closure::once_into_js(move |module: JsValue| loaded(Self::open(&module, handler)));
        if boot::call("media", &loaded).is_none()
            && let Ok(loaded) = loaded.dyn_into::<Function>()
        {
            let _ = loaded.call0(&JsValue::NULL);
        }
    }

    fn open(module: &JsValue, mut handler: impl FnMut(&str, Value) + 'static) -> Option<Self> {
        let open: Function = Reflect::get(module, &"open".into()).ok()?.dyn_into().ok()?;
        let emit = Closure::<dyn FnMut(String, JsValue)>::new(move |event: String, value: JsValue| {
            handler(&event, from_js(&value));
        });
        let order = open.call1(module, emit.as_ref()).ok()?.dyn_into().ok()?;
        Some(Self { order, _emit: emit })
    }

    /// Gives an order, and returns what it gives at once. What becomes of it later is told by an event.
    pub fn order(&self, order: &str, value: &Value) -> Value {
        self.order
            .call2(&JsValue::NULL, &order.into(), &to_js(value))
            .map(|answer| from_js(&answer))
            .unwrap_or_default()
    }
}
