mod binary;
mod convert;
mod text;

pub(super) use binary::fits_96_bits;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A `NUMERIC` or `DECIMAL` of any precision: every digit, the scale that it is shown with, NaN and the infinities.
///
/// It holds and compares; it does not calculate. Read what you calculate with as a decimal type of the field: it is given
/// every number that 96 bits and 28 decimal places hold, and refuses the others.
///
/// Numbers compare by value, as in SQL: `1.0` equals `1.00`, NaN equals NaN and is greater than everything else.
///
/// ```
/// use crdb_exec::Numeric;
///
/// let sum: Numeric = "99999999999999999999.99999999999999999999".parse()?;
/// assert_eq!(sum.to_string(), "99999999999999999999.99999999999999999999");
/// assert!(i64::try_from(&sum).is_err());
///
/// let price: Numeric = "12.50".parse()?;
/// // What `Decimal::try_from_i128_with_scale` of rust_decimal takes.
/// assert_eq!(price.to_mantissa_and_scale(), Some((1250, 2)));
/// # Ok::<(), crdb_exec::ValueError>(())
/// ```
#[derive(Clone)]
pub struct Numeric(Value);

#[derive(Clone)]
enum Value {
    Finite(Finite),
    Infinity,
    NegInfinity,
    NaN,
}

/// A number as the servers keep it.
#[derive(Clone, Default)]
struct Finite {
    negative: bool,
    /// The power of 10,000 of the first group.
    weight: i32,
    /// Digits to show behind the point; no fewer than there are.
    scale: u16,
    /// Digits by fours, without groups of zeros at either end.
    groups: Vec<u16>,
}

impl Numeric {
    /// Not a number.
    pub const NAN: Self = Self(Value::NaN);
    /// Greater than every number. PostgreSQL has it since version 14, CockroachDB always.
    pub const INFINITY: Self = Self(Value::Infinity);
    /// Less than every number.
    pub const NEG_INFINITY: Self = Self(Value::NegInfinity);

    /// Whether it is not a number.
    #[must_use]
    pub const fn is_nan(&self) -> bool {
        matches!(self.0, Value::NaN)
    }

    /// Whether it is a number, neither infinite nor NaN.
    #[must_use]
    pub const fn is_finite(&self) -> bool {
        matches!(self.0, Value::Finite(_))
    }

    /// The number of digits behind the point that it is shown with; 0 when it is not finite.
    #[must_use]
    pub const fn scale(&self) -> u16 {
        match &self.0 {
            Value::Finite(finite) => finite.scale,
            _ => 0,
        }
    }
}

impl Finite {
    /// Drops groups of zeros at the ends.
    fn normalized(mut self) -> Self {
        while self.groups.last() == Some(&0) {
            self.groups.pop();
        }
        let leading = self.groups.iter().take_while(|group| **group == 0).count();
        self.groups.drain(..leading);
        self.weight = match self.groups.is_empty() {
            true => 0,
            false => self
                .weight
                .saturating_sub(i32::try_from(leading).unwrap_or(i32::MAX)),
        };
        self
    }

    /// The power of 10,000 of the last group.
    fn last_weight(&self) -> i32 {
        self.weight + 1 - i32::try_from(self.groups.len()).unwrap_or(i32::MAX)
    }

    /// Digits behind the point that are there, without zeros at the end.
    fn places(&self) -> u32 {
        let Some(last) = self.groups.last() else {
            return 0;
        };
        let zeros = [10, 100, 1_000]
            .iter()
            .take_while(|power| last % **power == 0)
            .count();
        let places = self.last_weight().saturating_neg().saturating_mul(4);
        u32::try_from(places).map_or(0, |places| {
            places.saturating_sub(u32::try_from(zeros).unwrap_or(0))
        })
    }

    fn signum(&self) -> i8 {
        match (self.groups.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || {
            let (a, b) = (self.weight, other.weight);
            a.cmp(&b).then_with(|| self.groups.cmp(&other.groups))
        };
        match self.signum().cmp(&other.signum()) {
            Ordering::Equal if self.signum() < 0 => size().reverse(),
            Ordering::Equal => size(),
            unequal => unequal,
        }
    }
}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Finite {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Finite {}

impl Value {
    /// The order of what is not compared by digits.
    const fn rank(&self) -> u8 {
        match self {
            Self::NegInfinity => 0,
            Self::Finite(_) => 1,
            Self::Infinity => 2,
            Self::NaN => 3,
        }
    }
}

/// As in SQL: by value, the infinities at the ends, NaN above all.
impl Ord for Numeric {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Value::Finite(a), Value::Finite(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Numeric {}

/// The same for numbers that are equal: neither the scale nor the sign of a zero counts.
impl Hash for Numeric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.rank().hash(state);
        if let Value::Finite(finite) = &self.0 {
            (finite.signum(), finite.weight, &finite.groups).hash(state);
        }
    }
}

impl Default for Numeric {
    fn default() -> Self {
        Self(Value::Finite(Finite::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn number(text: &str) -> Numeric {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_in_the_order_of_sql() {
        let ordered = [
            "-Infinity",
            "-10000",
            "-9999.9",
            "-1",
            "-0.0001",
            "0",
            "0.00001",
            "0.5",
            "1",
            "1.0001",
            "9999",
            "10000",
            "123456789012345678901234567890",
            "Infinity",
            "NaN",
        ]
        .map(number);
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [
            ("1.0", "1.00"),
            ("-0", "0"),
            ("1e3", "1000.0"),
            ("0e9", "0.000"),
        ] {
            assert_eq!(number(a), number(b));
            assert_eq!(HashSet::from([number(a), number(b)]).len(), 1);
        }
    }
}
