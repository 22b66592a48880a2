use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::order::KeyValue;
use crate::error::{Error, ErrorKind};

/// How long a cursor may be: the texts of a few columns.
const LONGEST: usize = 16 * 1024;

/// The length of a signature in bytes.
const SIGNATURE: usize = 32;

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    #[serde(rename = "t")]
    pub(super) as_of: Option<String>,
    #[serde(rename = "k")]
    pub(super) after: Vec<KeyValue>,
}

/// Signs cursors, so that a client of an API can give back only what it was given.
///
/// A cursor is base64 of the key of a page's last row and an HMAC-SHA256 of that and the query. It is signed, not encrypted: a client that
/// has it can read the key's values, which the page showed too.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// With a secret of 32 bytes at least, the same on every server of an API. Another secret makes cursors invalid that are on their way.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for a shorter secret.
    pub fn new(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < SIGNATURE {
            return Err(
                Error::new(ErrorKind::Refused, "the secret of cursors is too short")
                    .with_advice("take 32 random bytes"),
            );
        }
        let mac = Hmac::new_from_slice(secret).map_err(|error| {
            Error::new(ErrorKind::Refused, "the secret of cursors").with_source(error)
        })?;
        Ok(Self(mac))
    }

    pub(super) fn seal(&self, position: &Position, identity: &str) -> String {
        // A struct of texts is always JSON.
        let mut sealed = serde_json::to_vec(position).unwrap_or_default();
        let signature = self.sign(&sealed, identity).finalize().into_bytes();
        sealed.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(super) fn open(&self, cursor: &str, identity: &str) -> Result<Position, Error> {
        let wrong = || {
            Error::new(ErrorKind::Input, "this is no cursor of this query")
                .with_advice("begin with the first page")
        };
        if cursor.len() > LONGEST {
            return Err(wrong());
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
        let length = sealed.len().checked_sub(SIGNATURE).ok_or_else(wrong)?;
        let (text, signature) = sealed.split_at(length);
        self.sign(text, identity)
            .verify_slice(signature)
            .map_err(|_| wrong())?;
        serde_json::from_slice(text).map_err(|_| wrong())
    }

    fn sign(&self, text: &[u8], identity: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&(identity.len() as u64).to_be_bytes());
        mac.update(identity.as_bytes());
        mac.update(text);
        mac
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_that_was_changed_is_refused(value in ".{0,20}", at in 0_usize..200, with in "[A-Za-z0-9_-]") {
            let key = CursorKey::new(&[7; 32]).unwrap();
            let position = Position { as_of: Some("1.0".to_owned()), after: vec![(Some(value), "text".to_owned()), (None, "text".to_owned())] };
            let cursor = key.seal(&position, "query");
            prop_assert_eq!(key.open(&cursor, "query").unwrap(), position);
            let mut changed = cursor.clone();
            let at = at % cursor.len();
            changed.replace_range(at..=at, &with);
            prop_assert!(changed == cursor || key.open(&changed, "query").is_err());
            prop_assert!(key.open(&cursor, "other").is_err());
            prop_assert!(CursorKey::new(&[8; 32]).unwrap().open(&cursor, "query").is_err());
        }
    }

    #[test]
    fn nonsense_is_refused_and_secrets_are_not_shown() {
        let key = CursorKey::new(&[7; 32]).unwrap();
        for cursor in ["", "a", "====", &"A".repeat(100), &"A".repeat(20_000)] {
            assert!(key.open(cursor, "query").is_err());
        }
        assert!(CursorKey::new(b"short").is_err());
        assert_eq!(format!("{key:?}"), "CursorKey");
    }
}
