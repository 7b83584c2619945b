//! A certificate for this machine only, made once.

use anyhow::{Context, Result};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Reads the certificate in that folder, or makes it.
pub(crate) fn tls(folder: &Path) -> Result<ServerConfig> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if !certificate.exists() || !key.exists() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        fs::create_dir_all(folder)?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        fs::write(&certificate, made.cert.pem())?;
    }
    let broken = || format!("remove {} and try again", folder.display());
    let certificate = CertificateDer::from_pem_file(&certificate).with_context(broken)?;
    let key = PrivateKeyDer::from_pem_file(&key).with_context(broken)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .with_context(broken)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let read = || fs::read(folder.path().join("certificate.pem")).unwrap();
        tls(folder.path()).unwrap();
        let first = read();
        tls(folder.path()).unwrap();
        assert_eq!(read(), first);
    }

    #[test]
    fn a_broken_certificate_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["certificate.pem", "key.pem"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(tls(folder.path()).unwrap_err().to_string().starts_with("remove "));
    }
}
