//! Joins the pure parts with the browser: the frame, its messages, timers and storage.

use crate::crm::{self, Crm, Page, RecordId, Tone};
use crate::inspector::{Direction, Inspector, Replay, Verdict};
use crate::settings::{Handshake, Settings};
use crate::widget_url::WidgetUrl;
use cordboard::platform::Clock as _;
use cordboard::protocol::{
    DecodeError, HostMessage, HostSession, HostSessionConfig, HostSessionEvent, HostSessionOutput, Origin, Sender,
    Sync, SyncAck, WidgetMessage,
};
use cordboard::{Timestamp, Value};
use cordboard_browser::{self as browser, BrowserClock, Listener, Message, Peer, Storage};
use core::time::Duration;
use leptos::prelude::*;
use web_sys::HtmlIFrameElement;

/// How long [`Handshake::Delayed`] holds back the handshake's answer and what follows it.
const HANDSHAKE_DELAY: Duration = Duration::from_secs(3);
/// For how long after a change of the frame's fragment its `load` event is not one.
const FRAGMENT_CHANGE: Duration = Duration::from_secs(1);
const TOAST_TIME: Duration = Duration::from_secs(6);
/// How many messages are held back.
const MAX_HELD: usize = 256;
const MAX_TOASTS: usize = 4;

const CRM_KEY: &str = "cordboard.simulator.crm";
const SETTINGS_KEY: &str = "cordboard.simulator.settings";
const WIDGET_KEY: &str = "cordboard.simulator.widget";

/// The page's state, and what can be done with it.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) crm: RwSignal<Crm>,
    pub(crate) settings: RwSignal<Settings>,
    pub(crate) inspector: RwSignal<Inspector>,
    pub(crate) toasts: RwSignal<Vec<Toast>>,
    /// The widget in the frame. Each has a number of its own, and so each gets a new frame.
    pub(crate) widget: RwSignal<Option<(u32, WidgetUrl)>>,
    pub(crate) replay: RwSignal<Option<Replay>>,
    pub(crate) replaying: RwSignal<bool>,
    counter: StoredValue<u32>,
    connection: StoredValue<Option<Connection>, LocalStorage>,
}

/// A message that goes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) number: u32,
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

struct Connection {
    session: HostSession,
    frame: HtmlIFrameElement,
    peer: Peer,
    timer: Option<Timestamp>,
    /// The messages of the widget, by origin, that are held back; `None` when none shall be.
    held: Option<Vec<(String, Value)>>,
    /// Until when a `load` event is not one.
    quiet_until: Timestamp,
    _listener: Listener,
}

impl App {
    pub(crate) fn new() -> Self {
        let session = Storage::session();
        let mut crm = session.load(CRM_KEY).map_or_else(Crm::default, |value| Crm::from_value(&value));
        if let Some(record) = browser::query_parameter("record").and_then(|text| RecordId::from_text(&text)) {
            crm.page = Page::Record(record);
        }
        let settings = session.load(SETTINGS_KEY).map_or_else(Settings::default, |value| Settings::from_value(&value));
        let kept = || Storage::local().load(WIDGET_KEY).and_then(|url| url.as_str().map(str::to_owned));
        let widget = browser::query_parameter("widget").or_else(kept);
        let app = Self {
            crm: RwSignal::new(crm),
            settings: RwSignal::new(settings),
            inspector: RwSignal::default(),
            toasts: RwSignal::default(),
            widget: RwSignal::new(None),
            replay: RwSignal::new(None),
            replaying: RwSignal::new(false),
            counter: StoredValue::new(0),
            connection: StoredValue::new_local(None),
        };
        if let Some(url) = widget
            && let Err(error) = app.connect(&url)
        {
            app.toast(Tone::Bad, error);
        }
        Effect::new(move |_| Storage::session().save(CRM_KEY, &app.crm.with(Crm::to_value)));
        Effect::new(move |_| Storage::session().save(SETTINGS_KEY, &app.settings.with(Settings::to_value)));
        app
    }

    /// Shows the widget of that address in a new frame.
    ///
    /// # Errors
    /// When it is not the address of a widget, in words for the user.
    pub(crate) fn connect(self, url: &str) -> Result<(), String> {
        let url = WidgetUrl::parse(url).map_err(|error| error.to_string())?;
        if url.origin().as_str() == browser::origin() {
            return Err("The calling app must be on another origin than this page, as it is in HubSpot.".to_owned());
        }
        Storage::local().save(WIDGET_KEY, &url.as_str().into());
        self.disconnect();
        self.crm.update(Crm::connecting);
        self.widget.set(Some((self.count(), url)));
        Ok(())
    }

    /// Loads the widget again, if there is one.
    pub(crate) fn reconnect(self) {
        if self.widget.with_untracked(Option::is_none) {
            return;
        }
        self.disconnect();
        self.crm.update(Crm::connecting);
        let number = self.count();
        self.widget.update(|widget| {
            if let Some((generation, _)) = widget {
                *generation = number;
            }
        });
    }

