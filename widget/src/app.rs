//! Joins the model with the browser, the line and the CRM's session.

use crate::audio::{Audio, PageAudio};
use crate::crm::Crm;
use crate::model::{Model, Msg, Outcome, Settings, recents};
use crate::view::audio::nothing;
use crate::view::{Node, View};
use cordboard::call_flow::{Command, FlowConfig, Output};
use cordboard::platform::Clock;
use cordboard::protocol::{EngagementId, SessionEvent};
use cordboard::telephony::{CallId, DialPolicy, MediaLeg, Telephony};
use cordboard::{Timestamp, Value};
use cordboard_browser::{BrowserClock, Ring, Storage, spawn};
use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::rc::Rc;

/// Where the calls are kept through a reload of the page.
const CALLS: &str = "cordboard.calls";
/// Where the name of who signed in is kept.
const NAME: &str = "cordboard.name";
/// Where the last calls are kept.
const RECENTS: &str = "cordboard.recents";
/// Where the user's choices are kept.
const SETTINGS: &str = "cordboard.settings";

/// How an app differs from another besides its line.
#[derive(Clone, Debug)]
pub struct WidgetConfig {
    /// The calling code that a number without one is taken for, such as `"1"`.
    pub home: Option<String>,
    /// What may be dialled.
    pub policy: DialPolicy,
    /// The outcomes that a call may be given: the CRM's ids and what people read.
    pub outcomes: Vec<Outcome>,
    /// Who is told, besides the widget, which record the CRM made of a call.
    pub on_engagement: OnEngagement,
}

/// Hears which record the CRM made of a call. By default nobody does.
#[derive(Clone, Default)]
pub struct OnEngagement(Option<Rc<Hear>>);

type Hear = dyn Fn(&CallId, &EngagementId);

impl OnEngagement {
    /// Has that told.
    pub fn new(hear: impl Fn(&CallId, &EngagementId) + 'static) -> Self {
        Self(Some(Rc::new(hear)))
    }
}

impl core::fmt::Debug for OnEngagement {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("OnEngagement").field(&self.0.is_some()).finish()
    }
}

