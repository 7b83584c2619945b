//! The agent's audio in a page, over the provider's voice SDK, with tokens from the gateway.

use crate::line::GatewayLine;
use crate::transport::Keys;
use cordboard::platform::{BoxStream, Clock as _};
use cordboard::telephony::{
    CallId, Digits, Error, ErrorKind, MediaDevice, MediaEvent, MediaLeg, MediaProblem, MediaToken, Operation,
};
use cordboard::{Object, Value, async_trait};
use cordboard_browser::{BrowserClock, Media, parse_json, spawn};
use core::cell::{Cell, RefCell};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use futures_core::Stream;
use std::rc::{Rc, Weak};

/// How long before a token runs out another is asked for.
const RENEWAL: Duration = Duration::from_secs(60);

/// The agent's audio, by the script that the app's build names as `media`.
#[derive(Clone)]
pub struct PageAudio(Rc<Shared>);

struct Shared {
    line: Rc<GatewayLine>,
    media: RefCell<Option<Media>>,
    ears: RefCell<Vec<Weak<Ear>>>,
    /// Which start it is: what an older one began is over.
    start: Cell<u32>,
    is_ready: Cell<bool>,
}

impl PageAudio {
    /// Audio for the agent who signs in to that line.
    #[must_use]
    pub fn new(line: Rc<GatewayLine>) -> Self {
        let (media, ears) = (RefCell::default(), RefCell::default());
        Self(Rc::new(Shared { line, media, ears, start: Cell::new(0), is_ready: Cell::new(false) }))
    }
}

impl Shared {
    fn tell(&self, event: &MediaEvent) {
        if matches!(event, MediaEvent::Ready | MediaEvent::Stopped(_)) {
            self.is_ready.set(*event == MediaEvent::Ready);
            self.line.audio_is_coming(false);
        }
        self.ears.borrow_mut().retain(|ear| ear.upgrade().inspect(|ear| ear.hear(event.clone())).is_some());
    }

    fn order(&self, order: &str, value: impl Into<Value>) -> Value {
        self.media.borrow().as_ref().map(|media| media.order(order, &value.into())).unwrap_or_default()
    }

    /// Loads the script, if it is not there yet, and then begins with that token.
    fn load(self: &Rc<Self>, start: u32, token: MediaToken) {
        if self.media.borrow().is_some() {
            return self.begin(start, token);
        }
        let (teller, me) = (Rc::downgrade(self), Rc::clone(self));
        let handler = move |event: &str, value| {
            let Some(me) = teller.upgrade() else { return };
            if event == "expiring" {
                spawn(async move { drop(me.renew().await) });
            } else if event == "keys" {
                me.line.press_keys_by(PageKeys(Rc::downgrade(&me)));
            } else if let Some(event) = read(event, &value) {
                me.tell(&event);
            }
        };
        Media::load(handler, move |media| {
            let is_there = media.is_some();
            *me.media.borrow_mut() = media;
            if is_there {
                me.begin(start, token);
            } else {
                me.tell(&MediaEvent::Stopped(MediaProblem::NotLoaded));
            }
        });
    }

    fn begin(self: &Rc<Self>, start: u32, token: MediaToken) {
        if self.start.get() != start {
            return;
        }
        let settings = parse_json(&token.settings).unwrap_or_default();
        self.order("start", Object::new().with("token", token.token.as_str()).with("settings", settings));
        let me = Rc::clone(self);
        spawn(async move { me.keep_renewing(start, token).await });
    }

    /// Renews the token in time, for as long as this start lasts. The SDK's own warning comes once, and may be slept through.
    async fn keep_renewing(&self, start: u32, mut token: MediaToken) {
        while self.start.get() == start {
            let left = token.expires_at.since(BrowserClock.now());
            BrowserClock.sleep(left.saturating_sub(RENEWAL).max(RENEWAL)).await;
            if self.start.get() != start {
                return;
            }
            match self.renew().await {
                Some(new) => token = new,
                None => return,
            }
        }
    }

    async fn renew(&self) -> Option<MediaToken> {
        match self.line.media_token().await {
            Ok(Some(token)) => {
                self.order("renew", Object::new().with("token", token.token.as_str()));
                Some(token)
            }
            // While the gateway is away the token still runs; it is asked again when the SDK says that it ran out.
            Err(error) if error.kind().is_retryable() => None,
            _ => {
                self.tell(&MediaEvent::Stopped(MediaProblem::SessionExpired));
                None
            }
        }
    }
}

