use crate::value::{parse_json, to_json};
use crate::window;
use cordboard::Value;

/// What the browser keeps for this page. A browser may refuse that to an embedded page: then nothing is kept, and
/// reading finds nothing.
#[derive(Clone, Debug)]
pub struct Storage(Option<web_sys::Storage>);

impl Storage {
    /// Kept until the user clears it.
    #[must_use]
    pub fn local() -> Self {
        Self(window().local_storage().ok().flatten())
    }

    /// Kept while the tab is open, through reloads.
    #[must_use]
    pub fn session() -> Self {
        Self(window().session_storage().ok().flatten())
    }

    /// What was kept under that key.
    #[must_use]
    pub fn load(&self, key: &str) -> Option<Value> {
        parse_json(&self.0.as_ref()?.get_item(key).ok()??)
    }

    /// Keeps a value. Returns whether it is kept.
    pub fn save(&self, key: &str, value: &Value) -> bool {
        self.0.as_ref().is_some_and(|storage| storage.set_item(key, &to_json(value)).is_ok())
    }

    /// Forgets a value.
    pub fn remove(&self, key: &str) {
        if let Some(storage) = &self.0 {
            let _ = storage.remove_item(key);
        }
    }
}
