//! The server: REST, control and webhooks over HTTP, and who may connect to the signalling.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use cordboard_twilio_emulator::{CloudConfig, Ports, Server, numbers, signature};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A request to the account's server: what was signed, and the signature.
type Asked = (Vec<(String, String)>, String);

struct Stage {
    server: Server,
    config: CloudConfig,
    client: reqwest::Client,
    asked: mpsc::UnboundedReceiver<Asked>,
    webhooks: String,
}

impl Stage {
    async fn new() -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhooks = format!("http://{}/voice", listener.local_addr().unwrap());
        let app = Router::new().route("/voice", post(answer)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = CloudConfig::for_tests(&webhooks);
        let server = Server::start(config.clone(), Ports::default()).await.unwrap();
        Self { server, config, client: reqwest::Client::new(), asked, webhooks }
    }

    fn api(&self, path: &str) -> String {
        format!("http://{}/2010-04-01/Accounts/{}{path}", self.server.rest(), self.config.account_sid)
    }

    async fn get(&self, path: &str) -> reqwest::Result<Value> {
        let request = self.client.get(self.api(path));
        let request = request.basic_auth(&self.config.api_key_sid, Some(&self.config.api_key_secret));
        let body = request.send().await?.bytes().await?;
        Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn control(&self, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let url = format!("http://{}/control/{path}", self.server.rest());
        let request = match body {
            Some(body) => self.client.post(url).body(body.to_string()),
            None => self.client.get(url),
        };
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Waits until the first leg is as `is` wants it.
    async fn leg_is(&self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, legs) = self.control("legs", None).await;
            if is(&legs[0]) {
                return legs[0].clone();
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(
    State(asked): State<mpsc::UnboundedSender<Asked>>,
    headers: HeaderMap,
    body: Bytes,
) -> ([(&'static str, &'static str); 1], &'static str) {
    let fields = form_urlencoded::parse(&body).into_owned().collect();
    asked.send((fields, headers["x-twilio-signature"].to_str().unwrap().to_owned())).unwrap();
    ([("content-type", "text/xml")], "<Response><Say>Hello</Say><Pause length=\"60\"/></Response>")
}

#[tokio::test]
async fn a_call_comes_in_by_webhook_and_is_heard() {
    let mut stage = Stage::new().await;
    let parties = json!({"from": "+16175550199", "to": numbers::SALES});
    let (status, body) = stage.control("incoming", Some(parties)).await;
    assert_eq!(status, StatusCode::OK);
    let call = body["call"].as_str().unwrap().to_owned();
    let (fields, signed) = stage.asked.recv().await.unwrap();
    assert_eq!(signed, signature(&stage.config.auth_token, &stage.webhooks, &fields));
    assert!(fields.contains(&("CallSid".to_owned(), call.clone())));
    let leg = stage.leg_is(|leg| leg["audio"]["to"]["loud"].as_u64() > Some(10)).await;
    assert_eq!((leg["sid"].as_str(), leg["hears"].as_str()), (Some(&*call), Some("speech")));
    assert_eq!(stage.get(&format!("/Calls/{call}.json")).await.unwrap()["status"], "in-progress");
    let (status, _) = stage.control(&format!("legs/{call}/press"), Some(json!({"digits": "1"}))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = stage.control(&format!("legs/{call}/hang_up"), Some(json!({}))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(stage.get(&format!("/Calls/{call}.json")).await.unwrap()["status"], "completed");
    let (status, _) = stage.control(&format!("legs/{call}/hang_up"), Some(json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let stage = Stage::new().await;
    assert_eq!(stage.control("incoming", Some(json!({}))).await.0, StatusCode::BAD_REQUEST);
    let strangers = json!({"from": "+16175550199", "to": "+16175550198"});
    assert_eq!(stage.control("incoming", Some(strangers)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(stage.control("clients", Some(json!({"script": "sleeps"}))).await.0, StatusCode::BAD_REQUEST);
    let clients = json!({"script": "rejects", "after_ms": 5});
    assert_eq!(stage.control("clients", Some(clients)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.control("warnings", None).await, (StatusCode::OK, json!([])));
    let disturbance = json!({"delay_ms": 100, "repeats": 10});
    assert_eq!(stage.control("disturbance", Some(disturbance)).await.0, StatusCode::NO_CONTENT);
    let answer = stage.client.get(stage.api("/Calls.json")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

/// Nothing at all is a connection that closes without a byte.
#[tokio::test]
async fn faults_reach_the_client() {
    let stage = Stage::new().await;
    let faults = json!([
        {"answer": "too_many_requests"},
        {"answer": "nothing", "method": "GET", "path": "/Calls"},
        {"answer": "garbage"},
    ]);
    assert_eq!(stage.control("faults", Some(faults)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(stage.get("/Calls.json").await.unwrap()["code"], 20429);
    assert!(stage.get("/Calls.json").await.is_err());
    assert_eq!(stage.get("/Calls.json").await.unwrap(), Value::Null);
    assert_eq!(stage.get("/Calls.json").await.unwrap()["calls"], json!([]));
}

/// The signalling speaks TLS only, as the SDK does.
#[tokio::test]
async fn the_signalling_is_encrypted() {
    let stage = Stage::new().await;
    let answer = stage.client.get(format!("http://{}/signal", stage.server.signal())).send().await;
    assert!(answer.is_err());
}
