//! The accounts' tokens, encrypted where they are kept.
//!
//! XChaCha20-Poly1305: a nonce of 192 bits may be drawn at random, and the account is part of what is authenticated, so that one
//! account's tokens are none in another's place. A key's name is the start of its hash; so keys need no names of their own.

use crate::config::TokenKeys;
use crate::journal::{Sealed, Store};
use crate::random;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use cordboard::platform::Clock;
use cordboard::{Timestamp, async_trait};
use cordboard_hubspot::{PortalId, StoreError, TokenSet, TokenStore};
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::sync::Arc;

/// What comes before the account in what is authenticated, should the keys ever encrypt something else.
const PURPOSE: &[u8] = b"cordboard hubspot tokens\n";
const NONCE: usize = 24;

/// A [`TokenStore`] in the journal's file.
pub(super) struct Vault {
    keys: Vec<Key>,
    store: Store,
    clock: Arc<dyn Clock>,
}

struct Key {
    name: String,
    cipher: XChaCha20Poly1305,
}

/// Why tokens can't be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Unreadable {
    #[error("the key that encrypted the tokens is not configured")]
    NoKey,
    #[error("the tokens were changed, or are another account's")]
    Changed,
    #[error("the tokens can't be encrypted")]
    Cipher,
}

#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    access: Cow<'a, str>,
    #[serde(borrow)]
    refresh: Cow<'a, str>,
    expires_at: u64,
}

impl Vault {
    pub(super) fn new(keys: &TokenKeys, store: Store, clock: Arc<dyn Clock>) -> Self {
        let keys = keys.all().iter().map(|key| Key {
            name: format!("{:.16}", random::hex(&Sha256::digest(key))),
            cipher: XChaCha20Poly1305::new(key.into()),
        });
        Self { keys: keys.collect(), store, clock }
    }

    /// Encrypts by the first key what an earlier one encrypted, so that the earlier can be taken away.
    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        for portal in self.store.portals().await.map_err(StoreError::new)? {
            let portal = PortalId(portal.id);
            let Some(sealed) = self.store.sealed(portal.0).await.map_err(StoreError::new)? else { continue };
            if self.keys.first().is_some_and(|first| first.name == sealed.key) {
                continue;
            }
            match self.open(portal, &sealed) {
                Ok(tokens) => self.save(portal, &tokens).await?,
                Err(error) => tracing::error!(portal = portal.0, %error, "an account's tokens can't be read"),
            }
        }
        Ok(())
    }

    fn seal(&self, portal: PortalId, tokens: &TokenSet) -> Result<Sealed, Unreadable> {
        let key = self.keys.first().ok_or(Unreadable::NoKey)?;
        let plain = Plain {
            access: tokens.access.expose_secret().into(),
            refresh: tokens.refresh.expose_secret().into(),
            expires_at: tokens.expires_at.as_millis(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| Unreadable::Cipher)?);
        let nonce = random::bytes::<NONCE>();
        let payload = Payload { msg: &plain, aad: &associated(portal) };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Unreadable::Cipher)?;
        Ok(Sealed { key: key.name.clone(), bytes: [nonce.as_slice(), &sealed].concat() })
    }

    fn open(&self, portal: PortalId, sealed: &Sealed) -> Result<TokenSet, Unreadable> {
        let key = self.keys.iter().find(|key| key.name == sealed.key).ok_or(Unreadable::NoKey)?;
        let (nonce, bytes) = sealed.bytes.split_first_chunk::<NONCE>().ok_or(Unreadable::Changed)?;
        let payload = Payload { msg: bytes, aad: &associated(portal) };
        let plain = key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unreadable::Changed)?;
        let plain = Zeroizing::new(plain);
        let plain: Plain<'_> = serde_json::from_slice(&plain).map_err(|_| Unreadable::Changed)?;
        Ok(TokenSet {
            access: plain.access.as_ref().into(),
            refresh: plain.refresh.as_ref().into(),
            expires_at: Timestamp::from_millis(plain.expires_at),
        })
    }
}

fn associated(portal: PortalId) -> Vec<u8> {
    [PURPOSE, &portal.0.to_be_bytes()].concat()
}

