use crate::config::MyPbxConfig;
use crate::platform::{Heard, Platform, Socket};
use crate::telephony::MyPbx;
use crate::wire::SUBPROTOCOL;
use cordboard::Value;
use cordboard_browser::{BrowserClock, SocketEvent, Storage, random_seed, spawn};
use futures_channel::mpsc::UnboundedSender;

/// Where the token is kept while the tab is open.
const TOKEN: &str = "cordboard.my-pbx";

/// A line in a page, which runs for as long as the page is there.
#[must_use]
pub fn page_line(config: MyPbxConfig) -> MyPbx {
    let (line, driver) = MyPbx::new(config, Page, BrowserClock, random_seed());
    spawn(driver);
    line
}

/// The page's sockets and its tab's storage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page;

struct PageSocket(cordboard_browser::Socket);

impl Platform for Page {
    fn connect(&self, url: &str, heard: UnboundedSender<Heard>) -> Option<Box<dyn Socket>> {
        let hear = move |event| {
            // Fails when the line is gone.
            let _ = heard.unbounded_send(match event {
                SocketEvent::Opened => Heard::Opened,
                SocketEvent::Message(message) => Heard::Message(message),
                SocketEvent::Closed => Heard::Closed,
            });
        };
        Some(Box::new(PageSocket(cordboard_browser::Socket::open(url, SUBPROTOCOL, hear)?)))
    }

    fn recall(&self) -> Option<String> {
        Storage::session().load(TOKEN)?.as_str().map(str::to_owned)
    }

    fn keep(&self, token: Option<&str>) {
        let storage = Storage::session();
        match token {
            Some(token) => drop(storage.save(TOKEN, &token.into())),
            None => storage.remove(TOKEN),
        }
    }
}

impl Socket for PageSocket {
    fn send(&self, message: &Value) {
        self.0.send(message);
    }
}
