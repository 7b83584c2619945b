use cordboard::Value;
use cordboard::platform::{MaybeSend, MaybeSync};
use futures_channel::mpsc::UnboundedSender;

/// What the line needs of where it runs: a page, or a test.
pub trait Platform: MaybeSend + MaybeSync {
    /// Opens a socket that speaks [`SUBPROTOCOL`](crate::SUBPROTOCOL). `None` if the address is none that can be connected to.
    fn connect(&self, url: &str, heard: UnboundedSender<Heard>) -> Option<Box<dyn Socket>>;

    /// The token that was kept, also before the page was loaded again.
    fn recall(&self) -> Option<String>;

    /// Keeps a token, or forgets the one that is kept.
    fn keep(&self, token: Option<&str>);
}

/// A socket to the service. Dropping it closes it.
pub trait Socket: MaybeSend {
    /// Sends a message.
    fn send(&self, message: &Value);
}

/// What is heard of a socket.
#[derive(Debug)]
pub enum Heard {
    /// It is open.
    Opened,
    /// The service sent this. What can't be read is `Null`.
    Message(Value),
    /// It is closed, or could not be opened. Nothing follows.
    Closed,
}
