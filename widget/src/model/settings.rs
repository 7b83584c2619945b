use cordboard::{Object, Value};

/// What the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The colours.
    pub theme: Theme,
    /// Whether incoming calls only show, and make no sound.
    pub quiet: bool,
    /// Whether letters alone do nothing: some people's software types them.
    pub no_letters: bool,
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has them.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its name in the page and where it is kept.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Settings {
    pub(crate) fn save(self) -> Value {
        Object::new().with("theme", self.theme.id()).with("quiet", self.quiet).with("noLetters", self.no_letters).into()
    }

    pub(crate) fn restore(saved: &Value) -> Self {
        let is_set = |field| saved.get(field).and_then(Value::as_bool).unwrap_or_default();
        let theme = saved.get("theme").and_then(Value::as_str).unwrap_or_default();
        Self {
            theme: Theme::ALL.into_iter().find(|known| known.id() == theme).unwrap_or_default(),
            quiet: is_set("quiet"),
            no_letters: is_set("noLetters"),
        }
    }
}
