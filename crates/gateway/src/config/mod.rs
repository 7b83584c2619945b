//! What an operator sets. `cordboard.example.toml` documents every key.

mod hubspot;
mod keys;
mod oidc;
#[cfg(test)]
mod tests;

pub use hubspot::{HubSpot, TokenKeys};
pub use keys::{FrameAncestor, FromText, Keys, Prefix, Problem, Problems, PublicUrl};
pub(crate) use oidc::is_safe;
pub use oidc::{Issuer, Oidc};

use cordboard::protocol::Origin;
use cordboard::telephony::{AgentId, Fallback, PhoneNumber};
use phonenumber::country;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a gateway behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens and how it is reached.
    pub server: Server,
    /// The widget that it serves.
    pub widget: Widget,
    /// The agents' sockets.
    pub socket: Socket,
    /// The agents' sessions.
    pub sessions: Sessions,
    /// The file of agents; none if the embedding program has a directory of its own.
    pub agents: Option<PathBuf>,
    /// Who vouches for agents, besides their passwords.
    pub oidc: Option<Oidc>,
    /// The account at HubSpot whose timeline gets the calls.
    pub hubspot: Option<HubSpot>,
    /// Where events are kept.
    pub journal: JournalSettings,
    /// The links to recordings.
    pub recordings: Recordings,
    /// What may be dialled.
    pub policy: PolicySettings,
    /// Who takes inbound calls, by the number that was called.
    pub routes: Vec<RouteSettings>,
    /// Who takes calls to every other number.
    pub other_calls: RouteSettings,
    /// When the provider is asked about calls.
    pub reconcile: Reconcile,
    /// What is logged.
    pub log: Log,
}

/// Where the gateway listens and how it is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address.
    pub listen: SocketAddr,
    /// The address that browsers and the provider use. Webhooks' signatures are checked against it.
    pub public_url: PublicUrl,
    /// Certificate chain and key, as PEM files; without them, a proxy does TLS.
    pub tls: Option<Tls>,
    /// How long a connection may take until its next request has begun.
    pub keep_alive: Duration,
    /// How long requests may take to end at a shutdown.
    pub drain: Duration,
    /// What `/metrics` asks for as a bearer; open to everybody without one.
    pub metrics_token: Option<Hidden>,
    /// What `/operator` asks for as a bearer; there is no such address without one.
    pub operator_token: Option<Hidden>,
}

/// A secret of the configuration. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// Certificate and key.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The widget that the gateway serves.
#[derive(Clone, Debug)]
pub struct Widget {
    /// A folder that `cargo xtask build` made; none if the widget is elsewhere.
    pub folder: Option<PathBuf>,
    /// Which pages may frame it.
    pub frame_ancestors: Vec<FrameAncestor>,
}

/// The agents' sockets.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Which pages may open one, besides those of the public address.
    pub origins: Vec<Origin>,
    /// How long a client may take to say who it is.
    pub hello: Duration,
    /// After how much silence the client is pinged.
    pub ping: Duration,
    /// After how much silence the socket is closed.
    pub idle: Duration,
    /// How long a client may take to read one message.
    pub slow: Duration,
    /// How many events are kept ready for sockets that are behind.
    pub backlog: usize,
    /// How many messages a client may send, per second and at once.
    pub rate: u32,
    /// How many at once.
    pub burst: u32,
    /// The most sockets at a time.
    pub most: usize,
}

/// The agents' sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// How long an access token is good.
    pub access: Duration,
    /// How long a session lasts without being refreshed.
    pub refresh: Duration,
    /// Whether signing in ends the agent's other sessions.
    pub single: bool,
}

/// Where events are kept.
#[derive(Clone, Debug)]
pub struct JournalSettings {
    /// The SQLite file.
    pub file: PathBuf,
    /// For how long.
    pub keep: Duration,
    /// How long to wait for another program that holds the file.
    pub busy: Duration,
    /// The most that the file may take, in MiB.
    pub most: u64,
}

