//! Where an app is published in tests: a host over HTTPS, an S3 store, HubSpot's emulator, and the program.
mod certificate;
mod s3;

pub(crate) use certificate::Certificate;

use axum::Router;
use axum::body::{Body, Bytes};
use axum_server::tls_rustls::RustlsConfig;
use cordboard::Timestamp;
use cordboard_hubspot_emulator::{Cloud, CloudConfig};
use http::{Request, Response};
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The widget's host. The name is nobody's; the program asks this machine in its place.
pub(crate) const HOST: &str = "widget.example.com";
pub(crate) const STORE_KEY: &str = "not-a-secret-store-key";
pub(crate) const STORE_SECRET: &str = "not-a-secret-store-secret";
const POLICY: &str = "default-src 'none'; connect-src 'self'";
const ANCESTORS: &str = "frame-ancestors https://app.hubspot.com https://*.hubspot.com";

/// What a server answers; none if the connection is lost.
type Answer = fn(&mut Shared, &Request<Vec<u8>>) -> Option<Response<Body>>;

/// When a request is held for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hold {
    /// It did nothing.
    Before(usize),
    /// It did its work, and nobody hears of it.
    After(usize),
}

/// What all the servers share.
pub(crate) struct Shared {
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) cloud: Cloud,
    /// What the host sends with each file.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) redirects: bool,
    /// Where the host's files are, if not in the store.
    pub(crate) folder: Option<PathBuf>,
    /// The pages that the gateway lets use it.
    pub(crate) lets_in: &'static str,
    /// Uploads of such files break off.
    pub(crate) cuts: Option<&'static str>,
    pub(crate) requests: usize,
    pub(crate) hold: Option<Hold>,
    pub(crate) puts: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: String,
}

pub(crate) struct World {
    shared: Arc<Mutex<Shared>>,
    held: Arc<Notify>,
    pub(crate) folder: TempDir,
    pub(crate) secrets: Vec<(&'static str, String)>,
    api: SocketAddr,
    host: SocketAddr,
    _servers: JoinSet<()>,
}

/// What differs between configurations.
pub(crate) struct Config<'a> {
    pub(crate) app: u32,
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) store: &'a str,
    pub(crate) more: &'a str,
}

impl Default for Config<'_> {
    fn default() -> Self {
        Self {
            app: 12_345,
            name: "Cordboard",
            url: "https://widget.example.com/phone/",
            store: "s3://bucket/phone",
            more: "",
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Certificate::Good)
    }

    pub(crate) fn with(certificate: Certificate) -> Self {
        let config = CloudConfig::for_tests();
        let secrets = vec![
            ("CORDBOARD_HUBSPOT_DEVELOPER_KEY", config.developer_key.clone()),
            ("AWS_ACCESS_KEY_ID", STORE_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", STORE_SECRET.to_owned()),
        ];
        let shared = Arc::new(Mutex::new(Shared {
            objects: BTreeMap::new(),
            cloud: Cloud::new(config),
            headers: vec![("content-security-policy", ANCESTORS.to_owned())],
            redirects: false,
            folder: None,
            lets_in: "https://elsewhere.example.com",
            cuts: None,
            requests: 0,
            hold: None,
            puts: Vec::new(),
        }));
        let (held, folder, mut servers) = (Arc::new(Notify::new()), TempDir::new().unwrap(), JoinSet::new());
        let listen = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            (listener.local_addr().unwrap(), listener)
        };
        let app = |answer: Answer| {
            let (shared, held) = (Arc::clone(&shared), Arc::clone(&held));
            let service = move |request| respond(Arc::clone(&shared), Arc::clone(&held), answer, request);
            Router::new().fallback(service).into_make_service()
        };
        let ((api, plain), (host, tls)) = (listen(), listen());
        let (server, service) = (axum_server::from_tcp(plain).unwrap(), app(cloud));
        servers.spawn(async move { drop(server.serve(service).await) });
        let (config, roots) = certificate.make(HOST);
        fs::write(folder.path().join("roots.pem"), roots).unwrap();
        let server = axum_server::from_tcp_rustls(tls, RustlsConfig::from_config(config)).unwrap();
        let service = app(site);
        servers.spawn(async move { drop(server.serve(service).await) });
        let world = Self { shared, held, folder, secrets, api, host, _servers: servers };
        world.configure(&Config::default());
        world.build("one");
        world
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn configure(&self, Config { app, name, url, store, more }: &Config<'_>) {
        let (api, host) = (self.api, self.host);
        let text = format!(
            r#"[env.staging]
app_id = {app}
api_url = "http://{api}"
[env.staging.settings]
name = "{name}"
url = "{url}"
width = 400
height = 600
isReady = true
[env.staging.channel]
url = "https://calls.example.com/numbers?of={name}"
isReady = true
[env.staging.publish]
store = "{store}"
resolve = "{host}"
{more}
[env.staging.publish.options]
aws_region = "eu-central-1"
aws_endpoint = "http://{api}/s3"
aws_allow_http = "true"
"#
        );
        fs::write(self.path("cordboard.toml"), text).unwrap();
    }

    /// Writes a bundle, as cargo xtask build does.
    pub(crate) fn build(&self, content: &str) {
        let folder = self.path("dist");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("assets")).unwrap();
        let module = format!("assets/app-{content}.wasm");
        let page = format!(
            "<!doctype html><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"><link href={module}><p>{content}"
        );
        let headers = format!(
            "/*\n  Content-Security-Policy: {POLICY}; {ANCESTORS}\n/{module}\n  Content-Type: application/wasm\n"
        );
        for (path, text) in [("index.html", page), (&module, format!("code of {content}")), ("_headers", headers)] {
            fs::write(folder.join(path), &text).unwrap();
            if path != "_headers" {
                fs::write(folder.join(format!("{path}.br")), format!("br of {text}")).unwrap();
            }
        }
    }

    /// Where the gateway is.
    pub(crate) fn gateway(&self) -> String {
        format!("http://{}", self.api)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard-publish"));
        command.current_dir(self.folder.path()).env_clear().args(line.split(' ')).arg("-vvv").kill_on_drop(true);
        command.envs(self.secrets.iter().map(|(name, value)| (*name, value.as_str()))).env("RUST_LOG", "trace");
        command.env("SSL_CERT_FILE", self.path("roots.pem"));
        command
    }

    /// Runs the program as verbose as it gets: nothing that it says may have a secret.
    pub(crate) async fn run(&self, line: &str) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.command(line).output().await.unwrap();
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        for (name, secret) in &self.secrets {
            assert!(!said.contains(secret.as_str()), "{name} is shown: {said}");
        }
        (status.code(), said)
    }

    pub(crate) async fn succeeds(&self, line: &str) -> String {
        let (code, said) = self.run(line).await;
        assert_eq!(code, Some(0), "{line}: {said}");
        said
    }

    pub(crate) async fn fails(&self, line: &str, because: &[&str]) {
        let (code, said) = self.run(line).await;
        assert_eq!(code, Some(2), "{line}: {said}");
        for because in because {
            assert!(said.contains(because), "{line} does not say {because:?}: {said}");
        }
    }

    pub(crate) async fn publish(&self) -> String {
        self.succeeds(PUBLISH).await
    }

    /// Runs the program until a request is held, then kills it. Says whether there was such a request.
    pub(crate) async fn killed(&self, line: &str, hold: Hold) -> bool {
        {
            let mut shared = self.shared();
            shared.requests = 0;
            shared.hold = Some(hold);
        }
        let mut child: Child = self.command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let was_held = tokio::select! {
            () = self.held.notified() => true,
            status = child.wait() => { assert!(status.unwrap().success(), "{hold:?}"); false }
        };
        child.kill().await.unwrap();
        self.shared().hold = None;
        was_held
    }

    /// The page that users get.
    pub(crate) fn entry(&self) -> Option<String> {
        let shared = self.shared();
        let entry = shared.objects.get("phone/index.html")?;
        Some(String::from_utf8(entry.bytes.clone()).unwrap())
    }

    /// What HubSpot calls the app.
    pub(crate) fn name(&self) -> Option<String> {
        Some(self.shared().cloud.kept_setting("settings")?["name"].as_str()?.to_owned())
    }

    pub(crate) fn numbers(&self) -> Option<String> {
        Some(self.shared().cloud.kept_setting("settings/channel-connection")?["url"].as_str()?.to_owned())
    }
}

