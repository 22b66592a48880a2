//! The configuration of the KDC and its clients.

use std::path::Path;
use std::time::Duration;

use super::REALM;

/// `kdc.conf`.
pub(super) fn server_configuration(directory: &Path, port: u16, ticket_life: Duration) -> String {
    let directory = directory.display();
    let life = ticket_life.as_secs();
    format!(
        "[realms]\n{REALM} = {{\n database_name = {directory}/principal\n key_stash_file = {directory}/stash\n \
         acl_file = {directory}/acl\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n \
         max_life = {life}s\n max_renewable_life = 7d\n}}\n[logging]\nkdc = STDERR\nkdc = FILE:{directory}/kdc.log\n"
    )
}

/// `krb5.conf`: no DNS, no canonical names, TCP at once, tickets that could be forwarded.
pub(super) fn client_configuration(port: u16, correct_time: bool) -> String {
    format!(
        "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n\
         dns_canonicalize_hostname = false\nudp_preference_limit = 1\nforwardable = true\nkdc_timesync = {}\n\
         [realms]\n{REALM} = {{\n kdc = 127.0.0.1:{port}\n}}\n",
        u8::from(correct_time)
    )
}
