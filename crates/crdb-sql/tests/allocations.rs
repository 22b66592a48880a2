//! Finding a query by name allocates nothing.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crdb_sql::Repository;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
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
