//! Kerberos logins, renewals and failures against a real KDC and PostgreSQL.
//!
//! The Kerberos library takes its configuration from the environment of the process, which is not
//! changed while it runs. So each test starts this program again, for the same test, in an
//! environment that names a `krb5.conf` which is not written yet; there the scenario of the test's
//! name starts its KDC and writes it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails"
)]

mod failures;
mod logins;
mod realm;
mod renewal;

use std::process::Command;

use realm::Realm;

/// Runs the scenario if this process is in its own environment; else starts this program in it.
fn test<F: Future<Output = ()>>(name: &str, wrapper: &[&str], scenario: impl FnOnce(Realm) -> F) {
    if let Some(directory) = realm::directory() {
        return tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { scenario(Realm::start(directory).await).await });
    }
    let directory = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut words = wrapper.to_vec();
    let program = program.to_string_lossy();
    words.push(&program);
    let output = Command::new(words[0])
        .args(&words[1..])
        .args(["--exact", name, "--nocapture"])
        .envs(realm::environment(directory.path()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{name} failed:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // For the harness, which counts what was done.
    for line in text.lines().filter(|line| line.contains("row R")) {
        println!("{line}");
    }
}

macro_rules! tests {
    ($($module:ident::$name:ident,)*) => {$(
        #[test]
        fn $name() {
            test(stringify!($name), &[], $module::$name);
        }
    )*};
}

tests!(
    logins::a_keytab_logs_in_and_principals_do_not_disturb_each_other,
    logins::a_cache_logs_in_and_an_expired_or_missing_one_says_so,
    logins::nothing_is_delegated_unless_asked,
    logins::without_tls_kerberos_must_be_asked_for,
    failures::what_the_kdc_refuses_has_its_kind,
    failures::what_the_server_refuses_has_its_kind,
    failures::keytabs_that_cannot_be_used_have_their_kind,
    failures::a_kdc_that_is_down_is_told_apart,
    failures::a_kdc_that_says_nothing_is_told_apart,
    renewal::a_replaced_keytab_is_read_again,
    renewal::tickets_are_renewed_under_load,
    renewal::a_ticket_is_used_while_it_lives_whatever_becomes_of_the_keytab,
    renewal::a_ticket_that_the_server_calls_expired_is_replaced_at_once,
    failures::a_hung_kdc_holds_one_thread,
);

#[test]
fn a_clock_that_is_wrong_is_told_apart() {
    assert!(
        Command::new("faketime").arg("--version").output().is_ok(),
        "did not run: faketime is missing; install faketime"
    );
    let wrapper = [
        "env",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "faketime",
        "-f",
        "+2h",
    ];
    test(
        "a_clock_that_is_wrong_is_told_apart",
        &wrapper,
        failures::a_clock_that_is_wrong_is_told_apart,
    );
}

#[test]
fn a_ticket_that_ended_while_the_machine_slept_is_replaced() {
    // What faketime would preload; by itself it fixes the clock's offset for good.
    let output = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output();
    let output = output.expect("did not run: faketime is missing; install faketime");
    let library = String::from_utf8(output.stdout).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let clock = directory.path().join("clock");
    std::fs::write(&clock, "+0s\n").unwrap();
    let settings = [
        format!("LD_PRELOAD={}", library.trim()),
        format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    let wrapper: Vec<&str> = std::iter::once("env")
        .chain(settings.iter().map(String::as_str))
        .collect();
    test(
        "a_ticket_that_ended_while_the_machine_slept_is_replaced",
        &wrapper,
        renewal::a_ticket_that_ended_while_the_machine_slept_is_replaced,
    );
}
