//! What each row is called and about, known without the clients that it measures.

use crate::row::Heading;

pub(super) const REPLACED_CLIENT: Heading = Heading {
    id: "P0",
    title: "JDBC from Python: start to first row, point select, fetch of 10,000 rows",
};
pub(super) const MANY_CALLERS: Heading = Heading {
    id: "P1",
    title: "prepared point select, 64 and 256 tasks on 8 connections",
};
pub(super) const FAR_SERVER: Heading = Heading {
    id: "P11",
    title: "the same where statements take longer and the server is further away",
};
pub(super) const SINGLE_STATEMENT: Heading = Heading {
    id: "P2",
    title: "one statement at a time with retry, breaker, metrics and tracing on, on a session and on a lane",
};
pub(super) const CHECKOUT: Heading = Heading {
    id: "P3",
    title: "checkout and return, stub connector, 32 callers on 32 and on 16 slots",
};
pub(super) const SPIKE_OF_CALLERS: Heading = Heading {
    id: "P4",
    title: "50 callers at once, 5 idle connections, connect 150 ms, query 2 ms",
};
pub(super) const BULK_LOAD: Heading = Heading {
    id: "P5",
    title: "load of 1 M rows of 10 columns",
};
pub(super) const EXPORT: Heading = Heading {
    id: "P6",
    title: "export of 1 M rows of 10 columns to Arrow and Parquet",
};
pub(super) const TRANSFERS: Heading = Heading {
    id: "P9",
    title: "serializable transfers, 16 tasks on 1, 10 and 100 hot rows",
};
pub(super) const CONNECT: Heading = Heading {
    id: "P7",
    title: "connect to first row: SCRAM, SCRAM with TLS, GSSAPI with TLS; cold and reconnect",
};
pub(super) const IDLE_MEMORY: Heading = Heading {
    id: "P8",
    title: "memory per idle connection, 1,000 of them",
};
pub(super) const SQL_TEXT: Heading = Heading {
    id: "P10",
    title: "named query lookup, template render of a text seen before, statement parse",
};
pub(super) const CACHED_ANSWERS: Heading = Heading {
    id: "P12",
    title: "an answer from memory; 64 tasks on one hot key whose source answers in 2 ms",
};
pub(super) const THROUGHPUT: Heading = Heading {
    id: "throughput",
    title: "a pool of 8 beside 8 dedicated connections, and as 64 callers grow to 1,000",
};
pub(super) const WEIGHT: Heading = Heading {
    id: "P13",
    title: "crates and first debug build of a program, of the library service, of a layer alone",
};
pub(super) const COMMAND_LINE: Heading = Heading {
    id: "P14",
    title: "the program crdb: start to first row of a named query, size",
};
