//! A provider's backend between a small server and an emulated cloud, in virtual time; and what every provider's tests do
//! there.
//!
//! A provider says in a [`Stage`] what is its own, and runs the rest by three macros: [`call_tests!`](crate::call_tests),
//! [`restart_tests!`](crate::restart_tests), and, over [`LineHarness`] and [`AccountHarness`], the core's own suites.

pub mod calls;
mod desk;
mod harness;
mod journal;
pub mod restart;
mod world;

pub use desk::{Listener, Page};
pub use harness::{AccountHarness, LineHarness};
pub use journal::{Crash, MemoryJournal};
pub use world::World;

use crate::server::control::Hands;
use crate::{Hears, NoSuchLeg};
use cordboard::Timestamp;
use cordboard::telephony::PhoneNumber;
use cordboard_bridge::{Call, Carrier};
use http::{Method, Request};
use serde_json::{Map, Value};

/// Where the server is, for the provider.
pub const PUBLIC_URL: &str = "https://calls.example.com";
/// An agent.
pub const ALEX: &str = "alex";
/// Another agent.
pub const BLAKE: &str = "blake";

/// What a stage needs to know of a provider.
pub trait Stage: Sized + Send + Sync + 'static {
    /// Speaks to it.
    type Carrier: Carrier;
    /// Stands in for it.
    type Cloud: Hands;

    /// What is in the path of a request that makes a leg, which is a POST.
    const MAKES_LEGS: &'static str;
    /// The method of a request that changes a leg, and what is in its path.
    const CHANGES_LEGS: (Method, &'static str);
    /// What a customer hears who is alone in a call that has begun.
    const ALONE: Hears;

    /// A cloud in which nothing has happened, whose webhooks go to [`PUBLIC_URL`].
    fn cloud() -> Self::Cloud;

    /// A configuration for that cloud. A line keeps that many events.
    fn config(cloud: &Self::Cloud, backlog: usize) -> <Self::Carrier as Carrier>::Config;

    /// All legs, the oldest first.
    fn legs(cloud: &Self::Cloud) -> Vec<Leg>;

    /// What the far end of a leg hears.
    fn hears(cloud: &Self::Cloud, leg: &str) -> Hears;

    /// From now on the test answers the legs of that user's browser.
    fn take_over(cloud: &mut Self::Cloud, now: Timestamp, user: &str);

    /// The browser takes a leg that rings.
    ///
    /// # Errors
    /// When there is no such leg.
    fn client_accepts(cloud: &mut Self::Cloud, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg>;

    /// What two deliveries of the same report have in common.
    fn report(request: &Request<Vec<u8>>) -> Vec<u8>;
}

/// A leg, at any provider.
#[derive(Clone, Debug)]
pub struct Leg {
    /// The provider's id of it.
    pub id: String,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// The room that it is in, or is to come to.
    pub room: Option<String>,
    /// Its name there.
    pub label: Option<String>,
    /// How far it is.
    pub state: LegState,
    /// Whether it was asked for, and did not come in.
    pub is_made: bool,
    /// Whether it goes to a browser.
    pub is_browser: bool,
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    /// It was asked for.
    Asked,
    /// It rings.
    Rings,
    /// Somebody answered.
    Up,
    /// It is over.
    Over,
}

/// A number of the tests.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

/// A request as a snapshot shows it, without its credentials. Its body is shown as the provider writes bodies.
///
/// # Panics
/// If a header is no text.
#[must_use]
pub fn shown(call: &Call) -> Map<String, Value> {
    let (request, mut headers) = (&call.request, Map::new());
    for (header, value) in request.headers() {
        let value = if value.is_sensitive() { "…" } else { value.to_str().expect("headers are texts") };
        headers.insert(header.to_string(), value.into());
    }
    let mut shown = Map::new();
    shown.insert("request".to_owned(), format!("{} {}", request.method(), request.uri()).into());
    shown.insert("headers".to_owned(), headers.into());
    shown.insert("effect".to_owned(), format!("{:?}", call.effect).into());
    shown
}
