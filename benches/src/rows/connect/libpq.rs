//! The same by libpq, which the system has.

use std::{
    ffi::{CString, c_char, c_int, c_void},
    sync::Arc,
    time::Instant,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use libloading::{Library, Symbol};

use super::{Way, sample};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::microseconds,
    server::Server,
};

pub(super) const NAME: &str = "libpq";

/// `CONNECTION_OK` and `PGRES_TUPLES_OK` of libpq-fe.h.
const CONNECTION_OK: c_int = 0;
const TUPLES_OK: c_int = 2;

type Connect = unsafe extern "C" fn(*const c_char) -> *mut c_void;
type Status = unsafe extern "C" fn(*const c_void) -> c_int;
type Execute = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;
type Release = unsafe extern "C" fn(*mut c_void);

/// A connection at a time, on a thread that may block.
pub(super) struct Libpq {
    library: Arc<Library>,
    connection_string: CString,
    count: usize,
    _server: Arc<Server>,
}

impl Libpq {
    pub(super) fn new(server: &Arc<Server>, way: Way, count: usize) -> Result<Self, MeasureError> {
        #[expect(unsafe_code, reason = "a C library is measured")]
        // SAFETY: loading libpq runs no initialisers but those of libpq and OpenSSL, which are made for it.
        let library = unsafe { Library::new("libpq.so.5") }.map_err(|error| {
            format!("libpq.so.5 cannot be loaded ({error}); install Debian's libpq5")
        })?;
        let tls = if way.tls() {
            format!(
                "sslmode=verify-full sslrootcert='{}'",
                server.ca_certificate().display()
            )
        } else {
            "sslmode=disable".to_owned()
        };
        let user = match way {
            Way::Password { .. } => format!("{} password='{}'", server.user(), server.password()),
            Way::Ticket => server.kerberos_user().to_owned(),
            Way::Trust { .. } => server.trust_user().to_owned(),
        };
        let connection_string = format!(
            "host={} port={} dbname={} user={user} gssencmode=disable {tls}",
            way.host(server),
            server.port(),
            server.database(),
        );
        Ok(Self {
            library: Arc::new(library),
            connection_string: CString::new(connection_string)?,
            count,
            _server: Arc::clone(server),
        })
    }
}

#[expect(unsafe_code, reason = "a C library is measured")]
fn log_in(library: &Library, connection_string: &CString) -> Result<f64, MeasureError> {
    // SAFETY: the types are those of libpq-fe.h (handles are opaque pointers), the symbols live as long as the library.
    let (connect, status, execute, result_status, clear, finish) = unsafe {
        let connect: Symbol<'_, Connect> = library.get(b"PQconnectdb\0")?;
        let status: Symbol<'_, Status> = library.get(b"PQstatus\0")?;
        let execute: Symbol<'_, Execute> = library.get(b"PQexec\0")?;
        let result_status: Symbol<'_, Status> = library.get(b"PQresultStatus\0")?;
        let clear: Symbol<'_, Release> = library.get(b"PQclear\0")?;
        let finish: Symbol<'_, Release> = library.get(b"PQfinish\0")?;
        (connect, status, execute, result_status, clear, finish)
    };
    let started = Instant::now();
    // SAFETY: the strings end in NUL; the connection is used by this thread only and finished exactly once, the result
    // cleared exactly once; libpq accepts the null pointers that it may have returned.
    let (connected, answered, elapsed) = unsafe {
        let connection = connect(connection_string.as_ptr());
        let connected = status(connection);
        let result = execute(connection, c"SELECT 1".as_ptr());
        let answered = result_status(result);
        let elapsed = started.elapsed();
        clear(result);
        finish(connection);
        (connected, answered, elapsed)
    };
    if connected != CONNECTION_OK || answered != TUPLES_OK {
        return Err(
            format!("libpq could not log in (status {connected}, result {answered})").into(),
        );
    }
    Ok(microseconds(elapsed))
}

impl Subject for Libpq {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!(
            "PQconnectdb and PQexec, {} logins a round, one after another",
            self.count
        )
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        let (library, connection_string, count) = (
            Arc::clone(&self.library),
            self.connection_string.clone(),
            self.count,
        );
        async move {
            let latencies = tokio::task::spawn_blocking(move || {
                (0..count)
                    .map(|_| log_in(&library, &connection_string))
                    .collect::<Result<Vec<_>, _>>()
            });
            Ok(sample(latencies.await??))
        }
        .boxed()
    }
}
