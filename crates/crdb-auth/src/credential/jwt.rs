//! What a JSON Web Token tells about itself.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// When the token expires, by its `exp` claim (RFC 7519, 4.1.4); `None` for what is no JWT.
///
/// The signature is the server's business: this only decides when to fetch a new one.
pub(super) fn expiry(token: &[u8]) -> Option<SystemTime> {
    let token = std::str::from_utf8(token).ok()?;
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let payload: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let seconds = payload.get("exp")?.as_f64()?;
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_claim_is_found() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(
            expiry(token(r#"{"exp":1700000000}"#).as_bytes()),
            at(1_700_000_000)
        );
        assert_eq!(expiry(token(r#"{"exp":1e300}"#).as_bytes()), None);
        assert_eq!(expiry(token(r#"{"exp":-5}"#).as_bytes()), None);
        assert_eq!(expiry(token(r#"{"sub":"a"}"#).as_bytes()), None);
        assert_eq!(expiry(b"hunter2"), None);
        assert_eq!(expiry(b"a.b.c.d"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(token in "[ -~]{0,80}", payload in ".{0,80}") {
            let _ = expiry(token.as_bytes());
            let _ = expiry(super::tests::token(&payload).as_bytes());
        }
    }
}
