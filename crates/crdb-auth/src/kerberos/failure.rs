//! What GSSAPI's status codes mean, and what to do about them.

use crate::error::{Error, ErrorKind};

/// A failure of the library, with its text taken on the thread on which it happened: the text of
/// a minor status is kept per thread.
#[derive(Debug, Clone)]
pub(super) struct GssFailure {
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) text: String,
}

impl GssFailure {
    pub(super) fn new(error: &libgssapi::error::Error) -> Self {
        Self {
            major: error.major.bits(),
            minor: error.minor,
            text: one_line(&error.to_string()),
        }
    }

    /// cross-krb5 hands the library's errors on in `anyhow`'s.
    pub(super) fn from_any<E>(error: E) -> Self
    where
        E: std::fmt::Display + AsRef<dyn std::error::Error + Send + Sync>,
    {
        let inner: &(dyn std::error::Error + 'static) = error.as_ref();
        match inner.downcast_ref::<libgssapi::error::Error>() {
            Some(error) => Self::new(error),
            None => Self::of_text(&error.to_string()),
        }
    }

    /// A failure that the library has no code for.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            major: 0,
            minor: 0,
            text: one_line(text),
        }
    }

    /// The failure of `attempt`, for example `acquiring a ticket for app@EXAMPLE.COM`.
    pub(super) fn into_error(self, attempt: &str) -> Error {
        let (kind, advice) = meaning(self.major, self.minor.cast_signed());
        let advice = if advice.is_empty() {
            String::new()
        } else {
            format!("; {advice}")
        };
        Error::new(kind, format!("{attempt}: {}{advice}", self.text))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// GSS_S_NO_CRED of RFC 2744; routine errors stand in bits 16 to 23.
const NO_CRED: u32 = 7 << 16;
const CREDENTIALS_EXPIRED: u32 = 11 << 16;
/// GSS_S_CONTEXT_EXPIRED: what an expired ticket in a cache ends in.
const CONTEXT_EXPIRED: u32 = 12 << 16;
const ROUTINE_ERROR: u32 = 0xff << 16;

/// The codes of MIT's `krb5.h`; Heimdal numbers those of RFC 4120 in the same way.
mod code {
    const BASE: i32 = -1_765_328_384;
    pub(super) const CLIENT_EXPIRED: i32 = BASE + 1;
    pub(super) const CLIENT_UNKNOWN: i32 = BASE + 6;
    pub(super) const SERVICE_UNKNOWN: i32 = BASE + 7;
    pub(super) const POLICY: i32 = BASE + 12;
    pub(super) const CLIENT_REVOKED: i32 = BASE + 18;
    pub(super) const KEY_EXPIRED: i32 = BASE + 23;
    pub(super) const PREAUTH_FAILED: i32 = BASE + 24;
    pub(super) const BAD_INTEGRITY: i32 = BASE + 31;
    pub(super) const TICKET_EXPIRED: i32 = BASE + 32;
    pub(super) const TICKET_NOT_YET_VALID: i32 = BASE + 33;
    pub(super) const SKEW: i32 = BASE + 37;
    pub(super) const CONFIG_UNREADABLE: i32 = BASE + 135;
    pub(super) const CACHE_NOT_FOUND: i32 = BASE + 141;
    pub(super) const REALM_UNKNOWN: i32 = BASE + 154;
    pub(super) const KDC_UNREACHABLE: i32 = BASE + 156;
    pub(super) const KEYTAB_BAD_NAME: i32 = BASE + 179;
    pub(super) const KEYTAB_NOT_FOUND: i32 = BASE + 181;
    pub(super) const KEYTAB_IO: i32 = BASE + 184;
    pub(super) const CACHE_PERMISSION: i32 = BASE + 194;
    pub(super) const CACHE_NO_FILE: i32 = BASE + 195;
    pub(super) const CACHE_FORMAT: i32 = BASE + 199;
    pub(super) const PREAUTH_IMPOSSIBLE: i32 = BASE + 210;
    pub(super) const REALM_UNRESOLVABLE: i32 = BASE + 220;
    pub(super) const NO_DEFAULT_REALM: i32 = BASE + 224;
    pub(super) const KEYTAB_FORMAT: i32 = BASE + 235;
}

fn meaning(major: u32, minor: i32) -> (ErrorKind, &'static str) {
    match minor {
        code::SERVICE_UNKNOWN => (
            ErrorKind::KerberosUnknownService,
            "the KDC knows no such service: add the principal to the KDC and its key to the server's \
             keytab, or ask for another",
        ),
        code::SKEW | code::TICKET_NOT_YET_VALID => (
            ErrorKind::KerberosClockSkew,
            "this machine's clock differs too much from the KDC's; synchronise both (NTP)",
        ),
        code::TICKET_EXPIRED => (
            ErrorKind::KerberosExpired,
            "the ticket has expired; run kinit, or use a keytab, which renews by itself",
        ),
        code::KDC_UNREACHABLE | code::REALM_UNRESOLVABLE => (
            ErrorKind::KerberosKdcUnreachable,
            "check the realm's KDCs in krb5.conf or DNS, and the network to port 88",
        ),
        code::REALM_UNKNOWN | code::NO_DEFAULT_REALM => (
            ErrorKind::KerberosKdcUnreachable,
            "name the realm and its KDC in krb5.conf (default_realm, realms), or in DNS",
        ),
        code::CONFIG_UNREADABLE => (ErrorKind::Kerberos, "check krb5.conf (KRB5_CONFIG)"),
        code::CLIENT_UNKNOWN => (
            ErrorKind::KerberosRefused,
            "the KDC does not know who logs in; check the principal and its realm",
        ),
        code::PREAUTH_FAILED | code::PREAUTH_IMPOSSIBLE | code::BAD_INTEGRITY => (
            ErrorKind::KerberosRefused,
            "the key does not fit; the keytab may be older than the principal's last change of keys",
        ),
        code::CLIENT_REVOKED | code::CLIENT_EXPIRED | code::KEY_EXPIRED | code::POLICY => (
            ErrorKind::KerberosRefused,
            "the KDC's administrator has locked or limited the principal",
        ),
        code::KEYTAB_NOT_FOUND | code::KEYTAB_BAD_NAME | code::KEYTAB_IO | code::KEYTAB_FORMAT => (
            ErrorKind::KerberosKeytab,
            "the keytab has no usable key for the principal; look at it with klist -k",
        ),
        code::CACHE_NO_FILE | code::CACHE_NOT_FOUND => (
            ErrorKind::KerberosNoTicket,
            "run kinit, name the right cache, or use a keytab",
        ),
        code::CACHE_PERMISSION | code::CACHE_FORMAT => (
            ErrorKind::KerberosNoTicket,
            "the ticket cache cannot be read; check its owner and mode",
        ),
        _ => match major & ROUTINE_ERROR {
            CREDENTIALS_EXPIRED | CONTEXT_EXPIRED => (
                ErrorKind::KerberosExpired,
                "the ticket has expired; run kinit, or use a keytab, which renews by itself",
            ),
            NO_CRED => (
                ErrorKind::KerberosNoTicket,
                "run kinit, name the right cache, or use a keytab",
            ),
            _ => (ErrorKind::Kerberos, ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_krb5_h() {
        assert_eq!(code::SERVICE_UNKNOWN, -1_765_328_377);
        assert_eq!(code::PREAUTH_FAILED, -1_765_328_360);
        assert_eq!(code::TICKET_EXPIRED, -1_765_328_352);
        assert_eq!(code::SKEW, -1_765_328_347);
        assert_eq!(code::CONFIG_UNREADABLE, -1_765_328_249);
        assert_eq!(code::CACHE_NOT_FOUND, -1_765_328_243);
        assert_eq!(code::REALM_UNKNOWN, -1_765_328_230);
        assert_eq!(code::KDC_UNREACHABLE, -1_765_328_228);
        assert_eq!(code::KEYTAB_BAD_NAME, -1_765_328_205);
        assert_eq!(code::KEYTAB_NOT_FOUND, -1_765_328_203);
        assert_eq!(code::KEYTAB_IO, -1_765_328_200);
        assert_eq!(code::CACHE_PERMISSION, -1_765_328_190);
        assert_eq!(code::CACHE_NO_FILE, -1_765_328_189);
        assert_eq!(code::CACHE_FORMAT, -1_765_328_185);
        assert_eq!(code::PREAUTH_IMPOSSIBLE, -1_765_328_174);
        assert_eq!(code::REALM_UNRESOLVABLE, -1_765_328_164);
        assert_eq!(code::NO_DEFAULT_REALM, -1_765_328_160);
        assert_eq!(code::KEYTAB_FORMAT, -1_765_328_149);
    }

    #[test]
    fn the_minor_code_decides_before_the_major_one() {
        assert_eq!(meaning(NO_CRED, code::SKEW).0, ErrorKind::KerberosClockSkew);
        assert_eq!(meaning(NO_CRED, 0).0, ErrorKind::KerberosNoTicket);
        assert_eq!(
            meaning(CREDENTIALS_EXPIRED, 1).0,
            ErrorKind::KerberosExpired
        );
        assert_eq!(meaning(0, 0).0, ErrorKind::Kerberos);
    }
}
