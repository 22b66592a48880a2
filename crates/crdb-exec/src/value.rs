//! Values of SQL types that no crate for Rust holds in full, and what keeps other types from changing a value.

mod array;
mod bit_string;
mod composite;
mod date;
mod domain;
mod error;
mod exact;
mod far_time;
mod guard;
mod inet;
mod interval;
mod json_text;
mod numeric;
mod time_of_day;
mod time_tz;
mod timestamp;

pub use array::{Array, Dimension};
pub use bit_string::BitString;
pub use composite::{CompositeReader, is_composite, write_composite};
pub use date::Date;
pub(crate) use domain::below_domains;
pub use error::ValueError;
pub use exact::{Exact, holds_all};
pub use far_time::check_time;
pub(crate) use guard::{explain, refuse};
pub use inet::Inet;
pub use interval::Interval;
pub use json_text::{JsonStr, JsonText};
pub use numeric::Numeric;
pub use time_of_day::TimeOfDay;
pub use time_tz::TimeTz;
pub use timestamp::Timestamp;

/// What conversions of `postgres_types` fail with.
pub type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// The bytes of a value that is always `N` long.
fn exactly<const N: usize>(raw: &[u8], what: &str) -> Result<[u8; N], BoxError> {
    raw.try_into()
        .map_err(|_| format!("{what} is {N} bytes long, not {}", raw.len()).into())
}

/// The next `N` bytes; `None` when fewer are left.
fn next<const N: usize>(raw: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = raw.split_first_chunk::<N>()?;
    *raw = rest;
    Some(*first)
}

/// The next `length` bytes; `None` when fewer are left.
fn next_slice<'a>(raw: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (first, rest) = raw.split_at_checked(length)?;
    *raw = rest;
    Some(first)
}
