//! What was built, and the release that is made of it.

use crate::headers::Headers;
use crate::setting::Wanted;
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The page that users get, and its compressed forms.
pub(crate) const ENTRY: [&str; 3] = ["index.html", "index.html.br", "index.html.gz"];
/// What the host must send.
pub(crate) const HEADERS: &str = "_headers";

/// A folder that `cargo xtask build` wrote.
pub(crate) struct Bundle {
    /// By their path in the folder, without the headers.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The text of `_headers`.
    pub(crate) headers: String,
}

/// Something that was published: its files, and what HubSpot was told. It never changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Release {
    /// It says what is in it.
    pub(crate) version: String,
    pub(crate) made: String,
    pub(crate) files: BTreeMap<String, Digest>,
    pub(crate) headers: String,
    pub(crate) hubspot: Wanted,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Digest {
    pub(crate) sha256: String,
    pub(crate) bytes: usize,
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { sha256: hex(&Sha256::digest(bytes)), bytes: bytes.len() }
    }
}

impl Bundle {
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let headers = folder.join(HEADERS);
        let headers = fs::read_to_string(&headers)
            .with_context(|| format!("{} can't be read: build the app first", headers.display()))?;
        let mut files = BTreeMap::new();
        collect(folder, "", &mut files)?;
        files.remove(HEADERS);
        for path in files.keys() {
            // Only what is named by what it holds can lie beside another release's.
            let fits = path.starts_with("assets/") || ENTRY.contains(&path.as_str());
            ensure!(fits, "{path} can't be published: a bundle has index.html, assets/ and _headers; build it again");
        }
        Ok(Self { files, headers })
    }

    /// The page's text.
    pub(crate) fn page(&self) -> &str {
        self.files.get(ENTRY[0]).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    pub(crate) fn release(&self, hubspot: Wanted, made: String) -> Result<Release> {
        let files: BTreeMap<_, _> = self.files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes))).collect();
        let content = serde_json::to_vec(&(&files, &self.headers, &hubspot))?;
        let version = hex(&Sha256::digest(content)).chars().take(12).collect();
        Ok(Release { version, made, files, headers: self.headers.clone(), hubspot })
    }
}

impl Release {
    /// Where a file lies in the store. The page lies beside the entry point, because its addresses are relative.
    pub(crate) fn place(&self, path: &str) -> String {
        path.strip_prefix("index").map_or_else(|| path.to_owned(), |rest| format!("release-{}{rest}", self.version))
    }

    pub(crate) fn headers(&self) -> Headers {
        Headers::parse(&self.headers)
    }

    /// Its WebAssembly.
    pub(crate) fn module(&self) -> Option<&str> {
        self.files
            .keys()
            .map(String::as_str)
            .find(|path| Path::new(path).extension().is_some_and(|extension| extension == "wasm"))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
