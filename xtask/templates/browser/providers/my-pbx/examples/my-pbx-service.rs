//! The service of the tests on a port of this machine, for a widget to connect to while you develop. What to dial, and what becomes of
//! it, is the table in `cordboard_mock::numbers`.
//!
//! ```sh
//! cargo run --package cordboard-my-pbx --example my-pbx-service
//! ```

#[path = "../tests/support/service.rs"]
mod service;

use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use cordboard::telephony::PhoneNumber;
use cordboard_mock::{Exchange, MockAgent, numbers};
use cordboard_my_pbx::SUBPROTOCOL;
use futures_channel::mpsc::unbounded;
use futures_util::future::join3;
use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Where the widget looks for it, by its default configuration.
const ADDRESS: &str = "127.0.0.1:9010";
/// The longest message that is read.
const MAX_MESSAGE: usize = 64 * 1024;

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a program reads the clock; the line is handed one")]
    fn now(&self) -> Timestamp {
        Timestamp::default() + SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // Ids of calls differ between two runs, as the CRM remembers those of the first.
    let network = service::network(SystemClock, SystemClock.now().as_millis() as u32);
    tokio::spawn(network.run());
    let listener = TcpListener::bind(ADDRESS).await?;
    say(&format!("My PBX for development is at ws://{ADDRESS}. Sign in as alex or blake, with the password demo."));
    say("Press Enter, and somebody calls the first agent who is free.");
    let callers = Arc::clone(&network);
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).for_each(|_| call_in(&callers)));
    loop {
        let (stream, _) = listener.accept().await?;
        let network = Arc::clone(&network);
        tokio::spawn(async move {
            // However it ends, the socket is closed then, and the widget opens another.
            let _ = serve(network, stream).await;
        });
    }
}

fn call_in(network: &Exchange) {
    let (from, to) = (PhoneNumber::from_e164(numbers::ANSWERS).ok(), PhoneNumber::from_e164(numbers::SALES));
    let rings = to.is_ok_and(|to| network.control(|network, now| network.incoming(now, from, &to)).is_some());
    if !rings {
        say(&format!("Nobody is available. {} signs in, or {}.", MockAgent::Alex.id(), MockAgent::Blake.id()));
    }
}

/// Carries a conversation over a socket.
async fn serve(network: Arc<Exchange>, stream: TcpStream) -> Result<(), Error> {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let socket = tokio_tungstenite::accept_hdr_async_with_config(stream, agree, Some(config)).await?;
    let (mut sink, mut frames) = socket.split();
    let ((orders, heard), (said, mut messages)) = (unbounded(), unbounded());
    // Ends with the socket. Then nobody gives orders, which ends the conversation, and with it what is to be said.
    let listen = async move {
        while let Some(Ok(frame)) = frames.next().await {
            let order = frame.to_text().ok().and_then(|text| serde_json::from_str(text).ok());
            order.map(|order| orders.unbounded_send(order).ok());
        }
    };
    let speak = async {
        while let Some(message) = messages.next().await {
            let message: serde_json::Value = message;
            sink.send(Message::text(message.to_string())).await?;
        }
        Ok(())
    };
    let (_, _, spoken) = join3(service::converse(network, heard, said), listen, speak).await;
    spoken
}

/// Agrees to the subprotocol, without which a browser closes the socket.
#[expect(clippy::result_large_err, reason = "so the callback is declared")]
fn agree(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(response)
}

#[expect(clippy::print_stderr, reason = "a program talks to its user")]
fn say(text: &str) {
    eprintln!("{text}");
}
