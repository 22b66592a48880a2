//! What is allocated: nothing to find a query by its name, and no cube of the joins to check one.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crdb_sql::Repository;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        // SAFETY: the caller's promise is the one that is asked for here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_lookup_allocates_nothing() {
    let files = [("accounts/a.sql", "-- name: get :one\nSELECT 1")];
    let repository = Repository::from_embedded(&files).unwrap();
    let before = COUNT.with(Cell::get);
    let query = repository.get("accounts.get").unwrap();
    let after = COUNT.with(Cell::get);
    assert_eq!(query.text(), "SELECT 1");
    assert_eq!(after - before, 0);
    drop(query.name().to_owned());
    assert!(COUNT.with(Cell::get) > after, "the counter counts");
}

/// 800 joins of one column took gigabytes: each table was put beside each other, once for each join.
#[test]
fn joins_of_one_column_take_no_cube_of_their_number() {
    let bytes = |joins: usize| {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let directory = directory.path().join(name);
            std::fs::create_dir(&directory).unwrap();
            std::fs::write(directory.join("a.sql"), text).unwrap();
        };
        write("schema", "CREATE TABLE t (id INT8 PRIMARY KEY)");
        let joins: String = (0..joins)
            .map(|i| format!(" JOIN t AS t{i} USING (id)"))
            .collect();
        write(
            "queries",
            &format!("-- name: q :many\nSELECT 1 AS one FROM t{joins}"),
        );
        let before = BYTES.with(Cell::get);
        let verdicts = crdb_sql::check(directory.path()).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.query().is_some()));
        BYTES.with(Cell::get) - before
    };
    // Its square would be 16 times as much, its cube 64.
    let (few, many) = (bytes(100), bytes(400));
    assert!(many < few * 24, "{few} and {many} bytes");
}
