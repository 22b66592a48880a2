//! The name of the service (SPN).

/// `service/host` or `service/host@REALM`.
///
/// The host is taken as it is configured, in lower case and without a trailing dot, as keytabs
/// have it. It is not looked up: a resolver that lies must not choose whom a ticket is for.
pub(super) fn service_name(service: &str, host: &str, realm: Option<&str>) -> String {
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
