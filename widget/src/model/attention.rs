//! What keeps a press from landing on something that was not there when the user meant it.

use super::{Model, Msg, Screen};
use cordboard::Timestamp;
use cordboard::call_flow::{Action, Intent};
use core::time::Duration;

/// How long what appears by itself, and where something else may have been, takes no press.
const REACTION: Duration = Duration::from_millis(300);

/// What stands where on the screen.
#[derive(PartialEq)]
pub(super) struct Layout {
    screen: Screen,
    is_someone_waiting: bool,
}

impl Model {
    pub(super) fn layout(&self) -> Layout {
        Layout { screen: self.screen(), is_someone_waiting: self.waiting().is_some() }
    }

    /// Notes that the screen changed, if it did.
    pub(super) fn layout_changed_from(&mut self, before: &Layout, is_asked: bool) {
        let layout = self.layout();
        if layout == *before {
            return;
        }
        if layout.screen != before.screen {
            self.panel = None;
        }
        if !is_asked {
            self.settles_at = self.now + REACTION;
        }
    }

    /// Whether what begins or takes a call may be pressed already.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.now >= self.settles_at
    }

    /// When the next [`Msg::Tick`] is due, if one is.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let settling = (!self.is_settled()).then_some(self.settles_at);
        let ticking = self.is_ticking().then(|| self.now + Duration::from_secs(1));
        [settling, ticking, self.flow.poll_timeout()].into_iter().flatten().min()
    }
}

impl Msg {
    /// Whether the user did it.
    pub(super) const fn is_by_user(&self) -> bool {
        !matches!(
            self,
            Self::Start | Self::Tick | Self::Line(_) | Self::Reply(..) | Self::Crm(_) | Self::Online(_)
        )
    }

    /// Whether it begins or takes a call.
    pub(super) fn begins_a_call(&self) -> bool {
        match self {
            Self::Call | Self::CallAgain(_) | Self::User(Intent::Act(_, Action::Answer)) => true,
            Self::Key(key) => key == "Enter",
            _ => false,
        }
    }
}
