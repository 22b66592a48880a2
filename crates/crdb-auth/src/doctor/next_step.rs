//! What to do about a failure, in a sentence.

use crate::error::ErrorKind;

/// The next step after a failure of this kind.
pub(super) fn next_step(kind: ErrorKind) -> &'static str {
    use ErrorKind as Kind;
    match kind {
        Kind::Config => {
            "correct the configuration; nothing was sent to the server. A URL goes to ConnectionString, not into a host"
        }
        Kind::Credential => {
            "make the certificate, key, password or token that the finding names readable and valid"
        }
        Kind::Resolve => "check the host's name, and this machine's resolver (getent hosts NAME)",
        Kind::Refused => "check that the server runs, and that this is its SQL port",
        Kind::Network => "check the route to the server, and firewalls on it",
        Kind::Timeout => {
            "check that the server answers at all; a firewall that drops packets looks like this"
        }
        Kind::TlsUnavailable => {
            "turn TLS on at the server, or ask whether this is the right server"
        }
        Kind::TlsUntrusted => {
            "name the file of the authority that signed the server's certificate (sslrootcert), or have the server send the \
             certificates in between, as the finding says"
        }
        Kind::TlsHostName => {
            "use a name that the server's certificate has, or have one made with this name; if it ought to match, an \
             attacker may be in between"
        }
        Kind::TlsCertificate => {
            "have the server's certificate issued anew as the finding says, and check the clocks"
        }
        Kind::Tls => {
            "compare TLS versions and certificates of both sides; the server's log says more"
        }
        Kind::Authentication => "check the user and the password, token or certificate",
        Kind::Downgrade => {
            "find out why the server asks for less than the configuration demands; permit it by name only if that is right"
        }
        Kind::NotPermitted => {
            "add a rule for this user and address to the server's HBA configuration"
        }
        Kind::KerberosNoTicket => "run kinit, name the cache that has the ticket, or use a keytab",
        Kind::KerberosExpired => "run kinit again, or use a keytab, which renews by itself",
        Kind::KerberosClockSkew => "synchronise the clock that the finding names (NTP)",
        Kind::KerberosKdcUnreachable => {
            "check that the KDCs named in the finding answer on their port, and that krb5.conf is right"
        }
        Kind::KerberosUnknownService => {
            "add the service's principal to the KDC and its key to the server's keytab, or override service, host or realm"
        }
        Kind::KerberosRefused => {
            "check the principal at the KDC: does it exist, is it locked, was its key changed"
        }
        Kind::KerberosKeytab => {
            "give the keytab mode 0600 (or 0640, owned by root) and the principal's present key (klist -k shows what it has)"
        }
        Kind::KerberosNotMapped => "map the principal to the user in the server's HBA rule",
        Kind::Kerberos => {
            "read the server's and the KDC's log; the finding has the library's words"
        }
        Kind::LicenceMissing => {
            "install an enterprise licence on the cluster; Kerberos itself worked"
        }
        Kind::UnknownDatabase => "create the database, or name one that exists",
        Kind::Draining => "take another node: this one shuts down",
        Kind::TooManyConnections => {
            "close connections on this node, raise its limit, or take another node"
        }
        Kind::Closed => {
            "take another node if this one drains; otherwise its log says why it hung up"
        }
        Kind::Server => "act on the server's answer in the finding",
        Kind::Protocol => {
            "check that this is the SQL port of CockroachDB or PostgreSQL, with no other service in between"
        }
        Kind::Unsupported => "configure the way of authentication that the server asks for",
    }
}
