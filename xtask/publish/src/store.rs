//! Where releases lie: a folder, or anything that `object_store` knows.

use crate::bundle::Release;
use crate::config::Publishing;
use anyhow::{Context as _, Error, Result, anyhow, ensure};
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    Attribute, Attributes, BackoffConfig, ObjectStore, ObjectStoreExt as _, PutOptions, RetryConfig, parse_url_opts,
};
use serde::{Deserialize, Serialize};
use std::env;
use std::time::Duration;
use url::Url;

/// Where it is said which release users get.
pub(crate) const CURRENT: &str = "releases/current.json";
/// What the environment gives to stores: where they are, and secrets.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// A place for releases. What is put there is there whole, or not at all.
pub(crate) struct Store {
    inner: Box<dyn ObjectStore>,
    /// Whether it keeps a file's type.
    keeps_types: bool,
}

/// Which release users get.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Current {
    pub(crate) version: String,
    pub(crate) since: String,
    /// What users got before.
    pub(crate) previous: Option<String>,
}

impl Store {
    pub(crate) fn open(publishing: &Publishing) -> Result<Self> {
        let Ok(url) = Url::parse(&publishing.store) else {
            ensure!(
                std::fs::metadata(&publishing.store).is_ok_and(|found| found.is_dir()),
                "publish.store is no folder: make it first"
            );
            let folder = LocalFileSystem::new_with_prefix(&publishing.store).map_err(explain)?.with_fsync(true);
            return Ok(Self { inner: Box::new(folder), keeps_types: false });
        };
        ensure!(url.username().is_empty() && url.password().is_none(), "store: secrets come from the environment");
        let given = env::vars().filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        let options = given.chain(publishing.options.clone()).map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (store, path): (Box<dyn ObjectStore>, _) = if matches!(url.scheme(), "s3" | "s3a") {
            (Box::new(s3(&url, options)?), Path::parse(url.path()).map_err(|error| anyhow!("store: {error}"))?)
        } else {
            parse_url_opts(&url, options).map_err(explain).context("store")?
        };
        Ok(Self { inner: Box::new(PrefixStore::new(store, path)), keeps_types: url.scheme() != "file" })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Option<Vec<u8>>> {
        match self.inner.get(&Path::from(path)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(explain).context(path.to_owned())?.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(explain(error).context(path.to_owned())),
        }
    }

    pub(crate) async fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let attributes = if self.keeps_types { attributes(path) } else { Attributes::new() };
        let options = PutOptions { attributes, ..PutOptions::default() };
        let put = self.inner.put_opts(&Path::from(path), bytes.to_vec().into(), options).await;
        put.map_err(explain).with_context(|| format!("{path} can't be sent"))?;
        Ok(())
    }

    /// Every release that is there, oldest first.
    pub(crate) async fn releases(&self) -> Result<Vec<Release>> {
        let found: Vec<_> = self.inner.list(Some(&Path::from("releases"))).try_collect().await.map_err(explain)?;
        let mut releases = Vec::new();
        for path in found.iter().map(|found| found.location.as_ref()).filter(|path| *path != CURRENT) {
            let name = path.rsplit('/').next().unwrap_or_default();
            releases.extend(self.release(name.trim_end_matches(".json")).await?);
        }
        releases.sort_by(|a: &Release, b| (&a.made, &a.version).cmp(&(&b.made, &b.version)));
        Ok(releases)
    }

    pub(crate) async fn release(&self, version: &str) -> Result<Option<Release>> {
        self.json(&record(version)).await
    }

    pub(crate) async fn put_release(&self, release: &Release) -> Result<()> {
        self.put(&record(&release.version), &serde_json::to_vec_pretty(release)?).await
    }

    pub(crate) async fn current(&self) -> Result<Option<Current>> {
        self.json(CURRENT).await
    }

    pub(crate) async fn put_current(&self, current: &Current) -> Result<()> {
        self.put(CURRENT, &serde_json::to_vec_pretty(current)?).await
    }

    async fn json<T: for<'a> Deserialize<'a>>(&self, path: &str) -> Result<Option<T>> {
        let Some(bytes) = self.get(path).await? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("{path} in the store is not a record: remove it"))
    }
}

/// Where it is said what a release is.
pub(crate) fn record(version: &str) -> String {
    format!("releases/{version}.json")
}

fn s3(url: &Url, options: impl Iterator<Item = (String, String)>) -> Result<impl ObjectStore> {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(200), ..BackoffConfig::default() };
    let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(60), backoff };
    let builder =
        AmazonS3Builder::new().with_url(url.as_str()).with_retry(retry).with_checksum_algorithm(Checksum::SHA256);
    let configured = options.fold(builder, |builder, (name, value)| match name.parse() {
        Ok(name) => builder.with_config(name, value),
        Err(_) => builder,
    });
    configured.build().map_err(explain).context("store")
}

/// What a store that is a web server sends with a file.
fn attributes(path: &str) -> Attributes {
    let (name, encoding) = match path.rsplit_once('.') {
        Some((name, "br")) => (name, Some("br")),
        Some((name, "gz")) => (name, Some("gzip")),
        _ => (path, None),
    };
    let kind = content_type(name);
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, kind.into());
    attributes.insert(Attribute::CacheControl, cache.into());
    if let Some(encoding) = encoding {
        attributes.insert(Attribute::ContentEncoding, encoding.into());
    }
    attributes
}

/// A file's type by its name.
pub(crate) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        _ => "text/plain; charset=utf-8",
    }
}

/// What happened, and what to do. A store's own words may repeat what was sent, so that only the name of its error is shown.
fn explain(error: object_store::Error) -> Error {
    let text = error.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| Some(rest.split_once("</Code>")?.0));
    let code = code
        .filter(|code| code.chars().all(char::is_alphanumeric))
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let advice = match error {
        object_store::Error::Unauthenticated { .. } => {
            "the store takes no such credentials: check those in the environment"
        }
        object_store::Error::PermissionDenied { .. } => {
            "the credentials in the environment may not do this, or are wrong"
        }
        object_store::Error::NotFound { .. } => "the store is not there: check its address",
        object_store::Error::InvalidPath { .. } => "the store's address has a path that it can't have",
        _ => {
            "the store can't be reached, broke off, or is not what its address says: check store and its options, then try again"
        }
    };
    anyhow!("{advice}{code}")
}
