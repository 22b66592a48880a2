//! From and to numbers of Rust: always exact, or refused.

use super::{Finite, Numeric, Value};
use crate::value::ValueError;

impl Numeric {
    /// The number as an integer and a scale: their value is the integer divided by ten to the scale.
    ///
    /// `None` when the number is not finite or the integer does not fit.
    #[must_use]
    pub fn to_mantissa_and_scale(&self) -> Option<(i128, u32)> {
        match &self.0 {
            Value::Finite(finite) => {
                let scale = u32::from(finite.scale);
                Some((finite.mantissa(scale)?, scale))
            }
            _ => None,
        }
    }

    /// The integer divided by ten to the scale; `None` for a scale above 16383.
    #[must_use]
    pub fn from_mantissa_and_scale(mantissa: i128, scale: u32) -> Option<Self> {
        format!("{mantissa}e-{scale}").parse().ok()
    }
}

impl Finite {
    /// The integer that this is when it is multiplied by ten to the scale; `None` when that does not fit, or is no integer.
    pub(super) fn mantissa(&self, scale: u32) -> Option<i128> {
        if self.groups.is_empty() {
            return Some(0);
        }
        let digits = self.groups.iter().try_fold(0_i128, |digits, group| {
            digits.checked_mul(10_000)?.checked_add(i128::from(*group))
        });
        let power = i64::from(self.last_weight()) * 4 + i64::from(scale);
        let factor = 10_i128.checked_pow(u32::try_from(power.unsigned_abs()).ok()?)?;
        let size = match power >= 0 {
            true => digits?.checked_mul(factor)?,
            false if digits? % factor == 0 => digits? / factor,
            false => return None,
        };
        Some(if self.negative { -size } else { size })
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {
        $(
            impl From<$integer> for Numeric {
                fn from(number: $integer) -> Self {
                    let mut rest = i128::from(number).unsigned_abs();
                    let mut groups = Vec::new();
                    while rest > 0 {
                        groups.push(u16::try_from(rest % 10_000).unwrap_or_default());
                        rest /= 10_000;
                    }
                    groups.reverse();
                    let weight = i32::try_from(groups.len()).unwrap_or_default() - 1;
                    let negative = i128::from(number) < 0;
                    Self(Value::Finite(Finite { negative, weight, scale: 0, groups }.normalized()))
                }
            }

            /// Refuses what is not a whole number, or too great.
            impl TryFrom<&Numeric> for $integer {
                type Error = ValueError;

                fn try_from(number: &Numeric) -> Result<Self, ValueError> {
                    let whole = match &number.0 {
                        Value::Finite(finite) => finite.mantissa(0),
                        _ => None,
                    };
                    whole
                        .and_then(|whole| whole.try_into().ok())
                        .ok_or(ValueError::new("the number is not whole, or too great for the integer"))
                }
            }
        )+
    };
}

integers!(i16, i32, i64, i128, u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_come_back(number in any::<i128>()) {
            let numeric = Numeric::from(number);
            prop_assert_eq!(numeric.to_string(), number.to_string());
            prop_assert_eq!(i128::try_from(&numeric).ok(), Some(number).filter(|n| *n != i128::MIN));
        }

        #[test]
        fn a_mantissa_and_its_scale_come_back(mantissa in any::<i64>(), scale in 0_u32..40) {
            let mantissa = i128::from(mantissa);
            let numeric = Numeric::from_mantissa_and_scale(mantissa, scale).unwrap();
            prop_assert_eq!(numeric.to_mantissa_and_scale(), Some((mantissa, scale)));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in [
            "1.5",
            "9223372036854775808",
            "NaN",
            "Infinity",
            "1e40",
            "-9223372036854775809",
            "0.0001",
        ] {
            assert!(
                i64::try_from(&text.parse::<Numeric>().unwrap()).is_err(),
                "{text}"
            );
        }
        for (text, whole) in [
            ("-9223372036854775808", i64::MIN),
            ("5.00", 5),
            ("1e4", 10_000),
            ("-0", 0),
        ] {
            assert_eq!(i64::try_from(&text.parse::<Numeric>().unwrap()), Ok(whole));
        }
        assert_eq!(
            "1e40".parse::<Numeric>().unwrap().to_mantissa_and_scale(),
            None
        );
        assert_eq!(Numeric::from_mantissa_and_scale(1, 16_384), None);
    }
}
