//! What else can be found out about a failure, once there is one.

use std::time::Duration;

use tokio::time::timeout;

use super::clock::{self, difference};
use super::profile::{KdcAddress, Profile};
use crate::error::{Error, ErrorKind};

/// Reading `krb5.conf` may take this long, when a message waits for it.
const READING: Duration = Duration::from_millis(50);

/// Up to this, two clocks agree: the times compared have whole seconds.
const AGREEMENT: Duration = Duration::from_secs(3);

/// The KDCs of a realm.
pub(super) struct Kdcs {
    realm: String,
    addresses: Vec<KdcAddress>,
}

impl Kdcs {
    /// Those of the realm, or of the default realm.
    pub(super) async fn of(realm: Option<&str>) -> Self {
        let load = tokio::task::spawn_blocking(Profile::load);
        let profile = match timeout(READING, load).await {
            Ok(Ok(profile)) => profile,
            _ => Profile::default(),
        };
        let realm = realm.or(profile.default_realm()).unwrap_or_default();
        Self {
            realm: realm.to_owned(),
            addresses: profile.kdcs(realm),
        }
    }

    /// Which they are, for messages.
    pub(super) fn describe(&self) -> String {
        let realm = if self.realm.is_empty() {
            "the default realm"
        } else {
            &self.realm
        };
        if self.addresses.is_empty() {
            return format!("those of {realm} that DNS names (SRV _kerberos._tcp and _udp)");
        }
        let list: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        format!("{} of {realm}", list.join(", "))
    }
}

/// The failure with what can be found out about it: by how much the clock is wrong, which KDCs did not answer and for how
/// long they were asked. Within two seconds.
pub(super) async fn explained(error: Error, realm: Option<&str>, asked_for: Duration) -> Error {
    match error.kind() {
        ErrorKind::KerberosKdcUnreachable => {
            let kdcs = Kdcs::of(realm).await.describe();
            error.advised(&format!("the KDCs asked, for {asked_for:.1?}: {kdcs}"))
        }
        ErrorKind::KerberosClockSkew => {
            let kdcs = Kdcs::of(realm).await;
            match clock::read(&kdcs.realm, &kdcs.addresses).await {
                Some(reading) => error.advised(&compared(&reading)),
                None => error,
            }
        }
        _ => error,
    }
}

fn compared(reading: &clock::Reading) -> String {
    let (ours, theirs, kdc) = (reading.ours, reading.theirs, &reading.kdc);
    let apart = ours
        .duration_since(theirs)
        .unwrap_or_else(|error| error.duration());
    if apart <= AGREEMENT {
        return format!(
            "this machine's clock agrees with that of the KDC {kdc}: it is the server's that is wrong"
        );
    }
    format!(
        "this machine's clock is {} that of the KDC {kdc}",
        difference(ours, theirs)
    )
}