/// The links to recordings.
#[derive(Clone, Debug)]
pub struct Recordings {
    /// What signs them, in the place of the key that the journal has.
    pub key: Option<Hidden>,
    /// For how long a link is good; for ever if zero.
    pub links_last: Duration,
    /// How many recordings may be listened to at a time.
    pub listeners: usize,
}

/// What may be dialled.
#[derive(Clone, Debug)]
pub struct PolicySettings {
    /// Whether anything may.
    pub dialling: bool,
    /// A file that stops dialling and forwarding while it exists.
    pub kill_switch: Option<PathBuf>,
    /// Which ISO 3166 regions may be called.
    pub regions: Vec<country::Id>,
    /// What else is denied.
    pub denied_prefixes: Vec<Prefix>,
    /// How many calls an agent may have at a time.
    pub calls_at_once: usize,
    /// How many calls an agent may begin within 24 hours.
    pub agent_per_day: u32,
    /// How many calls the account may.
    pub account_per_day: u32,
}

/// Who takes inbound calls to one number.
#[derive(Clone, Debug)]
pub struct RouteSettings {
    /// The number; none for the route of all others.
    pub number: Option<PhoneNumber>,
    /// Who may take the call; everybody if it is empty.
    pub agents: Vec<AgentId>,
    /// Who of those rings.
    pub strategy: Strategy,
    /// For how long.
    pub ring: Duration,
    /// What becomes of the call then.
    pub fallback: Fallback,
}

/// Who rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All who are free.
    RingAll,
    /// Who has been free for longest.
    LongestIdle,
}

impl FromText for Strategy {
    const EXPECTED: &'static str = "ring-all or longest-idle";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "ring-all" => Some(Self::RingAll),
            "longest-idle" => Some(Self::LongestIdle),
            _ => None,
        }
    }
}

/// When the provider is asked about calls.
#[derive(Clone, Debug)]
pub struct Reconcile {
    /// How often to look for calls to ask about.
    pub every: Duration,
    /// A call that has been silent for so long is asked about.
    pub silent: Duration,
}

/// What is logged.
#[derive(Clone, Debug)]
pub struct Log {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// Which messages, as `tracing-subscriber` reads it.
    pub filter: String,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl FromText for LogFormat {
    const EXPECTED: &'static str = "text or json";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// HubSpot's own pages.
const HUBSPOT: [&str; 2] = ["https://app.hubspot.com", "https://app-*.hubspot.com"];
/// As OWASP's session guidance has it for a bearer.
const ACCESS: Duration = Duration::from_secs(15 * 60);
/// A working day.
const REFRESH: Duration = Duration::from_secs(12 * 3_600);
/// Proxies close what is silent for 60 s, as a rule.
const PING: Duration = Duration::from_secs(25);
/// Proxies keep what is idle for 60 s, as a rule. Closed earlier here, a request on its way would find nobody.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
const DAY: Duration = Duration::from_secs(86_400);

impl Config {
    /// Reads a file and the environment. For a program with keys of its own, see [`read`](Self::read).
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        Self::finish(Keys::load(path)?)
    }

    /// Takes a text for the file.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn from_toml(text: &str, folder: impl Into<PathBuf>) -> Result<Self, Problems> {
        Self::finish(Keys::from_toml(text, folder)?)
    }

    fn finish(mut keys: Keys) -> Result<Self, Problems> {
        let config = Self::read(&mut keys);
        keys.finish()?;
        config.ok_or_else(|| Problems(Vec::new()))
    }

