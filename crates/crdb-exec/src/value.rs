//! Values of SQL types that no crate for Rust has in full.

mod interval;
mod time_tz;

pub use interval::Interval;
pub use time_tz::TimeTz;

/// The bytes of a value that is always `N` long.
fn exactly<const N: usize>(
    raw: &[u8],
    what: &str,
) -> Result<[u8; N], Box<dyn std::error::Error + Sync + Send>> {
    raw.try_into()
        .map_err(|_| format!("{what} is {N} bytes long, not {}", raw.len()).into())
}
