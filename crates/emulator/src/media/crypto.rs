//! The cryptography of WebRTC for str0m: DTLS by dimpl, ciphers and hashes by RustCrypto, the certificate by rcgen on ring.
//!
//! It does what the crate `str0m-rust-crypto` does, which has not been published for this version of str0m; its own
//! certificates would need aws-lc.

use aes::cipher::{BlockCipherEncrypt as _, KeyInit, KeyIvInit as _, StreamCipher as _};
use aes::{Aes128, Aes256};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use core::fmt;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Instant;
use str0m_proto::crypto::dtls::{DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};
use str0m_proto::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, CryptoProvider, DtlsVersion,
    Sha1HmacProvider, Sha1Provider, Sha256Provider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm,
    SupportedAes128CmSha1_80,
};

/// What str0m is to use.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider {
        srtp_provider: &Rust,
        sha1_hmac_provider: &Rust,
        sha1_provider: &Rust,
        sha256_provider: &Rust,
        dtls_provider: &Rust,
    }
}

#[derive(Debug)]
struct Rust;

impl Sha1HmacProvider for Rust {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        for payload in payloads {
            mac.update(payload);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Sha1Provider for Rust {
    fn sha1(&self, data: &[u8]) -> [u8; 20] {
        Sha1::digest(data).into()
    }
}

impl Sha256Provider for Rust {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }
}

impl DtlsProvider for Rust {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        let made = rcgen::generate_simple_self_signed(["emulator".to_owned()]).ok()?;
        Some(DtlsCert { certificate: made.cert.der().to_vec(), private_key: made.signing_key.serialize_der() })
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        // ICE has shown that the browser is where it says it is: no cookie is needed.
        let mut config = dimpl::Config::builder()
            .use_server_cookie(false)
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider());
        if let Some(mtu) = mtu {
            config = config.mtu(mtu);
        }
        let config = Arc::new(config.build().map_err(|error| CryptoError::Other(error.to_string()))?);
        Ok(Box::new(Dtls(match version {
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, cert.clone(), now),
            DtlsVersion::Auto => dimpl::Dtls::new_auto(config, cert.clone(), now),
            _ => dimpl::Dtls::new_12(config, cert.clone(), now),
        })))
    }
}

struct Dtls(dimpl::Dtls);

impl fmt::Debug for Dtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dtls")
    }
}

impl DtlsInstance for Dtls {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

impl SrtpProvider for Rust {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Self
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Self
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Self
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let cipher = Aes128::new_from_slice(key).expect("str0m's keys have 16 bytes");
        ecb(|block| cipher.encrypt_block(block.into()), input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let cipher = Aes256::new_from_slice(key).expect("str0m's keys have 32 bytes");
        ecb(|block| cipher.encrypt_block(block.into()), input, output);
    }
}

/// One block, and the block of padding (PKCS #7) that str0m has room for.
fn ecb(encrypt: impl Fn(&mut [u8; 16]), input: &[u8], output: &mut [u8]) {
    for (block, output) in [input, &[0x10; 16]].into_iter().zip(output.chunks_exact_mut(16)) {
        let mut block: [u8; 16] = block.try_into().expect("str0m's blocks have 16 bytes");
        encrypt(&mut block);
        output.copy_from_slice(&block);
    }
}

impl SupportedAes128CmSha1_80 for Rust {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Cipher(key))
    }
}

impl SupportedAeadAes128Gcm for Rust {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Cipher(Aes128Gcm::new(&key.into())))
    }
}

impl SupportedAeadAes256Gcm for Rust {
    fn create_cipher(&self, key: [u8; 32], _: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Cipher(Aes256Gcm::new(&key.into())))
    }
}

/// A cipher, or its key.
struct Cipher<T>(T);

impl<T> fmt::Debug for Cipher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Aes128CmSha1_80Cipher for Cipher<[u8; 16]> {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let output = room(output, input.len())?;
        output.copy_from_slice(input);
        ctr::Ctr128BE::<Aes128>::new(&self.0.into(), &(*iv).into()).apply_keystream(output);
        Ok(())
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.encrypt(iv, input, output)
    }
}

/// The two ciphers differ only in their keys' length.
macro_rules! aead {
    ($cipher:ty, $trait:ident) => {
        impl $trait for Cipher<$cipher> {
            fn encrypt(
                &mut self,
                iv: &[u8; 12],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                let sealed = self.0.encrypt(&(*iv).into(), Payload { msg: input, aad }).map_err(|_| broken())?;
                room(output, sealed.len())?.copy_from_slice(&sealed);
                Ok(())
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                let payload = Payload { msg: input, aad: &aads.concat() };
                let opened = self.0.decrypt(&(*iv).into(), payload).map_err(|_| broken())?;
                room(output, opened.len())?.copy_from_slice(&opened);
                Ok(opened.len())
            }
        }
    };
}

aead!(Aes128Gcm, AeadAes128GcmCipher);
aead!(Aes256Gcm, AeadAes256GcmCipher);

fn room(output: &mut [u8], length: usize) -> Result<&mut [u8], CryptoError> {
    output.get_mut(..length).ok_or_else(broken)
}

fn broken() -> CryptoError {
    CryptoError::Other("a packet is broken".to_owned())
}
