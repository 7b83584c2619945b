//! Certificates of the widget's host, right and wrong.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    Good,
    Expired,
    SelfSigned,
    OfAnotherName,
}

impl Certificate {
    /// What a server needs, and the authority that clients trust.
    pub(crate) fn make(self, host: &str) -> (Arc<ServerConfig>, String) {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);

        let name = if matches!(self, Self::OfAnotherName) { "other.example.com" } else { host };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if matches!(self, Self::Expired) {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 2, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = match self {
            Self::SelfSigned => params.self_signed(&key).unwrap(),
            _ => params.signed_by(&key, &issuer).unwrap(),
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        (Arc::new(config), root.pem())
    }
}
