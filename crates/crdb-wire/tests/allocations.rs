//! Reading rows and their columns allocates nothing.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crdb_wire::{Config, Engine, Remote, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

const COLUMNS: u16 = 20;
const ROWS: usize = 500;

#[tokio::test]
async fn rows_and_columns_are_views() {
    let column = [&b"c\0"[..], &[0; 6], &25_u32.to_be_bytes(), &[0; 8]].concat();
    let columns = [&COLUMNS.to_be_bytes()[..], &column.repeat(COLUMNS.into())].concat();
    let value = [&5_u32.to_be_bytes()[..], b"value"].concat();
    let row = [&COLUMNS.to_be_bytes()[..], &value.repeat(COLUMNS.into())].concat();
    let ready = message(b'Z', b"I");
    let replies = [
        [
            message(b'1', b""),
            message(b't', &[0, 0]),
            message(b'T', &columns),
            ready.clone(),
        ]
        .concat(),
        [
            message(b'2', b""),
            message(b'D', &row).repeat(ROWS),
            message(b'C', b"SELECT 500\0"),
            ready,
        ]
        .concat(),
    ];
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    tokio::spawn(async move {
        for reply in replies {
            let mut request = [0; 1024];
            assert!(theirs.read(&mut request).await.unwrap() > 0);
            theirs.write_all(&reply).await.unwrap();
        }
        // Until the session is dropped.
        while theirs.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
    });
    let remote = Remote::new("duplex", Engine::PostgreSql);
    let session = Session::over(ours, remote, Config::default());
    let mut stream = session.fetch_stream("SELECT ..", &[]).await.unwrap();
    let mut rows = 0;
    let mut allocations = 0;
    loop {
        // The reader's own buffers, for many rows at once, are no part of what is counted.
        let row = stream.next_row().await.unwrap();
        let before = COUNT.with(Cell::get);
        let Some(row) = row else { break };
        for column in 0..usize::from(COLUMNS) {
            assert_eq!(row.get::<&str>(column).unwrap(), "value");
        }
        drop(row);
        allocations += COUNT.with(Cell::get) - before;
        rows += 1;
    }
    assert_eq!(rows, ROWS);
    assert_eq!(allocations, 0);

    let total = COUNT.with(Cell::get);
    drop("the counter counts".to_owned());
    assert_eq!(COUNT.with(Cell::get), total + 1);
}
