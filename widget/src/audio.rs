//! The agent's audio in the widget: what is known of it, and what it adds to the screens. An app without audio has none of this code.

use crate::app::Ui;
use crate::model::Msg;
use crate::text;
use crate::view::{Node, audio as draw};
use cordboard::telephony::{MediaDevice, MediaEvent, MediaLeg, MediaProblem};
use cordboard_browser::spawn;
use core::cell::{Cell, RefCell};
use std::rc::Rc;

/// What the rest of the widget asks of the audio, if there is any.
pub(crate) trait Audio {
    /// Starts it when somebody has signed in, and stops it when nobody is.
    fn follow(&self, ui: Ui, is_signed_in: bool);

    /// What is wrong, above the screen.
    fn banner(&self, ui: Ui) -> Node;

    /// How loud the agent is.
    fn meter(&self) -> Node;

    /// What there is to choose from.
    fn settings(&self) -> Node;
}

/// What is known of the audio.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct AudioState {
    pub(crate) problem: Option<MediaProblem>,
    pub(crate) is_reconnecting: bool,
    pub(crate) microphones: Vec<MediaDevice>,
    pub(crate) speakers: Vec<MediaDevice>,
    pub(crate) level: u8,
}

impl AudioState {
    pub(crate) fn update(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Ready => (self.problem, self.is_reconnecting) = (None, false),
            MediaEvent::Reconnecting => self.is_reconnecting = true,
            MediaEvent::Stopped(problem) => {
                (self.problem, self.is_reconnecting, self.level) = (Some(problem), false, 0);
            }
            MediaEvent::Devices { microphones, speakers } => {
                (self.microphones, self.speakers) = (microphones, speakers);
            }
            MediaEvent::Level(level) => self.level = level,
        }
    }
}

/// Audio that a leg carries.
pub(crate) struct PageAudio {
    shared: Rc<Shared>,
    is_on: Cell<bool>,
    is_heard: Cell<bool>,
}

struct Shared {
    leg: Box<dyn MediaLeg>,
    state: RefCell<AudioState>,
}

impl PageAudio {
    pub(crate) fn new(leg: impl MediaLeg + 'static) -> Self {
        let shared = Rc::new(Shared { leg: Box::new(leg), state: RefCell::default() });
        Self { shared, is_on: Cell::new(false), is_heard: Cell::new(false) }
    }
}

impl Shared {
    fn update(&self, ui: Ui, event: MediaEvent) {
        self.state.borrow_mut().update(event);
        ui.dispatch(Msg::Tick);
    }

    fn start(self: &Rc<Self>, ui: Ui) {
        let shared = Rc::clone(self);
        spawn(async move {
            if shared.leg.start().await.is_err() {
                shared.update(ui, MediaEvent::Stopped(MediaProblem::Network));
            }
        });
    }

    fn listen(self: &Rc<Self>, ui: Ui) {
        let (mut events, shared) = (self.leg.events(), Rc::clone(self));
        spawn(async move {
            while let Some(event) = core::future::poll_fn(|context| events.as_mut().poll_next(context)).await {
                shared.update(ui, event);
            }
        });
    }
}

impl Audio for PageAudio {
    fn follow(&self, ui: Ui, is_signed_in: bool) {
        if self.is_on.replace(is_signed_in) == is_signed_in {
            return;
        }
        if is_signed_in {
            if !self.is_heard.replace(true) {
                self.shared.listen(ui);
            }
            self.shared.start(ui);
        } else {
            self.shared.leg.stop();
            *self.shared.state.borrow_mut() = AudioState::default();
        }
    }

    fn banner(&self, ui: Ui) -> Node {
        let state = self.shared.state.borrow();
        match &state.problem {
            Some(problem) => {
                let shared = Rc::clone(&self.shared);
                draw::problem(text::audio_problem(problem), Box::new(move || shared.start(ui)))
            }
            None if state.is_reconnecting => draw::line(text::AUDIO_RECONNECTING),
            None => draw::nothing(),
        }
    }

    fn meter(&self) -> Node {
        draw::meter(self.shared.state.borrow().level)
    }

    fn settings(&self) -> Node {
        let [to_microphone, to_speaker, to_test] = [(); 3].map(|()| Rc::clone(&self.shared));
        let microphone = move |id: String| to_microphone.leg.use_microphone(&id);
        let speaker = move |id: String| to_speaker.leg.use_speaker(&id);
        let test = move || to_test.leg.test_speaker();
        draw::settings(&self.shared.state.borrow(), Box::new(microphone), Box::new(speaker), Box::new(test))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_lasts_until_the_audio_is_ready() {
        let mut state = AudioState::default();
        state.update(MediaEvent::Level(40));
        state.update(MediaEvent::Stopped(MediaProblem::MicrophoneBlocked));
        assert_eq!((state.problem.clone(), state.level), (Some(MediaProblem::MicrophoneBlocked), 0));
        state.update(MediaEvent::Reconnecting);
        assert!(state.problem.is_some(), "what must be done first still stands");
        state.update(MediaEvent::Ready);
        assert_eq!(state, AudioState::default());
    }

    #[test]
    fn devices_come_and_go() {
        let device = |id: &str| MediaDevice { id: id.to_owned(), label: id.to_owned(), is_chosen: false };
        let mut state = AudioState::default();
        state.update(MediaEvent::Devices { microphones: vec![device("a"), device("b")], speakers: vec![] });
        assert_eq!(state.microphones.len(), 2);
        state.update(MediaEvent::Devices { microphones: vec![device("a")], speakers: vec![device("c")] });
        assert_eq!((state.microphones.len(), state.speakers.len()), (1, 1));
    }
}
