//! Whether the app answers HubSpot's own host class, in Chromium.

use super::Finding;
use crate::bundle::Bundle;
use crate::headers::Headers;
use crate::store::content_type;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use url::Url;

const NAME: &str = "handshake";
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The page is given to the browser as if it came from its address, and HubSpot's as from HubSpot's.
pub(crate) async fn check(bundle: &Bundle, folder: &Path, url: &str) -> Result<Finding> {
    let Some(chromium) = chromium() else {
        let advice = "there is no Chromium: install it, set CHROMIUM to its path, or publish with --without-handshake";
        return Ok(Finding::of(NAME, Some(advice.to_owned())));
    };
    let (url, headers) = (Url::parse(url)?, Headers::parse(&bundle.headers));
    let mut files = BTreeMap::new();
    for path in bundle.files.keys().filter(|path| !path.ends_with(".br") && !path.ends_with(".gz")) {
        let kind = BTreeMap::from([("Content-Type", content_type(path))]);
        let sent: BTreeMap<_, _> = kind.into_iter().chain(headers.of(&format!("/{path}"))).collect();
        let address = if path == "index.html" { url.clone() } else { url.join(path)? };
        files.insert(address.to_string(), json!({ "path": folder.join(path), "headers": sent }));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("handshake.mjs");
    let order = json!({ "chromium": chromium, "url": url.as_str(), "files": files }).to_string();
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("install Node.js 20 or newer, or publish with --without-handshake")?;
    if let Some(mut stdin) = node.stdin.take() {
        stdin.write_all(order.as_bytes()).await?;
    }
    let output = node.wait_with_output().await?;
    if output.status.success() {
        return Ok(Finding::holds(NAME));
    }
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).trim().to_owned()).join(" ");
    Ok(Finding::of(NAME, Some(format!("{said}: try the app with cargo xtask demo, then build it again"))))
}

fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    PROGRAMS
        .iter()
        .find_map(|program| env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists()))
}
