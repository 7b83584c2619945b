use crate::line::{GatewayConfig, GatewayLine};
use crate::transport::{Answer, Ears, MemoryTokens, Socket, TokenStore, Transport};
use cordboard::Value;
use cordboard::platform::Clock as _;
use cordboard::protocol::EngagementId;
use cordboard::telephony::{CallId, ErrorKind};
use cordboard_browser::{
    BrowserClock, Popup, SocketEvent, Storage, get_json, on_hide, on_online_change, origin, post_json, random_bytes,
    random_seed, spawn,
};
use core::cell::RefCell;
use core::time::Duration;

/// The page's sockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Browser;

/// One of them, by its number.
struct PageSocket(u32);

thread_local! {
    /// The sockets, which can't leave their thread, as a line may where there are several.
    static SOCKETS: RefCell<Vec<(u32, cordboard_browser::Socket)>> = const { RefCell::new(Vec::new()) };
    /// The window in which somebody signs in.
    static WINDOW: RefCell<Option<Popup>> = const { RefCell::new(None) };
}

impl Transport for Browser {
    fn open(&self, url: &str, protocol: &str, ears: Ears) -> Option<Box<dyn Socket>> {
        let hear = move |event| match event {
            SocketEvent::Opened => ears.opened(),
            SocketEvent::Message(message) => ears.message(&message),
            SocketEvent::Closed => ears.closed(),
        };
        let socket = cordboard_browser::Socket::open(url, protocol, hear)?;
        SOCKETS.with_borrow_mut(|sockets| {
            let number = sockets.last().map_or(0, |(number, _)| number.wrapping_add(1));
            sockets.push((number, socket));
            Some(Box::new(PageSocket(number)) as _)
        })
    }

    fn post(&self, url: &str, body: Value, answer: Answer) {
        post_json(url, &body, |response| answer.give(response));
    }

    fn get(&self, url: &str, answer: Answer) {
        get_json(url, |response| answer.give(response));
    }

    fn show(&self, url: &str, answer: Answer) {
        // An origin needs no escapes.
        let url = [url, "&origin=", &origin()].concat();
        let window = Popup::open(&url, |said| {
            let window = WINDOW.take();
            answer.give(said.map(|said| (200, said)));
            drop(window);
        });
        WINDOW.set(Some(window));
    }

    fn random(&self) -> Option<[u8; 32]> {
        random_bytes()
    }
}

impl Socket for PageSocket {
    fn send(&self, message: &Value) {
        SOCKETS.with_borrow(|sockets| {
            if let Some((_, socket)) = sockets.iter().find(|(number, _)| *number == self.0) {
                socket.send(message);
            }
        });
    }
}

impl Drop for PageSocket {
    fn drop(&mut self) {
        SOCKETS.with_borrow_mut(|sockets| sockets.retain(|(number, _)| *number != self.0));
    }
}

/// Keeps the token through a reload: in memory while the page is there, and in the tab's storage from when it goes to when the next one
/// comes. So a tab that is duplicated has no copy of a token that can be spent once.
pub struct TabTokens {
    storage: Storage,
    memory: MemoryTokens,
}

/// Where the token is kept.
const TOKEN: &str = "cordboard.gateway";

impl Default for TabTokens {
    fn default() -> Self {
        let (storage, memory) = (Storage::session(), MemoryTokens::default());
        let tokens = Self { storage: storage.clone(), memory: memory.clone() };
        on_hide(move || {
            if let Some(token) = memory.load() {
                storage.save(TOKEN, &token.into());
            }
        })
        .forever();
        tokens
    }
}

impl TokenStore for TabTokens {
    fn load(&self) -> Option<String> {
        if let Some(kept) = self.storage.load(TOKEN) {
            self.storage.remove(TOKEN);
            self.memory.save(kept.as_str());
        }
        self.memory.load()
    }

    fn save(&self, token: Option<&str>) {
        self.memory.save(token);
    }
}

/// A line in a page, which runs for as long as the page is there: the agent stays signed in through reloads, and when the browser
/// says that the network is back it is tried at once.
#[must_use]
pub fn page_line(config: GatewayConfig) -> GatewayLine {
    let line = GatewayLine::with_tokens(config, Browser, BrowserClock, random_seed(), TabTokens::default());
    spawn(line.run());
    let shared = std::sync::Arc::downgrade(&line.shared);
    for listener in on_online_change(move |is_there| {
        if let Some(line) = shared.upgrade() {
            line.drive(|client, now| client.handle_network(now, is_there));
        }
    }) {
        listener.forever();
    }
    line
}

/// How long to wait before the gateway is told again.
const TELL_AGAIN: Duration = Duration::from_secs(3);

/// Tells the gateway which record the CRM made of a call, again and again until the gateway has it or does not want it.
pub fn tell_engagements(line: &GatewayLine) -> impl Fn(&CallId, &EngagementId) + use<> {
    let line = std::sync::Arc::downgrade(&line.shared);
    move |call, engagement| {
        let (line, call, engagement) = (line.clone(), call.clone(), engagement.clone());
        spawn(async move {
            while let Some(told) = line.upgrade().map(|line| line.log(&call, engagement.as_str()))
                && let Err(error) = told.await
                && matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::RateLimited { .. })
            {
                BrowserClock.sleep(TELL_AGAIN).await;
            }
        });
    }
}
