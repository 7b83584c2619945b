use super::error::Error;
use crate::platform::{BoxStream, MaybeSend, MaybeSync};
use async_trait::async_trait;

/// The agent's audio, where it runs in the page: microphone in, other party out, over the provider's own voice SDK.
///
/// # Contract
/// - [`start`](Self::start) may be called again after a problem, and does nothing while it is ready.
/// - `Ok` means that the order was taken; what becomes of it arrives as an event.
/// - The leg of a call is joined by itself, whenever the provider sends one: the agent said yes to the call already.
/// - Keys are the line's to press, as all that is done to a call. If only the voice SDK can, the line has it do so.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait MediaLeg: MaybeSend + MaybeSync {
    /// Loads what is needed, asks for the microphone and makes the page reachable for calls. Needs an agent who is signed in.
    ///
    /// # Errors
    /// When no token could be had.
    async fn start(&self) -> Result<(), Error>;

    /// Gives the microphone back, and takes no more calls.
    fn stop(&self);

    /// Speaks into another microphone from now on, also when the page is loaded again.
    fn use_microphone(&self, id: &str);

    /// Hears calls from another speaker from now on, also when the page is loaded again.
    fn use_speaker(&self, id: &str);

    /// Plays a short tone on the speaker that is in use.
    fn test_speaker(&self);

    /// What happens from now on.
    fn events(&self) -> BoxStream<MediaEvent>;
}

/// What happened to the agent's audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The page can be called.
    Ready,
    /// The way to the provider is lost, and looked for. A call that is heard may go on.
    Reconnecting,
    /// There is no audio until [`start`](MediaLeg::start) is called again.
    Stopped(MediaProblem),
    /// What there is to choose from.
    Devices {
        /// To speak into.
        microphones: Vec<MediaDevice>,
        /// To hear from; empty where the browser does not let a page choose.
        speakers: Vec<MediaDevice>,
    },
    /// How loud the agent is, from 0 to 100. Told while a call is heard, a few times a second.
    Level(u8),
}

/// A microphone or a speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDevice {
    /// The browser's id for it.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Whether the agent chose it. Where none is, it is the browser's to choose.
    pub is_chosen: bool,
}

/// Why there is no audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaProblem {
    /// The user or the embedding page does not allow the microphone.
    MicrophoneBlocked,
    /// There is no microphone.
    NoMicrophone,
    /// Another program holds the microphone.
    MicrophoneBusy,
    /// The provider can't be reached.
    Network,
    /// The token ran out and no other could be had.
    SessionExpired,
    /// The voice SDK could not be loaded.
    NotLoaded,
    /// The app was built without the voice SDK, which is that package: its licence leaves it to the app's builder.
    NotInstalled(String),
    /// Something else, which the SDK knows by that code.
    Failed(u32),
}
