//! The line keeps the contract over a gateway that runs the mock network, by real sockets. Between them is a wire that can be cut.

mod lossy;

use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{
    AgentId, Capabilities, Credentials, PhoneNumber, ProviderInfo, SignInMethod, SignedOutReason, Telephony,
};
use cordboard_gateway::config::Config;
use cordboard_gateway::{Control, Gateway, MockBackend};
use cordboard_gateway_client::{GatewayConfig, GatewayLine, Native, SystemClock};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, conformance};
use lossy::LossyBackend;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Where the widget is, as the gateway is told.
const ORIGIN: &str = "http://localhost:8080";

/// How much faster than ours the time of the mock network runs, which lets telephones ring for half a minute.
const FASTER: u32 = 10;

struct FastClock {
    since: Timestamp,
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.since + FASTER * SystemClock.now().since(self.since)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration / FASTER)
    }
}

struct GatewayHarness {
    runtime: Runtime,
    exchange: Arc<Exchange>,
    control: Control,
    wire: Wire,
    /// Whether the answer to the next dial is lost.
    loses: Arc<AtomicBool>,
    capabilities: Capabilities,
    _folder: tempfile::TempDir,
}

impl GatewayHarness {
    fn start(capabilities: Capabilities) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::from_toml(
            &format!(
                r#"
                    server.listen = "127.0.0.1:0"
                    server.public_url = "{ORIGIN}"
                    journal.file = "journal.db"
                    socket.rate = 10000
                    socket.burst = 10000
                    policy.regions = ["US", "GB"]
                    policy.calls_at_once = 6
                    policy.agent_per_day = 1000
                "#
            ),
            folder.path(),
        );
        let config = config.expect("the configuration is right");
        let network = Network::new(MockConfig { capabilities, ..MockConfig::default() });
        let exchange = Exchange::new(network, FastClock { since: SystemClock.now() });
        let loses = Arc::<AtomicBool>::default();
        let backend_loses = Arc::clone(&loses);
        let (control, wire) = runtime.block_on(async {
            tokio::spawn(exchange.run());
            let mock = MockBackend::new(Arc::clone(&exchange)).await.expect("the mock's agents sign in");
            let directory = mock.directory();
            let backend = Arc::new(LossyBackend { mock, loses: backend_loses });
            let builder = Gateway::builder(config).directory(directory).backend(|_journal| backend);
            let gateway = builder.build().await.expect("the gateway begins");
            let control = gateway.control();
            let wire = Wire::to(gateway.address()).await;
            tokio::spawn(gateway.serve());
            (control, wire)
        });
        Self { runtime, exchange, control, wire, loses, capabilities, _folder: folder }
    }
}

/// A wire between the lines and the gateway.
struct Wire {
    address: SocketAddr,
    cut: watch::Sender<u32>,
}

impl Wire {
    async fn to(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let cut = watch::Sender::new(0);
        let cuts = cut.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cut = cuts.subscribe();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(gateway).await else { return };
                    // However it ends, both ends are closed.
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cut }
    }
}

impl Harness for GatewayHarness {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.runtime.block_on(test);
    }

    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(400)
    }

    fn line(&self, _: TestAgent) -> Option<Box<dyn Telephony>> {
        let config = GatewayConfig {
            url: format!("http://{}", self.wire.address),
            provider: ProviderInfo { id: "mock", name: "Mock network" },
            capabilities: self.capabilities.with_sign_in(SignInMethod::Password),
        };
        let line = GatewayLine::new(config, Native::new(Some(ORIGIN)).expect("an origin"), SystemClock, 7);
        tokio::spawn(line.run());
        Some(Box::new(line))
    }

    fn credentials(&self, agent: TestAgent) -> Credentials {
        conformance::password(conformance::agent(agent))
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        Some(conformance::wrong_password())
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        conformance::number(far_end)
    }

    fn backlog(&self) -> Option<usize> {
        Some(256)
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        match cue {
            Cue::LoseConnection => self.wire.cut.send_modify(|cuts| *cuts += 1),
            Cue::ExpireSession => {
                self.control.end_sessions(&AgentId::new(MockAgent::Alex.id()), SignedOutReason::Expired).await;
            }
            Cue::LoseReply => self.loses.store(true, Ordering::Release),
            cue => self.exchange.control(|network, now| conformance::play(network, now, cue)),
        }
        Ok(())
    }
}

mod everything {
    cordboard::conformance_tests!(super::GatewayHarness::start(super::Capabilities::all()));
}

mod nothing {
    cordboard::conformance_tests!(super::GatewayHarness::start(super::Capabilities::basic()));
}
