use crate::cloud::{Cloud, SignalKind};
use crate::leg::Doing;
use crate::ncco::Join;
use std::collections::BTreeMap;

/// Legs that hear each other.
#[derive(Default)]
pub(crate) struct Conversation {
    /// `None` if it is a leg's own.
    pub(crate) name: Option<String>,
    /// Whether somebody came who starts it.
    pub(crate) started: bool,
    pub(crate) over: bool,
    /// By the leg's id.
    pub(crate) members: BTreeMap<String, Join>,
    /// The recording that runs.
    pub(crate) recording: Option<String>,
}

/// Vonage's limit.
const MAX_MEMBERS: usize = 50;

impl Cloud {
    /// A conversation of a leg's own.
    pub(crate) fn own_conversation(&mut self) -> String {
        let id = self.basis.random.uuid("CON-");
        self.conversations.insert(id.clone(), Conversation::default());
        id
    }

    /// An answered leg comes into the conversation of that name, which is made if there is none.
    pub(crate) fn join(&mut self, uuid: &str, join: Join) {
        let open = |conversation: &Conversation| !conversation.over && conversation.name.as_ref() == Some(&join.name);
        let known = self.conversations.iter().find(|(_, known)| open(known)).map(|(id, _)| id.clone());
        let id = known.unwrap_or_else(|| {
            let id = self.own_conversation();
            if let Some(made) = self.conversations.get_mut(&id) {
                made.name = Some(join.name.clone());
            }
            id
        });
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        if conversation.members.len() >= MAX_MEMBERS {
            self.basis.warn("the conversation is full");
            return self.hang_up(uuid);
        }
        conversation.started |= join.starts;
        conversation.members.insert(uuid.to_owned(), join);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let from = core::mem::replace(&mut call.conversation, id.clone());
        self.begin(uuid, Doing::Conversing);
        if from != id {
            self.tell_transfer(uuid, &from, &id);
            self.notify(uuid, SignalKind::Moved);
        }
    }

    /// A leg is not in its conversation any more. That ends if the leg hung up and was to end it, or nobody is left.
    pub(crate) fn leave(&mut self, uuid: &str, hung_up: bool) {
        let Some(id) = self.calls.get(uuid).map(|call| call.conversation.clone()) else { return };
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        let Some(join) = conversation.members.remove(uuid) else { return };
        if hung_up && join.ends || conversation.members.is_empty() {
            self.end_conversation(&id);
        }
    }

    fn end_conversation(&mut self, id: &str) {
        let Some(conversation) = self.conversations.get_mut(id) else { return };
        conversation.over = true;
        let members: Vec<String> = core::mem::take(&mut conversation.members).into_keys().collect();
        self.stop_recording(id);
        for member in members {
            // Each goes on with its own NCCO, which is over as a rule.
            self.begin(&member, Doing::Nothing);
            self.run(&member);
        }
    }

    /// Whom a leg can hear in its conversation.
    pub(crate) fn audible(&self, listener: &str) -> Vec<String> {
        let Some(call) = self.calls.get(listener).filter(|call| call.is_up() && !call.earmuffed) else {
            return Vec::new();
        };
        let Some(conversation) = self.conversations.get(&call.conversation).filter(|found| found.started) else {
            return Vec::new();
        };
        let speaks = |uuid: &&String| {
            let is_muted = self.calls.get(*uuid).is_none_or(|call| call.muted || !call.is_up());
            *uuid != listener && !is_muted
        };
        conversation.members.keys().filter(speaks).cloned().collect()
    }
}
