//! Kerberos logins, renewals and failures against a real KDC and PostgreSQL.
//!
//! The Kerberos library takes its configuration from the environment of the process, which is not
//! changed while it runs; so each scenario runs in a process of its own, started by the test
//! of the same name. The scenarios alone are marked as ignored.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod realm;
mod scenarios;

use realm::Realm;

macro_rules! in_a_realm {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            let realm = Realm::start();
            realm.run_here(concat!("scenarios::", stringify!($name)), "krb5.conf", &[]);
        }
    )*};
}

in_a_realm!(
    a_keytab_logs_in_and_principals_do_not_disturb_each_other,
    a_cache_logs_in_and_an_expired_or_missing_one_says_so,
    what_the_kdc_refuses_has_its_kind,
    what_the_server_refuses_has_its_kind,
    keytabs_that_cannot_be_used_have_their_kind,
    a_replaced_keytab_is_read_again,
    tickets_are_renewed_under_load,
    without_tls_kerberos_must_be_asked_for,
);

#[test]
fn a_kdc_that_is_down_is_told_apart() {
    let realm = Realm::start();
    let configuration = realm.without_kdc();
    realm.run_here(
        "scenarios::a_kdc_that_is_down_is_told_apart",
        configuration,
        &[],
    );
}

#[test]
fn a_clock_that_is_wrong_is_told_apart() {
    let realm = Realm::start();
    let Some(faketime) = realm::find("faketime") else {
        panic!("did not run: faketime is missing; install faketime");
    };
    let configuration = realm.without_time_correction();
    let faketime = faketime.display().to_string();
    realm.run_here(
        "scenarios::a_clock_that_is_wrong_is_told_apart",
        configuration,
        &[
            "env",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            &faketime,
            "-f",
            "+2h",
        ],
    );
}