pub(crate) const PUBLISH: &str = "publish --env staging --dir dist --without-handshake";

/// Answers a request, unless it is the one to be held.
async fn respond(
    shared: Arc<Mutex<Shared>>,
    held: Arc<Notify>,
    answer: Answer,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let request = Request::from_parts(parts, body.to_vec());
    let (hold, number, response) = {
        let mut shared = shared.lock().unwrap();
        shared.requests += 1;
        let (hold, number) = (shared.hold, shared.requests);
        let response = if hold == Some(Hold::Before(number)) { None } else { answer(&mut shared, &request) };
        (hold, number, response)
    };
    if hold == Some(Hold::Before(number)) || hold == Some(Hold::After(number)) {
        held.notify_one();
        return std::future::pending().await;
    }
    // A body that breaks off before its first byte closes the connection, and nothing was sent.
    response.unwrap_or_else(|| {
        let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("no answer")) });
        Response::new(Body::from_stream(broken))
    })
}

/// HubSpot, and beside it the store and the gateway.
fn cloud(shared: &mut Shared, request: &Request<Vec<u8>>) -> Option<Response<Body>> {
    if let Some(path) = request.uri().path().strip_prefix("/s3/bucket") {
        return s3::answer(shared, request, path.trim_start_matches('/'));
    }
    if request.method() == "OPTIONS" && request.uri().path() == "/api/sign-in" {
        let response = Response::builder().status(204).header("access-control-allow-origin", shared.lets_in);
        return response.body(Body::empty()).ok();
    }
    let now = Timestamp::default() + std::time::Duration::from_secs(1_700_000_000);
    Some(shared.cloud.handle_request(now, request).response?.map(Body::from))
}

/// The widget's host.
fn site(shared: &mut Shared, request: &Request<Vec<u8>>) -> Option<Response<Body>> {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    if shared.redirects {
        return Response::builder()
            .status(302)
            .header("location", "https://elsewhere.example.com/")
            .body(Body::empty())
            .ok();
    }
    let found = match &shared.folder {
        Some(folder) => {
            let bytes = fs::read(folder.join(path.strip_prefix("phone/").unwrap_or(&path))).ok();
            bytes.map(|bytes| Object { bytes, kind: kind(&path).to_owned() })
        }
        None => shared.objects.get(&path).cloned(),
    };
    let Some(Object { bytes, kind }) = found else {
        return Response::builder().status(404).body(Body::empty()).ok();
    };
    let response = Response::builder().header("content-type", kind);
    let response = shared.headers.iter().fold(response, |response, (name, value)| response.header(*name, value));
    response.body(Body::from(bytes)).ok()
}

fn kind(path: &str) -> &'static str {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
