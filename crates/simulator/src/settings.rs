//! What the account tells the widget, and what shall go wrong.

use cordboard::protocol::IframeLocation;
use cordboard::{Object, Value};
use std::collections::BTreeSet;

/// The account, and how the page plays HubSpot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) user_id: u32,
    pub(crate) portal_id: u32,
    pub(crate) owner_id: u32,
    /// HubSpot's data centre, such as `na1`.
    pub(crate) hub: String,
    pub(crate) uses_calling_window: bool,
    pub(crate) iframe_location: IframeLocation,
    /// Whether an incoming call opens the widget, as it does not in HubSpot.
    pub(crate) opens_on_incoming: bool,
    /// Whether `NAVIGATE_TO_RECORD` loads the page anew, as it does in HubSpot.
    pub(crate) navigation_reloads: bool,
    pub(crate) handshake: Handshake,
    pub(crate) faults: BTreeSet<Fault>,
}

/// What becomes of the widget's answer to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Normal,
    Delayed,
    Dropped,
}

/// What fails until it is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    CreateEngagement,
    UpdateEngagement,
    CallerIdMatch,
    NavigateToRecord,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_id: 9_000_001,
            portal_id: 1_234_567,
            owner_id: 70_000_001,
            hub: "na1".to_owned(),
            uses_calling_window: false,
            iframe_location: IframeLocation::Widget,
            opens_on_incoming: true,
            navigation_reloads: false,
            handshake: Handshake::Normal,
            faults: BTreeSet::new(),
        }
    }
}

impl Settings {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(crate) fn set_fault(&mut self, fault: Fault, on: bool) {
        if on {
            self.faults.insert(fault);
        } else {
            self.faults.remove(&fault);
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        let faults: Vec<Value> = self.faults.iter().map(|fault| fault.name().into()).collect();
        Object::new()
            .with("userId", self.user_id)
            .with("portalId", self.portal_id)
            .with("ownerId", self.owner_id)
            .with("hub", self.hub.as_str())
            .with("usesCallingWindow", self.uses_calling_window)
            .with("iframeLocation", location_name(self.iframe_location))
            .with("opensOnIncoming", self.opens_on_incoming)
            .with("navigationReloads", self.navigation_reloads)
            .with("handshake", self.handshake.name())
            .with("faults", faults)
            .into()
    }

    /// Reads what [`to_value`](Self::to_value) wrote; what is missing or wrong is as in a new account.
    pub(crate) fn from_value(value: &Value) -> Self {
        let default = Self::default();
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let flag = |name: &str, default: bool| value.get(name).and_then(Value::as_bool).unwrap_or(default);
        let id = |name: &str, default: u32| value.get(name).and_then(Value::as_number).map_or(default, to_id);
        let faults = value.get("faults").and_then(Value::as_array).unwrap_or_default();
        Self {
            user_id: id("userId", default.user_id),
            portal_id: id("portalId", default.portal_id),
            owner_id: id("ownerId", default.owner_id),
            hub: text("hub").map_or(default.hub, str::to_owned),
            uses_calling_window: flag("usesCallingWindow", default.uses_calling_window),
            iframe_location: text("iframeLocation").and_then(location_from_name).unwrap_or(default.iframe_location),
            opens_on_incoming: flag("opensOnIncoming", default.opens_on_incoming),
            navigation_reloads: flag("navigationReloads", default.navigation_reloads),
            handshake: text("handshake").and_then(Handshake::from_name).unwrap_or(default.handshake),
            faults: faults.iter().filter_map(Value::as_str).filter_map(Fault::from_name).collect(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
const fn to_id(number: f64) -> u32 {
    number as u32
}

/// The places that HubSpot has for a widget, by their names on the wire.
pub(crate) const LOCATIONS: [(IframeLocation, &str); 3] =
    [(IframeLocation::Widget, "widget"), (IframeLocation::Remote, "remote"), (IframeLocation::Window, "window")];

pub(crate) fn location_name(location: IframeLocation) -> &'static str {
    LOCATIONS.iter().find(|(known, _)| *known == location).map_or("", |(_, name)| name)
}

pub(crate) fn location_from_name(name: &str) -> Option<IframeLocation> {
    LOCATIONS.iter().find(|(_, known)| *known == name).map(|(location, _)| *location)
}

impl Handshake {
    pub(crate) const ALL: [Self; 3] = [Self::Normal, Self::Delayed, Self::Dropped];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Delayed => "delayed",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|handshake| handshake.name() == name)
    }
}

impl Fault {
    pub(crate) const ALL: [Self; 4] =
        [Self::CreateEngagement, Self::UpdateEngagement, Self::CallerIdMatch, Self::NavigateToRecord];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CreateEngagement => "create-engagement",
            Self::UpdateEngagement => "update-engagement",
            Self::CallerIdMatch => "caller-id-match",
            Self::NavigateToRecord => "navigate-to-record",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_reload() {
        let mut settings = Settings { hub: "eu1".to_owned(), owner_id: 7, ..Settings::default() };
        settings.iframe_location = IframeLocation::Remote;
        settings.handshake = Handshake::Dropped;
        settings.opens_on_incoming = false;
        for fault in Fault::ALL {
            settings.set_fault(fault, true);
        }
        settings.set_fault(Fault::CallerIdMatch, false);
        assert_eq!(Settings::from_value(&settings.to_value()), settings);
    }

    #[test]
    fn what_is_wrong_is_as_in_a_new_account() {
        let wrong = Object::new().with("userId", "x").with("handshake", "sideways").with("faults", true);
        assert_eq!(Settings::from_value(&wrong.into()), Settings::default());
        assert_eq!(Settings::from_value(&Value::Null), Settings::default());
    }
}
