//! Following files that change.

use crdb_sql::{Cardinality, ReloadingRepository};

use crate::write;

#[test]
fn a_reload_swaps_everything_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "a.sql",
        "-- name: keep :one\nSELECT 1\n-- name: edit :one\nSELECT 1\n-- name: drop_it :one\nSELECT 1",
    );
    let repository = ReloadingRepository::load(root).unwrap();
    let held = repository.get("a.edit").unwrap();
    let before = repository.snapshot();

    write(root, "a.sql", "-- name: keep :one\nSELECT 'oops");
    assert!(repository.reload().unwrap_err().is_invalid());
    assert_eq!(repository.get("a.edit").unwrap().text(), "SELECT 1");

    write(
        root,
        "a.sql",
        "-- name: added :one\nSELECT 1\n-- name: keep :one\nSELECT 1\n-- name: edit :opt\nSELECT 1",
    );
    let changes = repository.reload().unwrap();
    assert_eq!(changes.added, ["a.added"]);
    assert_eq!(changes.changed, ["a.edit"]);
    assert_eq!(changes.removed, ["a.drop_it"]);
    assert!(repository.reload().unwrap().is_empty());
    assert_eq!(held.cardinality(), Cardinality::One);
    assert_eq!(before.len(), 3);
    assert!(repository.get("a.drop_it").unwrap_err().is_unknown_query());
}

#[test]
fn a_reload_is_atomic_for_readers() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_path_buf();
    let version = |n: u32| format!("-- name: a :one\nSELECT {n}\n-- name: b :one\nSELECT {n}");
    write(&root, "a.sql", &version(0));
    let repository = ReloadingRepository::load(&root).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = std::collections::BTreeSet::new();
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let snapshot = repository.snapshot();
                        let a = snapshot.get("a.a").unwrap();
                        assert_eq!(a.text(), snapshot.get("a.b").unwrap().text());
                        seen.insert(a.text().to_owned());
                    }
                    seen.len()
                })
            })
            .collect();
        for n in 1..200 {
            write(&root, "a.sql", &version(n));
            repository.reload().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() >= 1);
        }
    });
}
