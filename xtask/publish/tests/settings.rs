//! The program against an emulated HubSpot.

use cordboard_hubspot_emulator::{CloudConfig, Fault, FaultAnswer, Server};
use std::process::Output;
use tempfile::TempDir;
use tokio::process::Command;

const KEY: &str = "CORDBOARD_HUBSPOT_DEVELOPER_KEY";

struct Run {
    server: Server,
    folder: TempDir,
    secrets: Vec<(&'static str, String)>,
}

impl Run {
    fn new() -> Self {
        let config = CloudConfig::for_tests();
        let secrets = vec![(KEY, config.developer_key.clone())];
        let server = Server::start(config, 0).expect("a port");
        let run = Self { server, folder: TempDir::new().expect("a folder"), secrets };
        run.configure("Cordboard", 12_345);
        run
    }

    fn configure(&self, name: &str, app: u32) {
        let url = self.server.url();
        let text = format!(
            r#"[env.staging]
app_id = {app}
api_url = "{url}"
[env.staging.settings]
name = "{name}"
url = "https://widget.example.com/"
width = 400
height = 600
supportsInboundCalling = true
[env.staging.recording]
urlToRetrieveAuthedRecording = "https://calls.example.com/recordings/%s"
[env.staging.channel]
url = "https://calls.example.com/numbers"
isReady = true
"#
        );
        std::fs::write(self.folder.path().join("cordboard.toml"), text).expect("a file");
    }

    /// Runs the program as verbose as it gets: nothing that it says may have a secret.
    async fn run(&self, line: &str) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard-publish"));
        command.current_dir(self.folder.path()).env_clear().args(line.split(' ')).arg("-vvv");
        command.envs(self.secrets.iter().map(|(name, value)| (*name, value.as_str()))).env("RUST_LOG", "trace");
        let Output { status, stdout, stderr } = command.output().await.expect("the program");
        let (out, err) = (String::from_utf8(stdout).expect("a text"), String::from_utf8(stderr).expect("a text"));
        for (name, secret) in self.secrets.iter().filter(|(name, _)| !name.ends_with("_ID")) {
            assert!(!out.contains(secret.as_str()) && !err.contains(secret.as_str()), "{name} is shown: {out}{err}");
        }
        (status.code(), out, err)
    }

    async fn succeeds(&self, line: &str) -> String {
        let (code, out, err) = self.run(line).await;
        assert_eq!(code, Some(0), "{line}: {out}{err}");
        out
    }

    async fn fails(&self, line: &str, because: &str) {
        let (code, out, err) = self.run(line).await;
        assert_eq!(code, Some(2), "{line}: {out}{err}");
        assert!(err.contains(because), "{line}: {err}");
    }
}

#[tokio::test]
async fn settings_become_what_the_configuration_says() {
    let run = Run::new();
    run.fails("settings get --env staging", "HubSpot has none").await;
    let (code, out, _) = run.run("settings diff --env staging").await;
    assert_eq!(code, Some(1), "{out}");
    let would = run.succeeds("settings put --env staging --dry-run").await;
    assert!(would.contains("It would be made"), "{would}");
    assert!(run.server.with(|cloud| cloud.kept_setting("settings")).is_none(), "nothing was sent");

    run.succeeds("settings put --env staging").await;
    assert_eq!(run.succeeds("settings diff --env staging").await, "");
    assert!(run.succeeds("settings get --env staging").await.contains("\"name\": \"Cordboard\""));
    run.configure("Other", 12_345);
    let (code, out, _) = run.run("settings diff --env staging").await;
    assert_eq!((code, out.as_str()), (Some(1), "name: \"Cordboard\" -> \"Other\"\n"));
    assert_eq!(run.succeeds("settings put --env staging").await, "name: \"Cordboard\" -> \"Other\"\n");

    run.fails("settings delete --env staging", "--yes").await;
    run.succeeds("settings delete --env staging --yes").await;
    run.fails("settings get --env staging", "HubSpot has none").await;
}

#[tokio::test]
async fn recordings_and_channels_are_set_too() {
    let run = Run::new();
    for setting in ["recording", "channel"] {
        run.succeeds(&format!("{setting} put --env staging")).await;
        assert_eq!(run.succeeds(&format!("{setting} diff --env staging")).await, "");
        assert!(run.succeeds(&format!("{setting} get --env staging")).await.contains("https://calls.example.com/"));
    }
    run.succeeds("channel delete --env staging --yes").await;
    run.fails("recording delete --env staging --yes", "HubSpot can't remove it").await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_to_do() {
    let mut run = Run::new();
    run.fails("settings put --env production", "no [env.production]; it has staging").await;
    run.configure(" ", 12_345);
    run.fails("settings put --env staging", "name: it is empty").await;
    run.configure("Cordboard", 1);
    run.fails("settings put --env staging", "check app_id").await;
    run.configure("Cordboard", 12_345);
    let refused = Fault::refuse(FaultAnswer::Refuse("url".to_owned()));
    run.server.with(|cloud| cloud.inject(refused.on(&http::Method::POST, "/settings")));
    run.fails("settings put --env staging", "url: PROPERTY_VALIDATION_RULE").await;
    run.secrets = vec![(KEY, "not-a-secret-but-wrong".to_owned())];
    run.fails("settings put --env staging", "check the secret").await;
    run.secrets.clear();
    run.fails("settings put --env staging", "set one of").await;
    run.server.with(|cloud| assert!(cloud.kept_setting("settings").is_none()));
}

#[tokio::test]
async fn either_way_of_authenticating_is_taken() {
    let mut run = Run::new();
    let config = CloudConfig::for_tests();
    run.secrets = vec![
        ("CORDBOARD_HUBSPOT_CLIENT_ID", config.client_id.clone()),
        ("CORDBOARD_HUBSPOT_CLIENT_SECRET", config.client_secret.clone()),
    ];
    run.succeeds("settings put --env staging").await;
    run.secrets = vec![("CORDBOARD_HUBSPOT_TOKEN", "not-a-secret-token-of-nobody".to_owned())];
    run.fails("settings get --env staging", "check the secret").await;
}

#[tokio::test]
async fn the_snippet_needs_nothing() {
    let run = Run::new();
    let lines = run.succeeds("dev-snippet --env staging").await;
    assert!(lines.contains("supportsChannelConnection") && lines.contains("https://localhost:9025/"), "{lines}");
    std::fs::remove_file(run.folder.path().join("cordboard.toml")).expect("it was there");
    assert!(run.succeeds("dev-snippet").await.contains("Cordboard"));
}
