//! The name of the service (SPN).

use super::Kerberos;
use crate::endpoint::Endpoint;

/// The name, and where its parts come from.
#[derive(Debug, Clone)]
pub(super) struct ServiceName {
    name: String,
    origin: String,
}

impl ServiceName {
    /// The service that the settings ask for at the endpoint.
    pub(super) fn new(settings: &Kerberos, endpoint: &Endpoint) -> Self {
        let host = settings.host.as_deref().unwrap_or(&endpoint.host);
        let origin = format!(
            "it was asked for because the service is {:?} ({}), the host {host:?} ({}), and the realm {}; each can be \
             overridden",
            settings.service,
            if settings.service == crate::defaults::KERBEROS_SERVICE {
                "the default"
            } else {
                "as configured"
            },
            if settings.host.is_some() {
                "as configured"
            } else {
                "the endpoint's, as it is written there"
            },
            settings.realm.as_ref().map_or_else(
                || "the one that krb5.conf has for that host".to_owned(),
                |realm| format!("{realm:?} (as configured)")
            ),
        );
        Self {
            name: service_name(&settings.service, host, settings.realm.as_deref()),
            origin,
        }
    }

    /// `service/host` or `service/host@REALM`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Why it is this one.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }
}

/// Joins the parts.
///
/// The host is taken as it is configured, in lower case and without a trailing dot, as keytabs
/// have it. It is not looked up: a resolver that lies must not choose whom a ticket is for.
fn service_name(service: &str, host: &str, realm: Option<&str>) -> String {
    let host = host.trim_end_matches('.').to_lowercase();
    let mut name = format!("{}/{}", escape(service), escape(&host));
    if let Some(realm) = realm {
        name.push('@');
        name.push_str(&escape(realm));
    }
    name
}

/// Keeps `/`, `@` and `\` from separating parts (`krb5_parse_name`).
fn escape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for c in part.chars() {
        if matches!(c, '/' | '@' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_lower_case_and_parts_cannot_break_out() {
        assert_eq!(
            service_name("postgres", "DB1.Example.COM.", None),
            "postgres/db1.example.com"
        );
        assert_eq!(service_name("crdb", "db", Some("CORP")), "crdb/db@CORP");
        assert_eq!(
            service_name("postgres", "evil@REALM", None),
            r"postgres/evil\@realm"
        );
        assert_eq!(service_name("a/b", r"c\", None), r"a\/b/c\\");
    }
}
