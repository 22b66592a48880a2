//! Times of a server.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A time by a server's clock: nanoseconds since 1970 and, on CockroachDB, a logical part that orders what has the same
/// nanoseconds.
///
/// Its text form is CockroachDB's: `1700000000000000000.0000000001`.
///
/// ```
/// use crdb_cache::Timestamp;
///
/// let time: Timestamp = "1700000000000000000.0000000001".parse()?;
/// assert!(time > "1700000000000000000".parse()?);
/// assert_eq!(time.to_string(), "1700000000000000000.0000000001");
/// # Ok::<(), crdb_cache::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    nanoseconds: u64,
    logical: u32,
}

impl Timestamp {
    /// The time with these nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self {
            nanoseconds,
            logical: 0,
        }
    }

    /// The nanoseconds since 1970.
    #[must_use]
    pub const fn nanoseconds(self) -> u64 {
        self.nanoseconds
    }

    /// How long `earlier` was before it; zero where it was not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanoseconds.saturating_sub(earlier.nanoseconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:010}", self.nanoseconds, self.logical)
    }
}

/// A text is not a time of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a server's time is nanoseconds since 1970, such as 1700000000000000000.0000000001",
        )
    }
}

impl std::error::Error for ParseTimestampError {}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (whole, logical) = text.split_once('.').unwrap_or((text, "0"));
        // The logical part is a fraction of ten digits.
        if !digits(whole) || !digits(logical) || logical.len() > 10 {
            return Err(ParseTimestampError);
        }
        let scale = 10_u64.pow(10 - u32::try_from(logical.len()).unwrap_or(10));
        let logical = match logical {
            "0" => 0,
            logical => logical.parse::<u64>().map_err(|_| ParseTimestampError)? * scale,
        };
        Ok(Self {
            nanoseconds: whole.parse().map_err(|_| ParseTimestampError)?,
            logical: u32::try_from(logical).map_err(|_| ParseTimestampError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_ordered_and_written() {
        let parse = |text: &str| text.parse::<Timestamp>();
        let order = ["9", "10.0000000001", "10.0000000002", "11.0"];
        let times: Vec<_> = order.iter().map(|text| parse(text).unwrap()).collect();
        assert!(times.is_sorted());
        assert_eq!(times[1].to_string(), "10.0000000001");
        for bad in [
            "",
            ".",
            "1.",
            "-1",
            "1.-2",
            "1e3",
            " 1",
            "1.00000000001",
            "99999999999999999999",
            "1.9999999999",
        ] {
            assert_eq!(parse(bad), Err(ParseTimestampError), "{bad:?}");
        }
    }
}
