//! The two keys that a password stands for, and remembering them.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use ring::{hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// ClientKey and ServerKey of RFC 5802: what PBKDF2 is spent on.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(super) client: Zeroizing<[u8; 32]>,
    pub(super) server: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Derives them. Takes about 0.3 s for a million iterations: not for an async thread.
    pub(crate) fn derive(password: &Secret, salt: &[u8], iterations: NonZeroU32) -> Self {
        let prepared = prepare(password);
        let mut salted = Zeroizing::new([0_u8; 32]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            iterations,
            salt,
            &prepared,
            salted.as_mut_slice(),
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, salted.as_slice());
        Self {
            client: Zeroizing::new(sign(&key, b"Client Key")),
            server: Zeroizing::new(sign(&key, b"Server Key")),
        }
    }
}

pub(super) fn sign(key: &hmac::Key, data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(key, data).as_ref());
    out
}

/// SASLprep (RFC 4013). A password that is not UTF-8, that SASLprep forbids, or of which it leaves nothing is taken as
/// it is, as PostgreSQL does (`pg_saslprep` in `src/common/saslprep.c`).
fn prepare(password: &Secret) -> Zeroizing<Vec<u8>> {
    let bytes = password.expose();
    let prepared = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| stringprep::saslprep(text).ok())
        .filter(|prepared| !prepared.is_empty())
        .map_or_else(
            || bytes.to_vec(),
            |prepared| prepared.into_owned().into_bytes(),
        );
    Zeroizing::new(prepared)
}

/// The keys of the last successful login, so that the next one costs no PBKDF2.
///
/// One entry: all nodes of a cluster share a user's salt. It is wiped when it is replaced.
#[derive(Default)]
pub(crate) struct KeyCache {
    entry: Mutex<Option<Entry>>,
}

struct Entry {
    user: String,
    password: Secret,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    keys: Keys,
}

impl KeyCache {
    /// The keys for exactly this user, password, salt and count.
    pub(crate) fn get(
        &self,
        user: &str,
        password: &Secret,
        salt: &[u8],
        iterations: NonZeroU32,
    ) -> Option<Keys> {
        let entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner);
        entry
            .as_ref()
            .filter(|entry| {
                entry.user == user
                    && entry.salt == salt
                    && entry.iterations == iterations
                    && entry.password.expose() == password.expose()
            })
            .map(|entry| entry.keys.clone())
    }

    /// Remembers keys that a server has accepted and proven to know.
    pub(crate) fn put(
        &self,
        user: &str,
        password: &Secret,
        salt: &[u8],
        iterations: NonZeroU32,
        keys: Keys,
    ) {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(Entry {
            user: user.to_owned(),
            password: password.clone(),
            salt: salt.to_vec(),
            iterations,
            keys,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_answers_only_for_the_very_same_login() {
        let cache = KeyCache::default();
        let (one, two) = (NonZeroU32::MIN, NonZeroU32::new(2).unwrap());
        let password = Secret::from("pencil");
        let keys = Keys::derive(&password, b"salt", one);
        cache.put("u", &password, b"salt", one, keys.clone());
        let hit = cache.get("u", &password, b"salt", one).unwrap();
        assert_eq!(hit.client, keys.client);
        assert!(cache.get("v", &password, b"salt", one).is_none());
        assert!(
            cache
                .get("u", &Secret::from("pencil2"), b"salt", one)
                .is_none()
        );
        assert!(cache.get("u", &password, b"pepper", one).is_none());
        assert!(cache.get("u", &password, b"salt", two).is_none());
    }

    #[test]
    fn saslprep_maps_and_invalid_passwords_stay() {
        // U+00A0 becomes a space, U+00AD disappears (RFC 4013, 2.1).
        assert_eq!(&*prepare(&Secret::from("a\u{a0}b\u{ad}c")), b"a bc");
        assert_eq!(&*prepare(&Secret::new(vec![0xff, 0x61])), &[0xff, 0x61]);
        assert_eq!(&*prepare(&Secret::from("a\u{7}")), b"a\x07");
        // Soft hyphens only, which are mapped to nothing.
        let empty = "\u{ad}\u{ad}";
        assert_eq!(&*prepare(&Secret::from(empty)), empty.as_bytes());
    }
}
