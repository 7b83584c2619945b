use cordboard::{Object, Value};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::prelude::*;

/// How deep a message is read; below is `Null`.
const MAX_DEPTH: usize = 8;
/// How many values of a message are read, in all; the rest are `Null`.
const MAX_VALUES: usize = 2_000;
/// The longest text that is read; a longer one is `Null`, and then missing.
const MAX_TEXT: u32 = 65_536;

/// Reads a JavaScript value, within bounds of depth and size. What a plain object, list, text, number or boolean is
/// not, is `Null`.
#[must_use]
pub fn from_js(value: &JsValue) -> Value {
    read(value, MAX_DEPTH, &mut { MAX_VALUES })
}

fn read(value: &JsValue, depth: usize, left: &mut usize) -> Value {
    if *left == 0 || depth == 0 {
        return Value::Null;
    }
    *left -= 1;
    if let Some(text) = value.dyn_ref::<js_sys::JsString>() {
        return if text.length() > MAX_TEXT { Value::Null } else { Value::String(text.into()) };
    }
    if let Some(number) = value.as_f64() {
        return Value::Number(number);
    }
    if let Some(boolean) = value.as_bool() {
        return Value::Bool(boolean);
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        let length = list.length().min(u32::try_from(*left).unwrap_or(u32::MAX));
        let mut items = Vec::new();
        for index in 0..length {
            items.push(read(&list.get(index), depth - 1, left));
        }
        return Value::Array(items);
    }
    let Some(source) = value.dyn_ref::<js_sys::Object>().filter(|_| !value.is_function()) else { return Value::Null };
    let mut object = Object::new();
    for key in js_sys::Object::keys(source).iter() {
        if *left == 0 {
            break;
        }
        let field = Reflect::get(value, &key).unwrap_or_default();
        if let Some(name) = key.as_string().filter(|name| name.len() <= 256) {
            object.set(&name, read(&field, depth - 1, left));
        }
    }
    Value::Object(object)
}

/// Makes a JavaScript value.
#[must_use]
pub fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::String(value) => value.into(),
        Value::Array(items) => items.iter().map(to_js).collect::<Array>().into(),
        Value::Object(object) => {
            let target = js_sys::Object::new();
            for (key, value) in object.iter() {
                // A new plain object takes every key.
                let _ = Reflect::set(&target, &key.into(), &to_js(value));
            }
            target.into()
        }
    }
}

/// Writes JSON, by the browser's own code.
#[must_use]
pub fn to_json(value: &Value) -> String {
    JSON::stringify(&to_js(value)).map(Into::into).unwrap_or_default()
}

/// Reads JSON, by the browser's own code. `None` if it is none.
#[must_use]
pub fn parse_json(text: &str) -> Option<Value> {
    JSON::parse(text).ok().map(|value| from_js(&value))
}
