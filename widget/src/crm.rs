//! The CRM at the other end, which is answered from the page's first moment, when there is nothing else yet.

use crate::app::App;
use cordboard::Timestamp;
use cordboard::platform::Clock;
use cordboard::protocol::{
    HostAllowList, HostPattern, Origin, Session, SessionConfig, SessionEvent, SessionOutput, WidgetMessage,
};
use cordboard_browser::{BrowserClock, Message, Peer};
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;

/// How long the app's start waits for the CRM, which says its first word when the page is loaded, and again each 100 ms.
const FIRST_WORD: Duration = Duration::from_millis(100);

pub(crate) struct Crm {
    session: RefCell<Session>,
    /// What the CRM said and the app has not taken yet.
    events: RefCell<Vec<SessionEvent>>,
    app: Cell<Option<&'static App>>,
    /// Whether the CRM was answered, and who waits for that.
    is_answered: Cell<bool>,
    waiting: Cell<Option<Waker>>,
    seed: u64,
}

impl Crm {
    /// Listens, and answers what the protocol itself demands.
    pub(crate) fn listen() -> &'static Self {
        let seed = cordboard_browser::random_seed();
        let session = RefCell::new(session(seed, BrowserClock.now()));
        let crm: &'static Self = Box::leak(Box::new(Self {
            session,
            events: RefCell::default(),
            app: Cell::new(None),
            is_answered: Cell::new(false),
            waiting: Cell::new(None),
            seed,
        }));
        Peer::Parent.listen(move |message| crm.receive(&message)).forever();
        crm
    }

    /// Ends when the CRM's first message is answered, or late. To build and draw the app takes as long as all before it: the
    /// CRM should not wait for that.
    pub(crate) async fn first_answer(&'static self) {
        let mut late = BrowserClock.sleep(FIRST_WORD);
        poll_fn(|context| {
            if self.is_answered.get() {
                return Poll::Ready(());
            }
            self.waiting.set(Some(context.waker().clone()));
            late.as_mut().poll(context)
        })
        .await;
        // A message leaves the page when the task that posted it is over.
        BrowserClock.sleep(Duration::ZERO).await;
    }

    /// Tells the app from now on when the CRM said something.
    pub(crate) fn forward_to(&self, app: &'static App) {
        self.app.set(Some(app));
    }

    fn receive(&self, message: &Message<'_>) {
        // Asked first, so that nothing is read of what a stranger sent.
        if self.session.borrow().trusts(message.sender()) {
            self.session.borrow_mut().handle_message(BrowserClock.now(), message.sender(), &message.value());
            self.flush();
            if let Some(app) = self.app.get() {
                app.settle();
            }
        }
    }

    /// Posts what the session wants to say.
    fn flush(&self) {
        let mut session = self.session.borrow_mut();
        while let Some(output) = session.poll_output() {
            match output {
                SessionOutput::Post { target, message } => {
                    Peer::Parent.post(&target, &message);
                    self.is_answered.set(true);
                }
                SessionOutput::Event(event) => self.events.borrow_mut().push(event),
            }
        }
        if self.is_answered.get()
            && let Some(waiting) = self.waiting.take()
        {
            waiting.wake();
        }
    }

    /// What the CRM said since the last time.
    pub(crate) fn take_events(&self) -> Vec<SessionEvent> {
        self.events.take()
    }

    pub(crate) fn send(&self, now: Timestamp, message: WidgetMessage) {
        self.session.borrow_mut().send(now, message);
        self.flush();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        self.session.borrow().poll_timeout()
    }

    pub(crate) fn handle_timeout(&self, now: Timestamp) {
        self.session.borrow_mut().handle_timeout(now);
        self.flush();
    }

    /// What makes the ids of this page differ from another's.
    pub(crate) const fn seed(&self) -> u64 {
        self.seed
    }
}

/// The session with the CRM. Whom it may be is part of the page, as the build wrote it.
fn session(seed: u64, now: Timestamp) -> Session {
    let mut patterns = Vec::new();
    for pattern in cordboard_browser::allowed_hosts().unwrap_or_default().split_ascii_whitespace() {
        patterns.extend(HostPattern::parse(pattern).ok());
    }
    let hosts = if patterns.is_empty() { HostAllowList::default() } else { HostAllowList::new(patterns) };
    // A page without an origin, such as a file, can't talk to a CRM at all.
    let Ok(origin) = Origin::parse(&cordboard_browser::origin()) else { panic!("the widget must be served over HTTP") };
    let version = env!("CARGO_PKG_VERSION");
    Session::new(SessionConfig { hosts, origin, version, seed }, now)
}