    /// Reads the gateway's own keys; `None` if one is missing that has no default. What is wrong is noted in `keys`,
    /// which is to be [finished](Keys::finish) when all keys are read.
    pub fn read(keys: &mut Keys) -> Option<Self> {
        let server = server(keys);
        let widget = Widget {
            folder: keys.path("widget.folder"),
            frame_ancestors: keys
                .list("widget.frame_ancestors")
                .unwrap_or_else(|| HUBSPOT.iter().filter_map(|text| FrameAncestor::from_text(text)).collect()),
        };
        let socket = socket(keys);
        let sessions = Sessions {
            access: keys.or("sessions.access", ACCESS),
            refresh: keys.or("sessions.refresh", REFRESH),
            single: keys.or("sessions.single", false),
        };
        if sessions.access.is_zero() || sessions.access > sessions.refresh {
            keys.wrong("sessions.access", "it must be more than nothing and no more than sessions.refresh");
        }
        let agents = keys.path("agents.file");
        let oidc = oidc::read(keys);
        let hubspot = hubspot::read(keys);
        let journal = journal(keys);
        let recordings = recordings(keys);
        let policy = policy(keys);
        let mut routes: Vec<RouteSettings> = Vec::new();
        for table in keys.tables("routes") {
            let key = format!("{table}.number");
            let number = keys.required::<PhoneNumber>(&key);
            if number.is_some() && routes.iter().any(|route| route.number == number) {
                keys.wrong(&key, "an earlier route has the same number");
            }
            routes.push(route(keys, &table, number));
        }
        let other_calls = route(keys, "other_calls", None);
        let reconcile = Reconcile {
            every: keys.or("reconcile.every", Duration::from_secs(60)),
            silent: keys.or("reconcile.silent", Duration::from_secs(300)),
        };
        if reconcile.every.is_zero() {
            keys.wrong("reconcile.every", "it must be more than nothing");
        }
        let log =
            Log { format: keys.or("log.format", LogFormat::Text), filter: keys.or("log.filter", "info".to_owned()) };
        if log.filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
            keys.wrong(
                "log.filter",
                format!("{:?} is not a filter such as info or cordboard_gateway=debug", log.filter),
            );
        }
        let server = server?;
        Some(Self {
            server,
            widget,
            socket,
            sessions,
            agents,
            oidc,
            hubspot,
            journal,
            recordings,
            policy,
            routes,
            other_calls,
            reconcile,
            log,
        })
    }
}

fn server(keys: &mut Keys) -> Option<Server> {
    let listen = keys.or("server.listen", SocketAddr::from(([127, 0, 0, 1], 8080)));
    let public_url = keys.required("server.public_url");
    let certificate = keys.path("server.tls_certificate");
    let key = keys.path("server.tls_key");
    for (here, there) in [("server.tls_certificate", "server.tls_key"), ("server.tls_key", "server.tls_certificate")] {
        if keys.has(here) && !keys.has(there) {
            keys.wrong(there, format!("it is missing: {here} is given"));
        }
    }
    let tls = certificate.zip(key).map(|(certificate, key)| Tls { certificate, key });
    let keep_alive = keys.or("server.keep_alive", KEEP_ALIVE);
    if keep_alive.is_zero() {
        keys.wrong("server.keep_alive", "it must be more than nothing");
    }
    let drain = keys.or("server.drain", Duration::from_secs(20));
    let metrics_token = keys.secret("server.metrics_token").map(Hidden);
    let operator_token = long_secret(keys, "server.operator_token");
    Some(Server { listen, public_url: public_url?, tls, keep_alive, drain, metrics_token, operator_token })
}

fn socket(keys: &mut Keys) -> Socket {
    let socket = Socket {
        origins: keys.list("socket.origins").unwrap_or_default(),
        hello: keys.or("socket.hello", Duration::from_secs(5)),
        ping: keys.or("socket.ping", PING),
        idle: keys.or("socket.idle", Duration::from_secs(60)),
        slow: keys.or("socket.slow", Duration::from_secs(10)),
        backlog: keys.or("socket.backlog", 256),
        rate: keys.or("socket.rate", 50),
        burst: keys.or("socket.burst", 100),
        most: keys.or("socket.most", 20_000),
    };
    if socket.ping.is_zero() || socket.ping >= socket.idle {
        keys.wrong("socket.ping", "it must be more than nothing and less than socket.idle");
    }
    for (key, value) in [("socket.hello", socket.hello), ("socket.slow", socket.slow)] {
        if value.is_zero() {
            keys.wrong(key, "it must be more than nothing");
        }
    }
    for (key, value) in [
        ("socket.backlog", socket.backlog),
        ("socket.rate", socket.rate as usize),
        ("socket.burst", socket.burst as usize),
        ("socket.most", socket.most),
    ] {
        if value == 0 {
            keys.wrong(key, "it must be at least 1");
        }
    }
    socket
}

