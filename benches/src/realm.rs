//! The Kerberos realm of this process.
//!
//! The Kerberos library, which libpq uses too, takes its configuration and its ticket cache from the environment. So the
//! environment names files in a directory of this process's own from the start, and a row that needs a realm starts a KDC
//! and writes them.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use crdb_testkit::{Kdc, KdcOptions, Login};
use tempfile::TempDir;

use crate::case::MeasureError;

/// Where the files are.
static PLACE: OnceLock<PathBuf> = OnceLock::new();

/// How long the ticket lives: longer than any measurement.
const TICKET_LIFE: Duration = Duration::from_secs(3600);

/// Points the Kerberos library at files that are not written yet. To be called while the process has one thread only. The
/// directory goes when what it gives is dropped.
pub fn announce() -> Option<TempDir> {
    let directory = TempDir::new().ok()?;
    let path = directory.path().to_owned();
    #[expect(
        unsafe_code,
        clippy::disallowed_methods,
        reason = "there is no other way to reach libpq's Kerberos library"
    )]
    // SAFETY: no other thread exists yet that could read or write the environment.
    unsafe {
        std::env::set_var("KRB5_CONFIG", path.join("krb5.conf"));
        std::env::set_var(
            "KRB5CCNAME",
            format!("FILE:{}", path.join("cache").display()),
        );
    }
    PLACE.get_or_init(|| path);
    Some(directory)
}

/// A KDC, and a ticket of [`Login::Kerberos`]'s user in the default cache.
///
/// # Errors
/// Where Kerberos' programs are missing, or [`announce`] was not called.
pub async fn start() -> Result<Kdc, MeasureError> {
    let place: &Path = PLACE.get().ok_or("the realm was not announced")?;
    let kdc = Kdc::try_start(KdcOptions::default()).await?;
    let cache = kdc.ticket_cache(Login::Kerberos.user(), TICKET_LIFE)?;
    std::fs::copy(kdc.config_path(), place.join("krb5.conf"))?;
    std::fs::copy(cache, place.join("cache"))?;
    Ok(kdc)
}