#[async_trait(?Send)]
impl MediaLeg for PageAudio {
    async fn start(&self) -> Result<(), Error> {
        let shared = &self.0;
        let start = shared.start.get().wrapping_add(1);
        shared.start.set(start);
        shared.line.audio_is_coming(!shared.is_ready.get());
        let token = shared.line.media_token().await.inspect_err(|_| shared.line.audio_is_coming(false))?;
        let Some(token) = token else {
            shared.line.audio_is_coming(false);
            return Ok(());
        };
        shared.load(start, token);
        Ok(())
    }

    fn stop(&self) {
        self.0.start.set(self.0.start.get().wrapping_add(1));
        self.0.order("stop", Value::Null);
        self.0.is_ready.set(false);
        self.0.line.audio_is_coming(false);
    }

    fn use_microphone(&self, id: &str) {
        self.0.order("microphone", id);
    }

    fn use_speaker(&self, id: &str) {
        self.0.order("speaker", id);
    }

    fn test_speaker(&self) {
        self.0.order("test-speaker", Value::Null);
    }

    fn events(&self) -> BoxStream<MediaEvent> {
        let ear = Rc::new(Ear::default());
        self.0.ears.borrow_mut().push(Rc::downgrade(&ear));
        Box::pin(Heard(ear))
    }
}

/// What one listener has yet to read. A channel of a library's is for threads, of which a page has one, and three kilobytes.
#[derive(Default)]
struct Ear {
    events: RefCell<Vec<MediaEvent>>,
    reader: Cell<Option<Waker>>,
}

impl Ear {
    fn hear(&self, event: MediaEvent) {
        self.events.borrow_mut().push(event);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// The listener. It hears as long as it is there.
struct Heard(Rc<Ear>);

impl Stream for Heard {
    type Item = MediaEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<MediaEvent>> {
        let mut events = self.0.events.borrow_mut();
        if events.is_empty() {
            self.0.reader.set(Some(context.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(Some(events.remove(0)))
    }
}

/// The keys of a script that told that it has them. The line belongs to the audio, and not the audio to the line.
struct PageKeys(Weak<Shared>);

impl Keys for PageKeys {
    fn press(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        let order = Object::new().with("call", call.as_str()).with("digits", digits.as_str());
        let pressed = self.0.upgrade().map(|shared| shared.order("digits", order));
        if pressed == Some(Value::Bool(true)) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NoSuchCall, Operation::SendDigits).for_call(call))
    }
}

/// Reads what the script told.
fn read(event: &str, value: &Value) -> Option<MediaEvent> {
    Some(match event {
        "ready" => MediaEvent::Ready,
        "reconnecting" => MediaEvent::Reconnecting,
        "devices" => MediaEvent::Devices {
            microphones: devices(value.get("microphones")),
            speakers: devices(value.get("speakers")),
        },
        "level" => MediaEvent::Level(number(value).min(100).try_into().unwrap_or_default()),
        "stopped" => MediaEvent::Stopped(match value.as_str() {
            Some("microphone-blocked") => MediaProblem::MicrophoneBlocked,
            Some("no-microphone") => MediaProblem::NoMicrophone,
            Some("microphone-busy") => MediaProblem::MicrophoneBusy,
            Some("network") => MediaProblem::Network,
            Some("expired") => MediaProblem::SessionExpired,
            _ => match value.get("install").and_then(Value::as_str) {
                Some(package) => MediaProblem::NotInstalled(package.to_owned()),
                None => MediaProblem::Failed(number(value)),
            },
        }),
        _ => return None,
    })
}

fn number(value: &Value) -> u32 {
    value.as_timestamp().and_then(|number| number.as_millis().try_into().ok()).unwrap_or_default()
}

fn devices(list: Option<&Value>) -> Vec<MediaDevice> {
    let mut devices = Vec::new();
    for device in list.and_then(Value::as_array).unwrap_or_default() {
        let text = |field| device.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_chosen = device.get("chosen") == Some(&Value::Bool(true));
        devices.push(MediaDevice { id: text("id"), label: text("label"), is_chosen });
    }
    devices
}
