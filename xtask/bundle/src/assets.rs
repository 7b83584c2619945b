//! The files of a bundle: named by what they hold, compressed ahead.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where files live whose name says what they hold, so that a browser may keep them for ever.
pub(crate) const HASHED: &str = "assets";

/// A file and its address, relative to the page.
pub(crate) struct Asset {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

impl Asset {
    pub(crate) fn new(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), bytes: text.into_bytes() }
    }

    /// A file named by what it holds.
    pub(crate) fn hashed(stem: &str, extension: &str, bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("{HASHED}/{stem}-{hash}.{extension}"), bytes }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        write(&folder.join(&self.path), &self.bytes)
    }

    /// Writes what a host sends to a browser that takes brotli or gzip.
    pub(crate) fn write_compressed(&self, folder: &Path) -> Result<()> {
        let brotli = brotli(&self.bytes)?;
        write(&folder.join(format!("{}.br", self.path)), &brotli)?;
        write(&folder.join(format!("{}.gz", self.path)), &gzip(&self.bytes)?)
    }
}

/// The hash of a text, as `integrity` attributes and policies write it.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)))
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let params =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_name_follows_the_content() {
        let name = |bytes: &[u8]| Asset::hashed("app", "wasm", bytes.to_vec()).path;
        assert_eq!(name(b"a"), "assets/app-ca978112ca1bbdca.wasm");
        assert_ne!(name(b"a"), name(b"b"));
    }

    #[test]
    fn compressed_files_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let text = "the same words, the same words".repeat(9);
        let page = Asset::new("index.html", text.clone());
        page.write(folder.path()).unwrap();
        page.write_compressed(folder.path()).unwrap();
        let read = |name: &str| fs::File::open(folder.path().join(name)).unwrap();
        let (mut plain, mut gzip, mut brotli) = (String::new(), String::new(), String::new());
        read("index.html").read_to_string(&mut plain).unwrap();
        flate2::read::GzDecoder::new(read("index.html.gz")).read_to_string(&mut gzip).unwrap();
        brotli::Decompressor::new(read("index.html.br"), 4096).read_to_string(&mut brotli).unwrap();
        assert_eq!([&plain, &gzip, &brotli], [&text; 3]);
    }
}