    /// Takes the frame's end of the connection away; the frame goes with its view.
    pub(crate) fn disconnect(self) {
        self.connection.set_value(None);
    }

    /// The frame has loaded, for the first time or again.
    pub(crate) fn loaded(self, frame: &HtmlIFrameElement) {
        let Ok(origin) = Origin::parse(&browser::origin()) else { return };
        let Some((_, url)) = self.widget.get_untracked() else { return };
        let now = BrowserClock.now();
        let is_quiet = |connection: &Option<Connection>| connection.as_ref().is_some_and(|c| now < c.quiet_until);
        if self.connection.with_value(is_quiet) {
            return;
        }
        self.crm.update(Crm::connecting);
        let context = self.crm.with_untracked(|crm| self.settings.with_untracked(|settings| crm.context(settings)));
        self.connection.update_value(|connection| {
            let connection = connection.get_or_insert_with(|| {
                let peer = Peer::Frame(frame.clone());
                let listener = peer.listen(move |message| self.receive(&message));
                let config = HostSessionConfig {
                    origin,
                    widget: url.origin().clone(),
                    context: context.clone(),
                    seed: browser::random_seed(),
                };
                let session = HostSession::new(config);
                Connection {
                    session,
                    frame: frame.clone(),
                    peer,
                    timer: None,
                    held: None,
                    quiet_until: now,
                    _listener: listener,
                }
            });
            connection.session.set_context(context);
            connection.session.handle_load(now);
        });
        self.pump();
    }

    fn receive(self, message: &Message<'_>) {
        let sender = message.sender();
        let is_trusted =
            |connection: &Option<Connection>| connection.as_ref().is_some_and(|c| c.session.trusts(sender));
        if self.connection.try_with_value(is_trusted) != Some(true) {
            return;
        }
        let value = message.value();
        let is_answer = value.get("type").and_then(Value::as_str) == Some("SYNC_ACK");
        let verdict = if is_answer { verdict(SyncAck::decode(&value)) } else { verdict(WidgetMessage::decode(&value)) };
        self.record(Direction::FromWidget, value.clone(), verdict);
        match self.settings.with_untracked(|settings| settings.handshake) {
            Handshake::Dropped if is_answer => return,
            Handshake::Delayed if is_answer => self.hold_back(),
            Handshake::Normal | Handshake::Delayed | Handshake::Dropped => {}
        }
        self.connection.try_update_value(|connection| {
            if let Some(connection) = connection {
                match &mut connection.held {
                    Some(held) if held.len() < MAX_HELD => held.push((sender.origin.to_owned(), value)),
                    Some(_) => {}
                    None => connection.session.handle_message(sender, &value),
                }
            }
        });
        self.pump();
    }

    /// From now on holds back what the widget says, to hand it over in order when the delay is over.
    fn hold_back(self) {
        let begins = self.connection.try_update_value(|connection| {
            connection.as_mut().is_some_and(|connection| {
                let begins = connection.held.is_none() && !connection.session.is_ready();
                if begins {
                    connection.held = Some(Vec::new());
                }
                begins
            })
        });
        if begins == Some(true) {
            browser::spawn(async move {
                BrowserClock.sleep(HANDSHAKE_DELAY).await;
                self.connection.try_update_value(|connection| {
                    if let Some(connection) = connection {
                        for (origin, message) in connection.held.take().unwrap_or_default() {
                            connection.session.handle_message(Sender { origin: &origin, is_peer: true }, &message);
                        }
                    }
                });
                self.pump();
            });
        }
    }

    fn with_session(self, act: impl FnOnce(&mut HostSession)) {
        self.connection.try_update_value(|connection| {
            if let Some(connection) = connection {
                act(&mut connection.session);
            }
        });
    }

    /// Does what the session wants done, and sets the timer for what it wants later.
    fn pump(self) {
        while let Some(Some(output)) =
            self.connection.try_update_value(|connection| connection.as_mut()?.session.poll_output())
        {
            match output {
                HostSessionOutput::Post { target, message } => self.post(&target, message),
                HostSessionOutput::Event(event) => self.handle_event(event),
            }
        }
        let now = BrowserClock.now();
        let timer = self.connection.try_update_value(|connection| {
            let connection = connection.as_mut()?;
            let at = connection.session.poll_timeout().filter(|at| connection.timer != Some(*at))?;
            connection.timer = Some(at);
            Some(at)
        });
        if let Some(Some(at)) = timer {
            browser::spawn(async move {
                BrowserClock.sleep(at.since(now)).await;
                self.with_session(|session| session.handle_timeout(BrowserClock.now()));
                self.pump();
            });
        }
    }