impl Default for WidgetConfig {
    /// North America, the default policy, and the outcomes that a new HubSpot account has.
    fn default() -> Self {
        let outcome = |id: &str, label: &str| Outcome { id: id.to_owned(), label: label.to_owned() };
        Self {
            home: Some("1".to_owned()),
            policy: DialPolicy::default(),
            outcomes: vec![
                outcome("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
                outcome("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
                outcome("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
                outcome("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
                outcome("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
                outcome("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
            ],
            on_engagement: OnEngagement::default(),
        }
    }
}

/// Runs the widget over a line, in the place of the page's `#app`, for as long as the page is there.
///
/// `make` is called when the CRM has its first answer, which therefore does not wait for what is made, or when none was wanted within
/// 100 ms.
pub fn mount<Line: Telephony + 'static>(make: impl FnOnce() -> (Line, WidgetConfig) + 'static) {
    start(|| {
        let (line, config) = make();
        (Rc::new(line), None, config)
    });
}

/// Runs the widget over a line whose audio the page carries. See [`mount`].
pub fn mount_with_audio<Leg: MediaLeg + 'static>(
    make: impl FnOnce() -> (Rc<dyn Telephony>, Leg, WidgetConfig) + 'static,
) {
    start(|| {
        let (line, leg, config) = make();
        (line, Some(Box::new(PageAudio::new(leg))), config)
    });
}

type Parts = (Rc<dyn Telephony>, Option<Box<dyn Audio>>, WidgetConfig);

fn start(make: impl FnOnce() -> Parts + 'static) {
    // Before anything is read, made or drawn: the CRM may be waiting for its answer.
    let crm = Crm::listen();
    spawn(async move {
        crm.first_answer().await;
        let (line, audio, config) = make();
        let app: &'static App = Box::leak(Box::new(App::new(line, audio, config, crm)));
        crm.forward_to(app);
        app.listen_to_line();
        app.listen_to_page();
        let view = View::new(app);
        *app.view.borrow_mut() = view;
        app.dispatch(Msg::Start);
    });
}

/// What a view needs: the model to draw and a way to send messages.
pub(crate) type Ui = &'static App;

pub(crate) struct App {
    line: Rc<dyn Telephony>,
    audio: Option<Box<dyn Audio>>,
    model: RefCell<Model>,
    on_engagement: OnEngagement,
    crm: &'static Crm,
    view: RefCell<Option<View>>,
    /// What happened and is not dealt with yet.
    inbox: RefCell<Vec<Msg>>,
    clock: BrowserClock,
    /// When the timer that is set goes off.
    timer: Cell<Option<Timestamp>>,
    /// What rings while somebody calls.
    ring: RefCell<Option<Ring>>,
    calls: Kept,
    name: Kept,
    recents: Kept,
    settings: Kept,
}

/// A value that the browser keeps, written only when it changed.
struct Kept {
    storage: Storage,
    key: &'static str,
    last: RefCell<Option<Value>>,
}

impl Kept {
    fn new(storage: Storage, key: &'static str) -> Self {
        let last = RefCell::new(storage.load(key));
        Self { storage, key, last }
    }

    fn loaded(&self) -> Value {
        self.last.borrow().clone().unwrap_or_default()
    }

    fn keep(&self, value: Value) {
        let mut last = self.last.borrow_mut();
        if last.as_ref() != Some(&value) {
            self.storage.save(self.key, &value);
            *last = Some(value);
        }
    }
}

impl App {
    fn new(line: Rc<dyn Telephony>, audio: Option<Box<dyn Audio>>, config: WidgetConfig, crm: &'static Crm) -> Self {
        let clock = BrowserClock;
        let now = clock.now();
        let provider = line.info();
        let flow = FlowConfig {
            provider: provider.id,
            capabilities: line.capabilities(),
            home: config.home,
            policy: config.policy,
            seed: crm.seed(),
            engagement_wait: Duration::from_secs(5),
        };
        let (calls, name, recents, settings) = (
            Kept::new(Storage::session(), CALLS),
            Kept::new(Storage::local(), NAME),
            Kept::new(Storage::local(), RECENTS),
            Kept::new(Storage::local(), SETTINGS),
        );
        let mut model = Model::new(flow, provider, config.outcomes, now);
        model.online = cordboard_browser::is_online();
        model.flow.restore(&calls.loaded());
        model.name = name.loaded().as_str().unwrap_or_default().to_owned();
        model.recents = recents::restore(&recents.loaded());
        model.settings = Settings::restore(&settings.loaded());
        Self {
            line,
            audio,
            model: RefCell::new(model),
            on_engagement: config.on_engagement,
            crm,
            view: RefCell::new(None),
            inbox: RefCell::default(),
            clock,
            timer: Cell::new(None),
            ring: RefCell::new(None),
            calls,
            name,
            recents,
            settings,
        }
    }

    /// What the audio adds to a screen; nothing if there is none.
    pub(crate) fn audio(&self, draw: impl FnOnce(&dyn Audio) -> Node) -> Node {
        self.audio.as_ref().map_or_else(nothing, |audio| draw(&**audio))
    }

    /// Reads the model.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Model) -> T) -> T {
        read(&self.model.borrow())
    }

    fn listen_to_line(&'static self) {
        let mut events = self.line.events();
        spawn(async move {
            while let Some(event) = core::future::poll_fn(|context| events.as_mut().poll_next(context)).await {
                self.dispatch(Msg::Line(event));
            }
        });
    }

    fn listen_to_page(&'static self) {
        for listener in cordboard_browser::on_online_change(move |online| self.dispatch(Msg::Online(online))) {
            listener.forever();
        }
        cordboard_browser::on_leave(move || self.read(Model::must_ask_before_leaving)).forever();
    }

    pub(crate) fn dispatch(&'static self, msg: Msg) {
        self.inbox.borrow_mut().push(msg);
        self.settle();
    }

    /// Works until nothing is left to do: messages change the model, which wants things done, which the session
    /// answers with messages. Drawing may let the browser call back; then what it says waits its turn.
    pub(crate) fn settle(&'static self) {
        let Ok(mut view) = self.view.try_borrow_mut() else { return };
        let now = self.clock.now();
        loop {
            while self.step(now) {}
            let model = self.model.borrow();
            if let Some(view) = &mut *view {
                view.update(self, &model);
            }
            drop(model);
            if self.inbox.borrow().is_empty() {
                break;
            }
        }
        self.keep(now);
    }

    /// Deals with one message and what it leads to. Returns whether there was anything.
    fn step(&'static self, now: Timestamp) -> bool {
        let mut model = self.model.borrow_mut();
        let mut inbox = self.inbox.borrow_mut();
        let is_busy = !inbox.is_empty();
        if is_busy {
            model.flow.set_capabilities(self.line.capabilities());
            model.update(now, inbox.remove(0));
        }
        while let Some(output) = model.poll_output() {
            match output {
                Output::Line(command) => self.execute(command),
                Output::Crm(message) => self.crm.send(now, message),
                Output::Notice(_) | Output::Ended(_) => {}
            }
        }
        for event in self.crm.take_events() {
            if let (Some(hear), SessionEvent::EngagementCreated { call, engagement }) = (&self.on_engagement.0, &event)
                && let Some(line) = model.flow.call(call).and_then(|call| call.line.as_ref())
            {
                hear(&line.id, engagement);
            }
            inbox.push(Msg::Crm(event));
        }
        is_busy || !inbox.is_empty()
    }

    /// Lets ringing, storage and the timer follow the model.
    fn keep(&'static self, now: Timestamp) {
        let model = self.model.borrow();
        if let Some(audio) = &self.audio {
            audio.follow(self, model.flow.agent().is_some());
        }
        self.ring(model.is_ringing_aloud());
        self.calls.keep(model.flow.save());
        self.name.keep(model.name.as_str().into());
        self.recents.keep(recents::save(&model.recents));
        self.settings.keep(model.settings.save());
        self.set_timer(now, [model.poll_timeout(), self.crm.poll_timeout()].into_iter().flatten().min());
    }

    fn ring(&self, is_ringing: bool) {
        let mut ring = self.ring.borrow_mut();
        if is_ringing != ring.is_some() {
            *ring = if is_ringing { Ring::start() } else { None };
        }
    }

    fn execute(&'static self, command: Command) {
        spawn(async move {
            let reply = command.execute(&*self.line).await;
            self.dispatch(Msg::Reply(command, reply));
        });
    }

    /// Makes sure that a timer goes off when something is due. One that is set for earlier does it too.
    fn set_timer(&'static self, now: Timestamp, due: Option<Timestamp>) {
        let Some(due) = due else { return };
        if self.timer.get().is_some_and(|set| set <= due) {
            return;
        }
        self.timer.set(Some(due));
        spawn(async move {
            self.clock.sleep(due - now).await;
            if self.timer.get() == Some(due) {
                self.timer.set(None);
                self.crm.handle_timeout(self.clock.now());
                self.dispatch(Msg::Tick);
            }
        });
    }
}