#[async_trait]
impl TokenStore for Vault {
    async fn load(&self, portal: PortalId) -> Result<Option<TokenSet>, StoreError> {
        let sealed = self.store.sealed(portal.0).await.map_err(StoreError::new)?;
        sealed.map(|sealed| self.open(portal, &sealed)).transpose().map_err(StoreError::new)
    }

    async fn save(&self, portal: PortalId, tokens: &TokenSet) -> Result<(), StoreError> {
        let sealed = self.seal(portal, tokens).map_err(StoreError::new)?;
        self.store.keep_sealed(portal.0, sealed, self.clock.now()).await.map_err(StoreError::new)
    }

    async fn forget(&self, portal: PortalId) -> Result<(), StoreError> {
        self.store.forget_portal(portal.0).await.map_err(StoreError::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::tests::open;

    const OLD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const NEW: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn vault(keys: &str, store: &Store) -> Vault {
        Vault::new(&TokenKeys::parse(keys).unwrap(), store.clone(), Arc::new(SystemClock))
    }

    fn tokens() -> TokenSet {
        TokenSet {
            access: "not-a-secret-access".into(),
            refresh: "not-a-secret-refresh".into(),
            expires_at: Timestamp::from_millis(7),
        }
    }

    async fn refresh(vault: &Vault, portal: u64) -> Option<String> {
        let tokens = vault.load(PortalId(portal)).await.ok()??;
        Some(tokens.refresh.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn what_is_kept_can_be_read_by_the_key_only() {
        let (store, folder) = open().await;
        vault(OLD, &store).save(PortalId(1), &tokens()).await.unwrap();
        assert_eq!(refresh(&vault(OLD, &store), 1).await.as_deref(), Some("not-a-secret-refresh"));
        assert_eq!(refresh(&vault(OLD, &store), 2).await, None);
        let error = vault(NEW, &store).load(PortalId(1)).await.unwrap_err();
        assert_eq!(error.to_string(), Unreadable::NoKey.to_string());
        // Also the log that stands beside the file.
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(12).any(|bytes| bytes == b"not-a-secret"));
        }
    }

    #[tokio::test]
    async fn tokens_are_worth_nothing_in_another_place_or_when_changed() {
        let (store, _folder) = open().await;
        let vault = vault(OLD, &store);
        let sealed = vault.seal(PortalId(1), &tokens()).unwrap();
        assert_eq!(vault.open(PortalId(2), &sealed).unwrap_err(), Unreadable::Changed);
        assert_ne!(vault.seal(PortalId(1), &tokens()).unwrap(), sealed, "each time another nonce");
        for index in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[index] ^= 1;
            assert_eq!(vault.open(PortalId(1), &changed).unwrap_err(), Unreadable::Changed, "{index}");
        }
        let cut = Sealed { bytes: sealed.bytes[..NONCE - 1].to_vec(), ..sealed };
        assert_eq!(vault.open(PortalId(1), &cut).unwrap_err(), Unreadable::Changed);
    }

    #[tokio::test]
    async fn keys_change_without_losing_anything() {
        let (store, _folder) = open().await;
        vault(OLD, &store).save(PortalId(1), &tokens()).await.unwrap();
        vault(&format!("{NEW}\n{OLD}\n"), &store).renew().await.unwrap();
        assert_eq!(refresh(&vault(NEW, &store), 1).await.as_deref(), Some("not-a-secret-refresh"));
        // What can't be read stays as it is.
        vault(OLD, &store).renew().await.unwrap();
        assert_eq!(refresh(&vault(NEW, &store), 1).await.as_deref(), Some("not-a-secret-refresh"));
    }

    #[test]
    fn keys_are_32_bytes_each() {
        assert_eq!(TokenKeys::parse(&format!(" {NEW},{OLD}\n")).unwrap().all().len(), 2);
        for bad in ["", "\n", "00", &OLD[1..], &format!("{OLD}0"), &format!("{OLD} x"), &OLD.replace('0', "g")] {
            assert_eq!(TokenKeys::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{:?}", TokenKeys::parse(OLD).unwrap()), "TokenKeys(…)");
    }
}
