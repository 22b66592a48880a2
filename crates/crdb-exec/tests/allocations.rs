//! What is allocated to read a row: nothing where it is read in place.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crdb_exec::{BorrowedRow, Column, FromRow, JsonStr, JsonText, Row, Type};

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

/// A row as it comes, in the binary format.
struct Sent;

static COLUMNS: [(&str, Type, Option<&[u8]>); 4] = [
    ("name", Type::TEXT, Some(b"Ada")),
    ("picture", Type::BYTEA, Some(&[0, 255])),
    (
        "document",
        Type::JSONB,
        Some(b"\x01{\"n\": 12345678901234567890}"),
    ),
    ("note", Type::TEXT, None),
];

impl Row for Sent {
    fn len(&self) -> usize {
        COLUMNS.len()
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        let (name, type_, _) = COLUMNS.get(index)?;
        Some(Column::new(name, type_))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        COLUMNS.get(index)?.2
    }
}

#[derive(Debug, PartialEq, FromRow)]
struct Label<'a> {
    name: &'a str,
    picture: &'a [u8],
    document: JsonStr<'a>,
    note: Option<&'a str>,
}

#[derive(FromRow)]
struct OwnedLabel {
    name: String,
    picture: Vec<u8>,
    document: JsonText,
    note: Option<String>,
}

fn allocations<T>(read: impl Fn() -> T) -> (T, usize) {
    // What is made once, on first use, is made here.
    drop(read());
    let before = COUNT.with(Cell::get);
    let read = read();
    (read, COUNT.with(Cell::get) - before)
}

#[test]
fn a_row_that_is_read_in_place_allocates_nothing() {
    let (label, count) = allocations(|| <Label<'_> as BorrowedRow>::read(&Sent).unwrap());
    let wanted = Label {
        name: "Ada",
        picture: &[0, 255],
        document: JsonStr(r#"{"n": 12345678901234567890}"#),
        note: None,
    };
    assert_eq!((label, count), (wanted, 0));
    let (owned, count) = allocations(|| OwnedLabel::from_row(&Sent).unwrap());
    assert_eq!((owned.name.as_str(), owned.note), ("Ada", None));
    assert_eq!(owned.document.0.len() + owned.picture.len(), 29);
    assert!(count >= 3, "the counter counts: {count}");
}
