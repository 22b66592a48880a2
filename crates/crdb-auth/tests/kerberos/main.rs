//! Kerberos logins, renewals and failures against a real KDC and PostgreSQL.
//!
//! The Kerberos library takes its configuration from the environment of the process, which is not
//! changed while it runs. So each test starts a realm and then this program again, for the same
//! test, in an environment that names the realm; there the scenario of the test's name runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod realm;
mod scenarios;

use std::path::PathBuf;

use realm::Realm;

/// Runs the scenario if this process is in a realm; else starts a realm and this process in it.
fn test<F: Future<Output = ()>>(
    name: &str,
    scenario: impl FnOnce(PathBuf) -> F,
    prepare: impl FnOnce(&Realm) -> (&'static str, Vec<String>),
) {
    if let Some(directory) = realm::directory() {
        return tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(scenario(directory));
    }
    let realm = Realm::start();
    let (configuration, wrapper) = prepare(&realm);
    realm.run_here(name, configuration, &wrapper);
}

macro_rules! tests {
    ($($name:ident: $prepare:expr,)*) => {$(
        #[test]
        fn $name() {
            test(stringify!($name), scenarios::$name, $prepare);
        }
    )*};
}

tests!(
    a_keytab_logs_in_and_principals_do_not_disturb_each_other: as_it_is,
    a_cache_logs_in_and_an_expired_or_missing_one_says_so: as_it_is,
    what_the_kdc_refuses_has_its_kind: as_it_is,
    what_the_server_refuses_has_its_kind: as_it_is,
    keytabs_that_cannot_be_used_have_their_kind: as_it_is,
    a_replaced_keytab_is_read_again: as_it_is,
    tickets_are_renewed_under_load: as_it_is,
    without_tls_kerberos_must_be_asked_for: as_it_is,
    a_kdc_that_is_down_is_told_apart: |realm: &Realm| (realm.without_kdc(), Vec::new()),
    a_clock_that_is_wrong_is_told_apart: two_hours_ahead,
);

fn as_it_is(_: &Realm) -> (&'static str, Vec<String>) {
    ("krb5.conf", Vec::new())
}

fn two_hours_ahead(realm: &Realm) -> (&'static str, Vec<String>) {
    let Some(faketime) = realm::find("faketime") else {
        panic!("did not run: faketime is missing; install faketime");
    };
    let wrapper = [
        "env",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        &faketime.display().to_string(),
        "-f",
        "+2h",
    ];
    (
        realm.without_time_correction(),
        wrapper.map(str::to_owned).to_vec(),
    )
}