    fn post(self, target: &Origin, message: Value) {
        let peer = self.connection.try_with_value(|connection| connection.as_ref().map(|c| c.peer.clone()));
        if let Some(Some(peer)) = peer {
            peer.post(target, &message);
            let is_sync = message.get("type").and_then(Value::as_str) == Some("SYNC");
            let verdict =
                if is_sync { verdict(Sync::decode(&message)) } else { verdict(HostMessage::decode(&message)) };
            self.record(Direction::ToWidget, message, verdict);
        }
    }

    fn handle_event(self, event: HostSessionEvent) {
        match event {
            HostSessionEvent::Ready(_) => self.crm.update(Crm::connected),
            HostSessionEvent::SyncAckFailed => self.crm.update(Crm::connection_failed),
            HostSessionEvent::Message(message) => {
                self.act(|crm, settings| crm.handle_message(BrowserClock.now(), message, settings));
            }
            // The inspector shows them.
            HostSessionEvent::UnknownMessage { .. } | HostSessionEvent::Malformed(_) => {}
            HostSessionEvent::QueueFull { message_type } => {
                self.toast(Tone::Bad, format!("{message_type} was not sent: the calling app does not answer."));
            }
        }
    }

    /// Lets the CRM react, and does what it wants done.
    pub(crate) fn act(self, react: impl FnOnce(&mut Crm, &Settings) -> Vec<crm::Effect>) {
        let effects = self.settings.with_untracked(|settings| self.crm.try_update(|crm| react(crm, settings)));
        for effect in effects.unwrap_or_default() {
            match effect {
                crm::Effect::Send(message) => self.with_session(|session| session.send(message)),
                crm::Effect::Toast(tone, text) => self.toast(tone, text),
                crm::Effect::OpenTab(record) => browser::open_tab(&format!("?record={}", record.to_text())),
                crm::Effect::Reload => self.reload(),
            }
        }
        self.pump();
    }

    /// Loads the page again, with all that it remembers.
    pub(crate) fn reload(self) {
        Storage::session().save(CRM_KEY, &self.crm.with_untracked(Crm::to_value));
        browser::reload();
    }

    /// Has the demo network call the signed-in user from that number: the network in the widget hears the change of its
    /// frame's address.
    pub(crate) fn ring(self, number: &str) {
        let Some((_, url)) = self.widget.get_untracked() else {
            return self.toast(Tone::Bad, "Choose a calling app first.".to_owned());
        };
        let number = String::from(js_sys::encode_uri_component(number));
        // The count makes the second call from a number a change too.
        let address = format!("{}#incoming={number}&n={}", url.as_str(), self.count());
        self.connection.try_update_value(|connection| {
            if let Some(connection) = connection {
                // Browsers report this as a load of the frame, though the page in it stays, so that its embedder can't
                // find out where in itself it is.
                connection.quiet_until = BrowserClock.now() + FRAGMENT_CHANGE;
                browser::show_in_frame(&connection.frame, &address);
            }
        });
    }

    /// Sends the next message of the replay. Returns how long after it the next one follows.
    pub(crate) fn replay_step(self) -> Option<Duration> {
        let step = self.replay.try_update(|replay| {
            let replay = replay.as_mut()?;
            let step = replay.next_step().cloned();
            replay.advance();
            step
        });
        match HostMessage::decode(&step??.message) {
            Ok(message) => self.with_session(|session| session.send(message)),
            Err(error) => self.toast(Tone::Bad, format!("A message of the trace was left out: {error}")),
        }
        self.pump();
        self.replay.with_untracked(|replay| replay.as_ref()?.next_step().map(|step| step.after))
    }

    /// Sends the rest of the replay, with its pauses.
    pub(crate) fn play(self) {
        self.replaying.set(true);
        browser::spawn(async move {
            while self.replaying.get_untracked()
                && let Some(after) = self.replay_step()
            {
                BrowserClock.sleep(after).await;
            }
            self.replaying.set(false);
        });
    }

    pub(crate) fn toast(self, tone: Tone, text: String) {
        let number = self.count();
        self.toasts.update(|toasts| {
            if toasts.len() == MAX_TOASTS {
                toasts.remove(0);
            }
            toasts.push(Toast { number, tone, text });
        });
        browser::spawn(async move {
            BrowserClock.sleep(TOAST_TIME).await;
            self.dismiss(number);
        });
    }

    pub(crate) fn dismiss(self, toast: u32) {
        self.toasts.update(|toasts| toasts.retain(|known| known.number != toast));
    }

    fn record(self, direction: Direction, message: Value, verdict: Verdict) {
        self.inspector.update(|inspector| inspector.record(BrowserClock.now(), direction, message, verdict));
    }

    fn count(self) -> u32 {
        self.counter.update_value(|count| *count += 1);
        self.counter.get_value()
    }
}

fn verdict<T>(decoded: Result<T, DecodeError>) -> Verdict {
    decoded.map_or_else(|error| Verdict::Invalid(error.to_string()), |_| Verdict::Valid)
}