fn journal(keys: &mut Keys) -> JournalSettings {
    let journal = JournalSettings {
        file: keys.path("journal.file").unwrap_or_else(|| keys.folder().join("cordboard.db")),
        keep: keys.or("journal.keep", DAY * 90),
        busy: keys.or("journal.busy", Duration::from_secs(2)),
        most: keys.or("journal.most", 65_536),
    };
    if journal.keep < DAY * 2 {
        keys.wrong("journal.keep", "it must be at least 2d: the ceilings of a day are counted in the journal");
    }
    if journal.most == 0 {
        keys.wrong("journal.most", "it must be at least 1");
    }
    journal
}

fn recordings(keys: &mut Keys) -> Recordings {
    let recordings = Recordings {
        key: long_secret(keys, "recordings.key"),
        links_last: keys.or("recordings.links_last", DAY * 365),
        listeners: keys.or("recordings.listeners", 64),
    };
    if recordings.listeners == 0 {
        keys.wrong("recordings.listeners", "it must be at least 1");
    }
    recordings
}

/// A secret that nobody can guess.
fn long_secret(keys: &mut Keys, key: &str) -> Option<Hidden> {
    let secret = keys.secret(key);
    if secret.as_ref().is_some_and(|secret| secret.len() < 32) {
        keys.wrong(key, "it must have at least 32 characters, drawn at random");
    }
    secret.map(Hidden)
}

fn policy(keys: &mut Keys) -> PolicySettings {
    let given = keys.has("policy.regions");
    let policy = PolicySettings {
        dialling: keys.or("policy.dialling", true),
        kill_switch: keys.path("policy.kill_switch"),
        regions: keys.list("policy.regions").unwrap_or_default(),
        denied_prefixes: keys.list("policy.denied_prefixes").unwrap_or_default(),
        calls_at_once: keys.or("policy.calls_at_once", 1),
        agent_per_day: keys.or("policy.agent_per_day", 300),
        account_per_day: keys.or("policy.account_per_day", 3_000),
    };
    if !given {
        keys.wrong("policy.regions", "it is missing: name the regions that may be called, such as [\"US\", \"CA\"]");
    }
    if policy.calls_at_once == 0 {
        keys.wrong("policy.calls_at_once", "it must be at least 1; to stop dialling, set policy.dialling = false");
    }
    policy
}

/// What callers hear when nobody can talk to them and nothing else was said.
pub(crate) const GOODBYE: &str = "Nobody can take your call at the moment. Please call again later. Goodbye.";

fn route(keys: &mut Keys, table: &str, number: Option<PhoneNumber>) -> RouteSettings {
    let key = |name: &str| format!("{table}.{name}");
    let agents = keys.list(&key("agents")).unwrap_or_default();
    let strategy = keys.or(&key("strategy"), Strategy::RingAll);
    let ring = keys.or(&key("ring"), Duration::from_secs(25));
    if ring.is_zero() {
        keys.wrong(&key("ring"), "it must be more than nothing");
    }
    let voicemail: Option<String> = keys.optional(&key("voicemail"));
    let forward: Option<PhoneNumber> = keys.optional(&key("forward"));
    let goodbye: Option<String> = keys.optional(&key("goodbye"));
    let given = [voicemail.is_some(), forward.is_some(), goodbye.is_some()];
    if given.into_iter().filter(|given| *given).count() > 1 {
        keys.wrong(table, "give one of voicemail, forward and goodbye");
    }
    let fallback = match (voicemail, forward, goodbye) {
        (Some(greeting), ..) => Fallback::Voicemail { greeting },
        (None, Some(number), _) => Fallback::Number(number),
        (None, None, sentence) => Fallback::Goodbye(sentence.unwrap_or_else(|| GOODBYE.to_owned())),
    };
    RouteSettings { number, agents, strategy, ring, fallback }
}
