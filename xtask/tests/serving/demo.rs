//! `cargo xtask demo` runs to its end, and leaves nothing behind wherever it is ended.

use crate::started::{RECHECK_INTERVAL, Started, files};

#[test]
fn it_runs_to_its_end() {
    let (status, text) = Started::new(&["demo", "--transfers", "100"]).end();
    assert!(status.success(), "{text}");
    assert!(
        text.contains("1371235.00 in all accounts, as before"),
        "{text}"
    );
    assert!(text.contains("tried again: "), "{text}");
    for part in [
        "export:  25 %",
        "load: 100 %",
        "KiB/s",
        "s left",
        "every row is there once",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("== Try next"), "{text}");
}

#[test]
fn a_signal_ends_it_at_any_point_and_nothing_stays() {
    let endless = ["demo", "--transfers", "100000"];
    for (point, signal, code) in [
        ("", libc::SIGTERM, Some(143)),
        ("== The server", libc::SIGINT, Some(130)),
        ("== Schema", libc::SIGTERM, Some(143)),
        ("== Named queries", libc::SIGHUP, Some(129)),
        ("== Transfers", libc::SIGINT, Some(130)),
        ("== Transfers", libc::SIGKILL, None),
    ] {
        let mut demo = Started::new(&endless);
        if point.is_empty() {
            // As soon as there is something to leave behind.
            while files(demo.temporary.path()).is_empty() {
                std::thread::park_timeout(RECHECK_INTERVAL);
            }
        } else {
            demo.read_until(point);
        }
        demo.signal(signal);
        let (status, text) = demo.end();
        assert_eq!(status.code(), code, "{point} {signal}: {text}");
    }
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let url = "postgresql://missing:secret@127.0.0.1:1/none?sslmode=disable";
    let (status, text) = Started::new(&["demo", "--engine", url]).end();
    assert_eq!(status.code(), Some(1), "{text}");
    let (status, _) = Started::new(&["demo", "--engine", "oracle"]).end();
    assert_eq!(status.code(), Some(1));
}
